//! Calls about files.

mod attributes;
mod control;
mod epoll;
mod names;
mod open;
mod poll;
mod status;
mod transfer;

pub use attributes::*;
pub use control::*;
pub use epoll::*;
pub use names::*;
pub use open::*;
pub use poll::*;
pub use status::*;
pub use transfer::*;

use crate::file::namespace::Start;
use crate::file::{Caller, File, FileTable, caller, tree};
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
fn any_path(path: UserStr) -> Result<Vec<u8>> {
    user::c_string(path, PATH_MAX as usize, Errno::ENAMETOOLONG)
}

/// A path. ENOENT if it is empty.
fn path(path: UserStr) -> Result<Vec<u8>> {
    let path = any_path(path)?;
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
    let file = files().get_any(directory)?;
    let node = file.node().ok_or(Errno::ENOTDIR)?;
    node.check_directory()?;
    work(&Start { at: node.place(), ..start })
}

/// What an at-call names: a node of the tree, or with an empty path an open file.
enum Named {
    Node(tree::Held),
    File(Arc<File>),
}

/// What `path` leads to. It may be empty if `empty` allows it: then it is the descriptor itself,
/// or the working directory.
fn named(directory: i32, path: UserStr, follow: bool, empty: bool) -> Result<Named> {
    named_for(&caller::identity(), directory, path, follow, empty)
}

/// The same on behalf of `caller`.
fn named_for(
    caller: &Caller,
    directory: i32,
    path: UserStr,
    follow: bool,
    empty: bool,
) -> Result<Named> {
    let path = any_path(path)?;
    if !path.is_empty() {
        let find = |start: &Start| start.find(&path, follow);
        return from_for(caller, directory, &path, find).map(Named::Node);
    }
    match directory {
        _ if !empty => Err(Errno::ENOENT),
        AT_FDCWD => {
            let start = current().fs().start(caller);
            let working = tree::lock().held(start.at)?;
            Ok(Named::Node(working))
        }
        _ => files().get_any(directory).map(Named::File),
    }
}
