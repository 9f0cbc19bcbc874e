//! Who runs: the run queue, the switch, sleeping and waking.
//!
//! The run queue's lock is taken by the task that leaves and released by the one that comes, so
//! nobody sees a task that is half switched. It nests inside every other lock: `wake` may be
//! called anywhere.

use super::task::{ASLEEP, BOOT_STACK, DEAD, NEW, RUNNING, Sleep, Task, count, work};
use super::{current, exit_work, user_registers};
use crate::arch::context::switch_stacks;
use crate::arch::interrupts;
use crate::cpu;
use crate::sync::{IrqSpinLock, Rank, SpinLockGuard};
use alloc::sync::Arc;
use core::ptr::null_mut;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::{Relaxed, SeqCst};
use kcore::arena::NIL;
use kcore::run_queue::{Link, Links, Priority, RunQueue};

/// Runs when nobody else does, and is never in the queue.
pub(super) static IDLE: Task = Task::with_stack(BOOT_STACK, Priority::LOWEST, |_| (), 0);

static USER_TICKS: AtomicU32 = AtomicU32::new(0);
static KERNEL_TICKS: AtomicU32 = AtomicU32::new(0);
static IDLE_TICKS: AtomicU32 = AtomicU32::new(0);

type Queue = RunQueue<LinksInTasks>;

/// Tasks in the queue are numbered by their address.
pub(super) struct LinksInTasks;

static QUEUE: IrqSpinLock<Queue> = IrqSpinLock::new(Rank::RunQueue, RunQueue::new(LinksInTasks));

impl Links for LinksInTasks {
    #[inline]
    fn link(&self, task: u32) -> Option<&Link> {
        // SAFETY: only `number` makes numbers, of tasks that live at least until their last
        // switch; links are touched only under the queue's lock.
        (task != NIL).then(|| unsafe { &*(*(task as *const Task)).link.get() })
    }

    #[inline]
    fn link_mut(&mut self, task: u32) -> Option<&mut Link> {
        // SAFETY: as above.
        (task != NIL).then(|| unsafe { &mut *(*(task as *const Task)).link.get() })
    }
}

#[inline]
fn number(task: &Task) -> u32 {
    &raw const *task as u32
}

#[inline]
pub(super) fn is_idle(task: &Task) -> bool {
    core::ptr::eq(task, &IDLE)
}

#[inline]
fn is_current(task: &Task) -> bool {
    core::ptr::eq(task, cpu::current().cast())
}

/// Lets a new task run. The scheduler holds a reference until the task has exited.
pub fn start(task: Arc<Task>) {
    debug_assert!(task.state.load(Relaxed) == NEW);
    let task = Arc::into_raw(task);
    // SAFETY: the reference just given up keeps it alive.
    let task = unsafe { &*task };
    let mut queue = QUEUE.lock();
    task.state.store(RUNNING, Relaxed);
    enqueue(&mut queue, task);
}

/// Puts a runnable task behind its equals; the running one learns if it has to go.
#[inline]
fn enqueue(queue: &mut Queue, task: &Task) {
    let (current, priority) = (current(), task.priority());
    queue.push_back(number(task), priority);
    if priority.is_above(current.priority()) || is_idle(&current) {
        current.add_work(work::RESCHED);
    }
}

/// Announces a sleep. What the caller checks from here on cannot change without waking it.
#[inline]
pub fn prepare_to_sleep(how: Sleep) {
    debug_assert!(!is_idle(&current()), "the idle task never sleeps");
    // A locked instruction: no later load passes it.
    current().state.swap(how as u32, SeqCst);
}

/// The announced sleep is over, or will not take place.
#[inline]
pub fn finish_sleep() {
    current().state.store(RUNNING, Relaxed);
}

/// Ends a sleep. `false` if the task was awake.
#[inline]
pub fn wake(task: &Task) -> bool {
    wake_from(task, ASLEEP)
}

/// Adds `SIGNAL`, or `SIGNAL` and `KILL`, to a task's work, and ends a sleep that this may end.
pub fn notify(task: &Task, bits: u32) {
    task.add_work(bits);
    wake_from(task, ended_by(bits));
}

/// Whether pending work ends this kind of sleep.
#[inline]
pub fn sleep_is_over(how: Sleep) -> bool {
    ended_by(current().work()) & how as u32 != 0
}

