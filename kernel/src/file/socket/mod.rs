//! Sockets between processes of this machine, in pairs: AF_UNIX.
//!
//! What waits and who may send is `kcore::socket`'s. A packet is filled before anybody sees it and
//! never changes, so no lock is held while bytes move between programs and packets.

mod packet;
mod receive;
mod send;

pub use receive::{Receive, Received};
pub use send::Send;

use super::buffers::{Source, UserBuffers};
use super::caller;
use super::description::{File, Kind, Node};
use super::operations::Operations;
use crate::result::{Errno, Result};
use crate::sync::{Mutex, Rank, SpinLock, SpinLockGuard, WaitError, WaitQueue};
use crate::task::Sleep;
use crate::time;
use abi::file::{DeviceNumber, O_RDWR, S_IFSOCK};
use abi::socket::Ucred;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use kcore::socket::{Pair as State, Side, SocketKind};
use packet::Packet;

/// A socket: one end of a pair.
pub struct Socket {
    pair: Arc<Pair>,
    side: Side,
}

struct Pair {
    state: SpinLock<State<Arc<Packet>>>,
    ends: [End; 2],
    /// Who made the pair; nobody made one that is not connected.
    maker: Option<Ucred>,
}

/// Who waits at a socket.
struct End {
    receivers: WaitQueue,
    senders: WaitQueue,
    pollers: WaitQueue,
    /// Receivers take turns.
    receiving: Mutex<()>,
    receive_timeout: Timeout,
    send_timeout: Timeout,
}

/// How long a call waits.
pub struct Timeout(AtomicU64);

impl Timeout {
    const FOREVER: u64 = u64::MAX;

    /// In nanoseconds; `None` for ever.
    pub fn get(&self) -> Option<u64> {
        Some(self.0.load(Relaxed)).filter(|timeout| *timeout != Self::FOREVER)
    }

    pub fn set(&self, nanoseconds: Option<u64>) {
        self.0.store(nanoseconds.unwrap_or(Self::FOREVER), Relaxed);
    }
}

impl End {
    const fn new() -> Self {
        Self {
            receivers: WaitQueue::new(),
            senders: WaitQueue::new(),
            pollers: WaitQueue::new(),
            receiving: Mutex::new(()),
            receive_timeout: Timeout(AtomicU64::new(Timeout::FOREVER)),
            send_timeout: Timeout(AtomicU64::new(Timeout::FOREVER)),
        }
    }

    fn wake_all(&self) {
        self.receivers.wake_all();
        self.senders.wake_all();
        self.pollers.wake_all();
    }
}

impl Pair {
    fn new(state: State<Arc<Packet>>, maker: Option<Ucred>) -> Result<Arc<Self>> {
        let state = SpinLock::new(Rank::File, state);
        let pair = Self { state, ends: [const { End::new() }; 2], maker };
        Arc::try_new(pair).map_err(|_| Errno::ENOMEM)
    }

    fn end(&self, side: Side) -> &End {
        match (&self.ends, side) {
            ([first, _], Side::First) => first,
            ([_, second], Side::Second) => second,
        }
    }
}

/// A socket that is connected to nothing. `flags`: O_NONBLOCK.
pub fn socket(kind: SocketKind, flags: u32) -> Result<Arc<File>> {
    open(Pair::new(State::unconnected(kind), None)?, Side::First, flags)
}

/// Two that are connected to each other.
pub fn socket_pair(kind: SocketKind, flags: u32) -> Result<(Arc<File>, Arc<File>)> {
    let identity = caller::identity();
    let pid = caller::process_id().cast_signed();
    let maker = Ucred { pid, uid: identity.user(), gid: identity.group() };
    let pair = Pair::new(State::connected(kind), Some(maker))?;
    let first = open(pair.clone(), Side::First, flags)?;
    Ok((first, open(pair, Side::Second, flags)?))
}

fn open(pair: Arc<Pair>, side: Side, flags: u32) -> Result<Arc<File>> {
    let identity = caller::identity();
    let node = Node::anonymous(identity.user(), identity.group());
    File::new(Kind::Socket(Socket { pair, side }), node, flags | O_RDWR)
}

impl Socket {
    fn lock(&self) -> SpinLockGuard<'_, State<Arc<Packet>>> {
        self.pair.state.lock()
    }

    fn own(&self) -> &End {
        self.pair.end(self.side)
    }

    fn other(&self) -> &End {
        self.pair.end(self.side.other())
    }

    pub fn kind(&self) -> SocketKind {
        self.lock().kind()
    }

    pub fn is_connected(&self) -> bool {
        self.lock().is_connected(self.side)
    }

    /// SO_ERROR.
    pub fn take_error(&self) -> Option<Errno> {
        self.lock().take_error(self.side)
    }

    /// SO_PEERCRED.
    pub fn peer(&self) -> Ucred {
        const NOBODY: Ucred = Ucred { pid: 0, uid: u32::MAX, gid: u32::MAX };
        self.pair.maker.unwrap_or(NOBODY)
    }

    pub fn receive_timeout(&self) -> &Timeout {
        &self.own().receive_timeout
    }

    pub fn send_timeout(&self) -> &Timeout {
        &self.own().send_timeout
    }

    /// Dissolves a pair of datagram sockets, as seen from this one.
    pub fn disconnect(&self) {
        self.lock().disconnect(self.side);
        self.own().wake_all();
        self.other().wake_all();
    }

    pub fn shut_down(&self, receiving: bool, sending: bool) {
        self.lock().shut_down(self.side, receiving, sending);
        self.own().wake_all();
        self.other().wake_all();
    }

    pub fn pollers(&self) -> &WaitQueue {
        &self.own().pollers
    }

    pub fn events(&self) -> u16 {
        self.lock().events(self.side)
    }

    /// FIONREAD.
    pub fn readable(&self) -> u32 {
        self.lock().readable(self.side)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let unreceived = self.lock().close(self.side);
        self.other().wake_all();
        drop(unreceived);
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
        self.events()
    }

    fn pollers(&self) -> Option<&WaitQueue> {
        Some(self.pollers())
    }

    fn readable_bytes(&self, _: &File) -> Option<u32> {
        Some(self.readable())
    }

    fn anonymous(&self) -> (DeviceNumber, u32) {
        (SOCKETS, S_IFSOCK | 0o777)
    }
}
