//! Sockets between processes of this machine: AF_UNIX.
//!
//! ```text
//!  Socket ──► Endpoint ─┬─ Stream ──► Pair ◄── Stream       a connection, and who listens
//!  (the file's)         └─ Datagram ──► Datagram            messages, to whomever
//!  NAMES ────────┘
//! ```
//!
//! What waits and who may send is `kcore::socket`'s. A packet is filled before anybody sees it and
//! never changes, so no lock is held while bytes move between programs and packets.

mod address;
mod collector;
mod datagram;
mod end;
mod packet;
mod receive;
mod rights;
mod send;
mod stream;

pub use address::Address;
pub use collector::{Graves, collect, collect_all, let_go};
pub use end::Timeout;
pub use receive::{Receive, Received};
pub use rights::{Rights, Travel};
pub use send::Send;

use super::buffers::{Source, UserBuffers};
use super::caller;
use super::description::{File, Kind, Node};
use super::operations::Operations;
use crate::result::{Errno, Result};
use crate::sync::{WaitError, WaitQueue};
use crate::task::Sleep;
use crate::time;
use abi::file::{DeviceNumber, O_RDWR, S_IFSOCK};
use abi::socket::Ucred;
use alloc::sync::Arc;
use core::sync::atomic::Ordering::Relaxed;
use datagram::Datagram;
use end::End;
use kcore::socket::{Name, SendBuffer, SocketKind};
use stream::Stream;

/// A socket, as somebody has it: dropped, it is closed.
pub struct Socket(Arc<Endpoint>);

/// The same as others know it.
pub enum Endpoint {
    Stream(Stream),
    Datagram(Datagram),
}

impl Endpoint {
    fn end(&self) -> &End {
        match self {
            Self::Stream(stream) => &stream.end,
            Self::Datagram(datagram) => &datagram.end,
        }
    }

    fn kind(&self) -> SocketKind {
        match self {
            Self::Stream(stream) => stream.kind(),
            Self::Datagram(_) => SocketKind::Datagram,
        }
    }

    fn datagram(&self) -> Option<&Datagram> {
        match self {
            Self::Stream(_) => None,
            Self::Datagram(datagram) => Some(datagram),
        }
    }
}

fn own_credentials() -> Ucred {
    let (user, group) = (caller::effective_user(), caller::effective_group());
    Ucred { pid: caller::process_id().cast_signed(), uid: user, gid: group }
}

/// As messages say who sends them.
fn real_credentials() -> Ucred {
    let (user, group) = (caller::real_user(), caller::real_group());
    Ucred { pid: caller::process_id().cast_signed(), uid: user, gid: group }
}

/// A socket that is connected to nothing. `flags`: O_NONBLOCK.
pub fn socket(kind: SocketKind, flags: u32) -> Result<Arc<File>> {
    let endpoint = match kind {
        SocketKind::Datagram => Endpoint::Datagram(Datagram::new()),
        _ => Endpoint::Stream(Stream::new(kind)?),
    };
    Socket::new(endpoint)?.open(flags)
}

/// Two that are connected to each other.
pub fn socket_pair(kind: SocketKind, flags: u32) -> Result<(Arc<File>, Arc<File>)> {
    let (first, second) = if kind == SocketKind::Datagram {
        let make = || Socket::new(Endpoint::Datagram(Datagram::new()));
        let (first, second) = (make()?, make()?);
        first.connect_to(&second)?;
        second.connect_to(&first)?;
        (first, second)
    } else {
        let [first, second] = Stream::pair(kind)?;
        (Socket::new(Endpoint::Stream(first))?, Socket::new(Endpoint::Stream(second))?)
    };
    let credentials = own_credentials();
    for socket in [&first, &second] {
        socket.end().partner.call_once(|| credentials);
    }
    Ok((first.open(flags)?, second.open(flags)?))
}

impl Socket {
    fn new(endpoint: Endpoint) -> Result<Self> {
        Arc::try_new(endpoint).map(Self).map_err(|_| Errno::ENOMEM)
    }

    /// As an open file. `flags`: O_NONBLOCK.
    pub fn open(self, flags: u32) -> Result<Arc<File>> {
        let identity = caller::identity();
        let node = Node::anonymous(identity.user(), identity.group());
        File::new(Kind::Socket(self), node, flags | O_RDWR)
    }

    fn end(&self) -> &End {
        self.0.end()
    }

    pub fn kind(&self) -> SocketKind {
        self.0.kind()
    }

