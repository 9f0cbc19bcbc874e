//! Times as programs write them, and as nanoseconds.

use crate::clock::SECOND;
use abi::errno::Errno;
use abi::time::{Timespec, Timespec64, Timeval};

/// A time in seconds and parts of a second.
pub trait TimeValue: abi::Plain {
    /// EINVAL if negative, or if the parts are a second or more.
    fn nanoseconds(self) -> Result<u64, Errno>;

    /// Rounds down. Where seconds have 32 bits they wrap in 2038.
    fn from_nanoseconds(nanoseconds: u64) -> Self;
}

impl TimeValue for Timespec {
    fn nanoseconds(self) -> Result<u64, Errno> {
        sum(self.sec.into(), self.nsec, 1)
    }

    fn from_nanoseconds(nanoseconds: u64) -> Self {
        Self { sec: (nanoseconds / SECOND) as i32, nsec: (nanoseconds % SECOND) as i32 }
    }
}

impl TimeValue for Timespec64 {
    fn nanoseconds(self) -> Result<u64, Errno> {
        // The upper half of the nanoseconds is padding to a 32-bit program.
        sum(self.sec, self.nsec as i32, 1)
    }

    fn from_nanoseconds(nanoseconds: u64) -> Self {
        let (sec, nsec) = (nanoseconds / SECOND, nanoseconds % SECOND);
        Self { sec: sec.cast_signed(), nsec: nsec.cast_signed() }
    }
}

impl TimeValue for Timeval {
    fn nanoseconds(self) -> Result<u64, Errno> {
        sum(self.sec.into(), self.usec, 1000)
    }

    fn from_nanoseconds(nanoseconds: u64) -> Self {
        Self { sec: (nanoseconds / SECOND) as i32, usec: (nanoseconds % SECOND / 1000) as i32 }
    }
}

/// Times that end after 584 years end then.
fn sum(seconds: i64, parts: i32, nanoseconds_in_part: u64) -> Result<u64, Errno> {
    let (Ok(seconds), Ok(parts)) = (u64::try_from(seconds), u64::try_from(parts)) else {
        return Err(Errno::EINVAL);
    };
    let nanoseconds = parts * nanoseconds_in_part;
    if nanoseconds >= SECOND {
        return Err(Errno::EINVAL);
    }
    Ok(seconds.saturating_mul(SECOND).saturating_add(nanoseconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_times_from_zero_on_with_less_than_a_second_of_parts_are_times() {
        for (sec, nsec) in [(-1, 0), (0, -1), (0, 1_000_000_000), (0, i32::MAX)] {
            assert_eq!(Timespec { sec, nsec }.nanoseconds(), Err(Errno::EINVAL));
        }
        assert_eq!(Timespec64 { sec: i64::MIN, nsec: 0 }.nanoseconds(), Err(Errno::EINVAL));
        for usec in [-1, 1_000_000, i32::MAX] {
            assert_eq!(Timeval { sec: 0, usec }.nanoseconds(), Err(Errno::EINVAL));
        }
        assert_eq!(Timeval { sec: 1, usec: 999_999 }.nanoseconds(), Ok(1_999_999_000));
    }

    #[test]
    fn padding_does_not_count_and_the_end_of_time_is_no_error() {
        let padded = Timespec64 { sec: 0, nsec: 7 << 32 | 5 };
        assert_eq!(padded.nanoseconds(), Ok(5));
        let late = Timespec64 { sec: i64::MAX, nsec: 999_999_999 };
        assert_eq!(late.nanoseconds(), Ok(u64::MAX));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn nanoseconds_survive_as_far_as_the_width_goes(time in 0..u64::MAX) {
            prop_assert_eq!(Timespec64::from_nanoseconds(time).nanoseconds(), Ok(time));
            let narrow = time % (SECOND << 31);
            prop_assert_eq!(Timespec::from_nanoseconds(narrow).nanoseconds(), Ok(narrow));
            let coarse = Timeval::from_nanoseconds(narrow).nanoseconds();
            prop_assert_eq!(coarse, Ok(narrow / 1000 * 1000));
        }
    }
}
