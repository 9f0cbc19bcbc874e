//! The files of a process or of one of its threads.

mod cmdline;
mod faults;
mod fdinfo;
mod limits;
mod maps;
mod mounts;
mod page_tables;
mod pagemap;
mod smaps;
mod stat;
mod statm;
mod status;
#[cfg(test)]
mod tests;
mod wchan;

pub use cmdline::{auxv, cmdline, comm, environ};
pub use faults::{fail_nth, make_it_fail, set_fail_nth, set_make_it_fail};
pub use fdinfo::fdinfo;
pub use limits::limits;
pub use maps::maps;
pub use mounts::{mountinfo, mounts};
pub use page_tables::{kernel_page_tables, page_tables};
pub use pagemap::pagemap;
pub use smaps::{smaps, smaps_rollup};
pub use stat::stat;
pub use statm::statm;
pub use status::status;
pub use wchan::wchan;

use crate::Kernel;
use sys::abi::failpoint::FaultThread;
use sys::abi::statistics::{ProcessDetails, ThreadStatistics};
use sys::{Errno, Result};

/// Takes bytes for the reader.
pub type Put<'a> = &'a mut dyn FnMut(&[u8]) -> Result<()>;

/// Whose file is read, and by whom.
pub struct Subject<'a> {
    /// Who knows.
    pub kernel: &'a dyn Kernel,
    /// The process.
    pub pid: i32,
    /// The thread; `None` for the process's first one.
    pub tid: Option<i32>,
    /// Whether figures are those of all threads.
    pub is_whole: bool,
    /// Id of the thread that reads: it runs, though it waits for the answer.
    pub reader: i32,
    /// Whether the reader may look into the process.
    pub may_look: bool,
    /// Whether the reader may know which frames it has.
    pub may_see_frames: bool,
}

impl Subject<'_> {
    /// The process.
    pub fn details(&self) -> Result<ProcessDetails> {
        self.kernel.details(self.pid)
    }

    /// The thread, or the process's first one; `None` for a process that has ended.
    pub fn thread(&self) -> Result<Option<ThreadStatistics>> {
        let tid = self.tid.unwrap_or(self.pid);
        let found = self.kernel.next_thread(self.pid, tid - 1)?.filter(|thread| thread.tid == tid);
        match (found, self.tid) {
            (None, Some(_)) => Err(Errno::ESRCH),
            (found, _) => Ok(found),
        }
    }
}

impl Subject<'_> {
    /// The thread, or the process's first one, as far as faults go.
    fn faults(&self) -> Result<FaultThread> {
        self.kernel.faults(self.tid.unwrap_or(self.pid))
    }

    /// Changes that.
    fn set_faults(&self, what: u32, value: u32) -> Result<()> {
        self.kernel.set_faults(self.tid.unwrap_or(self.pid), what, value)
    }

    /// The letter of a thread's state, or of a process's, as its first thread's.
    fn state(&self, id: i32, state: u32) -> u8 {
        if id == self.reader { b'R' } else { u8::try_from(state).unwrap_or(b'?') }
    }
}

/// Bytes in a page.
const PAGE: u32 = 4096;
/// KiB in a page.
const PAGE_KIB: u32 = 4;

/// What a letter of a state means.
fn state_name(letter: u8) -> &'static str {
    match letter {
        b'R' => "running",
        b'S' => "sleeping",
        b'D' => "disk sleep",
        b'T' => "stopped",
        b't' => "tracing stop",
        b'Z' => "zombie",
        _ => "unknown",
    }
}
