//! The port's state and its transitions.

use super::client::{
    CallKind, Cancel, Client, ClientState, Clients, List, OnServerDeath, ReplyToken,
};
use crate::arena::NIL;
use abi::errno::Errno;
use abi::ipc::Level;

/// Who waits for whom. Never both.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rendezvous {
    Idle,
    /// Callers, by priority, then in order.
    Sending(List),
    /// Threads of the server.
    Receiving(List),
    /// Given up by the supervisor: every call fails.
    Failed,
}

/// What a call comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallOutcome {
    /// Copy the message to this thread of the server and switch to it.
    Deliver { receiver: u32, token: ReplyToken },
    /// Sleep: the message is taken later.
    Block,
}

/// What a receive comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReceiveOutcome {
    /// Copy the message of this caller.
    Call { client: u32, token: ReplyToken },
    /// The caller of this call, received earlier, wants to give up. It still waits for a reply.
    Cancel { token: ReplyToken },
    /// Sleep.
    Block,
}

/// Why a caller should not go on waiting.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Interrupt {
    /// A signal: the server is asked to come to an end.
    Signal,
    /// SIGKILL: the caller is gone at once, whatever the server does.
    Kill,
}

/// What an interrupt comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CancelOutcome {
    /// The call is off and nobody has seen it, or nobody will hear of it: wake the caller.
    Gone,
    /// The same; the server had received it: revoke its leases before the caller goes.
    Revoke,
    /// Wake this thread of the server with [`ReceiveOutcome::Cancel`]; the caller goes on
    /// waiting.
    Tell { receiver: u32, token: ReplyToken },
    /// The server hears of it with its next receive, or has heard; the caller goes on waiting.
    Wait,
    /// It has not called.
    NotWaiting,
}

/// What becomes of a caller whose server is gone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Orphan {
    /// It is in the queue again; its leases stay pinned.
    Requeued { client: u32 },
    /// Another thread of the server was waiting: as after [`CallOutcome::Deliver`].
    Redelivered { client: u32, receiver: u32, token: ReplyToken },
    /// Wake it with this error; its leases are revoked.
    Failed { client: u32, errno: Errno },
    /// A thread of the dead server that waited: it has no business here any more.
    Receiver { task: u32 },
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Endpoint {
    pub(super) id: u32,
    pub(super) level: Level,
    pub(super) rendezvous: Rendezvous,
    /// Received and not replied to, in the order of reception.
    pub(super) unanswered: List,
    /// Of those, how many have a cancel that no receiver has been told.
    pub(super) untold: u32,
}

impl Endpoint {
    /// `id` is the port's own, which no other port has at the same time.
    pub const fn new(id: u32, level: Level) -> Self {
        let rendezvous = Rendezvous::Idle;
        Self { id, level, rendezvous, unanswered: List::EMPTY, untold: 0 }
    }

    pub const fn id(&self) -> u32 {
        self.id
    }

    pub const fn level(&self) -> Level {
        self.level
    }

    pub const fn rendezvous(&self) -> Rendezvous {
        self.rendezvous
    }

    /// The thread that the next call would be delivered to.
    #[inline]
    pub const fn next_receiver(&self) -> Option<u32> {
        match self.rendezvous {
            Rendezvous::Receiving(List { first, .. }) => Some(first),
            _ => None,
        }
    }

    /// Whether a caller waits for an answer, so that the port's server is not idle.
    pub const fn has_unanswered(&self) -> bool {
        !self.unanswered.is_empty()
    }

    /// `client`, whose process has level `from`, calls. EDEADLK if the call does not go down;
    /// EIO if the port failed; EBUSY if the client has a call under way.
    #[inline]
    pub fn call(
        &mut self,
        clients: &mut impl Clients,
        client: u32,
        from: Level,
        kind: CallKind,
    ) -> Result<CallOutcome, Errno> {
        if self.level >= from {
            return Err(Errno::EDEADLK);
        }
        let entry = clients.client_mut(client).ok_or(Errno::EINVAL)?;
        if entry.state != ClientState::Idle {
            return Err(Errno::EBUSY);
        }
        match self.rendezvous {
            Rendezvous::Failed => return Err(Errno::EIO),
            Rendezvous::Receiving(List { first: receiver, .. }) => {
                entry.start(kind, self.id);
                entry.state = ClientState::Received { receiver };
                let token = ReplyToken::new(client, entry.sequence);
                self.stop_receiving(clients, receiver);
                self.unanswered.push_back(clients, client);
                return Ok(CallOutcome::Deliver { receiver, token });
            }
            Rendezvous::Idle | Rendezvous::Sending(_) => entry.start(kind, self.id),
        }
        self.enqueue(clients, client, Place::BehindEquals);
        Ok(CallOutcome::Block)
    }

