//! The entries of a directory on their way to the kernel.

use abi::file::Dirent64;
use alloc::vec::Vec;

/// As many entries as fit.
pub struct Entries {
    bytes: Vec<u8>,
    room: usize,
}

/// What the kernel's positions are ahead of a file system's: `.` and `..` come first.
pub(super) const DOTS: u64 = 2;

impl Entries {
    pub(super) const fn new(room: usize) -> Self {
        Self { bytes: Vec::new(), room }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Adds an entry; `kind` is `DT_*`, and `next` the position behind it. False if it did not fit: then
    /// there is no room for more.
    pub fn add(&mut self, name: &[u8], ino: u64, kind: u8, next: u64) -> bool {
        self.add_at(name, ino, kind, next.saturating_add(DOTS))
    }

    pub(super) fn add_at(&mut self, name: &[u8], ino: u64, kind: u8, next: u64) -> bool {
        let length = Dirent64::record_length(name.len());
        let start = self.bytes.len();
        if start + length > self.room {
            self.room = start;
            return false;
        }
        self.bytes.resize(start + length, 0);
        let off = i64::try_from(next).unwrap_or(i64::MAX);
        let record = self.bytes.get_mut(start..).unwrap_or_default();
        Dirent64 { ino, off, kind, name }.write(record).is_some()
    }
}
