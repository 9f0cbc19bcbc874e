//! Open files.

use crate::io::Fd;
use crate::path::CPath;
use crate::syscall::{linux, output, pointer, pointer_mut};
use crate::{Errno, Result};
use abi::file::{
    O_CLOEXEC, O_CREAT, O_LARGEFILE, O_RDONLY, O_TRUNC, O_WRONLY, SEEK_CUR, SEEK_END, SEEK_SET,
    Stat64,
};
use abi::{UserMutPtr, UserPtr};
use alloc::vec::Vec;

/// An open file, closed when dropped. Not inherited by executed programs unless duplicated.
#[derive(Debug)]
pub struct File {
    fd: Fd,
}

/// Where an offset counts from, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeekFrom {
    /// From the start of the file.
    Start(u64),
    /// From the present offset.
    Current(i64),
    /// From the end of the file.
    End(i64),
}

impl File {
    /// Opens a file for reading. (`open`)
    pub fn open(path: impl AsRef<[u8]>) -> Result<Self> {
        Self::open_with(path, O_RDONLY, 0)
    }

    /// Makes a file, or empties the one there is, for writing; mode 0666 less the umask. (`open`)
    pub fn create(path: impl AsRef<[u8]>) -> Result<Self> {
        Self::open_with(path, O_WRONLY | O_CREAT | O_TRUNC, 0o666)
    }

    /// Opens a file with `O_*` flags and the permission bits for a new one. (`open`)
    pub fn open_with(path: impl AsRef<[u8]>, flags: u32, mode: u32) -> Result<Self> {
        let path = CPath::new(path)?;
        // SAFETY: the kernel only reads the path.
        let fd = unsafe { linux::open(path.as_user(), flags | O_CLOEXEC | O_LARGEFILE, mode) }?;
        Ok(Self::from_fd(Fd(fd.cast_signed())))
    }

    /// Takes a descriptor over; nobody else may close it.
    pub const fn from_fd(fd: Fd) -> Self {
        Self { fd }
    }

    /// The descriptor, which stays the file's.
    pub const fn fd(&self) -> Fd {
        self.fd
    }

    /// The descriptor, which is now the caller's to close.
    pub fn into_fd(self) -> Fd {
        let fd = self.fd;
        core::mem::forget(self);
        fd
    }

    /// Reads at most `buffer.len()` bytes at the offset; 0 is the end of the file. (`read`)
    pub fn read(&self, buffer: &mut [u8]) -> Result<usize> {
        self.fd.read(buffer)
    }

    /// Reads at most `buffer.len()` bytes at `offset`, leaving the file's own alone. (`pread64`)
    pub fn read_at(&self, buffer: &mut [u8], offset: i64) -> Result<usize> {
        let (address, length) = (UserMutPtr::new(pointer_mut(buffer)), buffer.len() as u32);
        // SAFETY: the buffer is exclusively ours and that long.
        let count = unsafe { linux::pread64(self.fd.0, address, length, offset) }?;
        Ok(count as usize)
    }

