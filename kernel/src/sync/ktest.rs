use super::{Mutex, RwLock, WaitError, WaitQueue};
use crate::ktest::{Outcome, check, tests};
use crate::task::{self, Sleep, Task, current, work};
use crate::time;
use alloc::sync::Arc;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::Relaxed;
use kcore::run_queue::Priority;

tests![
    waking_one_wakes_the_oldest,
    waking_all_wakes_all,
    a_wait_ends_at_its_deadline,
    a_signal_ends_a_wait_and_passes_its_wake_up_on,
    an_interrupt_may_wake,
    a_mutex_lets_one_in_at_a_time,
    readers_share_and_a_writer_is_alone,
    a_waiting_writer_keeps_new_readers_out,
    many_readers_and_writers_lose_no_update,
];

fn spawn(first: fn(usize), argument: usize) -> Result<Arc<Task>, &'static str> {
    let task = Task::new(b"ktest", Priority::NORMAL, first, argument).map_err(|_| "no memory")?;
    task::start(task.clone());
    Ok(task)
}

fn settle() {
    (0..20).for_each(|_| task::yield_now());
}

/// A queue whose waiters want a ticket each, and leave their numbers as digits.
struct Tickets {
    queue: WaitQueue,
    tickets: AtomicU32,
    served: AtomicU32,
}

impl Tickets {
    const fn new() -> Self {
        Self { queue: WaitQueue::new(), tickets: AtomicU32::new(0), served: AtomicU32::new(0) }
    }

    fn take(&self) -> bool {
        let left = self.tickets.load(Relaxed);
        self.tickets.store(left.saturating_sub(1), Relaxed);
        left > 0
    }

    fn serve(&self, who: usize) {
        self.served.store(self.served.load(Relaxed) * 10 + who as u32, Relaxed);
    }
}

fn waking_one_wakes_the_oldest() -> Outcome {
    static TICKETS: Tickets = Tickets::new();
    for who in 1..4 {
        let wait = |who| {
            TICKETS.queue.wait(|| TICKETS.take());
            TICKETS.serve(who);
        };
        spawn(wait, who)?;
    }
    settle();
    check!(TICKETS.queue.has_waiters());
    for expected in [1, 12, 123] {
        TICKETS.tickets.store(1, Relaxed);
        check!(TICKETS.queue.wake_one());
        settle();
        check!(TICKETS.served.load(Relaxed) == expected);
    }
    check!(!TICKETS.queue.has_waiters() && !TICKETS.queue.wake_one());
    Ok(())
}

fn waking_all_wakes_all() -> Outcome {
    static TICKETS: Tickets = Tickets::new();
    for who in 1..5 {
        let wait = |who| {
            TICKETS.queue.wait(|| TICKETS.take());
            TICKETS.serve(who);
        };
        spawn(wait, who)?;
    }
    settle();
    TICKETS.tickets.store(2, Relaxed);
    TICKETS.queue.wake_all();
    settle();
    // Who came too late waits again.
    check!(TICKETS.served.load(Relaxed) == 12 && TICKETS.queue.has_waiters());
    TICKETS.tickets.store(2, Relaxed);
    TICKETS.queue.wake_all();
    settle();
    check!(TICKETS.served.load(Relaxed) == 1234 && !TICKETS.queue.has_waiters());
    Ok(())
}

fn a_wait_ends_at_its_deadline() -> Outcome {
    let queue = WaitQueue::new();
    let start = time::monotonic();
    let deadline = start + 25_000_000;
    let outcome = queue.wait_for(Sleep::Interruptible, Some(deadline), || None::<()>);
    check!(outcome == Err(WaitError::TimedOut));
    check!(time::monotonic() >= deadline);
    let past = queue.wait_for(Sleep::Uninterruptible, Some(start), || None::<()>);
    check!(past == Err(WaitError::TimedOut));
    check!(queue.wait_for(Sleep::Uninterruptible, Some(start), || Some(7)) == Ok(7));
    check!(!queue.has_waiters());
    Ok(())
}

fn a_signal_ends_a_wait_and_passes_its_wake_up_on() -> Outcome {
    static TICKETS: Tickets = Tickets::new();
    fn wait(who: usize) {
        let take = || TICKETS.take().then_some(());
        match TICKETS.queue.wait_for(Sleep::Interruptible, None, take) {
            Ok(()) => TICKETS.serve(who),
            Err(_) => TICKETS.serve(9),
        }
        current().clear_work(work::SIGNAL);
    }
    let first = spawn(wait, 1)?;
    spawn(wait, 2)?;
    settle();
    // The oldest is woken in vain, and interrupted before it runs; then a ticket comes.
    check!(TICKETS.queue.wake_one());
    task::notify(&first, work::SIGNAL);
    settle();
    check!(TICKETS.served.load(Relaxed) == 9);
    TICKETS.tickets.store(1, Relaxed);
    TICKETS.queue.wake_one();
    settle();
    check!(TICKETS.served.load(Relaxed) == 92 && !TICKETS.queue.has_waiters());
    Ok(())
}

