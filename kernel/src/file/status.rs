//! What `stat` reports, in Linux's layouts.

use crate::result::{Errno, Result};
use abi::file::{
    DeviceNumber, STATX_BASIC_STATS, STATX_MNT_ID, Stat, Stat64, Statx, StatxTimestamp,
};
use kcore::node_tree::Timestamp;

/// Bytes a program should read or write at a time, unless a server says otherwise.
pub const BLOCK_SIZE: u32 = 4096;
/// The largest size the structures without 64 in their name can hold.
const MAX_NON_LFS: u64 = 0x7fff_ffff;

/// The low 32 bits of the seconds, which is all the old structures hold, and the nanoseconds.
fn old(time: Timestamp) -> (u32, u32) {
    (time.seconds as u32, time.nanoseconds)
}

fn statx_time(time: Timestamp) -> StatxTimestamp {
    StatxTimestamp { sec: time.seconds, nsec: time.nanoseconds, ..StatxTimestamp::default() }
}

/// Everything about a file but its contents.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileStatus {
    /// The file system's.
    pub device: DeviceNumber,
    pub ino: u64,
    /// Type and permission bits.
    pub mode: u32,
    pub nlink: u32,
    pub uid: u32,
    pub gid: u32,
    /// What a device node stands for.
    pub rdev: DeviceNumber,
    pub size: u64,
    /// Bytes to read or write at a time.
    pub block_size: u32,
    /// Of 512 bytes.
    pub blocks: u64,
    pub accessed: Timestamp,
    pub modified: Timestamp,
    pub changed: Timestamp,
    pub mount: u64,
}

impl FileStatus {
    /// EOVERFLOW where a number does not fit.
    pub fn stat(&self) -> Result<Stat> {
        if self.size > MAX_NON_LFS {
            return Err(Errno::EOVERFLOW);
        }
        let fits = |number: u32| u16::try_from(number).map_err(|_| Errno::EOVERFLOW);
        // Ids that do not fit read as the overflow id.
        let id = |id: u32| u16::try_from(id).unwrap_or(65534);
        let [atime, mtime, ctime] = [self.accessed, self.modified, self.changed].map(old);
        Ok(Stat {
            dev: self.device.encode(),
            ino: u32::try_from(self.ino).map_err(|_| Errno::EOVERFLOW)?,
            mode: fits(self.mode)?,
            nlink: fits(self.nlink)?,
            uid: id(self.uid),
            gid: id(self.gid),
            rdev: self.rdev.encode(),
            size: self.size as u32,
            blksize: self.block_size,
            blocks: self.blocks as u32,
            atime: atime.0,
            atime_nsec: atime.1,
            mtime: mtime.0,
            mtime_nsec: mtime.1,
            ctime: ctime.0,
            ctime_nsec: ctime.1,
            ..Stat::default()
        })
    }

    pub fn stat64(&self) -> Stat64 {
        let [atime, mtime, ctime] = [self.accessed, self.modified, self.changed].map(old);
        Stat64 {
            dev: u64::from(self.device.encode()),
            ino32: self.ino as u32,
            mode: self.mode,
            nlink: self.nlink,
            uid: self.uid,
            gid: self.gid,
            rdev: u64::from(self.rdev.encode()),
            size: self.size as i64,
            blksize: self.block_size,
            blocks: self.blocks,
            atime: atime.0,
            atime_nsec: atime.1,
            mtime: mtime.0,
            mtime_nsec: mtime.1,
            ctime: ctime.0,
            ctime_nsec: ctime.1,
            ino: self.ino,
            ..Stat64::default()
        }
    }

    pub fn statx(&self) -> Statx {
        Statx {
            mask: STATX_BASIC_STATS | STATX_MNT_ID,
            blksize: self.block_size,
            nlink: self.nlink,
            uid: self.uid,
            gid: self.gid,
            mode: self.mode as u16,
            ino: self.ino,
            size: self.size,
            blocks: self.blocks,
            atime: statx_time(self.accessed),
            ctime: statx_time(self.changed),
            mtime: statx_time(self.modified),
            rdev_major: self.rdev.major,
            rdev_minor: self.rdev.minor,
            dev_major: self.device.major,
            dev_minor: self.device.minor,
            mnt_id: self.mount,
            ..Statx::default()
        }
    }
}
