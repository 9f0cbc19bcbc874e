//! The machine: times, counters, what is mounted.

use crate::plain::structure;

structure! {
    /// The machine since boot.
    pub struct MachineStatistics: 148 {
        /// CLOCK_MONOTONIC, nanoseconds.
        pub monotonic: u64,
        /// CLOCK_REALTIME, nanoseconds.
        pub realtime: u64,
        /// Ticks that found programs running.
        pub user_ticks: u32,
        /// Ticks that found the kernel running for somebody.
        pub kernel_ticks: u32,
        /// Ticks that found nobody.
        pub idle_ticks: u32,
        /// Context switches.
        pub switches: u32,
        /// Processes and threads that were started.
        pub forks: u32,
        /// Threads that run or could.
        pub runnable: u32,
        /// Threads.
        pub threads: u32,
        /// Processes, zombies included.
        pub processes: u32,
        /// The id that was given out last.
        pub last_id: u32,
        /// Threads that could run, on average of 1, 5 and 15 minutes, with [`LOAD_BITS`] of
        /// fraction.
        pub load: [u32; 3],
        /// Page faults served without input.
        pub minor_faults: u32,
        /// Page faults that waited for input.
        pub major_faults: u32,
        /// Interrupts by line.
        pub interrupts: [u32; 16],
        /// Open-file descriptions.
        pub descriptions: u32,
        /// Handles of all processes.
        pub handles: u32,
        /// How fast the time-stamp counter counts.
        pub tsc_khz: u32,
    }

    /// What a server has mounted. The kernel's own tree is mount 1, and not listed.
    pub struct MountStatistics: 28 {
        /// Its number, as descriptors have it.
        pub number: u32,
        /// That of the mount it is in.
        pub parent: u32,
        /// Its device, as `stat` has it.
        pub device: u32,
        /// Type of its file system, padded with zeros.
        pub kind: [u8; 16],
    }
}

/// Fraction bits of [`MachineStatistics::load`].
pub const LOAD_BITS: u32 = 11;
