use super::{Sleep, Task, current, drain_stack_cache, schedule, stack_words, work};
use crate::ktest::{Outcome, check, tests};
use crate::mm::{frames, heap};
use crate::sync::{Completion, IrqSpinLock, Rank, WaitQueue};
use crate::{task, time};
use alloc::sync::Arc;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::Relaxed;
use kcore::run_queue::Priority;
use kcore::zone::ZONES;

tests![
    a_task_runs_with_its_argument_and_its_own_stack,
    an_ended_task_gives_everything_back,
    equals_take_turns_when_they_yield,
    a_used_up_slice_ends_at_the_next_preemption_point,
    a_higher_priority_goes_first,
    a_wake_up_before_the_sleep_is_not_lost,
    signals_end_only_the_sleeps_they_may,
    a_hand_over_passes_the_queue,
    a_hand_over_yields_to_the_more_deserving,
    a_hand_over_keeps_nothing_of_the_other,
];

/// Makes and starts a task.
fn spawn(priority: Priority, first: fn(usize), argument: usize) -> Result<Arc<Task>, &'static str> {
    let task = Task::new(b"ktest", priority, first, argument).map_err(|_| "no memory")?;
    task::start(task.clone());
    Ok(task)
}

/// Lets the others run until they all sleep or have ended.
fn settle() {
    (0..20).for_each(|_| task::yield_now());
}

/// What happened, in order: one digit an event.
struct Story(IrqSpinLock<u64>);

impl Story {
    const fn new() -> Self {
        Self(IrqSpinLock::new(Rank::Device, 0))
    }

    fn add(&self, event: u64) {
        let mut digits = self.0.lock();
        *digits = *digits * 10 + event;
    }

    fn take(&self) -> u64 {
        core::mem::take(&mut *self.0.lock())
    }
}

fn a_task_runs_with_its_argument_and_its_own_stack() -> Outcome {
    static SEEN: AtomicU32 = AtomicU32::new(0);
    static STACK: AtomicU32 = AtomicU32::new(0);
    static DONE: Completion = Completion::new();
    let task = spawn(
        Priority::NORMAL,
        |argument| {
            let local = 0u32;
            STACK.store(&raw const local as u32, Relaxed);
            SEEN.store(argument as u32, Relaxed);
            DONE.complete();
        },
        42,
    )?;
    let (bottom, top) = task.stack_bounds();
    DONE.wait();
    check!(SEEN.load(Relaxed) == 42);
    check!((bottom..top).contains(&STACK.load(Relaxed)));
    let mine = current().stack_bounds();
    check!(mine.1 <= bottom || top <= mine.0);
    check!(stack_words(mine.1 - 8).is_some() && stack_words(mine.0).is_some());
    check!(stack_words(mine.1 - 4).is_none() && stack_words(mine.0 - 4).is_none());
    check!(stack_words(mine.0 + 1).is_none());
    Ok(())
}

fn free_frames() -> u32 {
    drain_stack_cache();
    heap::drain();
    frames::drain_page_lists();
    (0..ZONES).map(frames::free_frames).sum()
}

fn an_ended_task_gives_everything_back() -> Outcome {
    settle();
    let before = free_frames();
    for _ in 0..3 {
        let mut tasks = [const { None }; 20];
        for task in &mut tasks {
            *task = Some(spawn(Priority::NORMAL, |_| task::yield_now(), 0)?);
        }
        settle();
        for task in tasks.iter_mut().filter_map(Option::take) {
            check!(Arc::into_inner(task).is_some());
        }
    }
    check!(free_frames() == before);
    // A stack that was not drained serves the next task.
    let first = spawn(Priority::NORMAL, |_| (), 0)?;
    settle();
    let second = spawn(Priority::NORMAL, |_| (), 0)?;
    check!(first.stack_bounds() == second.stack_bounds());
    settle();
    // One that never starts gives its stack back too.
    drop((first, second));
    drop(Task::new(b"never", Priority::NORMAL, |_| (), 0));
    check!(free_frames() == before);
    Ok(())
}

fn equals_take_turns_when_they_yield() -> Outcome {
    static STORY: Story = Story::new();
    for name in 1..4 {
        let tell = |name| {
            for _ in 0..3 {
                STORY.add(name as u64);
                task::yield_now();
            }
        };
        spawn(Priority::NORMAL, tell, name)?;
    }
    settle();
    check!(STORY.take() == 123_123_123);
    Ok(())
}

fn a_used_up_slice_ends_at_the_next_preemption_point() -> Outcome {
    static COUNTS: [AtomicU32; 2] = [const { AtomicU32::new(0) }; 2];
    // Each spins until the other has got on, and gives the CPU away only when it has to.
    fn spin(me: usize) {
        let [mine, theirs] = [me, 1 - me].map(|index| COUNTS.get(index));
        let (Some(mine), Some(theirs)) = (mine, theirs) else { return };
        for round in 1..4 {
            mine.store(round, Relaxed);
            while theirs.load(Relaxed) < round {
                task::might_resched();
            }
        }
    }
    let tasks = [spawn(Priority::NORMAL, spin, 0)?, spawn(Priority::NORMAL, spin, 1)?];
    // Nothing but a used-up slice may end a turn here.
    let forced = super::forced_switch::force_switches(0);
    let deadline = time::monotonic() + 5_000_000_000;
    while COUNTS.iter().any(|count| count.load(Relaxed) < 3) && time::monotonic() < deadline {
        task::yield_now();
    }
    settle();
    super::forced_switch::force_switches(forced);
    check!(COUNTS.iter().all(|count| count.load(Relaxed) == 3));
    check!(tasks.iter().any(|task| task.times().1 > 0));
    Ok(())
}

