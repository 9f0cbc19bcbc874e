//! Processes: creation, waiting, limits, use of resources, thread-local storage.

use crate::plain::structure;
use crate::time::Timeval;

structure! {
    /// What a process used. Fields Linux leaves 0 are 0.
    pub struct Rusage: 72 {
        /// Time in user mode.
        pub utime: Timeval,
        /// Time in the kernel.
        pub stime: Timeval,
        /// Most resident memory, KiB.
        pub maxrss: u32,
        /// Always 0.
        pub ixrss: u32,
        /// Always 0.
        pub idrss: u32,
        /// Always 0.
        pub isrss: u32,
        /// Page faults served without input.
        pub minflt: u32,
        /// Page faults that had to wait for input.
        pub majflt: u32,
        /// Always 0.
        pub nswap: u32,
        /// Blocks read.
        pub inblock: u32,
        /// Blocks written.
        pub oublock: u32,
        /// Always 0.
        pub msgsnd: u32,
        /// Always 0.
        pub msgrcv: u32,
        /// Always 0.
        pub nsignals: u32,
        /// Switches because it slept.
        pub nvcsw: u32,
        /// Switches because its time was up.
        pub nivcsw: u32,
    }

    /// A resource limit, 32 bits; all ones is no limit.
    pub struct Rlimit: 8 {
        /// Enforced.
        pub cur: u32,
        /// Up to which `cur` may be raised.
        pub max: u32,
    }

    /// A resource limit, 64 bits; all ones is no limit.
    pub struct Rlimit64: 16 {
        /// Enforced.
        pub cur: u64,
        /// Up to which `cur` may be raised.
        pub max: u64,
    }

    /// Memory and load of the system. Sizes are in units of `mem_unit` bytes.
    pub struct Sysinfo: 64 {
        /// Seconds since boot.
        pub uptime: i32,
        /// Load averages over 1, 5, 15 minutes, times 65,536.
        pub loads: [u32; 3],
        /// Usable memory.
        pub totalram: u32,
        /// Free memory.
        pub freeram: u32,
        /// Shared memory.
        pub sharedram: u32,
        /// Buffers.
        pub bufferram: u32,
        /// Swap.
        pub totalswap: u32,
        /// Free swap.
        pub freeswap: u32,
        /// Threads.
        pub procs: u16,
        /// 0.
        pub pad: u16,
        /// High memory.
        pub totalhigh: u32,
        /// Free high memory.
        pub freehigh: u32,
        /// Bytes in a unit.
        pub mem_unit: u32,
        /// 0.
        pub spare: [u8; 8],
    }

    /// Name and version of the system, each a string with a zero byte.
    pub struct Utsname: 390 {
        /// The system.
        pub sysname: [u8; 65],
        /// The machine's name.
        pub nodename: [u8; 65],
        /// Release.
        pub release: [u8; 65],
        /// Version.
        pub version: [u8; 65],
        /// The machine's kind.
        pub machine: [u8; 65],
        /// NIS domain.
        pub domainname: [u8; 65],
    }

    /// A segment descriptor for thread-local storage.
    pub struct UserDesc: 16 {
        /// Entry of the GDT, 6 to 8; all ones asks for a free one.
        pub entry_number: u32,
        /// Linear base address.
        pub base_addr: u32,
        /// Limit, in bytes or pages.
        pub limit: u32,
        /// Bits `USER_DESC_*`.
        pub flags: u32,
    }
}

/// 32-bit segment.
pub const USER_DESC_SEG_32BIT: u32 = 1;
/// Two bits: 0 data, 1 data growing down, 2 code, 3 conforming code.
pub const USER_DESC_CONTENTS_SHIFT: u32 = 1;
/// Not writable, or not readable for code.
pub const USER_DESC_READ_EXEC_ONLY: u32 = 1 << 3;
/// The limit counts pages.
pub const USER_DESC_LIMIT_IN_PAGES: u32 = 1 << 4;
/// Not present.
pub const USER_DESC_SEG_NOT_PRESENT: u32 = 1 << 5;
/// The bit for system software.
pub const USER_DESC_USEABLE: u32 = 1 << 6;

/// First GDT entry of `set_thread_area`; there are three.
pub const GDT_ENTRY_TLS_MIN: u32 = 6;
/// Last GDT entry of `set_thread_area`.
pub const GDT_ENTRY_TLS_MAX: u32 = 8;

