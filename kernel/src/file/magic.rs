//! Links that lead to an object of a thread: `/proc/PID/exe`, `cwd`, `root` and `fd/N`.

use super::access::Caller;
use super::caller;
use super::found::Found;
use crate::result::{Errno, Result};
use abi::node::Object;
use alloc::vec::Vec;

/// What the link leads to. ENOENT if the thread or the object is not there; EACCES if the caller may not
/// look at the thread.
pub fn follow(tid: u32, object: Object, caller: &Caller) -> Result<Found> {
    let process = caller::process_of(tid)?;
    if !caller::may_look_into(&process, caller) {
        return Err(Errno::EACCES);
    }
    match object {
        Object::Program => process.executable().map(Found::Open).ok_or(Errno::ENOENT),
        Object::WorkingDirectory => process.fs().map(|fs| fs.working().into()).ok_or(Errno::ENOENT),
        Object::Root => process.fs().map(|fs| fs.root().into()).ok_or(Errno::ENOENT),
        Object::Descriptor(fd) => {
            let file = process.files().ok_or(Errno::ENOENT)?.get_any(fd.cast_signed());
            file.map(Found::Open).map_err(|_| Errno::ENOENT)
        }
    }
}

/// What `readlink` says of the link.
pub fn text(tid: u32, object: Object, caller: &Caller) -> Result<Vec<u8>> {
    let root = caller::root();
    follow(tid, object, caller)?.whereabouts(root)
}
