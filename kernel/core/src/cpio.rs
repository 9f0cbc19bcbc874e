//! Reads a cpio archive ("newc", the format of Linux's initramfs) without copying.
//!
//! An entry is a header of 110 characters, the name with its NUL, padding to 4 bytes, the data,
//! padding to 4 bytes. `TRAILER!!!` ends an archive; behind it may come zeros and another one.

use abi::file::{S_IFDIR, S_IFMT};

const HEADER_LEN: u32 = 110;
const MAGIC: &[u8] = b"070701";
/// With a checksum per file, which Linux does not verify either.
const MAGIC_CHECKSUM: &[u8] = b"070702";
const TRAILER: &[u8] = b"TRAILER!!!";
/// Longest name field, NUL and padding included.
const NAME_LIMIT: u32 = 4096;

/// One file, directory, link or node of the archive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry<'a> {
    /// As stored: without a leading `/`, without NUL.
    pub name: &'a [u8],
    /// Type and permission bits as in `st_mode`.
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    pub inode: u32,
    pub link_count: u32,
    /// Seconds since 1970.
    pub mtime: u32,
    /// Major and minor number of the device the file was on.
    pub device: (u32, u32),
    /// Major and minor number of a device node.
    pub node_device: (u32, u32),
    /// Where the data begins in the archive.
    pub data_offset: u32,
    /// A file's content or a symbolic link's text.
    pub data: &'a [u8],
}

impl Entry<'_> {
    /// What hard links to one file have in common, if this entry is one of several names.
    pub fn link_key(&self) -> Option<LinkKey> {
        let is_directory = self.mode & S_IFMT == S_IFDIR;
        (self.link_count > 1 && !is_directory).then_some(LinkKey {
            device: self.device,
            inode: self.inode,
            file_type: self.mode & S_IFMT,
        })
    }
}

/// Names with equal keys are links to one file. Usually only the last of them carries the data.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LinkKey {
    device: (u32, u32),
    inode: u32,
    file_type: u32,
}

/// Why an archive cannot be read further.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Corrupt {
    /// Where the entry in question starts.
    pub offset: u32,
    pub kind: CorruptKind,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CorruptKind {
    /// The archive ends inside a header.
    HeaderCut,
    /// No entry starts here.
    BadMagic,
    /// A header field is not hexadecimal.
    BadNumber,
    /// The name field is empty or longer than 4096 bytes.
    BadNameLength,
    /// The name field has no NUL in its last byte.
    NameNotTerminated,
    /// The archive ends inside a name.
    NameCut,
    /// The archive ends inside a file's data.
    DataCut,
    /// The archive ends without `TRAILER!!!`.
    NoTrailer,
}

/// Iterates over the entries. After an error it ends.
#[derive(Clone, Debug)]
pub struct Archive<'a> {
    bytes: &'a [u8],
    offset: u32,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Inside,
    /// Behind a trailer: only zeros or another archive.
    Between,
    Ended,
}

impl<'a> Archive<'a> {
    /// Bytes past the first 4 GiB are not looked at.
    pub fn new(bytes: &'a [u8]) -> Self {
        let bytes = bytes.get(..u32::MAX as usize).unwrap_or(bytes);
        Self { bytes, offset: 0, state: State::Inside }
    }

