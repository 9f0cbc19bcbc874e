//! Processes, threads and descriptors.

use crate::plain::structure;

structure! {
    /// What threads have used.
    pub struct UsedStatistics: 24 {
        /// Ticks in user mode.
        pub user_ticks: u32,
        /// Ticks in the kernel.
        pub kernel_ticks: u32,
        /// Page faults served without input.
        pub minor_faults: u32,
        /// Page faults that waited for input.
        pub major_faults: u32,
        /// Switches because it slept.
        pub voluntary_switches: u32,
        /// Switches because its time was up.
        pub forced_switches: u32,
    }

    /// A limit as `getrlimit` has it; all ones is none.
    pub struct LimitStatistics: 16 {
        /// The one that holds.
        pub current: u64,
        /// What that may be raised to.
        pub maximum: u64,
    }

    /// A process's address space.
    pub struct SpaceStatistics: 100 {
        /// Whether there is one: not after the process has ended.
        pub exists: u32,
        /// Pages mapped.
        pub total: u32,
        /// The most there have been.
        pub peak_total: u32,
        /// Pages locked.
        pub locked: u32,
        /// Pages of private writable areas.
        pub data: u32,
        /// Pages of stacks.
        pub stack: u32,
        /// Pages of executable areas that cannot be written.
        pub executable: u32,
        /// Present pages that are private.
        pub resident_private: u32,
        /// Present pages of files.
        pub resident_file: u32,
        /// Present pages of memory without a file: `/tmp`, shared memory.
        pub resident_shared: u32,
        /// The most present pages there have been.
        pub peak_resident: u32,
        /// Page tables below the top.
        pub page_tables: u32,
        /// Swapped pages.
        pub swapped: u32,
        /// Threads that use it.
        pub users: u32,
        /// First byte of the program's code.
        pub start_code: u32,
        /// Behind the program's code.
        pub end_code: u32,
        /// First byte of the program's data.
        pub start_data: u32,
        /// Behind the program's data.
        pub end_data: u32,
        /// Where the heap begins.
        pub start_heap: u32,
        /// Where the heap ends.
        pub end_heap: u32,
        /// The stack pointer the program began with.
        pub start_stack: u32,
        /// First byte of the arguments.
        pub start_arguments: u32,
        /// Behind the arguments.
        pub end_arguments: u32,
        /// First byte of the environment.
        pub start_environment: u32,
        /// Behind the environment.
        pub end_environment: u32,
    }

    /// A process.
    pub struct ProcessDetails: 680 {
        /// Process id.
        pub pid: i32,
        /// Of the parent.
        pub parent: i32,
        /// Process group.
        pub group: i32,
        /// Session.
        pub session: i32,
        /// The terminal's device number, 0 for none.
        pub terminal: u32,
        /// The terminal's process group in the foreground, -1 for none.
        pub terminal_group: i32,
        /// Letter of the state: R runs, S sleeps, D sleeps deeply, T is stopped, t is stopped by who
        /// traces it, Z has ended.
        pub state: u32,
        /// Threads.
        pub threads: u32,
        /// Nice value.
        pub nice: i32,
        /// What the parent gets when it ends.
        pub exit_signal: i32,
        /// As `wait` reports it, of a zombie.
        pub exit_status: i32,
        /// When it was started, in ticks since boot.
        pub started: u32,
        /// What its threads have used.
        pub used: UsedStatistics,
        /// What the children have used that it waited for.
        pub children: UsedStatistics,
        /// Real, effective, saved and filesystem's user id.
        pub users: [u32; 4],
        /// The same of groups.
        pub groups: [u32; 4],
        /// How many supplementary groups.
        pub supplementary_count: u32,
        /// The first of them.
        pub supplementary: [u32; 32],
        /// File-creation mask.
        pub umask: u32,
        /// Places for descriptors.
        pub descriptor_places: u32,
        /// Signals pending for the process.
        pub pending: u64,
        /// Ignored signals.
        pub ignored: u64,
        /// Signals with a handler.
        pub caught: u64,
        /// Limits, indexed by `RLIMIT_*`.
        pub limits: [LimitStatistics; 16],
        /// Its memory.
        pub space: SpaceStatistics,
        /// Name, padded with zeros.
        pub name: [u8; 16],
        /// Its level among services.
        pub level: u32,
        /// Personality.
        pub personality: u32,
        /// Signals kept with what they say, and timers, of its real user: what RLIMIT_SIGPENDING
        /// limits.
        pub signals_kept: u32,
        /// Whether its memory may be shown to its user's other processes.
        pub is_dumpable: u32,
    }

    /// A thread.
    pub struct ThreadStatistics: 100 {
        /// Thread id.
        pub tid: i32,
        /// Letter of the state: R runs, S sleeps, D sleeps deeply, T is stopped, t is stopped by who
        /// traces it.
        pub state: u32,
        /// What it has used.
        pub used: UsedStatistics,
        /// When it was started, in ticks since boot.
        pub started: u32,
        /// Signals pending for the thread.
        pub pending: u64,
        /// Blocked signals.
        pub blocked: u64,
        /// While it sleeps: the vector it entered the kernel by. 0 for none, or if it has not been
        /// in user mode.
        pub entry: u32,
        /// While it sleeps: EAX then, the number of a call.
        pub call: u32,
        /// EIP then.
        pub instruction: u32,
        /// ESP then.
        pub stack: u32,
        /// Nice value.
        pub nice: i32,
        /// The CPU it ran on last.
        pub processor: u32,
        /// SCHED_*.
        pub policy: u32,
        /// Its own name, padded with zeros.
        pub name: [u8; 16],
        /// Process id of who traces it, 0 for nobody.
        pub tracer: u32,
    }

    /// A descriptor.
    pub struct DescriptorStatistics: 32 {
        /// Its number.
        pub number: u32,
        /// As `open` got them and F_GETFL shows them, and O_CLOEXEC.
        pub flags: u32,
        /// Where the next read or write begins.
        pub position: u64,
        /// Inode number.
        pub inode: u64,
        /// The mount it is on.
        pub mount: u32,
        /// Type and permission bits.
        pub mode: u32,
    }
}

/// Ticks in a second.
pub const TICKS_PER_SECOND: u32 = 100;
/// The program's file.
pub const PATH_EXECUTABLE: u32 = 0;
/// The working directory.
pub const PATH_WORKING: u32 = 1;
/// The root directory.
pub const PATH_ROOT: u32 = 2;
/// What a descriptor leads to; the key is its number.
pub const PATH_DESCRIPTOR: u32 = 3;
/// The file of the area around an address, which is the key.
pub const PATH_AREA: u32 = 4;
/// The directory that a mount is on, which the process may reach; the key is the mount's number.
pub const PATH_MOUNT: u32 = 5;
