//! The caller's side.

use super::{Handle, Message};
use crate::{Errno, Result};
use abi::ipc::{MAX_HANDLES, MAX_LEASES, Rights};

/// Memory lent for the length of a call. All leases of a call may touch 16 pages together.
#[derive(Debug)]
pub enum Lease<'a> {
    /// The server may read it.
    Read(&'a [u8]),
    /// The server may write it.
    Write(&'a mut [u8]),
}

/// What is asked of a server.
#[derive(Debug)]
pub struct Call<'a> {
    pub(crate) message: Message,
    pub(crate) leases: [Option<Lease<'a>>; MAX_LEASES as usize],
    pub(crate) handles: [Option<(&'a Handle, Rights)>; MAX_HANDLES as usize],
    pub(crate) is_retry: bool,
}

impl<'a> Call<'a> {
    /// Only a label.
    pub const fn new(label: u16) -> Self {
        Self {
            message: Message::new(label),
            leases: [const { None }; MAX_LEASES as usize],
            handles: [None; MAX_HANDLES as usize],
            is_retry: false,
        }
    }

    /// One word more. Panics at the 17th.
    #[must_use]
    pub fn word(mut self, word: u32) -> Self {
        self.message = self.message.word(word);
        self
    }

    /// These words and no others. Panics if they are more than 16.
    #[must_use]
    #[inline]
    pub fn words(mut self, words: &[u32]) -> Self {
        self.message = self.message.with_words(words);
        self
    }

    /// Two words more, the low one first.
    #[must_use]
    pub fn word64(mut self, word: u64) -> Self {
        self.message = self.message.word64(word);
        self
    }

    /// Memory for the server to read: its next lease. Panics at the fifth.
    #[must_use]
    pub fn lend(self, bytes: &'a [u8]) -> Self {
        self.lease(Lease::Read(bytes))
    }

    /// Memory for the server to write: its next lease. Panics at the fifth.
    #[must_use]
    pub fn lend_mut(self, bytes: &'a mut [u8]) -> Self {
        self.lease(Lease::Write(bytes))
    }

    fn lease(mut self, lease: Lease<'a>) -> Self {
        *next_place(&mut self.leases) = Some(lease);
        self
    }

    /// A handle for the server, with at most these rights. The caller keeps its own, which needs
    /// TRANSFER. Panics at the fifth.
    #[must_use]
    pub fn pass(mut self, handle: &'a Handle, rights: Rights) -> Self {
        *next_place(&mut self.handles) = Some((handle, rights));
        self
    }

    /// It may be done twice: if the server dies over it, the next one does it.
    #[must_use]
    pub const fn retry(mut self) -> Self {
        self.is_retry = true;
        self
    }
}

pub(super) fn next_place<T>(places: &mut [Option<T>]) -> &mut Option<T> {
    match places.iter_mut().find(|place| place.is_none()) {
        Some(place) => place,
        None => panic!("a message has at most {} of these", MAX_LEASES),
    }
}

/// What a server replied.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// The words.
    pub message: Message,
    pub(crate) handles: [Option<Handle>; MAX_HANDLES as usize],
}

impl Answer {
    /// Takes a handle that came along.
    ///
    /// ENOMSG: there is none in this place, or there was no room for it.
    pub fn take_handle(&mut self, place: usize) -> Result<Handle> {
        self.handles.get_mut(place).and_then(Option::take).ok_or(Errno::ENOMSG)
    }
}

/// A way to a server.
pub trait Connection {
    /// Asks and waits for the answer. (`call`)
    ///
    /// EIO: nobody serves, for good. EOWNERDEAD: the server died over it. EDEADLK: the server may
    /// not be called from here. EINTR: a signal came. E2BIG: leases of more than 16 pages. Other
    /// errors are the server's.
    fn call(&self, call: Call<'_>) -> Result<Answer>;
}

impl<C: Connection + ?Sized> Connection for &C {
    fn call(&self, call: Call<'_>) -> Result<Answer> {
        (**self).call(call)
    }
}
