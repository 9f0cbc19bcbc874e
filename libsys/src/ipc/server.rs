//! The server's side.

use super::client::next_place;
use super::{Handle, Message};
use crate::{Errno, Result};
use abi::ipc::{LENT_READ, LENT_WRITE, Lent, MAX_HANDLES, MAX_LEASES, Rights};
use core::convert::Infallible;

/// Names a call that waits for its reply. Good for one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Token(pub u32);

/// Something that answers calls.
///
/// `handle` should not wait for anything but servers of a lower level: everybody else waits for it.
/// What cannot be answered now is answered [`later`](Reply::later).
pub trait Server {
    /// Answers a call. An error becomes the error of the call.
    fn handle(&mut self, message: &Message, caller: &mut Caller<'_>) -> Result<Reply>;

    /// Bits of the port's notification were set: interrupts, ends of processes, `notify`. None at a
    /// heartbeat of `init`'s, when a driver looks whether it has missed any.
    fn notified(&mut self, bits: u32) {
        let _ = bits;
    }

    /// The caller of a call that is to be answered later wants to give up: it should be answered
    /// now, with EINTR unless there is something better.
    fn cancelled(&mut self, token: Token) {
        let _ = token;
    }

    /// When [`expired`](Self::expired) is to be called, in nanoseconds of CLOCK_MONOTONIC.
    fn deadline(&self) -> Option<u64> {
        None
    }

    /// The deadline has passed.
    fn expired(&mut self) {}

    /// A signal was handled while the server waited.
    fn interrupted(&mut self) {}
}

/// A reply in the making.
#[derive(Debug, Default)]
pub struct Reply {
    parts: ReplyParts,
    is_later: bool,
}

/// What a reply consists of.
#[derive(Debug, Default)]
pub struct ReplyParts {
    /// The words. The label is 0, or the number of the error that the call returns.
    pub message: Message,
    /// Handles for the caller, with the rights it shall have. They are closed here once sent.
    pub handles: [Option<(Handle, Rights)>; MAX_HANDLES as usize],
}

impl ReplyParts {
    /// As `pass` puts them: without gaps.
    #[inline]
    fn has_handles(&self) -> bool {
        matches!(self.handles, [Some(_), ..])
    }

    /// The call fails with this.
    pub fn error(errno: Errno) -> Self {
        Self { message: Message::new(errno.number()), handles: Default::default() }
    }
}

/// Success, with the words of a message.
impl From<Message> for Reply {
    fn from(message: Message) -> Self {
        let message = message.with_label(0);
        Self { parts: ReplyParts { message, ..ReplyParts::default() }, is_later: false }
    }
}

impl Reply {
    /// Success, without words.
    pub fn new() -> Self {
        Self::default()
    }

    /// None for now: the server keeps the caller's [`token`](Caller::token) and replies by
    /// [`Transport::reply`].
    pub fn later() -> Self {
        Self { is_later: true, ..Self::default() }
    }

    /// One word more. Panics at the 17th.
    #[must_use]
    pub fn word(mut self, word: u32) -> Self {
        self.parts.message = self.parts.message.word(word);
        self
    }

    /// Two words more, the low one first.
    #[must_use]
    pub fn word64(mut self, word: u64) -> Self {
        self.parts.message = self.parts.message.word64(word);
        self
    }

    /// A handle for the caller, with at most these rights. Panics at the fifth.
    #[must_use]
    pub fn pass(mut self, handle: Handle, rights: Rights) -> Self {
        *next_place(&mut self.parts.handles) = Some((handle, rights));
        self
    }

    /// What it consists of; `None` for later.
    pub fn into_parts(self) -> Option<ReplyParts> {
        (!self.is_later).then_some(self.parts)
    }
}

/// Who calls, and what it lends and passes on.
pub struct Caller<'a> {
    /// Of the handle that was called: the client's name among the server's.
    pub badge: u32,
    /// For an answer later.
    pub token: Token,
    /// Whether the kernel calls, for a program that made a system call.
    pub is_kernel: bool,
    pub(crate) leases: [Lent; MAX_LEASES as usize],
    pub(crate) handles: [Option<Handle>; MAX_HANDLES as usize],
    pub(crate) lender: &'a dyn Lender,
}

/// Copies from and to what callers lend.
pub trait Lender {
    /// Copies from a lease to `bytes`, from byte `offset` of the lease on; returns how many.
    fn read(&self, token: Token, lease: u32, offset: u32, bytes: &mut [u8]) -> Result<usize>;
    /// Copies `bytes` to a lease; returns how many.
    fn write(&self, token: Token, lease: u32, offset: u32, bytes: &[u8]) -> Result<usize>;
}

