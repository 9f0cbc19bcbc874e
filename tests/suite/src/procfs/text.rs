//! What `/proc` says, and what is in that.

use crate::child;
use crate::harness::{SKIPPED, on_folio};
use alloc::string::String;
use core::ffi::CStr;
use sys::abi::process::PR_SET_NAME;
use sys::file;
use sys::ipc::{Level, raise_level};
use sys::wait::Status;

pub fn text(path: &str) -> String {
    let bytes = file::read(path).unwrap_or_else(|why| panic!("{path}: {why}"));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Runs a test as a program, which servers may be called by, if anything is mounted there: natively
/// it may run in a bare room.
pub fn as_program(test: fn()) {
    if !on_folio() {
        if file::stat("/proc/self/stat").is_err() {
            skip!("no /proc");
        }
        return test();
    }
    let ended = child::run(|| {
        raise_level(Level::PROGRAM).expect("level");
        test();
        0
    });
    match ended {
        Status::Exited(SKIPPED) => skip!("as its program said"),
        ended => assert_eq!(ended, Status::Exited(0)),
    }
}

/// What is behind a name and a colon.
pub fn value<'a>(text: &'a str, name: &str) -> &'a str {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap_or_else(|| panic!("no {name}")).trim()
}

pub fn number(text: &str, name: &str) -> u64 {
    let word = value(text, name).split(' ').next().unwrap_or_default();
    word.parse().unwrap_or_else(|_| panic!("{name} is {word}"))
}

pub fn rename(name: &CStr) {
    let name = sys::syscall::pointer(name.to_bytes_with_nul());
    assert_eq!(call!(prctl(PR_SET_NAME, name, 0, 0, 0)), Ok(0));
}
