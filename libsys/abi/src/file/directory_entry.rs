//! Entries of a directory.

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

/// Unknown.
pub const DT_UNKNOWN: u8 = 0;
/// FIFO.
pub const DT_FIFO: u8 = 1;
/// Character device.
pub const DT_CHR: u8 = 2;
/// Directory.
pub const DT_DIR: u8 = 4;
/// Block device.
pub const DT_BLK: u8 = 6;
/// Regular file.
pub const DT_REG: u8 = 8;
/// Symbolic link.
pub const DT_LNK: u8 = 10;
/// Socket.
pub const DT_SOCK: u8 = 12;

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
