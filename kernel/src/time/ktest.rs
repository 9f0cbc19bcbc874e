use super::{Timer, monotonic, realtime, set_realtime, sleep_until, ticks};
use crate::arch::pit::calibrate_tsc;
use crate::ktest::{Outcome, check, tests};
use crate::task::{self, Sleep, current, work};
use core::pin::pin;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::Relaxed;

tests![
    a_busy_host_does_not_disturb_the_measurement,
    the_clocks_agree,
    timers_fire_in_order_and_once,
    a_disarmed_timer_stays_silent,
    a_sleep_lasts_as_long_as_asked,
    a_signal_ends_a_sleep,
];

const MILLISECOND: u64 = 1_000_000;

/// Of the TSC's frequency, to a hundredth.
fn a_busy_host_does_not_disturb_the_measurement() -> Outcome {
    let measured = [(); 5].map(|()| calibrate_tsc());
    let (Some(least), Some(most)) = (measured.iter().min(), measured.iter().max()) else {
        return Err("nothing was measured");
    };
    check!(most - least < least / 100);
    Ok(())
}

fn the_clocks_agree() -> Outcome {
    // A slow host loses ticks. One that stalls delivers some late and then in a row, not always.
    check!((0..20).any(|_| time_of_five_ticks().is_some_and(|time| time > 38 * MILLISECOND)));
    let mut last = monotonic();
    for _ in 0..1000 {
        let now = monotonic();
        check!(now >= last);
        last = now;
    }
    const YEAR_2020: u64 = 1_577_836_800_000 * MILLISECOND;
    let day = realtime();
    check!(day > YEAR_2020);
    set_realtime(YEAR_2020);
    let set = realtime();
    check!((YEAR_2020..YEAR_2020 + 1000 * MILLISECOND).contains(&set));
    set_realtime(day);
    Ok(())
}

/// `None` if they do not come within a second.
fn time_of_five_ticks() -> Option<u64> {
    let (start, first) = (monotonic(), ticks());
    while ticks() < first + 5 {
        if monotonic() - start > 1000 * MILLISECOND {
            return None;
        }
        task::might_resched();
    }
    Some(monotonic() - start)
}

static FIRED: AtomicU32 = AtomicU32::new(0);

fn fire(digit: usize) {
    FIRED.store(FIRED.load(Relaxed) * 10 + digit as u32, Relaxed);
}

fn timers_fire_in_order_and_once() -> Outcome {
    FIRED.store(0, Relaxed);
    let (one, two, three) =
        (pin!(Timer::new(fire, 1)), pin!(Timer::new(fire, 2)), pin!(Timer::new(fire, 3)));
    let now = monotonic();
    one.as_ref().arm(now + 10 * MILLISECOND);
    three.as_ref().arm(now + 30 * MILLISECOND);
    two.as_ref().arm(now + 500 * MILLISECOND);
    two.as_ref().arm(now + 20 * MILLISECOND);
    check!(FIRED.load(Relaxed) == 0 && two.is_armed());
    check!(sleep_until(now + 60 * MILLISECOND, Sleep::Uninterruptible).is_ok());
    check!(FIRED.load(Relaxed) == 123);
    check!(!one.is_armed() && !two.disarm());
    Ok(())
}

fn a_disarmed_timer_stays_silent() -> Outcome {
    FIRED.store(0, Relaxed);
    let kept = pin!(Timer::new(fire, 1));
    let now = monotonic();
    {
        let dropped = pin!(Timer::new(fire, 2));
        dropped.as_ref().arm(now + 10 * MILLISECOND);
        kept.as_ref().arm(now + 10 * MILLISECOND);
    }
    check!(kept.disarm() && !kept.disarm());
    check!(sleep_until(now + 30 * MILLISECOND, Sleep::Uninterruptible).is_ok());
    check!(FIRED.load(Relaxed) == 0);
    Ok(())
}

fn a_sleep_lasts_as_long_as_asked() -> Outcome {
    let start = monotonic();
    check!(sleep_until(start + 35 * MILLISECOND, Sleep::Interruptible).is_ok());
    check!(monotonic() >= start + 35 * MILLISECOND);
    // What has passed is not waited for.
    check!(sleep_until(start, Sleep::Interruptible).is_ok());
    Ok(())
}

fn a_signal_ends_a_sleep() -> Outcome {
    let task = current();
    let start = monotonic();
    task::notify(&task, work::SIGNAL);
    let ended = sleep_until(start + 5_000 * MILLISECOND, Sleep::Interruptible);
    // A sleep that no signal ends goes on.
    let kept = sleep_until(monotonic() + 20 * MILLISECOND, Sleep::Killable);
    task.clear_work(work::SIGNAL);
    check!(ended.is_err() && monotonic() < start + 2_000 * MILLISECOND);
    check!(kept.is_ok());
    Ok(())
}
