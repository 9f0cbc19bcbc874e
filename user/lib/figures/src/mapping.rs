//! The lines of `maps` and the paragraphs of `smaps`.

use crate::table::{number, words};

/// One mapping.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Mapping<'a> {
    /// First byte.
    pub start: u64,
    /// Behind the last byte.
    pub end: u64,
    /// As in `r-xp`.
    pub rights: &'a [u8],
    /// Where in the file it begins.
    pub offset: u64,
    /// File or kind; may be empty.
    pub name: &'a [u8],
    /// KiB present; only `smaps` says it, and what follows.
    pub resident: u64,
    /// KiB present, shared ones in proportion.
    pub proportional: u64,
    /// KiB that were written.
    pub dirty: u64,
}

impl Mapping<'_> {
    /// Its size.
    pub const fn kib(&self) -> u64 {
        self.end.saturating_sub(self.start) >> 10
    }
}

/// Shows the mappings of a file's contents.
pub fn mappings<'a>(text: &'a [u8], mut show: impl FnMut(&Mapping<'a>)) {
    let mut current: Option<Mapping<'a>> = None;
    for line in text.split(|byte| *byte == b'\n') {
        if let Some(next) = header(line) {
            if let Some(done) = current.replace(next) {
                show(&done);
            }
        } else if let Some(mapping) = &mut current {
            let mut words = words(line);
            let (Some(name), Some(value)) = (words.next(), words.next().and_then(number)) else {
                continue;
            };
            match name {
                b"Rss:" => mapping.resident = value,
                b"Pss:" => mapping.proportional = value,
                b"Shared_Dirty:" | b"Private_Dirty:" => mapping.dirty += value,
                _ => {}
            }
        }
    }
    if let Some(last) = current {
        show(&last);
    }
}

/// The line that a mapping begins with.
fn header(line: &[u8]) -> Option<Mapping<'_>> {
    let mut fields = line.splitn(6, |byte| *byte == b' ');
    let range = core::str::from_utf8(fields.next()?).ok()?;
    let (start, end) = range.split_once('-')?;
    let address = |text: &str| u64::from_str_radix(text, 16).ok();
    let (start, end) = (address(start)?, address(end)?);
    let rights = fields.next()?;
    let offset = address(core::str::from_utf8(fields.next()?).ok()?)?;
    let name = fields.nth(2).unwrap_or_default().trim_ascii();
    Some(Mapping { start, end, rights, offset, name, ..Mapping::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn both_files_are_understood() {
        let text = b"08048000-0804a000 r-xp 00001000 00:02 77         /bin/my prog\n\
            Rss:                   8 kB\nPss:                   6 kB\n\
            Shared_Dirty:          1 kB\nPrivate_Dirty:         2 kB\nVmFlags: rd ex \n\
            b7f00000-b7f01000 rw-s 00000000 00:00 0 \n";
        let mut all = Vec::new();
        mappings(text, |mapping| all.push(*mapping));
        let first = Mapping {
            start: 0x0804_8000,
            end: 0x0804_a000,
            rights: b"r-xp",
            offset: 0x1000,
            name: b"/bin/my prog",
            resident: 8,
            proportional: 6,
            dirty: 3,
        };
        let (start, end, rights) = (0xb7f0_0000, 0xb7f0_1000, &b"rw-s"[..]);
        assert_eq!(all, [first, Mapping { start, end, rights, ..Mapping::default() }]);
        assert_eq!((all[0].kib(), all[1].kib()), (8, 4));
    }

    #[test]
    fn what_is_no_mapping_is_passed_over() {
        mappings(b"Size: 4 kB\n\nxyz-12 r\n-\n", |_| panic!("there is none"));
    }
}
