//! The lock order: a lock may be taken only while every held lock has a smaller rank.
//!
//! Checked builds keep the ranks of the spinlocks this CPU holds and assert it. Sleeping locks
//! (mutexes, the mm's lock) are all taken before any spinlock: `might_sleep` asserts that.

/// From the outermost to the innermost.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Rank {
    /// Who watches which description.
    EpollLinks,
    /// What one epoll instance watches.
    Epoll,
    /// Processes, their families, groups and sessions.
    Process,
    /// A process's signal state.
    Signal,
    /// Why signals are pending, of all processes.
    SignalPool,
    /// What a process lets others see of it: memory, credentials, limits, accounts.
    ProcessState,
    /// What users have, by user.
    UserAccounts,
    /// The timers of a process.
    PosixTimers,
    /// Whom one tracer traces, and their events.
    Tracer,
    /// Who sleeps on which futex.
    Futex,
    /// The handles of one process, and what it serves and watches.
    Handles,
    /// Where all callers and servers meet.
    Ipc,
    /// A descriptor table.
    Files,
    /// What sockets are called.
    SocketNames,
    /// Who listens at a socket, or whom it is connected to.
    SocketPeer,
    /// Which files besides regular ones have locks.
    LockedFiles,
    /// The state of one open file, pipe or stream.
    File,
    /// What one message carries.
    Rights,
    /// What is mounted where.
    Mounts,
    /// The tree of built-in nodes.
    NodeTree,
    /// Who maps the pages of one object, or the private pages of one lineage.
    ReverseMap,
    /// Where the parts of one mm's program are.
    Marks,
    /// Page tables of one mm.
    PageTable,
    /// The pages of objects.
    Object,
    /// Pages of pkmap.
    Pkmap,
    /// Kernel stacks kept for the next task.
    StackCache,
    Vmalloc,
    /// A slab cache.
    Slab,
    /// A zone's free lists.
    Zone,
    /// The generator of random bytes.
    Random,
    /// Sleepers of one sleeping lock.
    LockQueue,
    // From here on interrupts take them too: whatever they interrupt has a smaller rank.
    /// Which port hears of which interrupt line.
    IrqLines,
    /// The bits of one port.
    Notification,
    /// Whom a process's timers tell.
    Attendant,
    /// The timer queue.
    Timer,
    /// What an epoll instance is to look at.
    Ready,
    /// Sleepers of one queue.
    Wait,
    RunQueue,
    /// Devices the kernel drives itself.
    Device,
    /// What fails on purpose.
    #[cfg(feature = "faults")]
    Failpoint,
    Log,
}

impl Rank {
    /// Whether interrupts take locks of this rank, which therefore are held with interrupts off.
    pub const fn is_for_interrupts(self) -> bool {
        self as u8 >= Self::IrqLines as u8
    }
}
