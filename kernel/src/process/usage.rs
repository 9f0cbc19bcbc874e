//! What processes have used: their threads, and the children they waited for.

use super::signal::SignalGuard;
use super::{Process, Thread};
use crate::sync::{Rank, SpinLock};
use abi::process::Rusage;
use abi::time::Timeval;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Of `times` and of the accounts of processor time.
pub use abi::statistics::TICKS_PER_SECOND;

const KIB_PER_PAGE: u32 = 4;

/// A sum over threads or children. Times in clock ticks.
#[derive(Clone, Copy, Default, Debug)]
pub struct Used {
    pub utime: u32,
    pub stime: u32,
    pub minor_faults: u32,
    pub major_faults: u32,
    /// Switches to others because it slept, and because its time was up.
    pub voluntary_switches: u32,
    pub forced_switches: u32,
    /// Most resident pages of any of them.
    pub max_rss: u32,
}

impl Used {
    const NOTHING: Self = Self {
        utime: 0,
        stime: 0,
        minor_faults: 0,
        major_faults: 0,
        voluntary_switches: 0,
        forced_switches: 0,
        max_rss: 0,
    };

    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            utime: self.utime.wrapping_add(other.utime),
            stime: self.stime.wrapping_add(other.stime),
            minor_faults: self.minor_faults.wrapping_add(other.minor_faults),
            major_faults: self.major_faults.wrapping_add(other.major_faults),
            voluntary_switches: self.voluntary_switches.wrapping_add(other.voluntary_switches),
            forced_switches: self.forced_switches.wrapping_add(other.forced_switches),
            max_rss: self.max_rss.max(other.max_rss),
        }
    }

    pub fn to_abi(self) -> Rusage {
        Rusage {
            utime: time_of(self.utime),
            stime: time_of(self.stime),
            maxrss: self.max_rss.saturating_mul(KIB_PER_PAGE),
            minflt: self.minor_faults,
            majflt: self.major_faults,
            nvcsw: self.voluntary_switches,
            nivcsw: self.forced_switches,
            ..Rusage::default()
        }
    }
}

fn time_of(ticks: u32) -> Timeval {
    const MICROSECONDS: u32 = 1_000_000 / TICKS_PER_SECOND;
    Timeval {
        sec: (ticks / TICKS_PER_SECOND).cast_signed(),
        usec: (ticks % TICKS_PER_SECOND * MICROSECONDS).cast_signed(),
    }
}

/// Page faults of threads that have ended.
struct Faults {
    minor_faults: AtomicU32,
    major_faults: AtomicU32,
}

static ENDED: Faults = Faults { minor_faults: AtomicU32::new(0), major_faults: AtomicU32::new(0) };

/// Page faults of all threads that have ended, minor and major.
pub fn faults_of_the_past() -> (u32, u32) {
    (ENDED.minor_faults.load(Relaxed), ENDED.major_faults.load(Relaxed))
}

/// The account of a process.
pub struct Usage(SpinLock<Account>);

struct Account {
    ended_threads: Used,
    children: Used,
}

impl Usage {
    pub(super) const fn new() -> Self {
        let account = Account { ended_threads: Used::NOTHING, children: Used::NOTHING };
        Self(SpinLock::new(Rank::ProcessState, account))
    }

    /// Of the children it waited for, and of theirs.
    pub fn children(&self) -> Used {
        self.0.lock().children
    }

    /// Of its threads that ended: all of them, once it has exited.
    pub(super) fn ended(&self) -> Used {
        self.0.lock().ended_threads
    }

    pub(super) fn add_child(&self, child: Used) {
        let mut account = self.0.lock();
        account.children = account.children.plus(child);
    }

    pub(super) fn add_thread(&self, thread: Used) {
        ENDED.minor_faults.fetch_add(thread.minor_faults, Relaxed);
        ENDED.major_faults.fetch_add(thread.major_faults, Relaxed);
        let mut account = self.0.lock();
        account.ended_threads = account.ended_threads.plus(thread);
    }
}

impl Thread {
    /// Without its memory, which all threads of a process share.
    pub fn used(&self) -> Used {
        let (utime, stime) = self.task.times();
        let (minor_faults, major_faults) = self.task.faults();
        let (voluntary_switches, forced_switches) = self.task.switches();
        Used {
            utime,
            stime,
            minor_faults,
            major_faults,
            voluntary_switches,
            forced_switches,
            max_rss: 0,
        }
    }
}

impl Process {
    /// Of all its threads, living and ended. Not with its signals locked.
    pub fn used(&self) -> Used {
        let max_rss = self.mm().map_or(0, |mm| mm.peak_rss());
        let used = self.used_with(&self.lock_signals());
        Used { max_rss: used.max_rss.max(max_rss), ..used }
    }

    /// Without the memory of living threads, none of which ends meanwhile.
    pub(super) fn used_with(&self, guard: &SignalGuard) -> Used {
        guard.threads().fold(self.usage.ended(), |used, thread| used.plus(thread.used()))
    }
}
