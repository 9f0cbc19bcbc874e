//! Processes, their threads, descriptors and files.

use super::entries::{Entries, write_structure};
use super::target;
use crate::file::{File, mount_path};
use crate::mm::user;
use crate::process::{Process, details};
use crate::result::{Errno, Result};
use abi::UserMutPtr;
use abi::file::O_CLOEXEC;
use abi::statistics::{
    DescriptorStatistics, PATH_DESCRIPTOR, PATH_EXECUTABLE, PATH_MOUNT, PATH_ROOT, PATH_WORKING,
    ProcessDetails, ThreadStatistics,
};
use alloc::sync::Arc;
use alloc::vec::Vec;
use kcore::addr::VirtAddr;
use kcore::fd_table::CloseOnExec;

pub fn process_details(
    right: u32,
    pid: i32,
    to: UserMutPtr<ProcessDetails>,
    size: u32,
) -> Result<u32> {
    let process = target::process(right, pid)?;
    write_structure(to, &details::details(&process)?, size)
}

pub fn threads(
    right: u32,
    pid: i32,
    after: i32,
    entries: UserMutPtr<ThreadStatistics>,
    size: u32,
) -> Result<u32> {
    let process = target::process(right, pid)?;
    let (mut entries, mut after) = (Entries::new(entries, size), after);
    while entries.has_room()
        && let Some(thread) = details::next_thread(&process, after)
    {
        entries.push(&thread)?;
        after = thread.tid;
    }
    entries.finish()
}

pub fn descriptors(
    right: u32,
    pid: i32,
    from: u32,
    entries: UserMutPtr<DescriptorStatistics>,
    size: u32,
) -> Result<u32> {
    let process = target::process(right, pid)?;
    let (mut entries, mut from) = (Entries::new(entries, size), from);
    while entries.has_room()
        && let Some((number, file, close)) = next_descriptor(&process, from)?
    {
        let status = file.shown_status()?;
        let close = if close == CloseOnExec::Yes { O_CLOEXEC } else { 0 };
        entries.push(&DescriptorStatistics {
            number,
            flags: file.flags() | close,
            position: file.shown_position(),
            inode: status.ino,
            mount: u32::try_from(status.mount).unwrap_or(u32::MAX),
            mode: status.mode,
        })?;
        let Some(next) = number.checked_add(1) else { break };
        from = next;
    }
    entries.finish()
}

/// ESRCH once the process has given its descriptors up.
fn next_descriptor(process: &Process, from: u32) -> Result<Option<(u32, Arc<File>, CloseOnExec)>> {
    Ok(process.files().ok_or(Errno::ESRCH)?.next(from))
}

pub fn process_path(
    right: u32,
    pid: i32,
    kind: u32,
    key: u32,
    to: UserMutPtr<u8>,
    size: u32,
) -> Result<u32> {
    let process = target::process(right, pid)?;
    let path = path(&process, kind, key)?;
    let len = path.len().min(size as usize);
    user::write_bytes(to, path.get(..len).unwrap_or_default())?;
    u32::try_from(path.len()).map_err(|_| Errno::ENAMETOOLONG)
}

fn path(process: &Process, kind: u32, key: u32) -> Result<Vec<u8>> {
    if kind > PATH_MOUNT {
        return Err(Errno::EINVAL);
    }
    let fs = process.fs().ok_or(Errno::ENOENT)?;
    let (root, _) = fs.places();
    let file = match kind {
        PATH_WORKING => return fs.working_path(),
        PATH_ROOT => return fs.root_path(),
        // Numbers there are counted from 0.
        PATH_MOUNT => return mount_path(key.checked_sub(1).ok_or(Errno::ENOENT)?, root),
        PATH_EXECUTABLE => process.executable(),
        PATH_DESCRIPTOR => {
            let files = process.files().ok_or(Errno::ENOENT)?;
            Some(files.get_any(key.cast_signed()).map_err(|_| Errno::ENOENT)?)
        }
        _ => {
            let mm = process.mm().ok_or(Errno::ENOENT)?;
            let layout = mm.layout.read();
            let found = layout.areas.containing(VirtAddr::new(key).vpn());
            found.and_then(|(_, area)| area.backing.file.clone()).and_then(File::of_mapping)
        }
    };
    file.ok_or(Errno::ENOENT)?.whereabouts(root)
}
