//! One task, as the scheduler sees it.

use super::stack::Stack;
use super::user_registers::UserRegisters;
use crate::arch::boot::boot_stack;
use crate::arch::context::Context;
use crate::arch::entry::TrapFrame;
use crate::failpoint::Scope;
use crate::result::{Errno, Result};
use crate::time;
use alloc::sync::Arc;
use core::cell::UnsafeCell;
use core::mem::offset_of;
use core::ptr::null_mut;
use core::sync::atomic::Ordering::{Relaxed, Release};
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU32};
use kcore::arena::NIL;
use kcore::run_queue::{Link, Priority};

/// Bits of the word that is tested on every return to user mode.
pub mod work {
    /// Somebody more deserving can run.
    pub const RESCHED: u32 = 1 << 0;
    /// A signal may have to be delivered; ends interruptible sleeps.
    pub const SIGNAL: u32 = 1 << 1;
    /// The task is going to die; ends killable sleeps too. Comes with `SIGNAL`.
    pub const KILL: u32 = 1 << 2;
    /// The task is traced: nothing to do by itself, but it takes the slow ways.
    pub const TRACED: u32 = 1 << 3;
}

/// What few programs have; the switch from and to those that have any of it takes longer.
pub(super) mod extra {
    /// I/O ports.
    pub const PORTS: u32 = 1 << 0;
    /// Another way into the kernel.
    pub const TRACED: u32 = 1 << 1;
    /// Its page faults are traced too.
    pub const FAULTS_TRACED: u32 = 1 << 2;
}

/// Where the entry code finds that word.
pub const WORK: usize = offset_of!(Task, work);

/// What may end a sleep besides a wake-up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum Sleep {
    /// Any pending signal.
    Interruptible = 1,
    /// Only a signal that kills.
    Killable = 2,
    Uninterruptible = 4,
}

pub(super) const RUNNING: u32 = 0;
/// Any of [`Sleep`].
pub(super) const ASLEEP: u32 = 7;
/// Made, but not started.
pub(super) const NEW: u32 = 8;
pub(super) const DEAD: u32 = 16;

/// `stack_top` of the idle task, which has the boot stack and never gets a trap from user mode.
pub(super) const BOOT_STACK: u32 = 0;
/// Ticks until an equal gets the CPU, unless the task says otherwise.
const TIME_SLICE: u32 = 10;
const NAME_BYTES: usize = 16;

pub struct Task {
    pub(super) context: UnsafeCell<Context>,
    /// One past the highest address of the kernel stack; there lies the FPU state of its program.
    pub(super) stack_top: u32,
    /// The page tables of the program; 0 for a task that is only the kernel's.
    pub(super) cr3: AtomicU32,
    /// With them: where their address space keeps its landing.
    pub(super) landing: AtomicPtr<AtomicU32>,
    pub(super) state: AtomicU32,
    work: AtomicU32,
    /// Of [`extra`].
    pub(super) extras: AtomicU32,
    pub(super) priority: AtomicU8,
    /// Ticks left of the slice.
    pub(super) ticks_left: AtomicU32,
    pub(super) time_slice: AtomicU32,
    /// Under the run queue's lock.
    pub(super) link: UnsafeCell<Link>,
    /// What the switch saves and loads of a program. Touched by the task itself, and by the
    /// switch; before it starts, by its maker.
    pub(super) user: UnsafeCell<UserRegisters>,
    /// Taken by whoever runs after the task's last switch.
    pub(super) stack: UnsafeCell<Option<Stack>>,
    pub(super) first: fn(usize),
    pub(super) argument: usize,
    utime: AtomicU32,
    stime: AtomicU32,
    /// Whether each tick it uses gives it work: somebody counts them.
    is_timed: AtomicBool,
    /// Times the task gave the CPU away to sleep, and times it had to.
    pub(super) sleeps: AtomicU32,
    pub(super) preemptions: AtomicU32,
    minor_faults: AtomicU32,
    major_faults: AtomicU32,
    tid: AtomicU32,
    /// The tick at which it was made.
    started: u32,
    name: [AtomicU8; NAME_BYTES],
    extension: AtomicPtr<()>,
    /// Its place in IPC; `NIL` before it took part.
    ipc_slot: AtomicU32,
    /// Where its program's messages are; 0 for nowhere.
    message_block: AtomicU32,
    /// Whose faults its are.
    pub scope: Scope,
    /// Whether it holds a kmap of high memory.
    #[cfg(debug_assertions)]
    holds_kmap: AtomicBool,
}

// SAFETY: the fields without atomics say who touches them: the run queue's lock (`link`), the one
// CPU that runs the task or switches it (`context`, `user`), the one that buries it (`stack`).
unsafe impl Sync for Task {}
// SAFETY: nothing in a task is tied to the CPU or the task that made it.
unsafe impl Send for Task {}