    pub fn is_connected(&self) -> bool {
        match &*self.0 {
            Endpoint::Stream(stream) => stream.is_connected(),
            Endpoint::Datagram(datagram) => datagram.partner().is_some(),
        }
    }

    pub fn is_listening(&self) -> bool {
        matches!(&*self.0, Endpoint::Stream(stream) if stream.is_listening())
    }

    /// SO_ERROR.
    pub fn take_error(&self) -> Option<Errno> {
        match &*self.0 {
            Endpoint::Stream(stream) => stream.with_state(|state, side| state.take_error(side)),
            Endpoint::Datagram(datagram) => datagram.take_error(),
        }
    }

    /// The next call fails with it, or SO_ERROR tells it.
    pub fn fail(&self, error: Errno) {
        match &*self.0 {
            Endpoint::Stream(stream) => stream.with_state(|state, side| state.fail(side, error)),
            Endpoint::Datagram(datagram) => datagram.fail(error),
        }
    }

    /// SO_PEERCRED. Of one that listens, who does.
    pub fn partner_credentials(&self) -> Ucred {
        const NOBODY: Ucred = Ucred { pid: 0, uid: u32::MAX, gid: u32::MAX };
        if let Endpoint::Stream(stream) = &*self.0
            && let Some(listener) = stream.listener()
        {
            return listener;
        }
        self.end().partner.get().copied().unwrap_or(NOBODY)
    }

    /// SO_SNDBUF.
    pub fn send_buffer(&self) -> SendBuffer {
        match &*self.0 {
            Endpoint::Stream(stream) => stream.with_state(|state, side| state.send_buffer(side)),
            Endpoint::Datagram(datagram) => datagram.send_buffer(),
        }
    }

    pub fn set_send_buffer(&self, buffer: SendBuffer) {
        match &*self.0 {
            Endpoint::Stream(stream) => stream.set_send_buffer(buffer),
            Endpoint::Datagram(datagram) => datagram.set_send_buffer(buffer),
        }
        self.end().senders.wake_all();
        self.end().pollers.wake_all();
    }

    /// SO_RCVBUF.
    pub fn receive_buffer(&self) -> u32 {
        self.end().receive_buffer.load(Relaxed)
    }

    pub fn set_receive_buffer(&self, size: u32) {
        self.end().receive_buffer.store(size, Relaxed);
    }

    /// Whether an option is on, of those that are on or off.
    pub fn is_on(&self, option: i32) -> bool {
        self.end().is_on(option)
    }

    pub fn switch(&self, option: i32, on: bool) {
        self.end().switch(option, on);
    }

    pub fn name(&self) -> Option<Arc<Address>> {
        self.end().name().cloned()
    }

    /// What the other end is called. ENOTCONN if there is none.
    pub fn partner_name(&self) -> Result<Option<Arc<Address>>> {
        match &*self.0 {
            Endpoint::Stream(stream) => Ok(stream.other().ok_or(Errno::ENOTCONN)?.name().cloned()),
            Endpoint::Datagram(datagram) => {
                Ok(datagram.partner().ok_or(Errno::ENOTCONN)?.end().name().cloned())
            }
        }
    }

    pub fn receive_timeout(&self) -> &Timeout {
        &self.end().receive_timeout
    }

    pub fn send_timeout(&self) -> &Timeout {
        &self.end().send_timeout
    }

    /// Gives it a name. EADDRINUSE; EINVAL if it has one.
    pub fn bind(&self, name: Name) -> Result<()> {
        address::bind(&self.0, name)
    }

    /// Waits for connections from now on. EOPNOTSUPP for datagrams.
    pub fn listen(&self, limit: u32) -> Result<()> {
        match &*self.0 {
            Endpoint::Stream(stream) => stream.listen(limit),
            Endpoint::Datagram(_) => Err(Errno::EOPNOTSUPP),
        }
    }

    /// The oldest connection that waits. EOPNOTSUPP for datagrams.
    pub fn accept(&self, nonblocking: bool) -> Result<Self> {
        match &*self.0 {
            Endpoint::Stream(stream) => stream.accept(nonblocking),
            Endpoint::Datagram(_) => Err(Errno::EOPNOTSUPP),
        }
    }

    /// Who says who he is has a name too.
    fn introduce(&self) -> Result<()> {
        if self.end().passes_credentials() { address::bind(&self.0, Name::None) } else { Ok(()) }
    }

