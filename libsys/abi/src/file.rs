//! Files: attributes, directory entries, flags.

use crate::plain::structure;
use crate::{Errno, UserMutPtr};

structure! {
    /// Attributes of a file, 32-bit sizes.
    pub struct Stat: 64 {
        /// Device of the file system.
        pub dev: u32,
        /// Number of the file.
        pub ino: u32,
        /// Type and permission bits.
        pub mode: u16,
        /// Names.
        pub nlink: u16,
        /// Owner.
        pub uid: u16,
        /// Group.
        pub gid: u16,
        /// Device of a device node.
        pub rdev: u32,
        /// Bytes.
        pub size: u32,
        /// Good size for input and output.
        pub blksize: u32,
        /// Blocks of 512 bytes.
        pub blocks: u32,
        /// Last access.
        pub atime: u32,
        /// Its nanoseconds.
        pub atime_nsec: u32,
        /// Last change of data.
        pub mtime: u32,
        /// Its nanoseconds.
        pub mtime_nsec: u32,
        /// Last change of attributes.
        pub ctime: u32,
        /// Its nanoseconds.
        pub ctime_nsec: u32,
        /// 0.
        pub unused: [u32; 2],
    }

    /// Attributes of a file.
    pub struct Stat64: 96 {
        /// Device of the file system.
        pub dev: u64,
        /// 0.
        pub pad0: u32,
        /// Number of the file, low half.
        pub ino32: u32,
        /// Type and permission bits.
        pub mode: u32,
        /// Names.
        pub nlink: u32,
        /// Owner.
        pub uid: u32,
        /// Group.
        pub gid: u32,
        /// Device of a device node.
        pub rdev: u64,
        /// 0.
        pub pad3: u32,
        /// Bytes.
        pub size: i64,
        /// Good size for input and output.
        pub blksize: u32,
        /// Blocks of 512 bytes.
        pub blocks: u64,
        /// Last access.
        pub atime: u32,
        /// Its nanoseconds.
        pub atime_nsec: u32,
        /// Last change of data.
        pub mtime: u32,
        /// Its nanoseconds.
        pub mtime_nsec: u32,
        /// Last change of attributes.
        pub ctime: u32,
        /// Its nanoseconds.
        pub ctime_nsec: u32,
        /// Number of the file.
        pub ino: u64,
    }

    /// A time in [`Statx`].
    pub struct StatxTimestamp: 16 {
        /// Seconds.
        pub sec: i64,
        /// Nanoseconds.
        pub nsec: u32,
        /// 0.
        pub reserved: i32,
    }

    /// Extended attributes of a file.
    pub struct Statx: 256 {
        /// Which fields are filled in, `STATX_*`.
        pub mask: u32,
        /// Good size for input and output.
        pub blksize: u32,
        /// Attribute bits.
        pub attributes: u64,
        /// Names.
        pub nlink: u32,
        /// Owner.
        pub uid: u32,
        /// Group.
        pub gid: u32,
        /// Type and permission bits.
        pub mode: u16,
        /// 0.
        pub spare0: u16,
        /// Number of the file.
        pub ino: u64,
        /// Bytes.
        pub size: u64,
        /// Blocks of 512 bytes.
        pub blocks: u64,
        /// Which attribute bits have a meaning.
        pub attributes_mask: u64,
        /// Last access.
        pub atime: StatxTimestamp,
        /// Creation.
        pub btime: StatxTimestamp,
        /// Last change of attributes.
        pub ctime: StatxTimestamp,
        /// Last change of data.
        pub mtime: StatxTimestamp,
        /// Device of a device node.
        pub rdev_major: u32,
        /// Its minor number.
        pub rdev_minor: u32,
        /// Device of the file system.
        pub dev_major: u32,
        /// Its minor number.
        pub dev_minor: u32,
        /// Mount.
        pub mnt_id: u64,
        /// Alignment of memory for direct access.
        pub dio_mem_align: u32,
        /// Alignment of offsets for direct access.
        pub dio_offset_align: u32,
        /// 0.
        pub spare: [u64; 12],
    }

    /// Figures of a file system.
    pub struct Statfs64: 84 {
        /// Kind of file system.
        pub kind: u32,
        /// Bytes in a block.
        pub bsize: u32,
        /// Blocks.
        pub blocks: u64,
        /// Free blocks.
        pub bfree: u64,
        /// Free blocks for everybody.
        pub bavail: u64,
        /// Nodes.
        pub files: u64,
        /// Free nodes.
        pub ffree: u64,
        /// Identifier.
        pub fsid: [i32; 2],
        /// Longest name in bytes.
        pub namelen: u32,
        /// Bytes in a fragment.
        pub frsize: u32,
        /// Mount flags.
        pub flags: u32,
        /// 0.
        pub spare: [u32; 4],
    }

    /// Figures of a file system, 32 bits.
    pub struct Statfs: 64 {
        /// Kind of file system.
        pub kind: u32,
        /// Bytes in a block.
        pub bsize: u32,
        /// Blocks.
        pub blocks: u32,
        /// Free blocks.
        pub bfree: u32,
        /// Free blocks for everybody.
        pub bavail: u32,
        /// Nodes.
        pub files: u32,
        /// Free nodes.
        pub ffree: u32,
        /// Identifier.
        pub fsid: [i32; 2],
        /// Longest name in bytes.
        pub namelen: u32,
        /// Bytes in a fragment.
        pub frsize: u32,
        /// Mount flags.
        pub flags: u32,
        /// 0.
        pub spare: [u32; 4],
    }

    /// A lock on a range of a file, 32 bits.
    pub struct Flock: 16 {
        /// `F_RDLCK`, `F_WRLCK` or `F_UNLCK`.
        pub kind: i16,
        /// What `start` counts from, `SEEK_*`.
        pub whence: i16,
        /// First byte.
        pub start: i32,
        /// Bytes; 0 up to the largest offset, negative before `start`.
        pub len: i32,
        /// Who holds the lock.
        pub pid: i32,
    }

    /// A lock on a range of a file.
    pub struct Flock64: 24 {
        /// `F_RDLCK`, `F_WRLCK` or `F_UNLCK`.
        pub kind: i16,
        /// What `start` counts from, `SEEK_*`.
        pub whence: i16,
        /// First byte.
        pub start: i64,
        /// Bytes; 0 up to the largest offset, negative before `start`.
        pub len: i64,
        /// Who holds the lock.
        pub pid: i32,
    }

    /// One buffer of `readv` and `writev`.
    pub struct Iovec: 8 {
        /// Address.
        pub base: UserMutPtr<u8>,
        /// Bytes.
        pub len: u32,
    }
}