/// `wait4`: does not wait.
pub const WNOHANG: u32 = 1;
/// `wait4`: also stopped children.
pub const WUNTRACED: u32 = 2;
/// `waitid`: children that ended.
pub const WEXITED: u32 = 4;
/// `wait4`: also continued children.
pub const WCONTINUED: u32 = 8;
/// `waitid`: leaves the child waitable.
pub const WNOWAIT: u32 = 0x0100_0000;
/// Not children of other threads.
pub const WNOTHREAD: u32 = 0x2000_0000;
/// All children, threads too.
pub const WALL: u32 = 0x4000_0000;
/// Only children that signal something else than SIGCHLD.
pub const WCLONE: u32 = 0x8000_0000;

/// `waitid`: any child.
pub const P_ALL: i32 = 0;
/// `waitid`: the child of that id.
pub const P_PID: i32 = 1;
/// `waitid`: a child of that group.
pub const P_PGID: i32 = 2;

/// `clone`: which signal the parent gets at the end.
pub const CSIGNAL: u32 = 0xff;
/// Shares memory.
pub const CLONE_VM: u32 = 0x100;
/// Shares working directory and umask.
pub const CLONE_FS: u32 = 0x200;
/// Shares descriptors.
pub const CLONE_FILES: u32 = 0x400;
/// Shares signal handlers.
pub const CLONE_SIGHAND: u32 = 0x800;
/// Stores a descriptor of the child.
pub const CLONE_PIDFD: u32 = 0x1000;
/// The parent waits for exec or exit.
pub const CLONE_VFORK: u32 = 0x4000;
/// Has the caller's parent.
pub const CLONE_PARENT: u32 = 0x8000;
/// Belongs to the caller's process.
pub const CLONE_THREAD: u32 = 0x1_0000;
/// New mount namespace.
pub const CLONE_NEWNS: u32 = 0x2_0000;
/// Shares semaphore adjustments.
pub const CLONE_SYSVSEM: u32 = 0x4_0000;
/// Sets a TLS descriptor.
pub const CLONE_SETTLS: u32 = 0x8_0000;
/// Stores the id in the parent's memory.
pub const CLONE_PARENT_SETTID: u32 = 0x10_0000;
/// Clears and wakes a word when the child ends.
pub const CLONE_CHILD_CLEARTID: u32 = 0x20_0000;
/// Ignored.
pub const CLONE_DETACHED: u32 = 0x40_0000;
/// Stores the id in the child's memory.
pub const CLONE_CHILD_SETTID: u32 = 0x100_0000;

/// `clone3`: the child's handlers are the default ones.
pub const CLONE_CLEAR_SIGHAND: u64 = 0x1_0000_0000;
/// `clone3`: starts in another control group.
pub const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

structure! {
    /// What `clone3` is to do. Programs may know less of it than the kernel, or more.
    pub struct CloneArgs: 88 {
        /// `CLONE_*`.
        pub flags: u64,
        /// Where a descriptor of the child goes.
        pub pidfd: u64,
        /// The word of `CLONE_CHILD_*`.
        pub child_tid: u64,
        /// The word of `CLONE_PARENT_SETTID`.
        pub parent_tid: u64,
        /// Which signal the parent gets at the end.
        pub exit_signal: u64,
        /// The child's stack, its lowest address, 0 for the parent's.
        pub stack: u64,
        /// Its bytes.
        pub stack_size: u64,
        /// The TLS descriptor of `CLONE_SETTLS`.
        pub tls: u64,
        /// The ids the child is to have, in this namespace and those above it.
        pub set_tid: u64,
        /// How many.
        pub set_tid_size: u64,
        /// The control group.
        pub cgroup: u64,
    }
}

impl CloneArgs {
    /// What the first version had.
    pub const SIZE_VER0: u32 = 64;
}

/// `getrusage`: the process.
pub const RUSAGE_SELF: i32 = 0;
/// `getrusage`: children that were waited for.
pub const RUSAGE_CHILDREN: i32 = -1;
/// `getrusage`: the thread.
pub const RUSAGE_THREAD: i32 = 1;

