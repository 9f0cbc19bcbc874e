//! Writes the boot archive: cpio newc, with the data of every file on a page boundary.
//!
//! The padding before the data is NULs at the end of the name, counted in `namesize`. Linux, which
//! boots the same file as its initramfs, takes names up to PATH_MAX; where the padding would be
//! longer, an entry for the root directory with a padded name fills the space.

use crate::stop::{Result, failed};
use std::io::{self, Write};

const PAGE: u64 = 4096;
const HEADER: u64 = 110;
const PATH_MAX: u64 = 4096;
/// Leaves room for a filler in every page that a longer name could not leave.
const LONGEST_NAME: usize = 1024;

const TYPE: u32 = 0o170_000;
pub const DIRECTORY: u32 = 0o040_000;
pub const REGULAR: u32 = 0o100_000;
pub const SYMLINK: u32 = 0o120_000;

/// Where the archive goes, and how far it is.
pub struct Archive<W: Write> {
    to: W,
    offset: u64,
    inode: u32,
}

impl<W: Write> Archive<W> {
    pub fn new(to: W) -> Self {
        Self { to, offset: 0, inode: 0 }
    }

    /// Adds an entry: `name` without a slash at its beginning, type and permissions in `mode`, and
    /// the contents of a file or the target of a symbolic link.
    pub fn entry(&mut self, name: &[u8], mode: u32, data: &[u8]) -> Result<()> {
        if name.is_empty() || name.len() > LONGEST_NAME || name.contains(&0) {
            return Err(failed(format!(
                "the boot archive takes names of 1 to {LONGEST_NAME} bytes without NUL, not {:?}",
                String::from_utf8_lossy(name)
            )));
        }
        let size = u32::try_from(data.len()).map_err(|_| {
            failed(format!(
                "{} is too big for the boot archive: a file may have up to 4 GiB",
                String::from_utf8_lossy(name)
            ))
        })?;
        self.write_entry(name, mode, data, size).map_err(cannot_write)
    }

    fn write_entry(&mut self, name: &[u8], mode: u32, data: &[u8], size: u32) -> io::Result<()> {
        let shortest = name.len() as u64 + 1;
        let mut name_size = shortest;
        if mode & TYPE == REGULAR && size > 0 {
            name_size = loop {
                let start = (self.offset + HEADER + shortest).next_multiple_of(PAGE);
                let name_size = start - self.offset - HEADER;
                match name_size.checked_sub(PATH_MAX) {
                    None | Some(0) => break name_size,
                    Some(excess) => self.filler(excess)?,
                }
            };
        }
        self.inode += 1;
        self.header(self.inode, mode, size, name, name_size)?;
        self.write(data)?;
        self.align(4)
    }

    /// An entry that fills at least `space` bytes and does nothing.
    fn filler(&mut self, space: u64) -> io::Result<()> {
        let name_size = space.saturating_sub(HEADER).max(2);
        self.header(0, DIRECTORY | 0o755, 0, b".", name_size)?;
        self.align(4)
    }

    fn header(
        &mut self,
        inode: u32,
        mode: u32,
        size: u32,
        name: &[u8],
        name_size: u64,
    ) -> io::Result<()> {
        let links = if mode & TYPE == DIRECTORY { 2 } else { 1 };
        // inode, mode, uid, gid, links, mtime, size, device and special device, name size, check
        let fields =
            [u64::from(inode), mode.into(), 0, 0, links, 0, size.into(), 0, 0, 0, 0, name_size, 0];
        let mut header = String::from("070701");
        for field in fields {
            header.push_str(&format!("{field:08X}"));
        }
        self.write(header.as_bytes())?;
        self.write(name)?;
        self.zeros(name_size - name.len() as u64)?;
        self.align(4)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.offset += bytes.len() as u64;
        self.to.write_all(bytes)
    }

    fn zeros(&mut self, count: u64) -> io::Result<()> {
        self.offset += count;
        io::copy(&mut io::Read::take(io::repeat(0), count), &mut self.to).map(drop)
    }

    fn align(&mut self, to: u64) -> io::Result<()> {
        self.zeros(self.offset.next_multiple_of(to) - self.offset)
    }

    /// Writes the end and fills the last page. The size of the whole.
    pub fn finish(mut self) -> Result<u64> {
        self.finish_file().map_err(cannot_write)
    }

    fn finish_file(&mut self) -> io::Result<u64> {
        let name = b"TRAILER!!!";
        self.header(0, 0, 0, name, name.len() as u64 + 1)?;
        self.align(PAGE)?;
        self.to.flush()?;
        Ok(self.offset)
    }
}

fn cannot_write(error: io::Error) -> crate::stop::Stop {
    failed(format!("cannot write the boot archive: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Eq)]
    struct Found {
        name: Vec<u8>,
        mode: u32,
        data: Vec<u8>,
    }

    /// What the kernel finds in the archive, fillers left out.
    fn read(bytes: &[u8]) -> Vec<Found> {
        let mut found = Vec::new();
        for entry in kcore::cpio::Archive::new(bytes) {
            let entry = entry.expect("the kernel reads it");
            if entry.mode & TYPE == REGULAR && !entry.data.is_empty() {
                let name = String::from_utf8_lossy(entry.name);
                assert_eq!(entry.data_offset % 4096, 0, "{name}");
            }
            if entry.name != b"." {
                let (name, data) = (entry.name.to_vec(), entry.data.to_vec());
                found.push(Found { name, mode: entry.mode, data });
            }
        }
        found
    }

    fn write(entries: &[Found]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut archive = Archive::new(&mut bytes);
        for Found { name, mode, data } in entries {
            archive.entry(name, *mode, data).unwrap();
        }
        let size = archive.finish().unwrap();
        assert_eq!(size, bytes.len() as u64);
        bytes
    }

    #[test]
    fn every_name_length_and_size_near_a_page_comes_back_aligned() {
        let mut entries = Vec::new();
        for (number, size) in (3900..4300).chain([0, 1, 8192, 20_000]).enumerate() {
            let name = format!("bin/{number}{}", "x".repeat(number * 5 % 1000)).into_bytes();
            entries.push(Found { name, mode: REGULAR | 0o755, data: vec![number as u8; size] });
            entries.push(Found {
                name: format!("link{number}").into_bytes(),
                mode: SYMLINK | 0o777,
                data: b"target".to_vec(),
            });
        }
        assert_eq!(read(&write(&entries)), entries);
    }

    #[test]
    fn the_longest_name_needs_no_third_filler() {
        for before in 0..1100 {
            let entries = [
                Found { name: vec![b'a'; 4], mode: SYMLINK, data: vec![b'x'; before * 4] },
                Found { name: vec![b'n'; LONGEST_NAME], mode: REGULAR, data: vec![1] },
            ];
            let bytes = write(&entries);
            assert_eq!(read(&bytes), entries);
            assert!(bytes.len() <= 4 * 4096, "{before}");
        }
    }

    #[test]
    fn names_that_would_break_the_format_are_refused() {
        let mut archive = Archive::new(Vec::new());
        for name in [&b""[..], b"a\0b", &[b'n'; LONGEST_NAME + 1]] {
            assert_eq!(archive.entry(name, REGULAR, b"").unwrap_err().status, 125);
        }
    }

    #[test]
    fn the_same_entries_give_the_same_bytes() {
        let entries = || {
            vec![
                Found { name: b"dev".to_vec(), mode: DIRECTORY | 0o755, data: vec![] },
                Found { name: b"f".to_vec(), mode: REGULAR | 0o644, data: b"data".to_vec() },
            ]
        };
        assert_eq!(write(&entries()), write(&entries()));
    }
}
