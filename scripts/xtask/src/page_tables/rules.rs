//! What no page table may say.

use super::kernel_image::KernelImage;
use super::walk::{Format, Mapping, Walk};
use std::collections::HashSet;
use std::ops::Range;

/// The rules for one image on one processor.
pub struct Rules<'a> {
    pub image: &'a KernelImage,
    pub format: Format,
}

/// A broken rule, in words; the same for every page that breaks it.
pub const USER: &str = "a program may use a page of the kernel's";
pub const READ_ONLY: &str = "what the kernel never writes can be written";
pub const DATA_EXECUTES: &str = "a page of the kernel's can be written and executed";
pub const ONLY_TEXT: &str = "the kernel can execute what is not its text";
pub const LAST_PAGE: &str = "the last page is mapped";
pub const TABLE: &str = "a program may use a page table";
pub const IMAGE: &str = "a program may write to the kernel's image";
pub const NO_TEXT: &str = "the kernel's text is not mapped as a whole";

const LAST: u32 = 0xffff_f000;

impl Rules<'_> {
    /// What is wrong with one address space, `tables` being those of all: rule and page.
    pub fn broken(&self, walk: &Walk, tables: &HashSet<u64>) -> Vec<(&'static str, Mapping)> {
        let mut broken = Vec::new();
        for mapping in &walk.mappings {
            let of_kernel = mapping.address >= self.image.page_offset;
            let rules = if of_kernel { self.of_kernel(mapping) } else { vec![] };
            let rules = rules.into_iter().chain(self.of_everybody(mapping, tables));
            broken.extend(rules.map(|rule| (rule, *mapping)));
        }
        broken
    }

    fn of_kernel(&self, mapping: &Mapping) -> Vec<&'static str> {
        let rights = mapping.rights;
        let is_text = is_inside(mapping, &self.image.text);
        let no_execute = self.format.has_no_execute();
        let rules = [
            (rights.user, USER),
            (no_execute && rights.write && rights.execute, DATA_EXECUTES),
            (no_execute && rights.execute && !is_text, ONLY_TEXT),
            (mapping.address >= LAST, LAST_PAGE),
        ];
        rules.into_iter().filter(|(is_broken, _)| *is_broken).map(|(_, rule)| rule).collect()
    }

    /// Wherever it is mapped.
    fn of_everybody(&self, mapping: &Mapping, tables: &HashSet<u64>) -> Vec<&'static str> {
        let rights = mapping.rights;
        let rules = [
            (rights.write && overlaps(mapping, &self.image.read_only), READ_ONLY),
            (rights.user && rights.write && overlaps(mapping, &self.image.whole), IMAGE),
            (rights.user && tables.contains(&mapping.physical), TABLE),
        ];
        rules.into_iter().filter(|(is_broken, _)| *is_broken).map(|(_, rule)| rule).collect()
    }

    /// A walk that has not met the kernel's text says nothing about it.
    pub fn has_met_text(&self, walk: &Walk) -> bool {
        let text = &self.image.text;
        let start = self.image.page_offset + text.start as u32;
        let end = self.image.page_offset + text.end as u32;
        let mapped: u64 = walk
            .mappings
            .iter()
            .filter(|mapping| (start..end).contains(&mapping.address) && mapping.rights.execute)
            .map(|mapping| mapping.bytes)
            .sum();
        mapped == text.end - text.start
    }
}

fn overlaps(mapping: &Mapping, range: &Range<u64>) -> bool {
    mapping.physical < range.end && mapping.physical + mapping.bytes > range.start
}

fn is_inside(mapping: &Mapping, range: &Range<u64>) -> bool {
    mapping.physical >= range.start && mapping.physical + mapping.bytes <= range.end
}
