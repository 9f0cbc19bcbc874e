//! Sockets with connections: streams and sequenced packets.

use super::end::End;
use super::packet::Packet;
use super::{Endpoint, Socket, Wait, address, own_credentials, wait};
use crate::result::{Errno, Result};
use crate::sync::{Rank, SpinLock};
use abi::socket::{SO_PASSCRED, Ucred};
use alloc::sync::Arc;
use kcore::socket::{Admission, Backlog, Name, Pair as State, SendBuffer, Side, SocketKind};
use spin::Once;

/// A socket that is not connected yet, listens, or is an end of a connection.
pub struct Stream {
    pub(super) end: Arc<End>,
    kind: SocketKind,
    /// As long as there is no connection.
    idle: SpinLock<State<Arc<Packet>>>,
    connection: Once<Connection>,
    listening: SpinLock<Option<Listening>>,
}

/// One end of a pair.
struct Connection {
    pair: Arc<Pair>,
    side: Side,
}

struct Pair {
    state: SpinLock<State<Arc<Packet>>>,
    ends: [Arc<End>; 2],
}

struct Listening {
    /// Connected at both ends.
    backlog: Backlog<Socket>,
    /// Who listens.
    credentials: Ucred,
}

impl Connection {
    fn other(&self) -> &End {
        let [first, second] = &self.pair.ends;
        match self.side {
            Side::First => second,
            Side::Second => first,
        }
    }
}

impl Stream {
    pub fn new(kind: SocketKind) -> Result<Self> {
        Ok(Self::with(kind, End::shared()?, Once::new()))
    }

    fn with(kind: SocketKind, end: Arc<End>, connection: Once<Connection>) -> Self {
        Self {
            end,
            kind,
            idle: SpinLock::new(Rank::File, State::unconnected(kind)),
            connection,
            listening: SpinLock::new(Rank::SocketPeer, None),
        }
    }

    /// Two that are connected to each other.
    pub fn pair(kind: SocketKind) -> Result<[Self; 2]> {
        let ends = [End::shared()?, End::shared()?];
        let pair = Pair::new(kind, ends.clone())?;
        let [first, second] = ends;
        let connected = |end, side| {
            Self::with(kind, end, Once::initialized(Connection { pair: pair.clone(), side }))
        };
        Ok([connected(first, Side::First), connected(second, Side::Second)])
    }

    pub fn kind(&self) -> SocketKind {
        self.kind
    }

    /// Calls `work` with the state of both ends, and which one this is.
    #[inline]
    pub(super) fn with_state<R>(&self, work: impl FnOnce(&mut State<Arc<Packet>>, Side) -> R) -> R {
        match self.connection.get() {
            Some(Connection { pair, side }) => work(&mut pair.state.lock(), *side),
            None => work(&mut self.idle.lock(), Side::First),
        }
    }

    /// SO_SNDBUF.
    pub fn set_send_buffer(&self, buffer: SendBuffer) {
        // A connection that is just made takes it over, or is there below.
        self.idle.lock().set_send_buffer(Side::First, buffer);
        self.with_state(|state, side| state.set_send_buffer(side, buffer));
    }

    /// The other end, if it is connected.
    #[inline]
    pub fn other(&self) -> Option<&End> {
        self.connection.get().map(Connection::other)
    }

    pub fn is_connected(&self) -> bool {
        self.connection.get().is_some()
    }

    pub fn is_listening(&self) -> bool {
        self.listening.lock().is_some()
    }

    /// Who listens.
    pub fn listener(&self) -> Option<Ucred> {
        self.listening.lock().as_ref().map(|listening| listening.credentials)
    }

    pub fn shut_down(&self, receiving: bool, sending: bool) {
        self.with_state(|state, side| state.shut_down(side, receiving, sending));
        if let Some(listening) = &mut *self.listening.lock()
            && receiving
        {
            listening.backlog.end();
        }
        self.wake_both();
    }

    fn wake_both(&self) {
        self.end.wake_all();
        if let Some(other) = self.other() {
            other.wake_all();
        }
    }

    pub fn events(&self) -> u16 {
        let listening = self.listening.lock();
        self.with_state(|state, side| match &*listening {
            Some(Listening { backlog, .. }) => state.listening_events(side, !backlog.is_empty()),
            None => state.events(side),
        })
    }

    /// Waits for connections from now on, at most so many. EINVAL unless it has a name and no
    /// connection.
    pub fn listen(&self, limit: u32) -> Result<()> {
        let _turn = self.end.changing.lock();
        if self.end.name().is_none() || self.is_connected() {
            return Err(Errno::EINVAL);
        }
        let credentials = own_credentials();
        match &mut *self.listening.lock() {
            Some(listening) => {
                listening.backlog.set_limit(limit);
                listening.credentials = credentials;
            }
            listening => {
                *listening = Some(Listening { backlog: Backlog::new(limit), credentials });
            }
        }
        self.end.callers.wake_all();
        Ok(())
    }