/// Most buffers in one call.
pub const IOV_MAX: u32 = 1024;
/// Most bytes one `read` or `write` moves.
pub const MAX_RW_COUNT: u32 = 0x7fff_f000;
/// Longest path, its zero byte included.
pub const PATH_MAX: u32 = 4096;
/// Longest name in a directory.
pub const NAME_MAX: u32 = 255;

/// One entry of a directory, as `getdents64` lays it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dirent64<'a> {
    /// Number of the file.
    pub ino: u64,
    /// Where the next entry starts, for `_llseek`.
    pub off: i64,
    /// Type, `DT_*`.
    pub kind: u8,
    /// Name without a zero byte.
    pub name: &'a [u8],
}

impl<'a> Dirent64<'a> {
    /// Bytes before the name.
    pub const HEADER: usize = 19;

    /// Bytes that an entry with a name of `length` bytes takes: with a zero byte, rounded up to 8.
    pub const fn record_length(length: usize) -> usize {
        (Self::HEADER + length + 1).next_multiple_of(8)
    }

    /// Writes the entry to the start of `buffer`; returns its length, or `None` if it does not fit.
    pub fn write(&self, buffer: &mut [u8]) -> Option<usize> {
        let length = Self::record_length(self.name.len());
        let record = buffer.get_mut(..length)?;
        let (header, rest) = record.split_at_mut_checked(Self::HEADER)?;
        header[0..8].copy_from_slice(&self.ino.to_le_bytes());
        header[8..16].copy_from_slice(&self.off.to_le_bytes());
        header[16..18].copy_from_slice(&u16::try_from(length).ok()?.to_le_bytes());
        header[18] = self.kind;
        let (name, zeros) = rest.split_at_mut_checked(self.name.len())?;
        name.copy_from_slice(self.name);
        zeros.fill(0);
        Some(length)
    }

