//! Entries made worse on purpose: who looks for bad ones has to find these.

use super::kernel_image::KernelImage;
use super::rules::{DATA_EXECUTES, IMAGE, READ_ONLY, TABLE, USER};
use super::sample::Sample;
use super::walk::{Format, Mapping, Rights, walk};

const WRITE: u64 = 1 << 1;
const USER_BIT: u64 = 1 << 2;
const NO_EXECUTE: u64 = 1 << 63;
const FRAME: u64 = 0x000f_ffff_ffff_f000;

/// One bad entry in a copy of a sample, and what has to be said about it.
pub struct Damage {
    pub rule: &'static str,
    pub sample: Sample,
}

/// One of each kind that the sample's tables give an occasion for.
pub fn damages(good: &Sample, image: &KernelImage) -> Result<Vec<Damage>, String> {
    let format = good.format();
    let roots = good.roots(image);
    let mut mappings = Vec::new();
    for root in &roots {
        mappings.extend(walk(&good.memory, format, *root)?.mappings);
    }
    let text = image.text.start;
    let is_kernels = |mapping: &Mapping| mapping.address >= image.page_offset;
    let is_data =
        |mapping: &Mapping| is_kernels(mapping) && mapping.rights.write && mapping.bytes == 4096;
    let programs = Rights { write: true, user: true, execute: !format.has_no_execute() };
    let find = |what: &str, wanted: &dyn Fn(&Mapping) -> bool| {
        mappings.iter().find(|mapping| wanted(mapping)).ok_or_else(|| format!("there is no {what}"))
    };
    let of_text = find("text", &|mapping| mapping.physical == text)?;
    let of_data = find("data", &is_data)?;
    let mut kinds = vec![
        (READ_ONLY, change(good, of_text, |entry| entry | WRITE)),
        (USER, change(good, of_data, |entry| entry | USER_BIT)),
        // Another address of the text, which may be written there.
        (READ_ONLY, change(good, of_data, |entry| entry & !FRAME | text)),
    ];
    if format.has_no_execute() {
        kinds.push((DATA_EXECUTES, change(good, of_data, |entry| entry & !NO_EXECUTE)));
    }
    // Only if a program was running.
    if let Some(own) = mappings.iter().find(|mapping| mapping.rights == programs) {
        let data = image.read_only.end;
        kinds.push((TABLE, change(good, own, |entry| entry & !FRAME | roots[0] & FRAME)));
        kinds.push((IMAGE, change(good, own, |entry| entry & !FRAME | data)));
    }
    Ok(kinds.into_iter().map(|(rule, sample)| Damage { rule, sample }).collect())
}

fn change(good: &Sample, mapping: &Mapping, change: impl Fn(u64) -> u64) -> Sample {
    let mut sample = good.clone();
    let bytes = if matches!(good.format(), Format::Pae { .. }) { 8 } else { 4 };
    let old = match bytes {
        8 => sample.memory.long(mapping.entry),
        _ => sample.memory.word(mapping.entry).map(u64::from),
    };
    let new = change(old.unwrap_or_default()).to_le_bytes();
    for (address, byte) in (mapping.entry..).zip(&new[..bytes]) {
        sample.memory.set(address, *byte);
    }
    sample
}
