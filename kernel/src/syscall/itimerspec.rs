//! Settings of timers as programs write and read them, in both formats.

use crate::mm::user;
use crate::result::Result;
use abi::time::{Itimerspec, Itimerspec64};
use abi::{UserMutPtr, UserPtr};
use kcore::interval::Schedule;
use kcore::time_value::TimeValue;

/// A setting as programs write it.
pub trait Setting: abi::Plain {
    type Time: TimeValue;
    fn interval(&self) -> Self::Time;
    fn value(&self) -> Self::Time;
    fn new(interval: Self::Time, value: Self::Time) -> Self;
}

macro_rules! setting {
    ($name:ident, $time:ident) => {
        impl Setting for $name {
            type Time = abi::time::$time;

            fn interval(&self) -> Self::Time {
                self.interval
            }

            fn value(&self) -> Self::Time {
                self.value
            }

            fn new(interval: Self::Time, value: Self::Time) -> Self {
                Self { interval, value }
            }
        }
    };
}
setting!(Itimerspec, Timespec);
setting!(Itimerspec64, Timespec64);

/// Reads a setting and has `set` make it, of the value and the interval; what was left of the old one is
/// written, if somebody wants to know.
pub fn exchange<T: Setting>(
    new: UserPtr<T>,
    old: UserMutPtr<T>,
    set: impl FnOnce(u64, u64) -> Result<Schedule>,
) -> Result<u32> {
    let new = user::read(new)?;
    let former = set(new.value().nanoseconds()?, new.interval().nanoseconds()?)?;
    if old.is_null() { Ok(0) } else { write(old, former) }
}

/// What is left of a setting.
pub fn write<T: Setting>(to: UserMutPtr<T>, left: Schedule) -> Result<u32> {
    let [interval, value] = [left.interval, left.deadline].map(T::Time::from_nanoseconds);
    user::write(to, &T::new(interval, value)).map(|()| 0)
}