/// Processor seconds.
pub const RLIMIT_CPU: u32 = 0;
/// Bytes of a file.
pub const RLIMIT_FSIZE: u32 = 1;
/// Bytes of data segment.
pub const RLIMIT_DATA: u32 = 2;
/// Bytes of stack.
pub const RLIMIT_STACK: u32 = 3;
/// Bytes of a core dump.
pub const RLIMIT_CORE: u32 = 4;
/// Bytes in memory; no effect.
pub const RLIMIT_RSS: u32 = 5;
/// Processes of the user.
pub const RLIMIT_NPROC: u32 = 6;
/// Descriptors, plus one.
pub const RLIMIT_NOFILE: u32 = 7;
/// Locked bytes.
pub const RLIMIT_MEMLOCK: u32 = 8;
/// Bytes of address space.
pub const RLIMIT_AS: u32 = 9;
/// File locks; no effect.
pub const RLIMIT_LOCKS: u32 = 10;
/// Queued signals.
pub const RLIMIT_SIGPENDING: u32 = 11;
/// Bytes in message queues.
pub const RLIMIT_MSGQUEUE: u32 = 12;
/// Nice value.
pub const RLIMIT_NICE: u32 = 13;
/// Real-time priority.
pub const RLIMIT_RTPRIO: u32 = 14;
/// Real-time processor time.
pub const RLIMIT_RTTIME: u32 = 15;
/// How many limits there are.
pub const RLIM_NLIMITS: u32 = 16;
/// No limit.
pub const RLIM_INFINITY: u32 = u32::MAX;
/// No limit, 64 bits.
pub const RLIM64_INFINITY: u64 = u64::MAX;

/// `getpriority`: a process.
pub const PRIO_PROCESS: i32 = 0;
/// `getpriority`: a group.
pub const PRIO_PGRP: i32 = 1;
/// `getpriority`: a user.
pub const PRIO_USER: i32 = 2;

/// `prctl`: signal when the parent ends.
pub const PR_SET_PDEATHSIG: i32 = 1;
/// `prctl`: queries that signal.
pub const PR_GET_PDEATHSIG: i32 = 2;
/// `prctl`: whether its memory may be shown to its user's other processes.
pub const PR_GET_DUMPABLE: i32 = 3;
/// `prctl`: sets that, 0 or 1.
pub const PR_SET_DUMPABLE: i32 = 4;
/// `prctl`: sets the name, at most 15 bytes.
pub const PR_SET_NAME: i32 = 15;
/// `prctl`: queries the name, 16 bytes.
pub const PR_GET_NAME: i32 = 16;
/// `prctl`: whether orphaned descendants become the caller's children.
pub const PR_SET_CHILD_SUBREAPER: i32 = 36;
/// `prctl`: queries that, an `i32`.
pub const PR_GET_CHILD_SUBREAPER: i32 = 37;

/// Wait status of a process that returned `code`.
pub const fn status_exited(code: i32) -> i32 {
    (code & 0xff) << 8
}

/// Wait status of a process that signal `signal` ended.
pub const fn status_signaled(signal: i32) -> i32 {
    signal & 0x7f
}

/// Wait status of a process that `signal` stopped.
pub const fn status_stopped(signal: i32) -> i32 {
    (signal & 0xff) << 8 | 0x7f
}

/// Wait status of a process that went on.
pub const STATUS_CONTINUED: i32 = 0xffff;
/// Bit of a wait status: a core was dumped.
pub const STATUS_CORE: i32 = 0x80;

/// `futex`: sleep while the word has the value.
pub const FUTEX_WAIT: u32 = 0;
/// `futex`: wake sleepers.
pub const FUTEX_WAKE: u32 = 1;
/// `futex`: wake some, move the rest to another word.
pub const FUTEX_REQUEUE: u32 = 3;
/// `futex`: the same if the word has the value.
pub const FUTEX_CMP_REQUEUE: u32 = 4;
/// `futex`: sleep until a time, woken by mask.
pub const FUTEX_WAIT_BITSET: u32 = 9;
/// `futex`: wake by mask.
pub const FUTEX_WAKE_BITSET: u32 = 10;
/// `futex`: only this process uses the word.
pub const FUTEX_PRIVATE_FLAG: u32 = 128;
/// `futex`: times are wall-clock.
pub const FUTEX_CLOCK_REALTIME: u32 = 256;
