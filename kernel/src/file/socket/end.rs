//! What every socket has: who waits at it, and what it is called.

use super::address::Address;
use crate::result::{Errno, Result};
use crate::sync::{Mutex, WaitQueue};
use abi::socket::{SO_PASSCRED, Ucred};
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use kcore::socket::DEFAULT_SIZE;
use spin::Once;

pub struct End {
    pub receivers: WaitQueue,
    pub senders: WaitQueue,
    pub pollers: WaitQueue,
    /// Who waits to connect to it, or to send a datagram from elsewhere.
    pub callers: WaitQueue,
    /// Receivers take turns.
    pub receiving: Mutex<()>,
    /// So do those who bind, connect, or let it listen.
    pub changing: Mutex<()>,
    pub receive_timeout: Timeout,
    pub send_timeout: Timeout,
    /// SO_RCVBUF. Senders' buffers limit them, so it only shows.
    pub receive_buffer: AtomicU32,
    /// Options that are on or off.
    switches: AtomicU32,
    pub name: Once<Arc<Address>>,
    /// Who is at the other end.
    pub partner: Once<Ucred>,
}

/// How long a call waits.
pub struct Timeout(AtomicU64);

impl Timeout {
    const FOREVER: u64 = u64::MAX;

    const fn new() -> Self {
        Self(AtomicU64::new(Self::FOREVER))
    }

    /// In nanoseconds; `None` for ever.
    pub fn get(&self) -> Option<u64> {
        Some(self.0.load(Relaxed)).filter(|timeout| *timeout != Self::FOREVER)
    }

    pub fn set(&self, nanoseconds: Option<u64>) {
        self.0.store(nanoseconds.unwrap_or(Self::FOREVER), Relaxed);
    }
}

impl End {
    pub const fn new() -> Self {
        Self {
            receivers: WaitQueue::new(),
            senders: WaitQueue::new(),
            pollers: WaitQueue::new(),
            callers: WaitQueue::new(),
            receiving: Mutex::new(()),
            changing: Mutex::new(()),
            receive_timeout: Timeout::new(),
            send_timeout: Timeout::new(),
            receive_buffer: AtomicU32::new(DEFAULT_SIZE),
            switches: AtomicU32::new(0),
            name: Once::new(),
            partner: Once::new(),
        }
    }

    pub fn shared() -> Result<Arc<Self>> {
        Arc::try_new(Self::new()).map_err(|_| Errno::ENOMEM)
    }

    pub fn name(&self) -> Option<&Arc<Address>> {
        self.name.get()
    }

    /// Whether an option is on, of those that are a bit.
    pub fn is_on(&self, option: i32) -> bool {
        self.switches.load(Relaxed) & 1 << option != 0
    }

    pub fn switch(&self, option: i32, on: bool) {
        if on {
            self.switches.fetch_or(1 << option, Relaxed);
        } else {
            self.switches.fetch_and(!(1 << option), Relaxed);
        }
    }

    /// Whether messages that come here, or go from here, say who sends them.
    #[inline]
    pub fn passes_credentials(&self) -> bool {
        self.is_on(SO_PASSCRED)
    }

    /// A receiver has left something, perhaps without needing its wake-up: it is the next one's.
    #[inline]
    pub fn wake_next_receiver(&self, has_news: impl FnOnce() -> bool) {
        if self.receivers.has_waiters() && has_news() {
            self.receivers.wake_one();
        }
    }

    pub fn wake_all(&self) {
        self.receivers.wake_all();
        self.senders.wake_all();
        self.callers.wake_all();
        self.pollers.wake_all();
    }
}