    /// Connects it to who has a name.
    pub fn connect(&self, name: Name, nonblocking: bool) -> Result<()> {
        self.introduce()?;
        match &*self.0 {
            Endpoint::Stream(stream) => stream.connect(name, nonblocking),
            Endpoint::Datagram(datagram) => {
                datagram.connect(Some(address::find(name, SocketKind::Datagram)?))
            }
        }
    }

    fn connect_to(&self, other: &Self) -> Result<()> {
        match &*self.0 {
            Endpoint::Stream(_) => Err(Errno::EINVAL),
            Endpoint::Datagram(datagram) => datagram.connect(Some(other.0.clone())),
        }
    }

    /// A datagram socket belongs to nobody any more. EINVAL for others.
    pub fn disconnect(&self) -> Result<()> {
        match &*self.0 {
            Endpoint::Stream(_) => Err(Errno::EINVAL),
            Endpoint::Datagram(datagram) => datagram.connect(None),
        }
    }

    pub fn shut_down(&self, receiving: bool, sending: bool) {
        match &*self.0 {
            Endpoint::Stream(stream) => stream.shut_down(receiving, sending),
            Endpoint::Datagram(datagram) => datagram.shut_down(receiving, sending),
        }
    }

    pub fn send(&self, from: &mut Source, how: Send) -> Result<usize> {
        if self.kind() != SocketKind::Stream {
            self.introduce()?;
        }
        match &*self.0 {
            Endpoint::Stream(stream) => stream.send(from, how),
            Endpoint::Datagram(datagram) => datagram.send(&self.0, from, how),
        }
    }

    pub fn receive(&self, to: &mut UserBuffers, how: Receive) -> Result<Received> {
        match &*self.0 {
            Endpoint::Stream(stream) => stream.receive(to, how),
            Endpoint::Datagram(datagram) => datagram.receive(to, how),
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.end().name().is_some() {
            address::forget(&self.0);
        }
        match &*self.0 {
            Endpoint::Stream(stream) => stream.close(),
            Endpoint::Datagram(datagram) => datagram.close(),
        }
    }
}

/// Sleeps until `is_over` or the timeout. What the call fails with otherwise.
fn wait(queue: &WaitQueue, timeout: &Wait, mut is_over: impl FnMut() -> bool) -> Result<()> {
    loop {
        let attempt = || is_over().then_some(());
        return match queue.wait_for(Sleep::Interruptible, timeout.deadline, attempt) {
            Ok(()) => Ok(()),
            Err(WaitError::TimedOut) => Err(Errno::EAGAIN),
            Err(WaitError::Interrupted) if !caller::is_interrupted() => continue,
            // A call made again would wait too long.
            Err(WaitError::Interrupted) if timeout.deadline.is_some() => Err(Errno::EINTR),
            Err(WaitError::Interrupted) => Err(caller::restart()),
        };
    }
}

/// Until when a call waits.
struct Wait {
    deadline: Option<u64>,
}

impl Wait {
    fn new(timeout: &Timeout) -> Self {
        let deadline = timeout.get().map(|timeout| time::monotonic().saturating_add(timeout));
        Self { deadline }
    }
}

/// The device on which sockets lie.
const SOCKETS: DeviceNumber = DeviceNumber::new(0, 8);

impl Operations for Socket {
    fn read(&self, file: &File, to: &mut UserBuffers) -> Result<usize> {
        if to.is_empty() {
            return Ok(0);
        }
        let how = Receive { nonblocking: file.is_nonblocking(), ..Receive::default() };
        self.receive(to, how).map(|received| received.count)
    }

    fn write(&self, file: &File, from: &mut Source) -> Result<usize> {
        self.send(from, Send { nonblocking: file.is_nonblocking(), ..Send::default() })
    }

    fn has_positions(&self) -> bool {
        false
    }

    fn events(&self) -> u16 {
        match &*self.0 {
            Endpoint::Stream(stream) => stream.events(),
            Endpoint::Datagram(datagram) => datagram.events(),
        }
    }

    fn pollers(&self) -> Option<&WaitQueue> {
        Some(&self.end().pollers)
    }

    fn readable_bytes(&self, _: &File) -> Option<u32> {
        Some(match &*self.0 {
            Endpoint::Stream(stream) => stream.with_state(|state, side| state.readable(side)),
            Endpoint::Datagram(datagram) => datagram.readable(),
        })
    }

    fn anonymous(&self) -> (DeviceNumber, u32) {
        (SOCKETS, S_IFSOCK | 0o777)
    }
}
