//! Processes that were there before: `init`, the servers, and who watches.

use alloc::vec::Vec;
use sys::abi::syscall::folio::ProcessStatistics;
use sys::syscall::{folio, output};

/// Their numbers.
pub struct Others(Vec<i32>);

impl Others {
    /// All there are now.
    pub fn now() -> Self {
        let (mut numbers, mut entry) = (Vec::new(), ProcessStatistics::default());
        let size = size_of::<ProcessStatistics>() as u32;
        // SAFETY: the entry is ours and that long.
        while unsafe { folio::processes(entry.pid, output(&mut entry), size) } == Ok(size) {
            numbers.push(entry.pid);
        }
        Self(numbers)
    }

    /// One of them that is no more: `init` has started another one since.
    pub fn dead(&self) -> Option<i32> {
        let now = Self::now();
        self.0.iter().copied().find(|pid| !now.0.contains(pid))
    }
}
