//! Which opportunities fail, and what came of it.

use crate::plain::structure;

/// The context goes to the children of who is in it, too.
pub const FAULT_CHILDREN: u32 = 1 << 0;
/// Each fault is a line in the kernel's log.
pub const FAULT_VERBOSE: u32 = 1 << 1;
/// All threads are in it that are in no other one, and what interrupts do for nobody.
pub const FAULT_MACHINE: u32 = 1 << 2;
/// Of a machine-wide context: only threads that are marked for it ([`FAULT_THREAD_MARK`]), and what is
/// done for them.
pub const FAULT_MARKED: u32 = 1 << 3;
/// All of them.
pub const FAULT_ALL: u32 = 15;

/// What is late comes so many milliseconds after its time.
pub const FAULT_LATE: u32 = 50;

/// Of a thread: the nth opportunity from now on fails, in a context of its own; 0 for none.
pub const FAULT_THREAD_NTH: u32 = 0;
/// Of a thread: 1 if it is marked for machine-wide contexts that ask for that, 0 if not. Children are
/// as their parents.
pub const FAULT_THREAD_MARK: u32 = 1;

/// Addresses of the call path that a fault keeps.
pub const FAULT_CALLS: usize = 8;
/// Faults that a context keeps: the first ones, a machine-wide one the last.
pub const FAULT_RECORDS: usize = 4;

structure! {
    /// Which opportunities fail.
    ///
    /// With `nth`, that one does, and then every `then`th after it, or those that [`Opportunities`](super::Opportunities)
    /// asks for. Without, `per_million` of them
    /// do, as `seed` has it; with neither, none: they are counted. Linux's attributes are `interval`,
    /// `per_million` (its probability), `space` and `times`.
    pub struct FaultPlan: 72 {
        /// A bit for each failpoint: [`Failpoint::bit`](super::Failpoint::bit).
        pub points: u64,
        /// The first opportunity that fails, counted from 1; 0 for none.
        pub nth: u32,
        /// After a fault, the so-manyth opportunity fails too; 0 for none.
        pub then: u32,
        /// Faults at most; 0 for no limit.
        pub times: u32,
        /// How many of a million opportunities fail, by chance.
        pub per_million: u32,
        /// Where chance begins.
        pub seed: u32,
        /// `FAULT_*`.
        pub flags: u32,
        /// So much may be asked for before anything fails: bytes of the heap, page frames, or
        /// opportunities.
        pub space: u32,
        /// Of opportunities that may fail by chance, only each so-manyth; 0 and 1 for all.
        pub interval: u32,
        /// With other than (0, 0): only where at least the first and less than the second is asked
        /// for, bytes or page frames. Other opportunities are none.
        pub sizes: [u32; 2],
        /// With other than (0, 0): only where an address of the call path is at least the first and
        /// less than the second. Other opportunities are none.
        pub require: [u32; 2],
        /// With other than (0, 0): only where no address of the call path is.
        pub reject: [u32; 2],
        /// With others than 0, the third and the fourth fault are so many opportunities after the one
        /// before, and not `then`.
        pub later: [u32; 2],
    }

    /// A fault.
    pub struct FaultRecord: 60 {
        /// The failpoint's number.
        pub point: u32,
        /// The site's place in the catalogue.
        pub site: u32,
        /// Which opportunity it was.
        pub opportunity: u32,
        /// How much was asked for: bytes of the heap, page frames, or 1.
        pub size: u32,
        /// When: milliseconds since the machine was started.
        pub time: u32,
        /// The thread it happened to; 0 for an interrupt's.
        pub tid: i32,
        /// 1 if that was a server at work for the context.
        pub served: u32,
        /// Addresses in the kernel that lead there, the innermost first; 0 behind the last.
        pub calls: [u32; FAULT_CALLS],
    }

    /// What happened in a context.
    pub struct FaultState: 248 {
        /// Opportunities there were.
        pub opportunities: u32,
        /// How many of them failed.
        pub faults: u32,
        /// The first of those; in a machine-wide context the last, the nth in place n - 1 modulo their
        /// number.
        pub records: [FaultRecord; FAULT_RECORDS],
    }

    /// A thread, as far as faults go.
    pub struct FaultThread: 8 {
        /// [`FAULT_THREAD_NTH`]: how many opportunities are left until one fails; 0 if it has.
        pub nth: u32,
        /// [`FAULT_THREAD_MARK`].
        pub mark: u32,
    }

    /// A place in the kernel with a failpoint.
    pub struct FaultSite: 12 {
        /// The failpoint's number.
        pub point: u32,
        /// How often somebody passed it while any context was open, or the boot option
        /// `failpoints=count` was given.
        pub hits: u32,
        /// Faults injected there.
        pub faults: u32,
    }
}

impl FaultState {
    /// The faults that are kept: the first ones, unless the context is the machine's.
    pub fn kept(&self) -> impl Iterator<Item = FaultRecord> + use<> {
        let (records, faults) = (self.records, self.faults as usize);
        records.into_iter().take(faults.min(FAULT_RECORDS))
    }
}

impl FaultRecord {
    /// The addresses that led there, the innermost first.
    pub fn path(&self) -> impl Iterator<Item = u32> + use<> {
        let calls = self.calls;
        calls.into_iter().take_while(|call| *call != 0)
    }
}