    fn range(&self, start: u32, len: u32) -> Option<&'a [u8]> {
        let end = start.checked_add(len)?;
        self.bytes.get(start as usize..end as usize)
    }

    fn skip_zeros(&mut self) {
        let rest = self.bytes.get(self.offset as usize..).unwrap_or(&[]);
        self.offset += rest.iter().take_while(|byte| **byte == 0).count() as u32;
    }

    /// The entry at the offset, `None` for a trailer.
    fn entry(&mut self) -> Result<Option<Entry<'a>>, CorruptKind> {
        let start = self.offset;
        if start as usize >= self.bytes.len() {
            return Err(CorruptKind::NoTrailer);
        }
        let header = self.range(start, HEADER_LEN).ok_or(CorruptKind::HeaderCut)?;
        let (magic, fields) = header.split_at(MAGIC.len());
        if magic != MAGIC && magic != MAGIC_CHECKSUM {
            return Err(CorruptKind::BadMagic);
        }
        let mut numbers = [0; 13];
        for (to, digits) in numbers.iter_mut().zip(fields.as_chunks::<8>().0) {
            *to = number(digits).ok_or(CorruptKind::BadNumber)?;
        }
        let [
            inode,
            mode,
            uid,
            gid,
            link_count,
            mtime,
            size,
            dmajor,
            dminor,
            rmajor,
            rminor,
            name_len,
            _,
        ] = numbers;

        if name_len == 0 || name_len > NAME_LIMIT {
            return Err(CorruptKind::BadNameLength);
        }
        let name_start = start + HEADER_LEN;
        let name = self.range(name_start, name_len).ok_or(CorruptKind::NameCut)?;
        if name.last() != Some(&0) {
            return Err(CorruptKind::NameNotTerminated);
        }
        // Further NULs pad the data to where the archive's writer wants it.
        let name = name.split(|byte| *byte == 0).next().unwrap_or(name);
        let data_offset = align(name_start + name_len).ok_or(CorruptKind::DataCut)?;
        let data = match size {
            0 => &[][..],
            _ => self.range(data_offset, size).ok_or(CorruptKind::DataCut)?,
        };
        // The last padding may be missing.
        let end = align(data_offset + size).unwrap_or(u32::MAX);
        self.offset = end.min(self.bytes.len() as u32);
        if name == TRAILER {
            return Ok(None);
        }
        Ok(Some(Entry {
            name,
            mode,
            uid,
            gid,
            inode,
            link_count,
            mtime,
            device: (dmajor, dminor),
            node_device: (rmajor, rminor),
            data_offset,
            data,
        }))
    }
}

impl<'a> Iterator for Archive<'a> {
    type Item = Result<Entry<'a>, Corrupt>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.state == State::Between {
                self.skip_zeros();
                if self.offset as usize >= self.bytes.len() {
                    self.state = State::Ended;
                }
            }
            if self.state == State::Ended {
                return None;
            }
            let offset = self.offset;
            match self.entry() {
                Ok(Some(entry)) => {
                    self.state = State::Inside;
                    return Some(Ok(entry));
                }
                Ok(None) => self.state = State::Between,
                Err(kind) => {
                    self.state = State::Ended;
                    return Some(Err(Corrupt { offset, kind }));
                }
            }
        }
    }
}

/// Eight hexadecimal digits.
fn number(digits: &[u8; 8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        Some(value << 4 | digit)
    })
}