    fn enqueue(&mut self, clients: &mut impl Clients, client: u32, place: Place) {
        let mut queue = match self.rendezvous {
            Rendezvous::Sending(queue) => queue,
            _ => List::EMPTY,
        };
        let Some(entry) = clients.client_mut(client) else { return };
        entry.state = ClientState::Queued;
        let priority = entry.kind.priority;
        let mut previous = queue.last;
        while let Some(other) = clients.client(previous) {
            let goes_first = match place {
                Place::BehindEquals => priority < other.kind.priority,
                Place::BeforeEquals => priority <= other.kind.priority,
            };
            if !goes_first {
                break;
            }
            previous = other.previous;
        }
        queue.insert_after(clients, previous, client);
        self.rendezvous = Rendezvous::Sending(queue);
    }

    /// `receiver`, a thread of the server, takes the next call or starts to wait. A cancel comes
    /// before any call. EPIPE if the port failed; EBUSY if the thread waits already or has a call
    /// of its own under way.
    #[inline]
    pub fn receive(
        &mut self,
        clients: &mut impl Clients,
        receiver: u32,
    ) -> Result<ReceiveOutcome, Errno> {
        let entry = clients.client_mut(receiver).ok_or(Errno::EINVAL)?;
        if entry.state != ClientState::Idle {
            return Err(Errno::EBUSY);
        }
        if self.untold == 0 && matches!(self.rendezvous, Rendezvous::Idle) {
            // As nearly always, with one look at the client.
            entry.state = ClientState::Receiving;
            self.rendezvous = Rendezvous::Receiving(List::of(receiver));
            return Ok(ReceiveOutcome::Block);
        }
        if self.untold > 0
            && let Some(token) = self.next_cancel(clients)
        {
            return Ok(ReceiveOutcome::Cancel { token });
        }
        match &mut self.rendezvous {
            Rendezvous::Failed => Err(Errno::EPIPE),
            Rendezvous::Sending(queue) => {
                let client = queue.first;
                queue.remove(clients, client);
                if queue.is_empty() {
                    self.rendezvous = Rendezvous::Idle;
                }
                let entry = clients.client_mut(client).ok_or(Errno::EINVAL)?;
                entry.state = ClientState::Received { receiver };
                let token = ReplyToken::new(client, entry.sequence);
                self.unanswered.push_back(clients, client);
                Ok(ReceiveOutcome::Call { client, token })
            }
            Rendezvous::Idle | Rendezvous::Receiving(_) => {
                let mut threads = match self.rendezvous {
                    Rendezvous::Receiving(threads) => threads,
                    _ => List::EMPTY,
                };
                if let Some(entry) = clients.client_mut(receiver) {
                    entry.state = ClientState::Receiving;
                }
                threads.push_back(clients, receiver);
                self.rendezvous = Rendezvous::Receiving(threads);
                Ok(ReceiveOutcome::Block)
            }
        }
    }

    /// Tells the oldest cancel that was not told.
    #[cold]
    fn next_cancel(&mut self, clients: &mut impl Clients) -> Option<ReplyToken> {
        let mut id = self.unanswered.first;
        while let Some(client) = clients.client_mut(id) {
            if client.cancel == Cancel::Wanted {
                client.cancel = Cancel::Told;
                self.untold -= 1;
                return Some(ReplyToken::new(id, client.sequence));
            }
            id = client.next;
        }
        None
    }

    /// The thread no longer waits: a notification came, its time is up, or it died. `false` if it
    /// did not wait here.
    #[inline]
    pub fn stop_receiving(&mut self, clients: &mut impl Clients, receiver: u32) -> bool {
        let Rendezvous::Receiving(threads) = &mut self.rendezvous else { return false };
        match clients.client_mut(receiver) {
            Some(entry) if entry.state == ClientState::Receiving => {
                entry.state = ClientState::Idle;
            }
            _ => return false,
        }
        threads.remove(clients, receiver);
        if threads.is_empty() {
            self.rendezvous = Rendezvous::Idle;
        }
        true
    }

