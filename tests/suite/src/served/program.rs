//! Who the server may be called by, and short ways to its files.

use crate::child;
use crate::harness::only_on_folio;
use alloc::format;
use alloc::string::String;
use assist::files::MOUNT_POINT;
use sys::Result;
use sys::file::{self, File};
use sys::ipc::{Level, raise_level};
use sys::path::CPath;
use sys::wait::Status;

/// Runs a test as a program that the server may be called by.
pub fn as_program(test: fn()) {
    only_on_folio("ARCHITECTURE.md, Files of servers");
    if file::stat("/etc/services/files.conf").is_err() {
        skip!("this archive has no service with files");
    }
    let ended = child::run(|| {
        raise_level(Level::PROGRAM).expect("level");
        test();
        0
    });
    assert_eq!(ended, Status::Exited(0));
}

pub fn at(name: &str) -> String {
    format!("{MOUNT_POINT}/{name}")
}

pub fn open(name: &str, flags: u32) -> Result<File> {
    File::open_with(at(name), flags, 0o644)
}

pub fn path(text: &str) -> CPath {
    CPath::new(text).expect("a path")
}

pub fn change(directory: &str) -> Result<u32> {
    call!(chdir(path(directory).as_user()))
}
