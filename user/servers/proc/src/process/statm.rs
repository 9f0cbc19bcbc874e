//! `statm`: memory in pages.

use super::{PAGE, Subject};
use crate::text::{Text, add};
use sys::Result;
use sys::abi::statistics::SpaceStatistics;

/// Writes the line.
pub fn statm(of: &Subject<'_>, text: &mut Text) -> Result<()> {
    let space = of.details()?.space;
    let shared = space.resident_file + space.resident_shared;
    add!(
        text,
        "{} {} {shared} {} 0 {} 0\n",
        { space.total },
        space.resident_private + shared,
        code_pages(&space),
        space.data + space.stack,
    );
    Ok(())
}

/// Pages that the program's own code touches.
pub fn code_pages(space: &SpaceStatistics) -> u32 {
    space.end_code.div_ceil(PAGE).saturating_sub(space.start_code / PAGE)
}