    /// The caller that a token stands for, while it waits for the reply: for replies, leases and
    /// the right to look at them. `None` if the call is over.
    #[inline]
    pub fn waiting(&self, clients: &impl Clients, token: ReplyToken) -> Option<u32> {
        let client = clients.client(token.client())?;
        self.waits(client, token).then_some(token.client())
    }

    /// The same for the client that the token names.
    #[inline]
    pub fn waits(&self, client: &Client, token: ReplyToken) -> bool {
        let is_received = matches!(client.state, ClientState::Received { .. });
        is_received && u32::from(client.sequence) == token.sequence() && client.port == self.id
    }

    /// Ends a call: copy the reply and wake this caller. `None` if the call is over already (the
    /// caller died, or the token was used).
    #[inline]
    pub fn reply(&mut self, clients: &mut impl Clients, token: ReplyToken) -> Option<u32> {
        let client = self.waiting(clients, token)?;
        self.finish(clients, client);
        Some(client)
    }

    /// [`reply`](Self::reply), then [`receive`](Self::receive): what a server does all day.
    #[inline]
    pub fn reply_receive(
        &mut self,
        clients: &mut impl Clients,
        token: ReplyToken,
        receiver: u32,
    ) -> (Option<u32>, Result<ReceiveOutcome, Errno>) {
        let woken = self.reply(clients, token);
        (woken, self.receive(clients, receiver))
    }

    /// Ends the call of a client that [`waits`](Self::waits).
    #[inline]
    pub fn finish(&mut self, clients: &mut impl Clients, client: u32) {
        self.unanswered.remove(clients, client);
        if let Some(entry) = clients.client_mut(client) {
            entry.state = ClientState::Idle;
            if entry.cancel == Cancel::Wanted {
                self.untold -= 1;
            }
            entry.cancel = Cancel::No;
        }
    }

    /// Something came up for a caller of this port.
    pub fn interrupt(
        &mut self,
        clients: &mut impl Clients,
        client: u32,
        interrupt: Interrupt,
    ) -> CancelOutcome {
        let Some(entry) = clients.client_mut(client) else { return CancelOutcome::NotWaiting };
        match (entry.state, interrupt) {
            (ClientState::Idle | ClientState::Receiving, _) => CancelOutcome::NotWaiting,
            (ClientState::Queued, _) => {
                entry.state = ClientState::Idle;
                if let Rendezvous::Sending(queue) = &mut self.rendezvous {
                    queue.remove(clients, client);
                    if queue.is_empty() {
                        self.rendezvous = Rendezvous::Idle;
                    }
                }
                CancelOutcome::Gone
            }
            (ClientState::Received { .. }, Interrupt::Kill) => {
                self.finish(clients, client);
                CancelOutcome::Revoke
            }
            (ClientState::Received { .. }, Interrupt::Signal) => {
                if entry.cancel != Cancel::No {
                    return CancelOutcome::Wait;
                }
                let token = ReplyToken::new(client, entry.sequence);
                let Rendezvous::Receiving(List { first: receiver, .. }) = self.rendezvous else {
                    entry.cancel = Cancel::Wanted;
                    self.untold += 1;
                    return CancelOutcome::Wait;
                };
                entry.cancel = Cancel::Told;
                self.stop_receiving(clients, receiver);
                CancelOutcome::Tell { receiver, token }
            }
        }
    }

    /// One step of a server's death; to be called until there is none. Threads that wait leave,
    /// received calls go back to the front of the queue or fail, each as it wished. Queued callers
    /// stay: they meet the next instance.
    pub fn server_died(&mut self, clients: &mut impl Clients) -> Option<Orphan> {
        if let Rendezvous::Receiving(List { first: task, .. }) = self.rendezvous {
            self.stop_receiving(clients, task);
            return Some(Orphan::Receiver { task });
        }
        // From the last received to the first, so that each goes before those after it.
        let client = self.unanswered.last;
        self.orphan(clients, client)
    }

    /// The same for one thread of a server that goes on: only the calls it received.
    pub fn receiver_died(&mut self, clients: &mut impl Clients, receiver: u32) -> Option<Orphan> {
        if self.stop_receiving(clients, receiver) {
            return Some(Orphan::Receiver { task: receiver });
        }
        let mut id = self.unanswered.last;
        while let Some(client) = clients.client(id) {
            if client.state == (ClientState::Received { receiver }) {
                return self.orphan(clients, id);
            }
            id = client.previous;
        }
        None
    }

