//! `wait4` and `waitpid`.

use crate::child;
use sys::abi::UserMutPtr;
use sys::abi::process::*;
use sys::abi::signal::{SIGCONT, SIGKILL, SIGSTOP, SIGTERM};
use sys::process;
use sys::syscall::output;
use sys::wait::Status;
use sys::{Errno, Result};

tests![
    no_child_is_echild,
    bad_options_are_einval,
    waiting_does_not_hang_if_told_so,
    the_status_names_the_signal,
    groups_can_be_waited_for,
    stops_are_reported_when_asked_for,
    a_stopped_process_does_not_run,
    a_bad_status_address_loses_the_child,
    usage_of_the_child_is_told,
    children_of_children_are_not_mine,
];

fn wait4(pid: i32, options: u32) -> Result<u32> {
    call!(wait4(pid, UserMutPtr::NULL, options, UserMutPtr::NULL))
}

/// A child that sleeps until a signal ends it.
fn sleeper() -> i32 {
    child::start(|| {
        loop {
            let _ = call!(pause());
        }
    })
}

pub fn no_child_is_echild() {
    for pid in [-1, 0, 1, 0x3fff_ffff, -0x3fff_ffff] {
        assert_eq!(wait4(pid, 0), Err(Errno::ECHILD), "{pid}");
        assert_eq!(wait4(pid, WNOHANG), Err(Errno::ECHILD), "{pid}");
    }
}

pub fn bad_options_are_einval() {
    for options in [0x10, 0x100, WNOWAIT, WEXITED] {
        assert_eq!(wait4(-1, options), Err(Errno::EINVAL), "{options:#x}");
    }
    assert_eq!(wait4(i32::MIN, 0), Err(Errno::ESRCH));
}

pub fn waiting_does_not_hang_if_told_so() {
    let pid = sleeper();
    assert_eq!(process::wait(pid, WNOHANG), Ok(None));
    process::kill(pid, SIGKILL).expect("kill");
    assert_eq!(process::wait(pid, 0), Ok(Some((pid, Status::Signaled(SIGKILL)))));
    assert_eq!(wait4(pid, 0), Err(Errno::ECHILD));
}

pub fn the_status_names_the_signal() {
    let pid = sleeper();
    process::kill(pid, SIGTERM).expect("kill");
    let mut status = 0;
    assert_eq!(call!(waitpid(pid, output(&mut status), 0)), Ok(pid.cast_unsigned()));
    assert_eq!(status, status_signaled(SIGTERM));
}

pub fn groups_can_be_waited_for() {
    let pid = child::start(|| {
        let _ = process::set_group(0, 0);
        3
    });
    let _ = process::set_group(pid, pid);
    let mine = child::start(|| 4);
    assert_eq!(process::wait(-pid, 0), Ok(Some((pid, Status::Exited(3)))));
    assert_eq!(process::wait(0, 0), Ok(Some((mine, Status::Exited(4)))));
}

pub fn stops_are_reported_when_asked_for() {
    let pid = sleeper();
    process::kill(pid, SIGSTOP).expect("kill");
    assert_eq!(process::wait(pid, WUNTRACED), Ok(Some((pid, Status::Stopped(SIGSTOP)))));
    // Once only.
    assert_eq!(process::wait(pid, WUNTRACED | WNOHANG), Ok(None));
    process::kill(pid, SIGCONT).expect("kill");
    assert_eq!(process::wait(pid, WCONTINUED), Ok(Some((pid, Status::Continued))));
    process::kill(pid, SIGKILL).expect("kill");
    assert_eq!(process::wait(pid, 0), Ok(Some((pid, Status::Signaled(SIGKILL)))));
}

pub fn a_stopped_process_does_not_run() {
    let (read, write) = sys::file::pipe().expect("pipe2");
    let pid = child::start(|| {
        process::kill(process::id(), SIGSTOP).expect("kill");
        write.write_all(b"x").expect("write");
        0
    });
    assert_eq!(process::wait(pid, WUNTRACED), Ok(Some((pid, Status::Stopped(SIGSTOP)))));
    let nonblock = sys::abi::file::O_NONBLOCK;
    assert_eq!(call!(fcntl64(read.fd().0, sys::abi::file::F_SETFL, nonblock)), Ok(0));
    assert_eq!(read.read(&mut [0]), Err(Errno::EAGAIN));
    process::kill(pid, SIGCONT).expect("kill");
    assert_eq!(child::wait(pid), Status::Exited(0));
    assert_eq!(read.read(&mut [0]), Ok(1));
}

pub fn a_bad_status_address_loses_the_child() {
    let pid = child::start(|| 0);
    assert_eq!(call!(wait4(pid, UserMutPtr::new(16), 0, UserMutPtr::NULL)), Err(Errno::EFAULT));
    assert_eq!(wait4(pid, 0), Err(Errno::ECHILD));
}

pub fn usage_of_the_child_is_told() {
    let pid = child::start(|| {
        let start = crate::fault::map(50);
        for page in 0..50 {
            crate::fault::poke(start + page * 4096, 1);
        }
        0
    });
    let (mut status, mut usage) = (0, Rusage::default());
    let found = call!(wait4(pid, output(&mut status), 0, output(&mut usage)));
    assert_eq!(found, Ok(pid.cast_unsigned()));
    assert!(usage.minflt >= 50, "{}", usage.minflt);
}

pub fn children_of_children_are_not_mine() {
    let (read, write) = sys::file::pipe().expect("pipe2");
    let pid = child::start(|| {
        let grandchild = sleeper();
        write.write_all(&grandchild.to_le_bytes()).expect("write");
        process::kill(grandchild, SIGKILL).expect("kill");
        child::wait(grandchild);
        0
    });
    let mut id = [0; 4];
    read.read(&mut id).expect("read");
    assert_eq!(wait4(i32::from_le_bytes(id), 0), Err(Errno::ECHILD));
    assert_eq!(child::wait(pid), Status::Exited(0));
}
