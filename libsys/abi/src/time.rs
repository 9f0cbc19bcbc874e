//! Times and clocks.

use crate::plain::structure;

structure! {
    /// Seconds and nanoseconds, 32 bits each.
    pub struct Timespec: 8 {
        /// Seconds.
        pub sec: i32,
        /// Nanoseconds, 0 to 999,999,999.
        pub nsec: i32,
    }

    /// Seconds and nanoseconds, 64 bits each.
    pub struct Timespec64: 16 {
        /// Seconds.
        pub sec: i64,
        /// Nanoseconds; the kernel ignores the upper half.
        pub nsec: i64,
    }

    /// Seconds and microseconds.
    pub struct Timeval: 8 {
        /// Seconds.
        pub sec: i32,
        /// Microseconds, 0 to 999,999.
        pub usec: i32,
    }

    /// Two times of a file in seconds, for `utime`.
    pub struct Utimbuf: 8 {
        /// Access.
        pub actime: i32,
        /// Change of data.
        pub modtime: i32,
    }

    /// A time zone, as `gettimeofday` still reports it.
    pub struct Timezone: 8 {
        /// Minutes west of Greenwich.
        pub minuteswest: i32,
        /// Kind of daylight saving.
        pub dsttime: i32,
    }

    /// Processor times in clock ticks, 100 a second.
    pub struct Tms: 16 {
        /// In user mode.
        pub utime: i32,
        /// In the kernel.
        pub stime: i32,
        /// Of waited-for children in user mode.
        pub cutime: i32,
        /// Of waited-for children in the kernel.
        pub cstime: i32,
    }

    /// A timer of `timer_create`.
    pub struct Itimerspec: 16 {
        /// Between expiries, 0 for one only.
        pub interval: Timespec,
        /// To the next expiry, 0 if off.
        pub value: Timespec,
    }

    /// A timer of `timer_create`, 64-bit seconds.
    pub struct Itimerspec64: 32 {
        /// Between expiries, 0 for one only.
        pub interval: Timespec64,
        /// To the next expiry, 0 if off.
        pub value: Timespec64,
    }

    /// An interval timer.
    pub struct Itimerval: 16 {
        /// Between expiries, 0 for one only.
        pub interval: Timeval,
        /// To the next expiry, 0 if off.
        pub value: Timeval,
    }
}

/// Wall clock.
pub const CLOCK_REALTIME: i32 = 0;
/// Since boot, never set back.
pub const CLOCK_MONOTONIC: i32 = 1;
/// Processor time of the process.
pub const CLOCK_PROCESS_CPUTIME_ID: i32 = 2;
/// Processor time of the thread.
pub const CLOCK_THREAD_CPUTIME_ID: i32 = 3;
/// `CLOCK_MONOTONIC` without adjustment.
pub const CLOCK_MONOTONIC_RAW: i32 = 4;
/// Wall clock as of the last tick.
pub const CLOCK_REALTIME_COARSE: i32 = 5;
/// `CLOCK_MONOTONIC` as of the last tick.
pub const CLOCK_MONOTONIC_COARSE: i32 = 6;
/// Since boot, suspension included.
pub const CLOCK_BOOTTIME: i32 = 7;

/// Wall clock; a timer wakes the machine up.
pub const CLOCK_REALTIME_ALARM: i32 = 8;
/// Since boot; a timer wakes the machine up.
pub const CLOCK_BOOTTIME_ALARM: i32 = 9;

/// `timerfd_settime`: at a time, not after a time.
pub const TFD_TIMER_ABSTIME: u32 = 1;
/// `timerfd_settime`: reading fails when somebody sets the clock.
pub const TFD_TIMER_CANCEL_ON_SET: u32 = 2;

/// `clock_nanosleep` until a time, not for a time.
pub const TIMER_ABSTIME: u32 = 1;

/// Timer in real time, SIGALRM.
pub const ITIMER_REAL: i32 = 0;
/// Timer in user time, SIGVTALRM.
pub const ITIMER_VIRTUAL: i32 = 1;
/// Timer in processor time, SIGPROF.
pub const ITIMER_PROF: i32 = 2;

/// `utimensat`: the present.
pub const UTIME_NOW: i32 = 0x3fff_ffff;
/// `utimensat`: leave as it is.
pub const UTIME_OMIT: i32 = 0x3fff_fffe;
