//! Adds up ticks, page faults and operations.

use core::arch::asm;
use core::fmt;
use sys::abi::process::{RUSAGE_SELF, Rusage};
use sys::syscall::{linux, output};

/// How much less a warm-up does.
const WARM_UP_SHARE: u32 = 8;
/// How much less is done where somebody looks at every instruction.
const MARKED_SHARE: u32 = 200;

/// What a row has measured so far.
pub struct Meter {
    share: u32,
    marked: bool,
    ticks: u64,
    operations: u32,
    /// `None` where the kernel does not count them.
    faults: Option<u32>,
}

impl Meter {
    /// A meter for the record.
    pub fn new(marked: bool) -> Self {
        let share = if marked { MARKED_SHARE } else { 1 };
        Self { share, marked, ticks: 0, operations: 0, faults: Some(0) }
    }

    /// A meter whose figures nobody reads.
    pub fn warm_up(marked: bool) -> Self {
        let record = Self::new(marked);
        Self { share: record.share * WARM_UP_SHARE, marked: false, ..record }
    }

    /// How many operations to do where a full measurement does `full`.
    pub fn count(&self, full: u32) -> u32 {
        (full / self.share).max(1)
    }

    /// Measures `body`, which does `operations`.
    #[inline(always)]
    pub fn time<T>(&mut self, operations: u32, body: impl FnOnce() -> T) -> T {
        let faults = faults();
        if self.marked {
            bench_begin();
        }
        let start = ticks();
        let result = body();
        self.ticks += ticks() - start;
        if self.marked {
            bench_end();
        }
        self.operations += operations;
        self.faults = self
            .faults
            .zip(faults)
            .zip(crate::meter::faults())
            .map(|((sum, before), after)| sum + (after - before));
        result
    }

    pub fn figures(&self) -> Figures {
        let each = |sum: u64, unit: u64| {
            let operations = u64::from(self.operations.max(1));
            (sum * unit + operations / 2) / operations
        };
        Figures {
            tenths: each(self.ticks, 10),
            thousandths: self.faults.map(|faults| each(faults.into(), 1000)),
        }
    }
}

/// Ticks and faults of one operation.
pub struct Figures {
    tenths: u64,
    thousandths: Option<u64>,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{} ", self.tenths / 10, self.tenths % 10)?;
        match self.thousandths {
            Some(faults) => write!(f, "{}.{:03}", faults / 1000, faults % 1000),
            None => f.write_str("-"),
        }
    }
}

/// Where a profiler begins to look.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn bench_begin() {
    // SAFETY: does nothing, but keeps the call.
    unsafe { asm!("nop", options(nomem, nostack)) };
}

/// Where it stops.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn bench_end() {
    // SAFETY: as above. Not the same code: the two would be one function.
    unsafe { asm!("nop", "nop", options(nomem, nostack)) };
}

/// The time stamp counter.
#[inline(always)]
pub fn ticks() -> u64 {
    let (low, high): (u32, u32);
    // SAFETY: reads a counter.
    unsafe { asm!("rdtsc", out("eax") low, out("edx") high, options(nomem, nostack)) };
    u64::from(high) << 32 | u64::from(low)
}

/// Page faults of this process so far.
fn faults() -> Option<u32> {
    let mut usage = Rusage::default();
    // SAFETY: the structure is ours.
    unsafe { linux::getrusage(RUSAGE_SELF, output(&mut usage)) }.ok()?;
    Some(usage.minflt + usage.majflt)
}
