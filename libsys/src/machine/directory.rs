//! Directories and the names in them.

use crate::path::CPath;
use crate::syscall::{linux, pointer_mut};
use crate::{Errno, Result, file::File};
use abi::UserMutPtr;
use abi::file::{Dirent64, O_DIRECTORY, O_RDONLY, PATH_MAX};
use alloc::vec::Vec;

/// One name in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name.
    pub name: Vec<u8>,
    /// The file's number.
    pub ino: u64,
    /// The file's type, `DT_*`.
    pub kind: u8,
}

/// The names in a directory, `.` and `..` included, in the file system's order.
///
/// (`open`, `getdents64`)
pub fn entries(path: impl AsRef<[u8]>) -> Result<Vec<Entry>> {
    let directory = File::open_with(path, O_RDONLY | O_DIRECTORY, 0)?;
    let mut entries = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let (address, size) = (UserMutPtr::new(pointer_mut(&mut buffer)), buffer.len() as u32);
        // SAFETY: the buffer is exclusively ours and that long.
        let count = unsafe { linux::getdents64(directory.fd().0, address, size) }?;
        let mut rest = buffer.get(..count as usize).unwrap_or_default();
        if rest.is_empty() {
            return Ok(entries);
        }
        while let Some((entry, next)) = Dirent64::read(rest) {
            entries.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
            entries.push(Entry { name: entry.name.to_vec(), ino: entry.ino, kind: entry.kind });
            rest = next;
        }
        // What the loop left behind is no entry.
        if !rest.is_empty() {
            return Err(Errno::EIO);
        }
        buffer.fill(0);
    }
}

macro_rules! path_calls {
    ($( $(#[$attribute:meta])* $name:ident => $call:ident($($argument:ident: $kind:ty),*); )*) => { $(
        $(#[$attribute])*
        pub fn $name(path: impl AsRef<[u8]> $(, $argument: $kind)*) -> Result<()> {
            let path = CPath::new(path)?;
            // SAFETY: the kernel only reads the path.
            unsafe { linux::$call(path.as_user() $(, $argument)*) }.map(drop)
        }
    )* };
}

path_calls! {
    /// Makes a directory with those permission bits, less the umask. (`mkdir`)
    create => mkdir(mode: u32);
    /// Removes an empty directory. (`rmdir`)
    remove => rmdir();
    /// Removes a name that is no directory's. (`unlink`)
    remove_file => unlink();
    /// Makes it the working directory. (`chdir`)
    set_current => chdir();
}

macro_rules! two_path_calls {
    ($( $(#[$attribute:meta])* $name:ident => $call:ident; )*) => { $(
        $(#[$attribute])*
        pub fn $name(from: impl AsRef<[u8]>, to: impl AsRef<[u8]>) -> Result<()> {
            let (from, to) = (CPath::new(from)?, CPath::new(to)?);
            // SAFETY: the kernel only reads the paths.
            unsafe { linux::$call(from.as_user(), to.as_user()) }.map(drop)
        }
    )* };
}

two_path_calls! {
    /// Moves a name, replacing what `to` named. (`rename`)
    rename => rename;
    /// Gives the file `from` the further name `to`. (`link`)
    link => link;
    /// Makes `to` a symbolic link with the text `from`. (`symlink`)
    symlink => symlink;
}

/// The text of a symbolic link. (`readlink`)
pub fn read_link(path: impl AsRef<[u8]>) -> Result<Vec<u8>> {
    let path = CPath::new(path)?;
    let mut buffer = [0u8; PATH_MAX as usize];
    let address = UserMutPtr::new(pointer_mut(&mut buffer));
    // SAFETY: the buffer is exclusively ours and that long.
    let count = unsafe { linux::readlink(path.as_user(), address, PATH_MAX.cast_signed()) }?;
    Ok(buffer.get(..count as usize).unwrap_or_default().to_vec())
}

/// The absolute path of the working directory. (`getcwd`)
pub fn current() -> Result<Vec<u8>> {
    let mut buffer = [0u8; PATH_MAX as usize];
    let address = UserMutPtr::new(pointer_mut(&mut buffer));
    // SAFETY: the buffer is exclusively ours and that long.
    let count = unsafe { linux::getcwd(address, PATH_MAX) }?;
    let path = buffer.get(..count as usize).unwrap_or_default();
    Ok(path.strip_suffix(b"\0").unwrap_or(path).to_vec())
}
