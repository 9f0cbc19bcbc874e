//! Process 1.

use crate::harness::only_on_folio;
use sys::abi::file::O_WRONLY;
use sys::abi::signal::{SIGKILL, SIGSEGV, SIGSTOP, SIGTERM};
use sys::file::File;
use sys::{Errno, process};

tests![signals_leave_it_alone, its_log_takes_lines];

/// As on Linux, where only root could ask.
pub fn signals_leave_it_alone() {
    only_on_folio("a test must not send signals to the host's init");
    if process::parent_id() == 1 {
        skip!("process 1 is the suite itself");
    }
    for signal in [SIGKILL, SIGSTOP, SIGTERM, SIGSEGV, 34] {
        assert_eq!(process::kill(1, signal), Ok(()), "{signal}");
    }
    // It would have ended, and the machine with it.
    sys::time::sleep(core::time::Duration::from_millis(20));
    assert_eq!(process::kill(1, 0), Ok(()));
}

pub fn its_log_takes_lines() {
    only_on_folio("the host's log is not for tests");
    let log = File::open_with("/dev/kmsg", O_WRONLY, 0).expect("open");
    for line in
        [&b"<6>suite: a line\n"[..], b"suite: no end", b"<x>suite: \x1b[2J\xff\n", b"", b"\n"]
    {
        assert_eq!(log.write(line), Ok(line.len()));
    }
    assert_eq!(log.write(&[b'x'; 1024]), Ok(1024));
    assert_eq!(log.write(&[b'x'; 1025]), Err(Errno::EINVAL));
    let reader = File::open("/dev/kmsg").expect("open");
    assert_eq!(reader.read(&mut [0; 16]), Err(Errno::EINVAL));
}
