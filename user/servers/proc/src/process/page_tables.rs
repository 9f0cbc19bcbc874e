//! `page_tables`, of our own: page tables as ranges with the same rights.
//!
//! ```text
//! 08048000-08050000      8 r-xu----- 00012340
//! ```
//!
//! First and last address, pages, rights, frame of the first page. The rights: r and w, x where it
//! can be executed, u for programs, g global, b big pages, n not cached, t written through, s special:
//! not counted. A hidden page (PROT_NONE) has `h` for `r`; a swapped one says `swap` and where.

use super::Subject;
use crate::Kernel;
use crate::text::{Text, add};
use sys::Result;
use sys::abi::statistics::*;

/// Ranges asked for at a time.
const PIECE: usize = 64;

/// Writes some ranges of a process that end above `address`; where to go on.
pub fn page_tables(of: &Subject<'_>, address: u64, text: &mut Text) -> Result<Option<u64>> {
    ranges(of.kernel, of.pid, of.may_see_frames, address, text)
}

/// The same of the kernel.
pub fn kernel_page_tables(
    kernel: &dyn Kernel,
    address: u64,
    text: &mut Text,
) -> Result<Option<u64>> {
    ranges(kernel, 0, true, address, text)
}

fn ranges(
    kernel: &dyn Kernel,
    pid: i32,
    with_frames: bool,
    address: u64,
    text: &mut Text,
) -> Result<Option<u64>> {
    let Ok(address) = u32::try_from(address) else { return Ok(None) };
    let mut ranges = [TableRange::default(); PIECE];
    let count = kernel.table_ranges(pid, address, &mut ranges)?;
    let ranges = ranges.get(..count).unwrap_or_default();
    let mut end = 0;
    for range in ranges {
        end = u64::from(range.start) + (u64::from(range.pages) << 12);
        line(text, range, end, with_frames);
    }
    Ok((count == PIECE).then_some(end))
}

fn line(text: &mut Text, range: &TableRange, end: u64, with_frames: bool) {
    let flags = range.flags;
    let flag = |bit: u32, letter: char| if flags & bit != 0 { letter } else { '-' };
    let (start, pages) = (range.start, range.pages);
    let frame = if with_frames { range.frame } else { 0 };
    if flags & TABLE_SWAPPED != 0 {
        add!(text, "{start:08x}-{end:08x} {pages:6} swap {frame:08x}\n");
        return;
    }
    let read = if flags & TABLE_HIDDEN != 0 { 'h' } else { 'r' };
    add!(text, "{start:08x}-{end:08x} {pages:6} {read}");
    for (bit, letter) in [
        (TABLE_WRITE, 'w'),
        (TABLE_EXEC, 'x'),
        (TABLE_USER, 'u'),
        (TABLE_GLOBAL, 'g'),
        (TABLE_BIG, 'b'),
        (TABLE_NO_CACHE, 'n'),
        (TABLE_WRITE_THROUGH, 't'),
        (TABLE_SPECIAL, 's'),
    ] {
        add!(text, "{}", flag(bit, letter));
    }
    add!(text, " {frame:08x}\n");
}