impl Caller<'_> {
    /// Bytes in a lease that may be read.
    ///
    /// EINVAL: there is none, or it may not.
    pub fn readable(&self, lease: u32) -> Result<u32> {
        self.length(lease, LENT_READ)
    }

    /// Bytes in a lease that may be written.
    ///
    /// EINVAL: there is none, or it may not.
    pub fn writable(&self, lease: u32) -> Result<u32> {
        self.length(lease, LENT_WRITE)
    }

    fn length(&self, lease: u32, access: u32) -> Result<u32> {
        let lent = self.leases.get(lease as usize).ok_or(Errno::EINVAL)?;
        if lent.access & access != 0 { Ok(lent.length) } else { Err(Errno::EINVAL) }
    }

    /// Copies what the caller lends, from byte `offset` of the lease on; returns how many bytes.
    ///
    /// EINVAL, EPERM: no such lease. EFAULT: `offset` lies beyond it. ESRCH: the caller is gone.
    /// (`lease_read`)
    pub fn read(&self, lease: u32, offset: u32, bytes: &mut [u8]) -> Result<usize> {
        self.lender.read(self.token, lease, offset, bytes)
    }

    /// Copies to what the caller lends, from byte `offset` of the lease on; returns how many bytes.
    /// Errors as of [`read`](Self::read). (`lease_write`)
    pub fn write(&self, lease: u32, offset: u32, bytes: &[u8]) -> Result<usize> {
        self.lender.write(self.token, lease, offset, bytes)
    }

    /// Takes a handle that came along.
    ///
    /// EINVAL: there is none in this place, or there was no room for it.
    pub fn take_handle(&mut self, place: usize) -> Result<Handle> {
        self.handles.get_mut(place).and_then(Option::take).ok_or(Errno::EINVAL)
    }
}

/// What a server's wait ended with.
pub enum Received<'a> {
    /// A call, to be answered.
    Call(Message, Caller<'a>),
    /// Bits of the notification.
    Notification(u32),
    /// The caller of this call wants to give up.
    Cancel(Token),
}

/// How a server hears and answers.
pub trait Transport {
    /// Waits, until the deadline if there is one. (`receive`)
    ///
    /// ETIMEDOUT, EINTR. EPIPE: another instance serves now.
    fn receive(&self, deadline: Option<u64>) -> Result<Received<'_>>;

    /// Answers a call. That it is over already is no error. (`reply`)
    fn reply(&self, token: Token, reply: ReplyParts) -> Result<()>;

    /// Both, with one system call. (`reply_receive`)
    fn reply_receive(&self, token: Token, reply: ReplyParts) -> Result<Received<'_>>;
}

/// Serves until the port fails: until somebody else attaches to it (EPIPE), as a rule.
pub fn serve<S: Server>(transport: &impl Transport, server: &mut S) -> Result<Infallible> {
    let mut answer: Option<(Token, ReplyParts)> = None;
    loop {
        let answered = answer.as_ref().map(|(token, _)| *token);
        let received = match (answer.take(), server.deadline()) {
            (None, deadline) => transport.receive(deadline),
            (Some((token, parts)), None) if !parts.has_handles() => {
                transport.reply_receive(token, parts)
            }
            // Handles are closed once sent, not when the next message has come.
            (Some((token, parts)), deadline) => {
                transport.reply(token, parts).and_then(|()| transport.receive(deadline))
            }
        };
        match received {
            Ok(Received::Call(message, mut caller)) => {
                let parts = match server.handle(&message, &mut caller) {
                    Ok(reply) => reply.into_parts(),
                    Err(errno) => Some(ReplyParts::error(errno)),
                };
                answer = parts.map(|parts| (caller.token, parts));
            }
            Ok(Received::Notification(bits)) => server.notified(bits),
            Ok(Received::Cancel(token)) => server.cancelled(token),
            Err(Errno::ETIMEDOUT) => server.expired(),
            Err(Errno::EINTR) => server.interrupted(),
            // Memory that is short right now: an answer could not be sent, or a message not be
            // received, whose caller has been told so. One word always finds room.
            Err(errno @ (Errno::EFAULT | Errno::ENOMEM)) => match answered {
                Some(token) => transport.reply(token, ReplyParts::error(errno))?,
                None if errno == Errno::EFAULT => {}
                None => return Err(errno),
            },
            Err(errno) => return Err(errno),
        }
    }
}
