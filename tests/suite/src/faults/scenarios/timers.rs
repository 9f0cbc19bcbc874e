//! Timers and clocks.

use crate::faults::{Outcome, whole};
use sys::abi::process::{Rusage, Sysinfo, Utsname};
use sys::abi::signal::*;
use sys::abi::time::*;
use sys::abi::{Plain, UserMutPtr};
use sys::file::File;
use sys::io::Fd;
use sys::signal::change_mask;
use sys::syscall::{input, output, pointer_mut};

const MILLISECOND: i32 = 1_000_000;

fn block(signal: i32) -> sys::Result<()> {
    change_mask(SIG_BLOCK, SignalSet::of(signal)).map(drop)
}

fn take(signal: i32) -> sys::Result<Siginfo> {
    let (set, timeout) = (SignalSet::of(signal), Timespec { sec: 5, nsec: 0 });
    let mut info = Siginfo::ZERO;
    call!(rt_sigtimedwait(input(&set), output(&mut info), input(&timeout), 8))?;
    Ok(info)
}

/// A timer that goes away with this value.
struct Timer(i32);

impl Drop for Timer {
    fn drop(&mut self) {
        assert_eq!(call!(timer_delete(self.0)), Ok(0));
    }
}

pub fn a_timer_sends_its_signal() -> Outcome {
    block(SIGUSR1)?;
    let event = Sigevent { value: 77, signo: SIGUSR1, notify: SIGEV_SIGNAL, ..Sigevent::ZERO };
    let mut number = -1;
    call!(timer_create(CLOCK_MONOTONIC, input(&event), output(&mut number)))?;
    let timer = Timer(number);
    let soon = Timespec { sec: 0, nsec: MILLISECOND };
    let new = Itimerspec { interval: Timespec::ZERO, value: soon };
    let mut old = Itimerspec::ZERO;
    call!(timer_settime(timer.0, 0, input(&new), output(&mut old)))?;
    let info = take(SIGUSR1)?;
    assert_eq!((info.code, info.fields[2]), (SI_TIMER, 77));
    call!(timer_gettime(timer.0, output(&mut old)))?;
    assert_eq!(old, Itimerspec::ZERO);
    Ok(())
}

pub fn an_interval_timer_rings() -> Outcome {
    block(SIGALRM)?;
    let every = Timeval { sec: 0, usec: 1000 };
    let new = Itimerval { interval: every, value: every };
    let mut old = Itimerval::default();
    call!(setitimer(ITIMER_REAL, input(&new), output(&mut old)))?;
    take(SIGALRM)?;
    take(SIGALRM)?;
    call!(getitimer(ITIMER_REAL, output(&mut old)))?;
    assert_eq!(old.interval, every);
    call!(setitimer(ITIMER_REAL, input(&Itimerval::default()), UserMutPtr::NULL))?;
    Ok(())
}

pub fn a_timer_is_read() -> Outcome {
    let fd = call!(timerfd_create(CLOCK_MONOTONIC, 0))?;
    let file = File::from_fd(Fd(fd.cast_signed()));
    let soon = Timespec64 { sec: 0, nsec: MILLISECOND.into() };
    let new = Itimerspec64 { value: soon, interval: soon };
    let mut old = Itimerspec64::default();
    call!(timerfd_settime64(file.fd().0, 0, input(&new), output(&mut old)))?;
    let mut bytes = [0; 8];
    assert_eq!(file.read(&mut bytes)?, 8);
    assert!(u64::from_le_bytes(bytes) >= 1);
    call!(timerfd_gettime64(file.fd().0, output(&mut old)))?;
    assert_eq!(old.interval, soon);
    Ok(())
}

pub fn clocks_are_read_and_slept_by() -> Outcome {
    let (mut before, mut after) = (Timespec64::default(), Timespec64::default());
    call!(clock_gettime64(CLOCK_MONOTONIC, output(&mut before)))?;
    let short = Timespec { sec: 0, nsec: MILLISECOND };
    call!(nanosleep(input(&short), UserMutPtr::NULL))?;
    call!(clock_gettime64(CLOCK_MONOTONIC, output(&mut after)))?;
    assert!((after.sec, after.nsec) >= (before.sec, before.nsec + i64::from(MILLISECOND)));
    let (mut old, mut value) = (Timespec::default(), Timeval::default());
    call!(clock_getres(CLOCK_REALTIME, output(&mut old)))?;
    call!(gettimeofday(output(&mut value), UserMutPtr::NULL))?;
    assert!(old.sec == 0 && old.nsec > 0 && value.usec < 1_000_000);
    Ok(())
}

pub fn the_machine_is_described() -> Outcome {
    let (mut name, mut info) = (Utsname::default(), Sysinfo::default());
    let (mut usage, mut used) = (Rusage::default(), Tms::default());
    call!(uname(output(&mut name)))?;
    call!(sysinfo(output(&mut info)))?;
    call!(getrusage(0, output(&mut usage)))?;
    call!(times(output(&mut used)))?;
    assert!({ info.totalram } > { info.freeram });
    let mut mask = [0u8; 4];
    call!(sched_getaffinity(0, 4, UserMutPtr::new(pointer_mut(&mut mask))))?;
    assert_eq!(mask[0] & 1, 1);
    let mut bytes = [0u8; 600];
    let got = call!(getrandom(UserMutPtr::new(pointer_mut(&mut bytes)), 600, 0))?;
    let got = got as usize;
    assert!(got <= 600 && bytes[got..].iter().all(|byte| *byte == 0));
    whole(got, bytes.len())?;
    assert!(bytes.iter().any(|byte| *byte != 0));
    Ok(())
}