fn an_interrupt_may_wake() -> Outcome {
    static QUEUE: WaitQueue = WaitQueue::new();
    static FIRED: AtomicU32 = AtomicU32::new(0);
    let fire = |digit| {
        FIRED.store(digit as u32, Relaxed);
        QUEUE.wake_all();
    };
    let timer = core::pin::pin!(time::Timer::new(fire, 5));
    timer.as_ref().arm(time::monotonic() + 10_000_000);
    QUEUE.wait(|| FIRED.load(Relaxed) == 5);
    check!(!timer.is_armed());
    Ok(())
}

fn a_mutex_lets_one_in_at_a_time() -> Outcome {
    static VALUE: Mutex<u32> = Mutex::new(0);
    static LEFT: AtomicU32 = AtomicU32::new(0);
    const TASKS: u32 = 5;
    const ROUNDS: u32 = 50;
    for _ in 0..TASKS {
        let count = |_| {
            for _ in 0..ROUNDS {
                let mut value = VALUE.lock();
                let old = *value;
                task::yield_now();
                *value = old + 1;
            }
            LEFT.fetch_add(1, Relaxed);
        };
        spawn(count, 0)?;
    }
    task::yield_now();
    check!(VALUE.try_lock().is_none());
    while LEFT.load(Relaxed) < TASKS {
        task::yield_now();
    }
    check!(VALUE.try_lock().is_some_and(|value| *value == TASKS * ROUNDS));
    Ok(())
}

fn readers_share_and_a_writer_is_alone() -> Outcome {
    static LOCK: RwLock<u32> = RwLock::new(1);
    let first = LOCK.read();
    let second = LOCK.try_read();
    check!(second.is_some() && LOCK.try_write().is_none());
    drop((first, second));
    let mut writer = LOCK.write();
    *writer = 2;
    check!(LOCK.try_read().is_none() && LOCK.try_write().is_none());
    drop(writer);
    check!(LOCK.try_write().is_some_and(|value| *value == 2));
    Ok(())
}

fn a_waiting_writer_keeps_new_readers_out() -> Outcome {
    static LOCK: RwLock<u32> = RwLock::new(0);
    fn write(digit: usize) {
        let mut story = LOCK.write();
        *story = *story * 10 + digit as u32;
        task::yield_now();
    }
    // Adds its digit times the readers that are in.
    static INSIDE: AtomicU32 = AtomicU32::new(0);
    static MOST: AtomicU32 = AtomicU32::new(0);
    fn read(expected: usize) {
        let story = LOCK.read();
        let inside = INSIDE.fetch_add(1, Relaxed) + 1;
        MOST.fetch_max(inside, Relaxed);
        task::yield_now();
        if *story != expected as u32 {
            MOST.store(100, Relaxed);
        }
        INSIDE.fetch_sub(1, Relaxed);
    }
    let reader = LOCK.read();
    spawn(write, 1)?;
    task::yield_now();
    check!(LOCK.try_read().is_none());
    // In the order they come: two readers that see the first write, a writer, a reader.
    spawn(read, 1)?;
    spawn(read, 1)?;
    task::yield_now();
    spawn(write, 2)?;
    task::yield_now();
    spawn(read, 12)?;
    settle();
    check!(*reader == 0);
    drop(reader);
    settle();
    check!(LOCK.try_write().is_some_and(|story| *story == 12));
    check!(INSIDE.load(Relaxed) == 0 && MOST.load(Relaxed) == 2);
    Ok(())
}

fn many_readers_and_writers_lose_no_update() -> Outcome {
    static PAIR: RwLock<(u32, u32)> = RwLock::new((0, 0));
    static TORN: AtomicU32 = AtomicU32::new(0);
    static LEFT: AtomicU32 = AtomicU32::new(0);
    const TASKS: usize = 8;
    const ROUNDS: u32 = 40;
    fn work(me: usize) {
        for round in 0..ROUNDS {
            if (round as usize + me).is_multiple_of(3) {
                let mut pair = PAIR.write();
                pair.0 += 1;
                task::yield_now();
                pair.1 += 1;
            } else {
                let pair = PAIR.read();
                task::yield_now();
                TORN.fetch_add(u32::from(pair.0 != pair.1), Relaxed);
            }
        }
        LEFT.fetch_add(1, Relaxed);
    }
    for me in 0..TASKS {
        spawn(work, me)?;
    }
    while LEFT.load(Relaxed) < TASKS as u32 {
        task::yield_now();
    }
    let writes = (0..TASKS as u32)
        .flat_map(|me| (0..ROUNDS).map(move |round| round + me))
        .filter(|turn| turn.is_multiple_of(3))
        .count() as u32;
    check!(TORN.load(Relaxed) == 0);
    check!(PAIR.try_write().is_some_and(|pair| *pair == (writes, writes)));
    Ok(())
}
