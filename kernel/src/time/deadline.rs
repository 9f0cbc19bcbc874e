//! Deadlines: what the monotonic clock will read then, in nanoseconds.

use super::clock::{monotonic, realtime};
use abi::time::{CLOCK_REALTIME, CLOCK_REALTIME_ALARM};

/// After so many nanoseconds. 0 for none: a deadline that has passed, without asking the clock.
pub fn after(nanoseconds: u64) -> u64 {
    if nanoseconds == 0 { 0 } else { monotonic().saturating_add(nanoseconds) }
}

/// When the time of day, as it is set now, will be `time`.
pub fn at_time_of_day(time: u64) -> u64 {
    monotonic().saturating_add(time.saturating_sub(realtime()))
}

/// Of a timer of a clock that is set to a time of it, or to a time from now: 0 turns it off.
pub fn of_timer(clock: i32, value: u64, is_absolute: bool) -> u64 {
    match (value, is_absolute) {
        (0, _) => 0,
        (_, true) if matches!(clock, CLOCK_REALTIME | CLOCK_REALTIME_ALARM) => {
            at_time_of_day(value)
        }
        (_, true) => value,
        (_, false) => after(value),
    }
}

/// A deadline as arguments of a call that goes on after a signal.
pub fn to_words(deadline: u64) -> [u32; 2] {
    [deadline as u32, (deadline >> 32) as u32]
}

/// What [`to_words`] was given.
pub fn from_words([low, high]: [u32; 2]) -> u64 {
    u64::from(low) | u64::from(high) << 32
}