    /// Reads from the offset to the end of the file. (`read`)
    ///
    /// ENOMEM: the heap has no room for it.
    pub fn read_to_end(&self, contents: &mut Vec<u8>) -> Result<()> {
        let mut buffer = [0; 4096];
        loop {
            match self.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(count) => {
                    contents.try_reserve(count).map_err(|_| Errno::ENOMEM)?;
                    contents.extend_from_slice(buffer.get(..count).unwrap_or_default());
                }
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Writes at least one byte at the offset; returns how many. (`write`)
    pub fn write(&self, bytes: &[u8]) -> Result<usize> {
        self.fd.write(bytes)
    }

    /// Writes all bytes at the offset. (`write`)
    pub fn write_all(&self, bytes: &[u8]) -> Result<()> {
        self.fd.write_all(bytes)
    }

    /// Writes at `offset`, leaving the file's own alone; returns how many bytes. (`pwrite64`)
    pub fn write_at(&self, bytes: &[u8], offset: i64) -> Result<usize> {
        let (address, length) = (UserPtr::new(pointer(bytes)), bytes.len() as u32);
        // SAFETY: the kernel only reads the slice.
        let count = unsafe { linux::pwrite64(self.fd.0, address, length, offset) }?;
        Ok(count as usize)
    }

    /// Moves the offset; returns it, in bytes from the start. (`_llseek`)
    ///
    /// EINVAL: before the start. ESPIPE: not a seekable file.
    pub fn seek(&self, to: SeekFrom) -> Result<u64> {
        let (offset, whence) = match to {
            SeekFrom::Start(offset) => (offset, SEEK_SET),
            SeekFrom::Current(offset) => (offset.cast_unsigned(), SEEK_CUR),
            SeekFrom::End(offset) => (offset.cast_unsigned(), SEEK_END),
        };
        let (high, low) = ((offset >> 32) as u32, offset as u32);
        let mut result = 0i64;
        // SAFETY: the result is exclusively ours.
        unsafe { linux::_llseek(self.fd.0, high, low, output(&mut result), whence) }?;
        Ok(result.cast_unsigned())
    }

    /// Sets the size in bytes. (`ftruncate64`)
    pub fn set_len(&self, length: i64) -> Result<()> {
        // SAFETY: the call names no memory. Mappings of the file are their makers' concern.
        unsafe { linux::ftruncate64(self.fd.0, length) }.map(drop)
    }

    /// The attributes. (`fstat64`)
    pub fn stat(&self) -> Result<Stat64> {
        let mut stat = Stat64::default();
        // SAFETY: the structure is exclusively ours.
        unsafe { linux::fstat64(self.fd.0, output(&mut stat)) }?;
        Ok(stat)
    }

    /// Waits until data and attributes are safe. (`fsync`)
    pub fn sync(&self) -> Result<()> {
        // SAFETY: the call names no memory.
        unsafe { linux::fsync(self.fd.0) }.map(drop)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = close(self.fd);
    }
}

/// Closes a descriptor. (`close`)
pub fn close(fd: Fd) -> Result<()> {
    // SAFETY: the call names no memory.
    unsafe { linux::close(fd.0) }.map(drop)
}

/// The contents of a file. (`open`, `read`)
pub fn read(path: impl AsRef<[u8]>) -> Result<Vec<u8>> {
    let mut contents = Vec::new();
    File::open(path)?.read_to_end(&mut contents)?;
    Ok(contents)
}

/// The attributes of what a path leads to. (`stat64`)
pub fn stat(path: impl AsRef<[u8]>) -> Result<Stat64> {
    let path = CPath::new(path)?;
    let mut stat = Stat64::default();
    // SAFETY: the structure is exclusively ours; the path is only read.
    unsafe { linux::stat64(path.as_user(), output(&mut stat)) }?;
    Ok(stat)
}

/// The attributes of what a path names, even if it is a symbolic link. (`lstat64`)
pub fn lstat(path: impl AsRef<[u8]>) -> Result<Stat64> {
    let path = CPath::new(path)?;
    let mut stat = Stat64::default();
    // SAFETY: the structure is exclusively ours; the path is only read.
    unsafe { linux::lstat64(path.as_user(), output(&mut stat)) }?;
    Ok(stat)
}

/// Makes a pipe: what is written to the second can be read from the first. (`pipe2`)
pub fn pipe() -> Result<(File, File)> {
    let mut fds = [0; 2];
    // SAFETY: the array is exclusively ours.
    unsafe { linux::pipe2(output(&mut fds), O_CLOEXEC) }?;
    let [read, write] = fds;
    Ok((File::from_fd(Fd(read)), File::from_fd(Fd(write))))
}

/// Makes `new` stand for the same as `old`, kept by executed programs. (`dup2`)
pub fn duplicate_to(old: Fd, new: Fd) -> Result<()> {
    // SAFETY: the call names no memory.
    unsafe { linux::dup2(old.0, new.0) }.map(drop)
}