/// The states that this work ends.
#[inline]
fn ended_by(bits: u32) -> u32 {
    let signal = if bits & work::SIGNAL != 0 { Sleep::Interruptible as u32 } else { 0 };
    let kill = if bits & work::KILL != 0 { Sleep::Killable as u32 } else { 0 };
    signal | kill
}

#[inline]
fn wake_from(task: &Task, states: u32) -> bool {
    let were_enabled = interrupts::save_and_disable();
    let woken = wake_locked(&mut QUEUE.lock_with_interrupts_off(), task, states);
    interrupts::restore(were_enabled);
    woken
}

/// `wake`, for callers that have disabled interrupts already.
pub fn wake_with_interrupts_off(task: &Task) -> bool {
    wake_locked(&mut QUEUE.lock_with_interrupts_off(), task, ASLEEP)
}

#[inline]
fn wake_locked(queue: &mut Queue, task: &Task, states: u32) -> bool {
    if task.state.load(Relaxed) & states == 0 {
        return false;
    }
    task.state.store(RUNNING, Relaxed);
    // The running task has announced its sleep only.
    if !is_current(task) {
        enqueue(queue, task);
    }
    true
}

/// Gives the CPU away: until woken if the task has announced a sleep, else if somebody deserves
/// it more.
pub fn schedule() {
    cpu::might_sleep();
    let were_enabled = interrupts::save_and_disable();
    reschedule(QUEUE.lock_with_interrupts_off(), &current());
    interrupts::restore(were_enabled);
    bury();
}

/// Wakes `next` and, if the caller has announced a sleep, gives it the CPU at once, past the
/// queue, unless a third task deserves it more. The reference goes before the caller sleeps, which
/// may be for long.
pub fn switch_to(next: Arc<Task>) {
    cpu::might_sleep();
    let were_enabled = interrupts::save_and_disable();
    let mut queue = QUEUE.lock_with_interrupts_off();
    let previous = current();
    debug_assert!(!is_current(&next));
    if next.state.load(Relaxed) & ASLEEP == 0 {
        drop(queue);
        interrupts::restore(were_enabled);
        // Perhaps the last one, if it has exited.
        drop(next);
        return schedule();
    }
    let sleeper = Arc::as_ptr(&next);
    drop(next);
    // SAFETY: who sleeps has not exited, so the scheduler has a reference to it too.
    let next = unsafe { &*sleeper };
    next.state.store(RUNNING, Relaxed);
    if goes_to_sleep(&previous) && !queue.has_above(next.priority()) {
        previous.clear_work(work::RESCHED);
        count(&previous.sleeps);
        switch(queue, &previous, next);
    } else {
        enqueue(&mut queue, next);
        reschedule(queue, &previous);
    }
    interrupts::restore(were_enabled);
    bury();
}

/// Lets equals run first.
pub fn yield_now() {
    current().ticks_left.store(0, Relaxed);
    schedule();
}

/// A preemption point of the kernel: long loops have one at least every 64 pages.
#[inline]
pub fn might_resched() {
    cpu::might_sleep();
    #[cfg(any(debug_assertions, feature = "ktest"))]
    if super::forced_switch::is_due() {
        return yield_now();
    }
    if current().work() & work::RESCHED != 0 {
        schedule();
    }
}

/// The end of the running task. Its stack goes to the next one that starts, its memory with the
/// last reference. It is no program any more.
pub fn exit() -> ! {
    cpu::might_sleep();
    let task = current();
    assert!(!is_idle(&task) && !task.is_user(), "exit of the idle task, or of a program");
    interrupts::disable();
    task.state.store(DEAD, Relaxed);
    cpu::set_zombie((&raw const *task).cast_mut().cast());
    reschedule(QUEUE.lock_with_interrupts_off(), &task);
    unreachable!("a dead task ran")
}

/// Changes how much a task deserves the CPU, at once.
pub fn set_priority(task: &Task, priority: Priority) {
    let mut queue = QUEUE.lock();
    task.priority.store(priority.level(), Relaxed);
    if queue.remove(number(task)) {
        enqueue(&mut queue, task);
    } else if is_current(task) && queue.has_above(priority) {
        task.add_work(work::RESCHED);
    }
}

