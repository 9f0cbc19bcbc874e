//! The address space of a process.

use super::entries::{Entries, write_structure};
use super::target;
use crate::file::File;
use crate::mm::layout::Layout;
use crate::mm::space::{Area, Mm};
use crate::mm::statistics::kernel_ranges;
use crate::mm::user::UserSlice;
use crate::mm::vdso::{self, Part};
use crate::result::{Errno, Result};
use abi::UserMutPtr;
use abi::statistics::{
    AREA_HEAP, AREA_PLAIN, AREA_SHARED, AREA_STACK, AREA_VDSO, AREA_VVAR, AreaStatistics,
    AreaUsage, PAGE_FRAME, TableRange,
};
use kcore::addr::{PAGE_SHIFT, VirtAddr};

pub fn areas(
    right: u32,
    pid: i32,
    address: u32,
    entries: UserMutPtr<AreaStatistics>,
    size: u32,
) -> Result<u32> {
    let mm = target::space(right, pid)?;
    let (mut entries, mut from) = (Entries::new(entries, size), address);
    while entries.has_room()
        && let Some(area) = next_area(&mm, from)?
    {
        entries.push(&area)?;
        from = area.end;
    }
    entries.finish()
}

/// The first area that ends above `address`.
fn next_area(mm: &Mm, address: u32) -> Result<Option<AreaStatistics>> {
    let layout = mm.layout.read();
    let Some((_, area)) = layout.areas.find(VirtAddr::new(address).vpn()) else {
        return Ok(None);
    };
    let mut statistics = AreaStatistics {
        start: area.start().as_u32() << PAGE_SHIFT,
        end: area.end().as_u32() << PAGE_SHIFT,
        flags: area.flags().bits(),
        kind: kind_of(&layout, area),
        ..AreaStatistics::default()
    };
    let file = area.backing.file.clone().and_then(File::of_mapping);
    let pgoff = area.pgoff();
    drop(layout);
    if let Some(file) = file {
        let status = file.shown_status()?;
        statistics.device = status.device.encode();
        statistics.inode = status.ino;
        statistics.offset = u64::from(pgoff) << PAGE_SHIFT;
    }
    Ok(Some(statistics))
}

fn kind_of(layout: &Layout, area: &Area) -> u32 {
    let marks = &layout.marks;
    let (start, end) = (area.start().as_u32() << PAGE_SHIFT, area.end().as_u32() << PAGE_SHIFT);
    if area.backing.file.is_some() {
        AREA_PLAIN
    } else if let Some(object) = &area.backing.object {
        match vdso::part(object) {
            Some(Part::Code) => AREA_VDSO,
            Some(Part::Time) => AREA_VVAR,
            None => AREA_SHARED,
        }
    } else if start <= marks.brk && end >= marks.start_brk && marks.brk != marks.start_brk {
        AREA_HEAP
    } else if start <= marks.start_stack && marks.start_stack <= end {
        AREA_STACK
    } else {
        AREA_PLAIN
    }
}

pub fn area_usage(
    right: u32,
    pid: i32,
    address: u32,
    to: UserMutPtr<AreaUsage>,
    size: u32,
) -> Result<u32> {
    let usage = target::space(right, pid)?.area_usage(address)?;
    write_structure(to, &usage, size)
}

pub fn page_words(
    right: u32,
    pid: i32,
    first: u32,
    words: UserMutPtr<u64>,
    size: u32,
) -> Result<u32> {
    const WORD: u32 = size_of::<u64>() as u32;
    let space = target::space(right, pid)?;
    let shown = if target::may_see_frames(right) { u64::MAX } else { !PAGE_FRAME };
    let count = space.page_words(first, words, size / WORD, shown)?;
    Ok(count * WORD)
}

pub fn process_memory(
    right: u32,
    pid: i32,
    address: u32,
    buffer: UserMutPtr<u8>,
    length: u32,
) -> Result<u32> {
    let mm = target::space(right, pid)?;
    let mut to = UserSlice::new(buffer.address(), length)?;
    let copied = mm.copy_out(address, &mut to)?;
    u32::try_from(copied).map_err(|_| Errno::EINVAL)
}

pub fn table_ranges(
    right: u32,
    pid: i32,
    address: u32,
    entries: UserMutPtr<TableRange>,
    size: u32,
) -> Result<u32> {
    let mut entries = Entries::new(entries, size);
    let room = entries.has_room();
    let give = |range: &TableRange| {
        entries.push(range)?;
        Ok(entries.has_room())
    };
    if pid == 0 {
        target::check(right)?;
        if room {
            kernel_ranges(address, give)?;
        }
    } else {
        let mm = target::space(right, pid)?;
        let may_see_frames = target::may_see_frames(right);
        let mut give = give;
        let shown = |range: &TableRange| match may_see_frames {
            true => give(range),
            false => give(&TableRange { frame: 0, ..*range }),
        };
        if room {
            mm.table_ranges(address, shown)?;
        }
    }
    entries.finish()
}