impl Task {
    /// A task that will call `first(argument)`. If that returns, a task with page tables goes to
    /// user mode with its [`user_frame`](Self::user_frame), any other exits. It runs once
    /// `start` has been called.
    pub fn new(
        name: &[u8],
        priority: Priority,
        first: fn(usize),
        argument: usize,
    ) -> Result<Arc<Self>> {
        let stack = Stack::new()?;
        let mut task = Arc::<Self>::try_new_uninit().map_err(|_| Errno::ENOMEM)?;
        let Some(place) = Arc::get_mut(&mut task) else { unreachable!("just made") };
        let place = place.write(Self::with_stack(stack.top(), priority, first, argument));
        // SAFETY: the stack is new and the task's own.
        unsafe {
            place.context.get_mut().prepare(stack.top(), super::schedule::first_step, 0);
        }
        *place.stack.get_mut() = Some(stack);
        place.started = time::ticks();
        place.set_name(name);
        // SAFETY: written above.
        Ok(unsafe { task.assume_init() })
    }

    /// Of the field `stack`, the caller takes care.
    pub(super) const fn with_stack(
        stack_top: u32,
        priority: Priority,
        first: fn(usize),
        argument: usize,
    ) -> Self {
        Self {
            context: UnsafeCell::new(Context::new()),
            stack_top,
            cr3: AtomicU32::new(0),
            landing: AtomicPtr::new(null_mut()),
            state: AtomicU32::new(NEW),
            work: AtomicU32::new(0),
            extras: AtomicU32::new(0),
            priority: AtomicU8::new(priority.level()),
            ticks_left: AtomicU32::new(TIME_SLICE),
            time_slice: AtomicU32::new(TIME_SLICE),
            link: UnsafeCell::new(Link::new()),
            user: UnsafeCell::new(UserRegisters::new()),
            stack: UnsafeCell::new(None),
            first,
            argument,
            utime: AtomicU32::new(0),
            stime: AtomicU32::new(0),
            is_timed: AtomicBool::new(false),
            sleeps: AtomicU32::new(0),
            preemptions: AtomicU32::new(0),
            minor_faults: AtomicU32::new(0),
            major_faults: AtomicU32::new(0),
            tid: AtomicU32::new(0),
            started: 0,
            name: [const { AtomicU8::new(0) }; NAME_BYTES],
            extension: AtomicPtr::new(null_mut()),
            ipc_slot: AtomicU32::new(NIL),
            message_block: AtomicU32::new(0),
            scope: Scope::new(),
            #[cfg(debug_assertions)]
            holds_kmap: AtomicBool::new(false),
        }
    }

    /// Notes that the task holds a kmap. Two at a time could deadlock; checked builds assert that
    /// it is the only one.
    pub fn take_kmap(&self) {
        #[cfg(debug_assertions)]
        assert!(!self.holds_kmap.swap(true, Relaxed), "a second kmap in one task");
    }

    /// The task holds no kmap any more.
    pub fn give_kmap(&self) {
        #[cfg(debug_assertions)]
        self.holds_kmap.store(false, Relaxed);
    }

    /// How `ps` shows what it does.
    pub fn state_letter(&self) -> u8 {
        match self.state.load(Relaxed) {
            RUNNING | NEW => b'R',
            DEAD => b'Z',
            state if state == Sleep::Interruptible as u32 => b'S',
            _ => b'D',
        }
    }

    /// The pending-work bits.
    #[inline]
    pub fn work(&self) -> u32 {
        self.work.load(Relaxed)
    }

    #[inline]
    pub fn add_work(&self, bits: u32) {
        self.work.fetch_or(bits, Release);
    }

    #[inline]
    pub fn clear_work(&self, bits: u32) {
        self.work.fetch_and(!bits, Relaxed);
    }

    /// Has the task enter the kernel by the traced way, from the next time on that it is switched
    /// to; with `faults` also at page faults.
    pub fn begin_tracing(&self, faults: bool) {
        let faults = if faults { extra::FAULTS_TRACED } else { 0 };
        self.extras.fetch_or(extra::TRACED | faults, Relaxed);
        self.add_work(work::TRACED);
    }

    /// Undoes it. Until the task is switched to again, it may still come the traced way.
    pub fn end_tracing(&self) {
        self.extras.fetch_and(!(extra::TRACED | extra::FAULTS_TRACED), Relaxed);
        self.clear_work(work::TRACED);
    }

    #[inline]
    pub fn is_traced(&self) -> bool {
        self.work() & work::TRACED != 0
    }

    /// Whether somebody wants to know of its page faults.
    #[inline]
    pub fn are_faults_traced(&self) -> bool {
        self.extras.load(Relaxed) & extra::FAULTS_TRACED != 0
    }

    #[inline]
    pub fn priority(&self) -> Priority {
        Priority::new(self.priority.load(Relaxed))
    }

    /// Whether the task runs a program.
    #[inline]
    pub fn is_user(&self) -> bool {
        self.cr3.load(Relaxed) != 0
    }