    fn orphan(&mut self, clients: &mut impl Clients, client: u32) -> Option<Orphan> {
        let on_death = clients.client(client)?.kind.on_server_death;
        let wants_out = clients.client(client)?.cancel != Cancel::No;
        self.finish(clients, client);
        let failed = |errno| Some(Orphan::Failed { client, errno });
        match (on_death, self.rendezvous) {
            (OnServerDeath::OwnerDead, _) => failed(Errno::EOWNERDEAD),
            (OnServerDeath::IoError, _) | (_, Rendezvous::Failed) => failed(Errno::EIO),
            // It may be done again, so it may as well be given up.
            (OnServerDeath::Retry, _) if wants_out => failed(Errno::EINTR),
            (OnServerDeath::Retry, rendezvous) => {
                let entry = clients.client_mut(client)?;
                // A token of the dead instance is worth nothing.
                entry.sequence = entry.sequence.wrapping_add(1);
                let token = ReplyToken::new(client, entry.sequence);
                if let Rendezvous::Receiving(List { first: receiver, .. }) = rendezvous {
                    entry.state = ClientState::Received { receiver };
                    self.stop_receiving(clients, receiver);
                    self.unanswered.push_back(clients, client);
                    return Some(Orphan::Redelivered { client, receiver, token });
                }
                self.enqueue(clients, client, Place::BeforeEquals);
                Some(Orphan::Requeued { client })
            }
        }
    }

    /// One step of giving the port up, after too many deaths or at its end; to be called until
    /// there is none. Every caller, queued or received, gets EIO, and so does every later call.
    pub fn fail(&mut self, clients: &mut impl Clients) -> Option<Orphan> {
        match self.rendezvous {
            Rendezvous::Receiving(_) => return self.server_died(clients),
            Rendezvous::Sending(List { first: client, .. }) => {
                self.interrupt(clients, client, Interrupt::Kill);
                return Some(Orphan::Failed { client, errno: Errno::EIO });
            }
            Rendezvous::Idle => self.rendezvous = Rendezvous::Failed,
            Rendezvous::Failed => {}
        }
        self.orphan(clients, self.unanswered.last)
    }

    /// Makes a failed port usable again, for a new instance that the supervisor trusts.
    pub fn reopen(&mut self) {
        if self.rendezvous == Rendezvous::Failed {
            self.rendezvous = Rendezvous::Idle;
        }
    }

    /// Asserts that lists and states agree; returns queued, waiting and unanswered. For tests.
    pub fn check(&self, clients: &impl Clients) -> (u32, u32, u32) {
        let count = |list: &List, fits: &dyn Fn(&Client) -> bool| {
            let (mut id, mut previous, mut count) = (list.first, NIL, 0);
            while let Some(client) = clients.client(id) {
                assert_eq!(client.previous, previous, "link of {id}");
                assert!(fits(client), "state of {id}: {client:?}");
                (previous, id, count) = (id, client.next, count + 1);
            }
            assert_eq!(list.last, previous);
            count
        };
        let (queued, waiting) = match &self.rendezvous {
            Rendezvous::Idle | Rendezvous::Failed => (0, 0),
            Rendezvous::Sending(queue) => {
                assert!(!queue.is_empty());
                (count(queue, &|client| client.state == ClientState::Queued), 0)
            }
            Rendezvous::Receiving(threads) => {
                assert!(!threads.is_empty());
                (0, count(threads, &|client| client.state == ClientState::Receiving))
            }
        };
        let is_received = |client: &Client| matches!(client.state, ClientState::Received { .. });
        let unanswered = count(&self.unanswered, &is_received);
        let wanted = |client: &Client| client.cancel == Cancel::Wanted;
        let mut untold = 0;
        let mut id = self.unanswered.first;
        while let Some(client) = clients.client(id) {
            untold += u32::from(wanted(client));
            id = client.next;
        }
        assert_eq!(untold, self.untold);
        (queued, waiting, unanswered)
    }
}

impl Client {
    /// A new call.
    #[inline]
    pub(super) fn start(&mut self, kind: CallKind, port: u32) {
        self.kind = kind;
        self.port = port;
        self.cancel = Cancel::No;
        self.sequence = self.sequence.wrapping_add(1);
    }
}

/// Where in the queue, among callers of the same priority.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    BehindEquals,
    BeforeEquals,
}