/// From the timer's interrupt: the running task has used another tick.
pub fn account_tick(in_user_mode: bool) {
    let task = current();
    task.add_tick(in_user_mode);
    count(match (in_user_mode, is_idle(&task)) {
        (true, _) => &USER_TICKS,
        (false, false) => &KERNEL_TICKS,
        (false, true) => &IDLE_TICKS,
    });
    let left = task.ticks_left.load(Relaxed).saturating_sub(1);
    task.ticks_left.store(left, Relaxed);
    let has_to_go = QUEUE.lock_with_interrupts_off().account_tick(task.priority());
    if (left == 0 || has_to_go) && !is_idle(&task) {
        task.add_work(work::RESCHED);
    }
}

/// Ticks that found a program running, the kernel running for a task, and nobody.
pub fn ticks_used() -> [u32; 3] {
    [&USER_TICKS, &KERNEL_TICKS, &IDLE_TICKS].map(|ticks| ticks.load(Relaxed))
}

/// Tasks that run or could.
pub fn runnable() -> u32 {
    QUEUE.lock().len() + u32::from(!is_idle(&current()))
}

/// Whether the announced sleep takes place. Work that ends it comes first.
#[inline]
fn goes_to_sleep(task: &Task) -> bool {
    let state = task.state.load(Relaxed);
    if state & ended_by(task.work()) != 0 {
        task.state.store(RUNNING, Relaxed);
        return false;
    }
    state != RUNNING
}

#[inline]
fn reschedule(mut queue: SpinLockGuard<Queue>, previous: &Task) {
    previous.clear_work(work::RESCHED);
    if goes_to_sleep(previous) {
        count(&previous.sleeps);
    } else {
        let priority = previous.priority();
        if is_idle(previous) {
            if queue.is_empty() {
                return;
            }
        } else if previous.ticks_left.load(Relaxed) == 0 {
            previous.ticks_left.store(previous.time_slice.load(Relaxed), Relaxed);
            if !queue.has_at_or_above(priority) && !queue.holds(priority) {
                return;
            }
            queue.push_back(number(previous), priority);
        } else {
            if !queue.has_above(priority) && !queue.holds(priority) {
                return;
            }
            queue.push_front(number(previous), priority);
        }
        count(&previous.preemptions);
    }
    let next = match queue.pop() {
        // SAFETY: a number in the queue is the address of a living task.
        Some(number) => unsafe { &*(number as *const Task) },
        None => &IDLE,
    };
    switch(queue, previous, next);
}

/// Returns when `previous` gets the CPU again, without the lock.
#[inline]
fn switch(queue: SpinLockGuard<Queue>, previous: &Task, next: &Task) {
    debug_assert!(cpu::preempt_count() == 1 && cpu::kmap_top() == cpu::NO_KMAP);
    core::mem::forget(queue);
    cpu::count_switch();
    cpu::set_current((&raw const *next).cast_mut().cast());
    // SAFETY: `previous` runs here and `next` nowhere; interrupts are off. `next` was switched
    // away from below, or prepared by `Task::new`. Whoever comes back from `switch_stacks` does
    // so with the lock that the leaving task took.
    unsafe {
        if previous.is_user() {
            user_registers::save(previous);
        }
        cpu::with_tables(|tables| tables.set_kernel_stack(next.stack_top));
        if next.is_user() {
            user_registers::load(next);
        }
        switch_stacks(previous.context.get(), next.context.get());
        QUEUE.release();
    }
}

/// Where a new task comes out of its first switch.
pub(super) extern "C" fn first_step(_: usize) {
    // SAFETY: taken by the task that left, as in `switch`.
    unsafe { QUEUE.release() };
    interrupts::enable();
    bury();
    let task = current();
    (task.first)(task.argument);
    if !task.is_user() {
        exit();
    }
    interrupts::disable();
    if task.work() != 0 {
        // SAFETY: the task's own frame, of which nobody else has a reference.
        exit_work(unsafe { &mut *task.user_frame() });
    }
}

#[inline]
fn bury() {
    if !cpu::zombie().is_null() {
        bury_zombie();
    }
}

#[cold]
fn bury_zombie() {
    let zombie = cpu::zombie().cast::<Task>().cast_const();
    cpu::set_zombie(null_mut());
    // SAFETY: the scheduler's reference, given up by `start`; the task left this CPU for ever, so
    // nobody is on its stack.
    unsafe {
        drop((*(*zombie).stack.get()).take());
        drop(Arc::from_raw(zombie));
    }
}
