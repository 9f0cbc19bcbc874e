//! The memory of all signals that wait.

use super::info::Info;
use crate::arena::{Arena, NoMemory};
use crate::user_account::SignalCharge;
use abi::errno::Errno;

#[derive(Debug)]
pub(super) struct Queued {
    pub(super) next: u32,
    pub(super) info: Info,
    /// `None` for a timer's, which is counted with the timer.
    pub(super) _charge: Option<SignalCharge>,
}

/// Where all queues keep their [`Info`]s.
#[derive(Default)]
pub struct InfoPool {
    pub(super) queued: Arena<Queued, 64>,
    /// Infos of senders that must not fail: there is always room for them.
    pub(super) kept: u32,
}

impl InfoPool {
    pub const fn new() -> Self {
        Self { queued: Arena::new(), kept: 0 }
    }

    /// Keeps room for one info more, for [`Pending::post_kept`](super::Pending::post_kept).
    ///
    /// EAGAIN: there is no memory.
    pub fn keep(&mut self) -> Result<(), Errno> {
        self.queued.reserve(self.kept + 1).map_err(|NoMemory| Errno::EAGAIN)?;
        self.kept += 1;
        Ok(())
    }

    /// That room is not needed any more.
    pub fn unkeep(&mut self) {
        debug_assert!(self.kept != 0, "room that nobody kept");
        self.kept -= 1;
    }

    /// Infos kept, of all processes.
    pub fn len(&self) -> u32 {
        self.queued.len()
    }

    pub fn is_empty(&self) -> bool {
        self.queued.is_empty()
    }

    /// Gives unused memory back, but for the room that is kept.
    pub fn shrink(&mut self) {
        self.queued.shrink_to(self.kept);
    }
}
