//! Linux's `fail-nth` and `make-it-fail`. The files are Linux's too, where it was built for it.

use super::{needs_failpoints, wake_nobody};
use crate::child;
use crate::harness::on_folio;
use crate::procfs::as_program;
use alloc::format;
use alloc::string::String;
use sys::abi::failpoint::{FAULT_THREAD_MARK, FAULT_THREAD_NTH, FaultThread};
use sys::abi::file::O_RDWR;
use sys::abi::signal::SIGKILL;
use sys::file::{self, File};
use sys::process::id;
use sys::statistics::Asker;
use sys::wait::Status;
use sys::{Errno, Result};

fn set(what: u32, value: u32) -> Result<()> {
    Asker::OF_SELF.set_faults(id(), what, value)
}

fn own() -> FaultThread {
    Asker::OF_SELF.faults(id()).expect("this thread")
}

pub fn the_nth_opportunity_of_a_thread_fails() {
    needs_failpoints();
    // What the first time brings into memory is no opportunity of the second.
    let _ = (wake_nobody(), own());
    set(FAULT_THREAD_NTH, 3).expect("nth");
    assert_eq!({ own().nth }, 3, "asking for it is exempt");
    let outcomes = [(); 4].map(|()| (wake_nobody(), own().nth));
    assert_eq!(outcomes, [(Ok(0), 2), (Ok(0), 1), (Err(Errno::EFAULT), 0), (Ok(0), 0)]);
    set(FAULT_THREAD_NTH, 1).expect("nth");
    set(FAULT_THREAD_NTH, 0).expect("none");
    assert_eq!(wake_nobody(), Ok(0));
    assert_eq!(set(2, 0), Err(Errno::EINVAL));
    assert_eq!(Asker::OF_SELF.set_faults(1, FAULT_THREAD_NTH, 1), Err(Errno::EPERM));
}

/// `None` where there are no such files.
fn open(name: &str) -> Option<File> {
    match File::open_with(format!("/proc/self/{name}"), O_RDWR, 0) {
        Err(Errno::ENOENT) => None,
        file => Some(file.expect(name)),
    }
}

fn file_of(name: &str) -> File {
    if on_folio() {
        needs_failpoints();
    }
    match open(name) {
        Some(file) => file,
        None => skip!("this kernel has no failpoints"),
    }
}

fn read(file: &File) -> String {
    let mut bytes = [0; 16];
    let count = file.read_at(&mut bytes, 0).expect("read");
    String::from_utf8_lossy(&bytes[..count]).into_owned()
}

/// As the example in Linux's documentation does it.
pub fn the_file_does_what_the_call_does() {
    as_program(|| {
        let file = file_of("fail-nth");
        let pipe_after = |nth: u32| {
            file.write_at(format!("{nth}").as_bytes(), 0).expect("write");
            let pipe = file::pipe();
            (pipe.err(), read(&file))
        };
        // What the first time brings into memory is no opportunity of the others.
        assert_eq!(pipe_after(0).0, None);
        let mut faults = 0;
        loop {
            let (why, left) = pipe_after(faults + 1);
            if left != "0\n" {
                assert_eq!(why, None, "nothing failed");
                break;
            }
            let known = [Errno::ENOMEM, Errno::EMFILE, Errno::EFAULT];
            assert!(why.is_none_or(|why| known.contains(&why)), "{why:?}");
            faults += 1;
            assert!(faults < 1000);
        }
        assert!(faults >= 3, "{faults}");
        file.write_at(b"0", 0).expect("write");
        assert_eq!(read(&file), "0\n");
    });
}

pub fn what_is_no_number_is_refused() {
    as_program(|| {
        let nth = file_of("fail-nth");
        for text in ["", "x", "-1", "1 2", "08"] {
            assert_eq!(nth.write_at(text.as_bytes(), 0), Err(Errno::EINVAL), "{text}");
        }
        assert_eq!(nth.write_at(b"4294967296", 0), Err(Errno::ERANGE));
        assert_eq!(nth.write_at(b"0x10\n", 0), Ok(5));
        assert!(read(&nth).parse::<u32>().is_err(), "a line");
        nth.write_at(b"0", 0).expect("write");
        let mark = file_of("make-it-fail");
        assert_eq!(mark.write_at(b"2", 0), Err(Errno::EINVAL));
        assert_eq!(mark.write_at(b"x", 0), Err(Errno::EINVAL));
    });
}

pub fn marks_are_given_by_root_and_inherited() {
    as_program(|| {
        let mark = file_of("make-it-fail");
        assert_eq!(read(&mark), "0\n");
        mark.write_at(b"1\n", 0).expect("write");
        assert_eq!(read(&mark), "1\n");
        let ended = child::run(|| {
            let own = file_of("make-it-fail");
            assert_eq!(read(&own), "1\n");
            call!(setuid32(1)).expect("another user");
            assert_eq!(own.write_at(b"0", 0), Err(Errno::EPERM));
            0
        });
        assert_eq!(ended, Status::Exited(0));
        mark.write_at(b"0", 0).expect("write");
    });
}

pub fn children_have_no_nth() {
    needs_failpoints();
    set(FAULT_THREAD_NTH, 1_000_000).expect("nth");
    set(FAULT_THREAD_MARK, 1).expect("a mark");
    let ended = child::run(|| {
        let FaultThread { nth, mark } = own();
        i32::from((nth, mark) != (0, 1))
    });
    assert_eq!(ended, Status::Exited(0));
    let left = own().nth;
    assert!((1..1_000_000).contains(&left), "the fork had opportunities: {left}");
    assert_eq!(set(FAULT_THREAD_MARK, 2), Err(Errno::EINVAL));
}

/// The harness reads what the log says of it.
pub fn a_thread_is_killed_after_its_nth() {
    needs_failpoints();
    let ended = child::run(|| {
        set(FAULT_THREAD_NTH, 1).expect("nth");
        let failed = wake_nobody();
        sys::process::kill(id(), SIGKILL).expect("kill");
        i32::from(failed.is_ok())
    });
    assert_eq!(ended, Status::Signaled(SIGKILL));
}
