//! `maps`: the areas of an address space.

use super::Subject;
use crate::text::{Text, add};
use alloc::vec::Vec;
use sys::Result;
use sys::abi::file::DeviceNumber;
use sys::abi::statistics::*;

/// Areas asked for at a time.
const PIECE: usize = 32;
/// Where the name begins.
const NAME_COLUMN: usize = 48;

/// Writes the areas that end above `address`, some at a time; where to go on.
pub fn maps(of: &Subject<'_>, address: u64, text: &mut Text) -> Result<Option<u64>> {
    each_area(of, address, |area, name| {
        line(text, area, name);
        Ok(())
    })
}

/// Shows some areas that end above `address` with their names; where to go on.
pub fn each_area(
    of: &Subject<'_>,
    address: u64,
    mut show: impl FnMut(&AreaStatistics, &[u8]) -> Result<()>,
) -> Result<Option<u64>> {
    let Ok(address) = u32::try_from(address) else { return Ok(None) };
    let mut areas = [AreaStatistics::default(); PIECE];
    let count = of.kernel.areas(of.pid, address, &mut areas)?;
    let areas = areas.get(..count).unwrap_or_default();
    for area in areas {
        show(area, &name(of, area))?;
    }
    // An area that ends with the address space is the last one.
    Ok(areas.last().map(|last| u64::from(last.end)).filter(|end| count == PIECE && *end != 0))
}

/// What an area is called; empty if it has no name.
fn name(of: &Subject<'_>, area: &AreaStatistics) -> Vec<u8> {
    match area.kind {
        AREA_HEAP => b"[heap]".to_vec(),
        AREA_STACK => b"[stack]".to_vec(),
        AREA_VDSO => b"[vdso]".to_vec(),
        AREA_VVAR => b"[vvar]".to_vec(),
        AREA_SHARED => b"/dev/zero (deleted)".to_vec(),
        _ if area.inode == 0 && area.device == 0 => Vec::new(),
        // It may be gone by now.
        _ => of.kernel.path(of.pid, PATH_AREA, area.start).unwrap_or_default(),
    }
}

/// One area's line.
pub fn line(text: &mut Text, area: &AreaStatistics, name: &[u8]) {
    let start = text.len();
    let flag = |bit: u32, letter: char| if area.flags & bit != 0 { letter } else { '-' };
    let shared = if area.flags & 8 != 0 { 's' } else { 'p' };
    let DeviceNumber { major, minor } = DeviceNumber::decode(area.device);
    add!(
        text,
        "{:08x}-{:08x} {}{}{}{shared} {:08x} {major:02x}:{minor:02x} {} ",
        { area.start },
        { area.end },
        flag(1, 'r'),
        flag(2, 'w'),
        flag(4, 'x'),
        { area.offset },
        { area.inode },
    );
    if !name.is_empty() {
        text.pad(start, NAME_COLUMN);
        text.add_bytes(b" ");
        text.add_name(name, b"\n");
    }
    text.add_bytes(b"\n");
}
