//! Whom a signal reaches: a process, a group, a thread.

use super::counted::*;
use crate::child;
use crate::fault::{PAGE, map, poke_word, unmap};
use core::sync::atomic::Ordering;
use core::time::Duration;
use sys::abi::poll::{POLLHUP, POLLIN, Pollfd};
use sys::abi::signal::*;
use sys::process::{self, kill};
use sys::signal::Action;
use sys::syscall::output;
use sys::wait::Status;
use sys::{Errno, time};

pub fn a_null_signal_asks_whether_somebody_is_there() {
    assert_eq!(kill(process::id(), 0), Ok(()));
    let pid = child::start(|| 0);
    // A zombie is still there.
    assert_eq!(kill(pid, 0), Ok(()));
    child::wait(pid);
    assert_eq!(kill(pid, 0), Err(Errno::ESRCH));
    assert_eq!(kill(pid, SIGTERM), Err(Errno::ESRCH));
    assert_eq!(kill(process::id(), 65), Err(Errno::EINVAL));
    assert_eq!(kill(process::id(), -1), Err(Errno::EINVAL));
    assert_eq!(kill(0x3fff_ffff, SIGTERM), Err(Errno::ESRCH));
    assert_eq!(kill(-0x3fff_ffff, SIGTERM), Err(Errno::ESRCH));
}

pub fn a_signal_reaches_a_whole_group() {
    let leader = child::start(|| {
        process::set_group(0, 0).expect("setpgid");
        loop {
            let _ = call!(pause());
        }
    });
    let _ = process::set_group(leader, leader);
    let member = child::start(|| {
        loop {
            let _ = call!(pause());
        }
    });
    process::set_group(member, leader).expect("setpgid");
    assert_eq!(call!(getpgid(member)), Ok(leader.cast_unsigned()));
    kill(-leader, SIGTERM).expect("kill");
    assert_eq!(child::wait(leader), Status::Signaled(SIGTERM));
    assert_eq!(child::wait(member), Status::Signaled(SIGTERM));
}

pub fn a_signal_to_a_group_reaches_children_in_the_making() {
    const CHILDREN: u32 = 40;
    // Whatever lives has the pipe's end for writing. Many pages make a fork take its time.
    let area = map(300);
    (0..300).for_each(|page| poke_word(area + page * PAGE, page));
    for round in 0..40 {
        let (read, write) = sys::file::pipe().expect("pipe");
        let leader = child::start(|| {
            process::set_group(0, 0).expect("setpgid");
            for _ in 0..CHILDREN {
                child::start(child_sleeps);
            }
            child_sleeps()
        });
        let _ = process::set_group(leader, leader);
        drop(write);
        time::sleep(Duration::from_micros(200 * round));
        kill(-leader, SIGTERM).expect("kill");
        assert_eq!(child::wait(leader), Status::Signaled(SIGTERM));
        let mut end = Pollfd { fd: read.fd().0, events: POLLIN, revents: 0 };
        assert_eq!(call!(poll(output(&mut end), 1, 3000)), Ok(1), "somebody still lives");
        assert_eq!(end.revents, POLLHUP);
    }
    unmap(area, 300);
}

fn child_sleeps() -> i32 {
    time::sleep(Duration::from_secs(20));
    0
}

pub fn groups_and_sessions_are_checked() {
    assert_eq!(process::set_group(0, -1), Err(Errno::EINVAL));
    assert_eq!(process::set_group(0x3fff_ffff, 0), Err(Errno::ESRCH));
    assert_eq!(process::set_group(0, 0x3fff_ffff), Err(Errno::EPERM));
    let status = child::run(|| {
        let pid = process::id();
        assert_eq!(call!(setsid()), Ok(pid.cast_unsigned()));
        assert_eq!(process::group(), pid);
        assert_eq!(call!(getsid(0)), Ok(pid.cast_unsigned()));
        // A leader cannot start another session or leave its group.
        assert_eq!(call!(setsid()), Err(Errno::EPERM));
        assert_eq!(process::set_group(0, 0), Err(Errno::EPERM));
        0
    });
    assert_eq!(status, Status::Exited(0));
}

pub fn threads_are_signalled_by_id() {
    extern "C" fn on_signal(_: i32, info: &Siginfo, _: &mut Ucontext) {
        FLAGS.store(info.code.cast_unsigned(), Ordering::Relaxed);
        COUNT.fetch_add(1, Ordering::Relaxed);
    }
    handle(SIGUSR1, Action::InfoHandler(on_signal), 0);
    let pid = process::id();
    assert_eq!(call!(tgkill(pid, pid, SIGUSR1)), Ok(0));
    assert_eq!((counted(), FLAGS.load(Ordering::Relaxed).cast_signed()), (1, SI_TKILL));
    assert_eq!(call!(tkill(pid, SIGUSR1)), Ok(0));
    assert_eq!(counted(), 1);
    assert_eq!(call!(tgkill(pid, 0x3fff_ffff, 0)), Err(Errno::ESRCH));
    assert_eq!(call!(tgkill(-1, pid, 0)), Err(Errno::EINVAL));
    assert_eq!(call!(tkill(0, 0)), Err(Errno::EINVAL));
}
