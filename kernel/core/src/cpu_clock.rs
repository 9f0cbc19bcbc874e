//! Numbers of clocks that count processor time. As `clock_getcpuclockid` and
//! `pthread_getcpuclockid` make them, negative ones have in them whose time it is: the complement of an
//! id, a bit for a thread, and two for what counts.

use abi::time::{CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID};

const OF_THREAD: i32 = 1 << 2;
const COUNTS: i32 = 3;
/// CPUCLOCK_VIRT; CPUCLOCK_PROF and CPUCLOCK_SCHED count all of it.
const USER_ONLY: i32 = 1;
/// CPUCLOCK_SCHED; the other two never claimed to be finer than ticks.
const FINE: i32 = 2;
/// Not a clock of processor time but a device's.
const OF_DESCRIPTOR: i32 = 3;

/// Whose time a clock counts, and which.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CpuClockId {
    /// Of a process or a thread; 0 is whoever asks.
    pub id: u32,
    pub of_thread: bool,
    /// Not what is used inside the kernel.
    pub user_only: bool,
    /// Whether it is told to go by ticks.
    pub in_ticks: bool,
}

/// What a clock's number says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClockKind {
    /// Of the machine, or none.
    Machine,
    Cpu(CpuClockId),
    /// Of a descriptor.
    Descriptor,
    /// It looks like one of processor time, and is none.
    Invalid,
}

impl ClockKind {
    const fn own(of_thread: bool) -> Self {
        Self::Cpu(CpuClockId { id: 0, of_thread, user_only: false, in_ticks: false })
    }

    /// Says it of any number.
    pub const fn of(clock: i32) -> Self {
        let of_thread = clock & OF_THREAD != 0;
        match clock {
            CLOCK_PROCESS_CPUTIME_ID => Self::own(false),
            CLOCK_THREAD_CPUTIME_ID => Self::own(true),
            0.. => Self::Machine,
            _ if clock & COUNTS != OF_DESCRIPTOR => Self::Cpu(CpuClockId {
                id: (!(clock >> 3)).cast_unsigned(),
                of_thread,
                user_only: clock & COUNTS == USER_ONLY,
                in_ticks: clock & COUNTS != FINE,
            }),
            _ if of_thread => Self::Invalid,
            _ => Self::Descriptor,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cpu(id: u32, of_thread: bool) -> ClockKind {
        ClockKind::Cpu(CpuClockId { id, of_thread, user_only: false, in_ticks: false })
    }

    fn coarse(id: u32, user_only: bool) -> ClockKind {
        ClockKind::Cpu(CpuClockId { id, of_thread: false, user_only, in_ticks: true })
    }

    #[test]
    fn numbers_say_whose_time_it_is() {
        assert_eq!(ClockKind::of(CLOCK_PROCESS_CPUTIME_ID), cpu(0, false));
        assert_eq!(ClockKind::of(CLOCK_THREAD_CPUTIME_ID), cpu(0, true));
        for id in [0, 1, 42, 0x0fff_ffff] {
            // What glibc makes of an id: CPUCLOCK_SCHED.
            let whole = !id << 3 | 2;
            assert_eq!(ClockKind::of(whole), cpu(id.cast_unsigned(), false));
            assert_eq!(ClockKind::of(whole | OF_THREAD), cpu(id.cast_unsigned(), true));
            assert_eq!(ClockKind::of(!id << 3), coarse(id.cast_unsigned(), false));
            assert_eq!(ClockKind::of(!id << 3 | 1), coarse(id.cast_unsigned(), true));
            assert_eq!(ClockKind::of(!id << 3 | 3), ClockKind::Descriptor);
            assert_eq!(ClockKind::of(!id << 3 | 7), ClockKind::Invalid);
        }
        for clock in [0, 1, 4, 7, 99, i32::MAX] {
            assert_eq!(ClockKind::of(clock), ClockKind::Machine);
        }
    }
}
