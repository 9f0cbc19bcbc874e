//! Calls about files.

mod attributes;
mod control;
mod epoll;
mod event;
pub(in crate::syscall) mod mount;
mod names;
mod open;
mod poll;
mod status;
mod transfer;

pub use attributes::*;
pub use control::*;
pub use epoll::*;
pub use event::*;
pub use mount::{mount, umount, umount2};
pub use names::*;
pub use open::*;
pub use poll::*;
pub use status::*;
pub use transfer::*;

use crate::file::found::Found;
use crate::file::namespace::Start;
use crate::file::{Caller, FileTable, caller};
use crate::mm::user;
use crate::process::current;
use crate::result::{Errno, Result};
use abi::UserStr;
use abi::file::{AT_FDCWD, PATH_MAX};
use alloc::sync::Arc;
use alloc::vec::Vec;

/// The calling thread's descriptors.
#[inline]
fn files() -> Arc<FileTable> {
    current().files()
}

/// A path, which may be empty.
fn read_any_path(path: UserStr) -> Result<Vec<u8>> {
    user::c_string(path, PATH_MAX as usize, Errno::ENAMETOOLONG)
}

/// A path. ENOENT if it is empty.
fn read_path(path: UserStr) -> Result<Vec<u8>> {
    let path = read_any_path(path)?;
    if path.is_empty() { Err(Errno::ENOENT) } else { Ok(path) }
}

/// Calls `work` with where `path` begins, relative to the descriptor `directory`.
fn from<R>(directory: i32, path: &[u8], work: impl FnOnce(&Start) -> Result<R>) -> Result<R> {
    from_for(&caller::identity(), directory, path, work)
}

/// The same on behalf of `caller`.
fn from_for<R>(
    caller: &Caller,
    directory: i32,
    path: &[u8],
    work: impl FnOnce(&Start) -> Result<R>,
) -> Result<R> {
    let start = current().fs().start(caller);
    if directory == AT_FDCWD || path.starts_with(b"/") {
        return work(&start);
    }
    let file = Found::Open(files().get_any(directory)?);
    let at = file.place()?;
    file.check_directory(caller)?;
    work(&Start { at, ..start })
}

/// What an at-call names: where `path` leads. It may be empty if `empty` allows it: then it is the descriptor itself,
/// or the working directory.
fn named(directory: i32, path: UserStr, follow: bool, empty: bool) -> Result<Found> {
    named_for(&caller::identity(), directory, path, follow, empty)
}

/// The same on behalf of `caller`.
fn named_for(
    caller: &Caller,
    directory: i32,
    path: UserStr,
    follow: bool,
    empty: bool,
) -> Result<Found> {
    let path = read_any_path(path)?;
    if !path.is_empty() {
        let find = |start: &Start| start.find(&path, follow);
        return from_for(caller, directory, &path, find);
    }
    match directory {
        _ if !empty => Err(Errno::ENOENT),
        AT_FDCWD => Ok(current().fs().working().into()),
        _ => files().get_any(directory).map(Found::Open),
    }
}
