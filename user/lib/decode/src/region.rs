//! What an address belongs to: a line of `/proc/PID/maps`.

use abi::trace::Fault;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Linux's VM_GROWSDOWN.
const GROWS_DOWN: u32 = 0x100;

/// One area.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    pub start: u32,
    pub end: u32,
    /// In bytes of the file.
    pub offset: u64,
    /// Path or name in brackets; empty for memory without a name.
    pub name: String,
}

/// The areas of `/proc/PID/maps`. Lines that are none are left out.
pub fn parse(maps: &[u8]) -> Vec<Region> {
    maps.split(|byte| *byte == b'\n').filter_map(region).collect()
}

fn region(line: &[u8]) -> Option<Region> {
    let text = core::str::from_utf8(line).ok()?;
    let (range, rest) = text.split_once(' ')?;
    let (start, end) = range.split_once('-')?;
    let mut fields = rest.split_ascii_whitespace();
    let (_rights, offset, _device, _node) =
        (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    // The name may have blanks in it.
    let name = fields.next().and_then(|first| rest.find(first).and_then(|at| rest.get(at..)));
    Some(Region {
        start: u32::from_str_radix(start, 16).ok()?,
        end: u32::from_str_radix(end, 16).ok()?,
        offset: u64::from_str_radix(offset, 16).ok()?,
        name: name.unwrap_or_default().to_string(),
    })
}

/// What the faulting address belongs to; `None` if these areas are not (any more) the program's.
pub fn name(regions: &[Region], fault: &Fault) -> Option<String> {
    let found = regions.iter().find(|one| one.start == fault.start && one.end == fault.end)?;
    let page = fault.address & !0xfff;
    Some(match found.name.as_str() {
        "" => String::from("[anon]"),
        name if name.starts_with('[') => String::from(name),
        name => {
            let offset = found.offset + u64::from(page.wrapping_sub(found.start));
            format!("{name}+{offset:#x}")
        }
    })
}

/// The same as far as the kernel's word about the fault goes.
pub fn name_without_maps(fault: &Fault) -> String {
    String::from(match (fault.end, fault.area_flags & GROWS_DOWN) {
        (0, _) => "nothing mapped",
        (_, 0) => "[mapped]",
        _ => "[stack]",
    })
}