fn a_higher_priority_goes_first() -> Outcome {
    static STORY: Story = Story::new();
    let high = spawn(Priority::new(3), |_| STORY.add(2), 0)?;
    STORY.add(1);
    check!(current().work() & work::RESCHED != 0);
    task::might_resched();
    STORY.add(3);
    check!(STORY.take() == 123 && current().work() & work::RESCHED == 0);
    // Lowering one's own priority gives way at the next point.
    let equal = spawn(Priority::NORMAL, |_| STORY.add(1), 0)?;
    let mine = current().priority();
    task::set_priority(&current(), Priority::LOWEST);
    task::might_resched();
    STORY.add(2);
    task::set_priority(&current(), mine);
    check!(STORY.take() == 12);
    drop((high, equal));
    Ok(())
}

fn a_wake_up_before_the_sleep_is_not_lost() -> Outcome {
    task::prepare_to_sleep(Sleep::Uninterruptible);
    check!(task::wake(&current()));
    schedule();
    task::finish_sleep();
    check!(!task::wake(&current()));
    Ok(())
}

fn signals_end_only_the_sleeps_they_may() -> Outcome {
    static ENDED: AtomicU32 = AtomicU32::new(0);
    static NEVER: WaitQueue = WaitQueue::new();
    fn sleep(how: usize) {
        let how = match how {
            1 => Sleep::Interruptible,
            2 => Sleep::Killable,
            _ => Sleep::Uninterruptible,
        };
        let _ = NEVER.wait_for(how, None, || (ENDED.load(Relaxed) & 8 != 0).then_some(()));
        ENDED.fetch_or(how as u32, Relaxed);
        // Kernel tasks have nobody to deliver signals.
        current().clear_work(work::SIGNAL | work::KILL);
    }
    let tasks = [
        spawn(Priority::NORMAL, sleep, 1)?,
        spawn(Priority::NORMAL, sleep, 2)?,
        spawn(Priority::NORMAL, sleep, 4)?,
    ];
    settle();
    check!(ENDED.load(Relaxed) == 0);
    tasks.iter().for_each(|task| task::notify(task, work::SIGNAL));
    settle();
    check!(ENDED.load(Relaxed) == Sleep::Interruptible as u32);
    tasks.iter().skip(1).for_each(|task| task::notify(task, work::SIGNAL | work::KILL));
    settle();
    check!(ENDED.load(Relaxed) == Sleep::Interruptible as u32 | Sleep::Killable as u32);
    ENDED.fetch_or(8, Relaxed);
    NEVER.wake_all();
    settle();
    check!(ENDED.load(Relaxed) == 15);
    Ok(())
}

/// Sleeps until woken, tells its digit, and wakes the task that `BACK` names.
static BACK: IrqSpinLock<Option<Arc<Task>>> = IrqSpinLock::new(Rank::Device, None);
static HANDED: Story = Story::new();

fn partner(digit: usize) {
    task::prepare_to_sleep(Sleep::Uninterruptible);
    schedule();
    task::finish_sleep();
    HANDED.add(digit as u64);
    let back = BACK.lock().clone();
    if let Some(task) = back {
        task::wake(&task);
    }
}

fn remember(task: Arc<Task>) {
    *BACK.lock() = Some(task);
}

fn forget() {
    let kept = BACK.lock().take();
    drop(kept);
}

fn a_hand_over_passes_the_queue() -> Outcome {
    remember(current().to_arc());
    let sleeper = spawn(Priority::NORMAL, partner, 1)?;
    settle();
    let queued = spawn(Priority::NORMAL, |_| HANDED.add(2), 0)?;
    task::prepare_to_sleep(Sleep::Uninterruptible);
    task::switch_to(sleeper);
    task::finish_sleep();
    settle();
    forget();
    check!(HANDED.take() == 12);
    drop(queued);
    Ok(())
}

fn a_hand_over_yields_to_the_more_deserving() -> Outcome {
    remember(current().to_arc());
    let sleeper = spawn(Priority::NORMAL, partner, 1)?;
    settle();
    let queued = spawn(Priority::new(5), |_| HANDED.add(2), 0)?;
    task::prepare_to_sleep(Sleep::Uninterruptible);
    task::switch_to(sleeper);
    task::finish_sleep();
    settle();
    check!(HANDED.take() == 21);
    // A caller that does not sleep only wakes.
    let sleeper = spawn(Priority::NORMAL, partner, 1)?;
    settle();
    task::switch_to(sleeper);
    HANDED.add(3);
    settle();
    forget();
    check!(HANDED.take() == 31);
    drop(queued);
    Ok(())
}

fn a_hand_over_keeps_nothing_of_the_other() -> Outcome {
    let sleeper = spawn(Priority::NORMAL, partner, 1)?;
    settle();
    let other = Arc::downgrade(&sleeper);
    remember(sleeper);
    let giver = spawn(
        Priority::NORMAL,
        |_| {
            task::prepare_to_sleep(Sleep::Uninterruptible);
            let sleeper = BACK.lock().take();
            sleeper.map_or_else(schedule, task::switch_to);
            task::finish_sleep();
            HANDED.add(2);
        },
        0,
    )?;
    settle();
    // The sleeper has ended, while the giver still sleeps.
    check!(HANDED.take() == 1);
    check!(other.strong_count() == 0);
    task::wake(&giver);
    settle();
    check!(HANDED.take() == 2);
    Ok(())
}