fn align(offset: u32) -> Option<u32> {
    Some(offset.checked_add(3)? & !3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::format;
    use std::vec::Vec;

    /// name, mode, inode, links, data
    type File = (Vec<u8>, u32, u32, u32, Vec<u8>);

    fn pad(archive: &mut Vec<u8>) {
        while !archive.len().is_multiple_of(4) {
            archive.push(0);
        }
    }

    fn append(archive: &mut Vec<u8>, (name, mode, inode, links, data): &File) {
        let fields = [*inode, *mode, 1, 2, *links, 77, data.len() as u32, 3, 4, 5, 6];
        archive.extend(MAGIC);
        for field in fields {
            archive.extend(format!("{field:08X}").bytes());
        }
        archive.extend(format!("{:08x}{:08x}", name.len() + 1, 0).bytes());
        archive.extend(name);
        archive.push(0);
        pad(archive);
        archive.extend(data);
        pad(archive);
    }

    fn archive(files: &[File]) -> Vec<u8> {
        let mut bytes = Vec::new();
        files.iter().for_each(|file| append(&mut bytes, file));
        append(&mut bytes, &(TRAILER.to_vec(), 0, 0, 1, Vec::new()));
        bytes
    }

    fn file(name: &str, mode: u32, data: &[u8]) -> File {
        (name.into(), mode, 9, 1, data.to_vec())
    }

    fn error(bytes: &[u8]) -> Option<CorruptKind> {
        Archive::new(bytes).find_map(Result::err).map(|corrupt| corrupt.kind)
    }

    #[test]
    fn entries_come_in_order_with_their_data_in_place() {
        let bytes = archive(&[file("bin", 0o040_755, b""), file("bin/a", 0o100_755, b"hello")]);
        let entries: Vec<_> = Archive::new(&bytes).map(Result::unwrap).collect();
        assert_eq!(entries.iter().map(|e| e.name).collect::<Vec<_>>(), [&b"bin"[..], b"bin/a"]);
        let hello = entries[1];
        assert_eq!(hello.data, b"hello");
        assert_eq!(&bytes[hello.data_offset as usize..][..5], b"hello");
        assert_eq!((hello.mode, hello.uid, hello.gid, hello.mtime), (0o100_755, 1, 2, 77));
        assert_eq!((hello.device, hello.node_device), ((3, 4), (5, 6)));
        assert_eq!(hello.link_key(), None);
    }

    #[test]
    fn a_name_may_be_padded_so_that_data_starts_on_a_page() {
        let mut name = b"big".to_vec();
        name.resize(4096 - HEADER_LEN as usize - 1, 0);
        let bytes = archive(&[(name, 0o100_644, 1, 1, b"x".to_vec())]);
        let entry = Archive::new(&bytes).next().unwrap().unwrap();
        assert_eq!((entry.name, entry.data_offset), (&b"big"[..], 4096));
    }

    #[test]
    fn names_of_one_file_share_a_key() {
        let link = |name: &str, inode, mode| -> File { (name.into(), mode, inode, 2, Vec::new()) };
        let bytes = archive(&[
            link("a", 5, 0o100_644),
            link("b", 5, 0o100_644),
            link("c", 6, 0o100_644),
            link("d", 5, 0o040_755),
        ]);
        let keys: Vec<_> = Archive::new(&bytes).map(|entry| entry.unwrap().link_key()).collect();
        assert!(keys[0].is_some() && keys[0] == keys[1] && keys[0] != keys[2]);
        assert_eq!(keys[3], None, "a directory has one name, whatever its count says");
    }

    #[test]
    fn archives_may_follow_each_other_with_zeros_between() {
        let mut bytes = archive(&[file("a", 0o100_644, b"1")]);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
        bytes.extend(archive(&[file("b", 0o100_644, b"2")]));
        bytes.extend([0; 300]);
        let data: Vec<_> = Archive::new(&bytes).map(|entry| entry.unwrap().data).collect();
        assert_eq!(data, [b"1", b"2"]);
        bytes.push(7);
        assert_eq!(error(&bytes), Some(CorruptKind::HeaderCut));
    }

    #[test]
    fn each_corruption_has_its_name() {
        let good = archive(&[file("name", 0o100_644, b"data!")]);
        let change = |at: usize, byte: u8| {
            let mut bytes = good.clone();
            bytes[at] = byte;
            error(&bytes)
        };
        assert_eq!(error(&good), None);
        assert_eq!(error(b""), Some(CorruptKind::NoTrailer));
        assert_eq!(change(0, b'x'), Some(CorruptKind::BadMagic));
        assert_eq!(change(20, b'g'), Some(CorruptKind::BadNumber));
        assert_eq!(change(94, b'f'), Some(CorruptKind::BadNameLength));
        assert_eq!(change(101, b'0'), Some(CorruptKind::BadNameLength));
        assert_eq!(change(114, b'x'), Some(CorruptKind::NameNotTerminated));
        assert_eq!(change(54, b'f'), Some(CorruptKind::DataCut));
        assert_eq!(error(&good[..100]), Some(CorruptKind::HeaderCut));
        assert_eq!(error(&good[..112]), Some(CorruptKind::NameCut));
        assert_eq!(error(&good[..119]), Some(CorruptKind::DataCut));
        assert_eq!(error(&good[..124]), Some(CorruptKind::NoTrailer));
        let where_ = Archive::new(&good[..200]).find_map(Result::err).unwrap();
        assert_eq!((where_.offset, where_.kind), (124, CorruptKind::HeaderCut));
    }

    fn files() -> impl Strategy<Value = Vec<File>> {
        let name = proptest::collection::vec(1u8..255, 1..40)
            .prop_filter("the trailer's name", |name| name != TRAILER);
        let data = proptest::collection::vec(any::<u8>(), 0..50);
        proptest::collection::vec((name, any::<u32>(), any::<u32>(), any::<u32>(), data), 0..8)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_was_written_is_read(files in files(), at: usize, byte: u8, cut: usize) {
            let mut bytes = archive(&files);
            let found: Vec<File> = Archive::new(&bytes).map(|entry| {
                let entry = entry.unwrap();
                let (mode, links) = (entry.mode, entry.link_count);
                (entry.name.to_vec(), mode, entry.inode, links, entry.data.to_vec())
            }).collect();
            prop_assert_eq!(found, files);

            // Damaged in one byte and cut anywhere, it still ends, with data inside the archive.
            let at = at % bytes.len();
            bytes[at] = byte;
            bytes.truncate(cut % (bytes.len() + 1));
            for entry in Archive::new(&bytes).flatten() {
                prop_assert!(entry.data.is_empty()
                    || entry.data_offset as usize + entry.data.len() <= bytes.len());
            }
        }
    }
}
