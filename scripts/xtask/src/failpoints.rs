//! The failpoints of a kernel image, and which of them a run has reached.

mod audit;

use crate::report::Case;
use crate::stop::{Result, failed, io};
use crate::workspace;
use elf::ElfBytes;
use elf::endian::LittleEndian;
use std::fs;
use std::path::Path;

pub use audit::audit;

const SECTION: &str = ".failpoints";
/// Words of a site: name and its length, file and its length, point, line, hits, faults.
const SITE: usize = 8;

/// A `fail_point!`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    pub name: String,
    pub file: String,
    pub line: u32,
}

impl Site {
    /// For people and tools.
    pub fn place(&self) -> String {
        format!("{} {}", self.source(), self.name)
    }

    /// `FILE:LINE`
    pub fn source(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }
}

/// The sites of an image, by number; none in an image without failpoints.
pub fn catalogue(kernel: &Path) -> Result<Vec<Site>> {
    let bytes = fs::read(kernel).map_err(|error| io("read", kernel, error))?;
    sites(&bytes).ok_or_else(|| failed(format!("{}: a damaged catalogue", kernel.display())))
}

fn sites(image: &[u8]) -> Option<Vec<Site>> {
    let image = ElfBytes::<LittleEndian>::minimal_parse(image).ok()?;
    let Some(header) = image.section_header_by_name(SECTION).ok()? else { return Some(Vec::new()) };
    let (data, _) = image.section_data(&header).ok()?;
    let (words, rest) = data.as_chunks::<4>();
    let words: Vec<u32> = words.iter().map(|word| u32::from_le_bytes(*word)).collect();
    let (sites, rest_of_words) = words.as_chunks::<SITE>();
    if !rest.is_empty() || !rest_of_words.is_empty() {
        return None;
    }
    let text = |address: u32, len: u32| {
        let (address, len) = (u64::from(address), u64::from(len));
        let header = image.segments()?.iter().find(|segment| {
            (segment.p_vaddr..segment.p_vaddr + segment.p_filesz).contains(&address)
        })?;
        let start = usize::try_from(address - header.p_vaddr).ok()?;
        let bytes = image.segment_data(&header).ok()?.get(start..start + len as usize)?;
        String::from_utf8(bytes.to_vec()).ok()
    };
    sites
        .iter()
        .map(|&[name, name_len, file, file_len, _, line, _, _]| {
            Some(Site { name: text(name, name_len)?, file: text(file, file_len)?, line })
        })
        .collect()
}

/// Sites that no run has to reach, with the reason: `FILE NAME: why` a line.
const UNREACHED: &str = "tests/suite/unreached";

/// A case for each site: it has to be reached, as the lines `site NUMBER HITS FAULTS` of a run say, or
/// listed. Lines of the list that excuse nothing are cases that fail.
pub fn coverage(kernel: &Path, output: &str) -> Result<Vec<Case>> {
    let list = workspace::root().join(UNREACHED);
    let listed = fs::read_to_string(&list).map_err(|error| io("read", &list, error))?;
    Ok(judge(&catalogue(kernel)?, output, &listed))
}

fn judge(sites: &[Site], output: &str, listed: &str) -> Vec<Case> {
    let reached = |number: usize| {
        output.lines().filter_map(|line| line.strip_prefix("site ")).any(|line| {
            let mut words = line.split(' ').map(|word| word.parse::<usize>().ok());
            words.next().flatten() == Some(number) && words.nth(1).flatten().is_some_and(|n| n > 0)
        })
    };
    let excuses: Vec<(&str, &str)> =
        listed.lines().map(|line| line.split_once(": ").unwrap_or((line, ""))).collect();
    let is_of = |site: &Site, what: &str| what == format!("{} {}", site.file, site.name);
    let case = |(number, site): (usize, &Site)| {
        let excuse = excuses.iter().find(|(what, _)| is_of(site, what));
        match (reached(number), excuse) {
            (true, _) => Case::passed(site.place()),
            (false, Some((_, why))) => Case::skipped(site.place(), *why),
            (false, None) => Case::failed(
                site.place(),
                format!("no scenario makes this fail: write one, or a line in {UNREACHED}"),
            ),
        }
    };
    let stale = excuses.iter().filter(|(what, _)| {
        let mut own = sites.iter().enumerate().filter(|(_, site)| is_of(site, what));
        own.all(|(number, _)| reached(number))
    });
    let stale = stale.map(|(what, _)| {
        Case::failed(*what, format!("{UNREACHED} lists what is reached, or is not there"))
    });
    sites.iter().enumerate().map(case).chain(stale).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Verdict;

    #[test]
    fn each_site_is_reached_or_listed() {
        let site = |line| Site { name: "failslab".into(), file: "a.rs".into(), line };
        let other = Site { name: "fail_kmap".into(), file: "b.rs".into(), line: 1 };
        let output = "ok one\nsite 0 5 2\nsite 1 7 0\nsite 2 0 0\n";
        let cases = judge(&[site(1), site(2), other], output, "b.rs fail_kmap: no high memory\n");
        assert_eq!(cases[0], Case::passed("a.rs:1 failslab"));
        assert_ne!(cases[1], Case::passed("a.rs:2 failslab"));
        assert_eq!(cases[2], Case::skipped("b.rs:1 fail_kmap", "no high memory"));
        assert_eq!(cases.len(), 3);
    }

    #[test]
    fn lines_that_excuse_nothing_fail() {
        let site = |line| Site { name: "failslab".into(), file: "a.rs".into(), line };
        let output = "site 0 5 2\nsite 1 7 0\n";
        let cases = |sites: &[Site], line: &str| judge(sites, output, line).split_off(sites.len());
        // One of two is reached.
        assert_eq!(cases(&[site(1), site(2)], "a.rs failslab: why\n"), []);
        for line in ["a.rs failslab: why\n", "c.rs failslab: gone\n", "a.rs failslab\n"] {
            let found = cases(&[site(1)], line);
            assert!(matches!(&found[..], [Case { verdict: Verdict::Failed(_), .. }]), "{line}");
        }
    }

    #[test]
    fn what_is_no_image_has_no_catalogue() {
        assert_eq!(sites(b"no image"), None);
    }
}