    /// Ticks of a slice, from the next one on.
    pub fn set_time_slice(&self, ticks: u32) {
        self.time_slice.store(ticks.max(1), Relaxed);
    }

    /// 0 until set.
    #[inline]
    pub fn tid(&self) -> u32 {
        self.tid.load(Relaxed)
    }

    pub fn set_tid(&self, tid: u32) {
        self.tid.store(tid, Relaxed);
    }

    /// The tick at which it was made.
    pub fn started(&self) -> u32 {
        self.started
    }

    /// How the program entered the kernel, while it sleeps there: vector, number of a call, EIP and
    /// ESP. `None` if it runs, or was never in user mode.
    pub fn entry(&self) -> Option<[u32; 4]> {
        if !self.is_user() || self.state.load(Relaxed) & ASLEEP == 0 {
            return None;
        }
        // SAFETY: the frame lies on the task's own stack, which it keeps at least until it has run
        // again. Nobody changes it while the task sleeps.
        let frame = unsafe { core::ptr::read_volatile(self.user_frame()) };
        Some([frame.vector, frame.error, frame.eip, frame.esp])
    }

    /// Ticks spent in user mode and in the kernel.
    pub fn times(&self) -> (u32, u32) {
        (self.utime.load(Relaxed), self.stime.load(Relaxed))
    }

    /// Whether each tick that it uses gives it work: [`work::SIGNAL`].
    pub fn set_timed(&self, is_timed: bool) {
        self.is_timed.store(is_timed, Relaxed);
    }

    /// Voluntary and involuntary context switches.
    pub fn switches(&self) -> (u32, u32) {
        (self.sleeps.load(Relaxed), self.preemptions.load(Relaxed))
    }

    /// Page faults served, without and with waiting for data.
    pub fn faults(&self) -> (u32, u32) {
        (self.minor_faults.load(Relaxed), self.major_faults.load(Relaxed))
    }

    #[inline]
    pub fn count_fault(&self, major: bool) {
        count(if major { &self.major_faults } else { &self.minor_faults });
    }

    pub(super) fn add_tick(&self, in_user_mode: bool) {
        count(if in_user_mode { &self.utime } else { &self.stime });
        if self.is_timed.load(Relaxed) {
            self.add_work(work::SIGNAL);
        }
    }

    /// Bytes up to the first NUL, padded with NULs, always ending with one.
    pub fn name(&self) -> [u8; NAME_BYTES] {
        self.name.each_ref().map(|byte| byte.load(Relaxed))
    }

    /// Cuts the name to 15 bytes.
    pub fn set_name(&self, name: &[u8]) {
        let bytes = name.iter().copied().take_while(|byte| *byte != 0).take(NAME_BYTES - 1);
        for (place, byte) in self.name.iter().zip(bytes.chain(core::iter::repeat(0))) {
            place.store(byte, Relaxed);
        }
    }

    /// What the process layer hung on; null before it did.
    #[inline]
    pub fn extension(&self) -> *const () {
        self.extension.load(Relaxed)
    }

    /// Sets [`extension`](Self::extension), which stays as it is while the task lives.
    pub fn set_extension(&self, extension: *const ()) {
        let old = self.extension.swap(extension.cast_mut(), Release);
        debug_assert!(old.is_null(), "a task has one extension");
    }

    /// Its place in IPC, `NIL` for none.
    #[inline]
    pub fn ipc_slot(&self) -> u32 {
        self.ipc_slot.load(Relaxed)
    }

    pub fn set_ipc_slot(&self, slot: u32) {
        self.ipc_slot.store(slot, Relaxed);
    }

    /// The user address of what does not fit registers of a message, 0 for none.
    #[inline]
    pub fn message_block(&self) -> u32 {
        self.message_block.load(Relaxed)
    }

    pub fn set_message_block(&self, block: u32) {
        self.message_block.store(block, Relaxed);
    }

    /// The lowest address of the kernel stack, and one past the highest.
    pub fn stack_bounds(&self) -> (u32, u32) {
        match self.stack_top {
            BOOT_STACK => boot_stack(),
            top => (Stack::bottom(top), top),
        }
    }

    /// The FPU state of its program, written when the task is switched away from, or forked.
    #[inline]
    pub(super) fn fpu_state(&self) -> *mut u8 {
        debug_assert!(self.stack_top != BOOT_STACK);
        self.stack_top as usize as *mut u8
    }

    /// Where a trap from user mode saves the registers.
    #[inline]
    pub fn user_frame(&self) -> *mut TrapFrame {
        (self.stack_top as usize - size_of::<TrapFrame>()) as *mut TrapFrame
    }
}

/// One more; only the CPU that runs the task counts.
#[inline]
pub(super) fn count(counter: &AtomicU32) {
    counter.store(counter.load(Relaxed).wrapping_add(1), Relaxed);
}
