//! The folders in which processes make calls.

use alloc::format;
use alloc::string::String;
use sys::abi::file::{MNT_DETACH, UMOUNT_NOFOLLOW};
use sys::file::File;
use sys::path::CPath;
use sys::syscall::linux;
use sys::{Errno, Result, directory};

const TOP: &str = "/tmp";
const FIFO: u32 = 0o10644;
const DEVICE: u32 = 0o20666;
/// Device numbers of `/dev/null` and `/dev/zero`.
const NULL: u32 = 0x103;
const ZERO: u32 = 0x105;

/// Who a process is that is not root.
pub fn user(process: u32) -> u32 {
    1000 + process
}

/// The folder of a process.
pub fn folder(process: u32) -> String {
    format!("{TOP}/random-{process}")
}

/// Makes it anew, with a file, a directory, a link, a pipe and two devices.
pub fn make(process: u32) -> Result<()> {
    let folder = folder(process);
    match remove(folder.as_bytes()) {
        Ok(()) | Err(Errno::ENOENT) => {}
        Err(why) => return Err(why),
    }
    let path = |name: &str| CPath::new(format!("{folder}/{name}"));
    directory::create(&folder, 0o755)?;
    directory::create(format!("{folder}/d"), 0o755)?;
    File::create(format!("{folder}/f"))?.write_all(&[7; 5000])?;
    let (link, target) = (path("l")?, CPath::new("f")?);
    // SAFETY: the call reads paths.
    unsafe { linux::symlink(target.as_user(), link.as_user()) }?;
    for (name, mode, device) in [("p", FIFO, 0), ("n", DEVICE, NULL), ("z", DEVICE, ZERO)] {
        let path = path(name)?;
        // SAFETY: the call reads a path.
        unsafe { linux::mknod(path.as_user(), mode, device) }?;
    }
    if process % 2 == 1 {
        for name in ["", "d", "f", "l", "p", "n", "z"] {
            let (path, user) = (path(name)?, user(process));
            // SAFETY: the call reads a path.
            unsafe { linux::lchown32(path.as_user(), user, user) }?;
        }
    }
    Ok(())
}

/// Removes everything in `/tmp`, and ends mounts there.
pub fn remove_all() -> Result<()> {
    each(TOP.as_bytes(), remove)
}

/// Does something with everything in a directory. Names are any bytes.
fn each(path: &[u8], mut with: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    for entry in directory::entries(path)? {
        if !matches!(&entry.name[..], b"." | b"..") {
            with(&[path, b"/", &entry.name].concat())?;
        }
    }
    Ok(())
}

fn remove(path: &[u8]) -> Result<()> {
    let c_path = CPath::new(path)?;
    // SAFETY: the call reads a path.
    while unsafe { linux::umount2(c_path.as_user(), MNT_DETACH | UMOUNT_NOFOLLOW) }.is_ok() {}
    match directory::remove_file(path) {
        Err(Errno::EISDIR) => {}
        result => return result,
    }
    each(path, remove)?;
    directory::remove(path)
}