    /// Takes the first entry from `bytes`; returns it with what follows, or `None` at the end or if
    /// the bytes are no entries.
    pub fn read(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let header = bytes.first_chunk::<{ Dirent64::HEADER }>()?;
        let [i0, i1, i2, i3, i4, i5, i6, i7, o0, o1, o2, o3, o4, o5, o6, o7, l0, l1, kind] =
            *header;
        let length = usize::from(u16::from_le_bytes([l0, l1]));
        let name = bytes.get(Self::HEADER..length)?;
        let end = name.iter().position(|&byte| byte == 0)?;
        let entry = Self {
            ino: u64::from_le_bytes([i0, i1, i2, i3, i4, i5, i6, i7]),
            off: i64::from_le_bytes([o0, o1, o2, o3, o4, o5, o6, o7]),
            kind,
            name: name.get(..end)?,
        };
        Some((entry, bytes.get(length..)?))
    }
}

macro_rules! constants {
    ($($(#[$attribute:meta])* $name:ident: $kind:ty = $value:expr;)*) => {
        $( $(#[$attribute])* pub const $name: $kind = $value; )*
    };
}

// Opening.
constants! {
    /// Reading.
    O_RDONLY: u32 = 0;
    /// Writing.
    O_WRONLY: u32 = 1;
    /// Both.
    O_RDWR: u32 = 2;
    /// The bits that hold one of the three.
    O_ACCMODE: u32 = 3;
    /// Makes the file if there is none.
    O_CREAT: u32 = 0o100;
    /// With `O_CREAT`: fails if there is one.
    O_EXCL: u32 = 0o200;
    /// Does not become the controlling terminal.
    O_NOCTTY: u32 = 0o400;
    /// Empties the file.
    O_TRUNC: u32 = 0o1000;
    /// Every write goes to the end.
    O_APPEND: u32 = 0o2000;
    /// Never waits.
    O_NONBLOCK: u32 = 0o4000;
    /// Writes wait for the data to be safe.
    O_DSYNC: u32 = 0o10000;
    /// SIGIO when ready.
    FASYNC: u32 = 0o20000;
    /// Around the cache.
    O_DIRECT: u32 = 0o40000;
    /// Sizes above 31 bits are fine.
    O_LARGEFILE: u32 = 0o100000;
    /// Fails unless it is a directory.
    O_DIRECTORY: u32 = 0o200000;
    /// Fails if it is a symbolic link.
    O_NOFOLLOW: u32 = 0o400000;
    /// Reading does not change the access time.
    O_NOATIME: u32 = 0o1000000;
    /// Closed by `execve`.
    O_CLOEXEC: u32 = 0o2000000;
    /// Writes wait for data and attributes to be safe.
    O_SYNC: u32 = 0o4010000;
    /// Only stands for the place in the tree.
    O_PATH: u32 = 0o10000000;
    /// A file without a name.
    O_TMPFILE: u32 = 0o20200000;
}

// Arguments of the at-calls.
constants! {
    /// Relative to the working directory.
    AT_FDCWD: i32 = -100;
    /// A symbolic link itself.
    AT_SYMLINK_NOFOLLOW: u32 = 0x100;
    /// `faccessat2`: the effective user.
    AT_EACCESS: u32 = 0x200;
    /// `unlinkat`: a directory.
    AT_REMOVEDIR: u32 = 0x200;
    /// `linkat`: what a symbolic link points to.
    AT_SYMLINK_FOLLOW: u32 = 0x400;
    /// Does not trigger automounts.
    AT_NO_AUTOMOUNT: u32 = 0x800;
    /// An empty path stands for the descriptor itself.
    AT_EMPTY_PATH: u32 = 0x1000;
    /// `statx`: asks the server again.
    AT_STATX_FORCE_SYNC: u32 = 0x2000;
    /// `statx`: what is cached is good enough.
    AT_STATX_DONT_SYNC: u32 = 0x4000;

    /// `renameat2`: fails if the target exists.
    RENAME_NOREPLACE: u32 = 1;
    /// `renameat2`: swaps both names.
    RENAME_EXCHANGE: u32 = 2;
    /// `renameat2`: leaves a whiteout.
    RENAME_WHITEOUT: u32 = 4;
}

// File types and permissions.
constants! {
    /// The bits of the type.
    S_IFMT: u32 = 0o170000;
    /// FIFO.
    S_IFIFO: u32 = 0o010000;
    /// Character device.
    S_IFCHR: u32 = 0o020000;
    /// Directory.
    S_IFDIR: u32 = 0o040000;
    /// Block device.
    S_IFBLK: u32 = 0o060000;
    /// Regular file.
    S_IFREG: u32 = 0o100000;
    /// Symbolic link.
    S_IFLNK: u32 = 0o120000;
    /// Socket.
    S_IFSOCK: u32 = 0o140000;
    /// Set user id.
    S_ISUID: u32 = 0o4000;
    /// Set group id.
    S_ISGID: u32 = 0o2000;
    /// Sticky.
    S_ISVTX: u32 = 0o1000;

    /// Unknown.
    DT_UNKNOWN: u8 = 0;
    /// FIFO.
    DT_FIFO: u8 = 1;
    /// Character device.
    DT_CHR: u8 = 2;
    /// Directory.
    DT_DIR: u8 = 4;
    /// Block device.
    DT_BLK: u8 = 6;
    /// Regular file.
    DT_REG: u8 = 8;
    /// Symbolic link.
    DT_LNK: u8 = 10;
    /// Socket.
    DT_SOCK: u8 = 12;

    /// `access`: exists.
    F_OK: u32 = 0;
    /// `access`: may be executed or searched.
    X_OK: u32 = 1;
    /// `access`: may be written.
    W_OK: u32 = 2;
    /// `access`: may be read.
    R_OK: u32 = 4;

    /// From the start.
    SEEK_SET: u32 = 0;
    /// From the offset.
    SEEK_CUR: u32 = 1;
    /// From the end.
    SEEK_END: u32 = 2;
    /// To data.
    SEEK_DATA: u32 = 3;
    /// To a hole.
    SEEK_HOLE: u32 = 4;
}

// `fcntl64` and `flock`.
constants! {
    /// The lowest free descriptor from the argument on.
    F_DUPFD: u32 = 0;
    /// Queries `FD_CLOEXEC`.
    F_GETFD: u32 = 1;
    /// Sets `FD_CLOEXEC`.
    F_SETFD: u32 = 2;
    /// Queries status flags.
    F_GETFL: u32 = 3;
    /// Sets status flags.
    F_SETFL: u32 = 4;
    /// Queries a lock, 32 bits.
    F_GETLK: u32 = 5;
    /// Sets a lock, 32 bits.
    F_SETLK: u32 = 6;
    /// Sets a lock and waits, 32 bits.
    F_SETLKW: u32 = 7;
    /// Sets who gets SIGIO.
    F_SETOWN: u32 = 8;
    /// Queries who gets SIGIO.
    F_GETOWN: u32 = 9;
    /// Queries a lock.
    F_GETLK64: u32 = 12;
    /// Sets a lock.
    F_SETLK64: u32 = 13;
    /// Sets a lock and waits.
    F_SETLKW64: u32 = 14;
    /// `F_DUPFD` with close-on-exec.
    F_DUPFD_CLOEXEC: u32 = 1030;
    /// Sets the size of a pipe.
    F_SETPIPE_SZ: u32 = 1031;
    /// Queries the size of a pipe.
    F_GETPIPE_SZ: u32 = 1032;
    /// Adds seals.
    F_ADD_SEALS: u32 = 1033;
    /// Queries seals.
    F_GET_SEALS: u32 = 1034;
    /// Closed by `execve`.
    FD_CLOEXEC: u32 = 1;
    /// No more seals.
    F_SEAL_SEAL: u32 = 1;
    /// May not shrink.
    F_SEAL_SHRINK: u32 = 2;
    /// May not grow.
    F_SEAL_GROW: u32 = 4;
    /// May not be written.
    F_SEAL_WRITE: u32 = 8;
    /// May not be written through new mappings.
    F_SEAL_FUTURE_WRITE: u32 = 16;
    /// `fallocate`: the size stays.
    FALLOC_FL_KEEP_SIZE: i32 = 1;
    /// `fallocate`: gives the range back. Only with `FALLOC_FL_KEEP_SIZE`.
    FALLOC_FL_PUNCH_HOLE: i32 = 2;
    /// Read lock.
    F_RDLCK: i16 = 0;
    /// Write lock.
    F_WRLCK: i16 = 1;
    /// No lock.
    F_UNLCK: i16 = 2;
    /// `flock`: with others.
    LOCK_SH: u32 = 1;
    /// `flock`: alone.
    LOCK_EX: u32 = 2;
    /// `flock`: never waits.
    LOCK_NB: u32 = 4;
    /// `flock`: no more.
    LOCK_UN: u32 = 8;
}

// `statx` masks.
constants! {
    /// Type.
    STATX_TYPE: u32 = 0x1;
    /// Permission bits.
    STATX_MODE: u32 = 0x2;
    /// Names.
    STATX_NLINK: u32 = 0x4;
    /// Owner.
    STATX_UID: u32 = 0x8;
    /// Group.
    STATX_GID: u32 = 0x10;
    /// Access time.
    STATX_ATIME: u32 = 0x20;
    /// Time of data.
    STATX_MTIME: u32 = 0x40;
    /// Time of attributes.
    STATX_CTIME: u32 = 0x80;
    /// Number.
    STATX_INO: u32 = 0x100;
    /// Bytes.
    STATX_SIZE: u32 = 0x200;
    /// Blocks.
    STATX_BLOCKS: u32 = 0x400;
    /// All of `stat`.
    STATX_BASIC_STATS: u32 = 0x7ff;
    /// Creation time.
    STATX_BTIME: u32 = 0x800;
    /// Mount.
    STATX_MNT_ID: u32 = 0x1000;
    /// Alignment for direct access.
    STATX_DIOALIGN: u32 = 0x2000;
    /// Refused.
    STATX_RESERVED: u32 = 0x8000_0000;
}

impl From<Flock> for Flock64 {
    fn from(lock: Flock) -> Self {
        let Flock { kind, whence, start, len, pid } = lock;
        Self { kind, whence, start: start.into(), len: len.into(), pid }
    }
}

impl TryFrom<Flock64> for Flock {
    type Error = Errno;

    /// EOVERFLOW for what 31 bits cannot hold.
    fn try_from(lock: Flock64) -> Result<Self, Errno> {
        let narrow = |number: i64| i32::try_from(number).map_err(|_| Errno::EOVERFLOW);
        let Flock64 { kind, whence, start, len, pid } = lock;
        Ok(Self { kind, whence, start: narrow(start)?, len: narrow(len)?, pid })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;
    use std::vec::Vec;

    #[test]
    fn directory_entries_survive_the_buffer() {
        let entries = [
            Dirent64 { ino: 1, off: 1, kind: DT_DIR, name: b"." },
            Dirent64 { ino: u64::MAX, off: i64::MAX, kind: DT_REG, name: &[b'x'; 255] },
            Dirent64 { ino: 7, off: 9, kind: DT_LNK, name: b"abcd" },
        ];
        let mut buffer = vec![0xee; 1024];
        let mut at = 0;
        for entry in &entries {
            at += entry.write(&mut buffer[at..]).unwrap();
        }
        let mut rest = &buffer[..at];
        let mut found = Vec::new();
        while let Some((entry, next)) = Dirent64::read(rest) {
            found.push(entry);
            rest = next;
        }
        assert_eq!(found, entries);
        assert!(rest.is_empty());
    }

    #[test]
    fn an_entry_takes_whole_eights_and_no_less() {
        assert_eq!(Dirent64::record_length(1), 24);
        assert_eq!(Dirent64::record_length(4), 24);
        assert_eq!(Dirent64::record_length(5), 32);
        let entry = Dirent64 { ino: 1, off: 0, kind: 0, name: b"12345" };
        assert_eq!(entry.write(&mut [0; 31]), None);
        assert_eq!(entry.write(&mut [0; 32]), Some(32));
    }

    #[test]
    fn garbage_is_no_entry() {
        for length in [0u16, 18, 19, 40, 0xffff] {
            let mut bytes = [0xff; 32];
            bytes[16..18].copy_from_slice(&length.to_le_bytes());
            assert_eq!(Dirent64::read(&bytes), None);
        }
    }
}