    /// Connects to whoever listens under a name.
    pub fn connect(&self, name: Name, nonblocking: bool) -> Result<()> {
        let deadline = Wait::new(&self.end.send_timeout);
        loop {
            let found = address::find(name, self.kind)?;
            let Endpoint::Stream(listener) = &*found else { return Err(Errno::EPROTOTYPE) };
            match listener.admission() {
                Admission::Refused => return Err(Errno::ECONNREFUSED),
                Admission::Wait if nonblocking => return Err(Errno::EAGAIN),
                Admission::Wait => wait(&listener.end.callers, &deadline, || {
                    listener.admission() != Admission::Wait
                })?,
                Admission::Admitted => {
                    if self.connect_to(listener)? {
                        return Ok(());
                    }
                }
            }
        }
    }

    fn admission(&self) -> Admission {
        self.listening.lock().as_ref().map_or(Admission::Refused, |own| own.backlog.admission())
    }

    /// False if somebody else was faster. EISCONN; EINVAL for one that listens.
    fn connect_to(&self, listener: &Self) -> Result<bool> {
        let _turn = self.end.changing.lock();
        if self.is_connected() {
            return Err(Errno::EISCONN);
        }
        if self.is_listening() {
            return Err(Errno::EINVAL);
        }
        let end = End::shared()?;
        if let Some(name) = listener.end.name() {
            end.name.call_once(|| name.clone());
        }
        end.partner.call_once(own_credentials);
        // Who accepts it may want to know.
        end.switch(SO_PASSCRED, true);
        let pair = Pair::new(self.kind, [self.end.clone(), end.clone()])?;
        let connection = |side| Connection { pair: pair.clone(), side };
        let there = Self::with(self.kind, end, Once::initialized(connection(Side::Second)));
        let there = Socket::new(Endpoint::Stream(there))?;
        {
            let mut listening = listener.listening.lock();
            let Some(Listening { backlog, credentials }) = &mut *listening else {
                return Err(Errno::ECONNREFUSED);
            };
            if backlog.admission() != Admission::Admitted {
                return Ok(false);
            }
            // Dropped behind the lock if there is no memory.
            let pushed = backlog.push(there);
            if pushed.is_ok() {
                self.end.partner.call_once(|| *credentials);
                let buffer = self.idle.lock().send_buffer(Side::First);
                pair.state.lock().set_send_buffer(Side::First, buffer);
                self.connection.call_once(|| connection(Side::First));
            }
            drop(listening);
            pushed.map_err(|_| Errno::ENOMEM)?;
        }
        listener.end.receivers.wake_one();
        listener.end.pollers.wake_all();
        self.end.wake_all();
        Ok(true)
    }

    /// The oldest connection that waits. EINVAL unless it listens.
    pub fn accept(&self, nonblocking: bool) -> Result<Socket> {
        let deadline = Wait::new(&self.end.receive_timeout);
        loop {
            match self.listening.lock().as_mut() {
                None => return Err(Errno::EINVAL),
                Some(Listening { backlog, .. }) => match backlog.accept() {
                    Some(socket) => {
                        self.end.callers.wake_all();
                        socket.end().switch(SO_PASSCRED, self.end.passes_credentials());
                        return Ok(socket);
                    }
                    None if backlog.is_over() => return Err(Errno::EINVAL),
                    None => {}
                },
            }
            if nonblocking {
                return Err(Errno::EAGAIN);
            }
            wait(&self.end.receivers, &deadline, || {
                let listening = self.listening.lock();
                listening
                    .as_ref()
                    .is_none_or(|own| !own.backlog.is_empty() || own.backlog.is_over())
            })?;
        }
    }

    /// Visits all packets that wait here, or at a connection that does.
    pub(super) fn each_packet(&self, visit: &mut impl FnMut(&Arc<Packet>)) {
        if let Some(listening) = &*self.listening.lock() {
            for socket in listening.backlog.iter() {
                if let Endpoint::Stream(stream) = &*socket.0 {
                    stream.with_state(|state, side| state.packets(side).for_each(&mut *visit));
                }
            }
        }
        self.with_state(|state, side| state.packets(side).for_each(visit));
    }

    /// Nobody has it any more.
    pub(super) fn close(&self) {
        let listening = self.listening.lock().take();
        if let Some(Listening { mut backlog, .. }) = listening {
            while let Some(socket) = backlog.accept() {
                // Nobody will accept it.
                if let Endpoint::Stream(stream) = &*socket.0 {
                    stream.with_state(|state, side| state.reset(side.other()));
                }
                drop(socket);
            }
        }
        let unreceived = self.with_state(|state, side| state.close(side));
        self.wake_both();
        drop(unreceived);
    }
}

impl Pair {
    fn new(kind: SocketKind, ends: [Arc<End>; 2]) -> Result<Arc<Self>> {
        let state = SpinLock::new(Rank::File, State::connected(kind));
        Arc::try_new(Self { state, ends }).map_err(|_| Errno::ENOMEM)
    }
}
