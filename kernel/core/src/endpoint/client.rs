//! What a port knows of a caller, or of a server's thread that waits for one.

use crate::arena::NIL;
use crate::chunk_table::ChunkTable;
use crate::run_queue::Priority;

/// What becomes of a call that a server died over.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum OnServerDeath {
    /// It may be done twice: the next instance gets it.
    Retry,
    /// EIO: a Linux call that may have been done.
    #[default]
    IoError,
    /// EOWNERDEAD: a call of Folio's own.
    OwnerDead,
}

/// How a call behaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CallKind {
    pub on_server_death: OnServerDeath,
    /// Of the caller: it is served in this order, and lends it to the server.
    pub priority: Priority,
}

/// Where a task or request block stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClientState {
    Idle,
    /// It called and no thread of the server has taken it.
    Queued,
    /// A thread of the server works on it.
    Received {
        receiver: u32,
    },
    /// It is a thread of the server that waits for a call.
    Receiving,
}

/// Part of each task, and of each of the kernel's own request blocks.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    pub(super) state: ClientState,
    pub(super) cancel: Cancel,
    pub(super) kind: CallKind,
    /// Of the call, so that nobody else can reply.
    pub(super) port: u32,
    /// Number of the call, so that a late reply misses.
    pub(super) sequence: u16,
    pub(super) next: u32,
    pub(super) previous: u32,
}

/// Whether the server is told that the caller wants to give up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Cancel {
    No,
    Wanted,
    Told,
}

impl Client {
    pub const fn new() -> Self {
        Self {
            state: ClientState::Idle,
            cancel: Cancel::No,
            kind: CallKind { on_server_death: OnServerDeath::IoError, priority: Priority::NORMAL },
            port: NIL,
            sequence: 0,
            next: NIL,
            previous: NIL,
        }
    }

    /// One whose calls are numbered from `sequence` on, so that it is not taken for whoever had its
    /// place before.
    pub const fn numbered_from(sequence: u16) -> Self {
        Self { sequence, ..Self::new() }
    }

    pub const fn state(&self) -> ClientState {
        self.state
    }

    /// Whether it neither calls nor waits for calls.
    #[inline]
    pub const fn is_idle(&self) -> bool {
        matches!(self.state, ClientState::Idle)
    }

    /// Of the call under way, or of the last one.
    pub const fn kind(&self) -> CallKind {
        self.kind
    }

    /// The port of the call under way, to find it when the caller is interrupted.
    pub const fn called_port(&self) -> Option<u32> {
        match self.state {
            ClientState::Queued | ClientState::Received { .. } => Some(self.port),
            ClientState::Idle | ClientState::Receiving => None,
        }
    }
}

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}

/// Where the [`Client`]s are. `None` for [`NIL`] and for what is no client. Numbers are below
/// 65,536.
pub trait Clients {
    fn client(&self, id: u32) -> Option<&Client>;
    fn client_mut(&mut self, id: u32) -> Option<&mut Client>;
}

impl<const N: usize> Clients for ChunkTable<Client, N> {
    #[inline(always)]
    fn client(&self, id: u32) -> Option<&Client> {
        self.get(id)
    }

    #[inline(always)]
    fn client_mut(&mut self, id: u32) -> Option<&mut Client> {
        self.get_mut(id)
    }
}

/// What a server replies to: caller and call in one word. It is good for one reply.
///
/// A server may make tokens up; they reach nobody but the callers it has received.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ReplyToken(u32);

impl ReplyToken {
    pub const fn from_raw(raw: u32) -> Self {
        Self(raw)
    }

    pub const fn raw(self) -> u32 {
        self.0
    }

    pub(super) const fn new(client: u32, sequence: u16) -> Self {
        Self((sequence as u32) << 16 | client & 0xffff)
    }

    pub const fn client(self) -> u32 {
        self.0 & 0xffff
    }

    pub(super) const fn sequence(self) -> u32 {
        self.0 >> 16
    }
}

/// A doubly linked list of clients. The links of a client that is alone, or in no list, are NIL:
/// so a list of one, which most are, is changed without looking at the client.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct List {
    pub(super) first: u32,
    pub(super) last: u32,
}

impl List {
    pub(super) const EMPTY: Self = Self { first: NIL, last: NIL };

    pub(super) const fn of(id: u32) -> Self {
        Self { first: id, last: id }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.first == NIL
    }

    /// Links `id` behind `previous` (`NIL`: in front of all).
    #[inline(never)]
    pub(super) fn insert_after(&mut self, clients: &mut impl Clients, previous: u32, id: u32) {
        let next = match clients.client_mut(previous) {
            Some(client) => core::mem::replace(&mut client.next, id),
            None => core::mem::replace(&mut self.first, id),
        };
        match clients.client_mut(next) {
            Some(client) => client.previous = id,
            None => self.last = id,
        }
        if let Some(client) = clients.client_mut(id) {
            (client.previous, client.next) = (previous, next);
        }
    }

    #[inline]
    pub(super) fn push_back(&mut self, clients: &mut impl Clients, id: u32) {
        if self.is_empty() {
            *self = Self::of(id);
        } else {
            self.insert_after(clients, self.last, id);
        }
    }

    #[inline]
    pub(super) fn remove(&mut self, clients: &mut impl Clients, id: u32) {
        if (self.first, self.last) == (id, id) {
            *self = Self::EMPTY;
        } else {
            self.unlink(clients, id);
        }
    }

    #[inline(never)]
    fn unlink(&mut self, clients: &mut impl Clients, id: u32) {
        let Some(client) = clients.client_mut(id) else { return };
        let (previous, next) = (client.previous, client.next);
        (client.previous, client.next) = (NIL, NIL);
        match clients.client_mut(previous) {
            Some(client) => client.next = next,
            None => self.first = next,
        }
        match clients.client_mut(next) {
            Some(client) => client.previous = previous,
            None => self.last = previous,
        }
    }
}
