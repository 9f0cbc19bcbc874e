//! The direct map of low memory.

use super::walk::{ensure_directory, ensure_leaf, leaf};
use super::{Access, Cell, Flush, Format, NoMemory, Tables};
use crate::addr::{FrameRange, Pfn, Vpn};

/// Maps the frames below `max_low_pfn` from `page_offset` on.
///
/// `parts` are frames whose rights differ from [`Access::KERNEL`] (text, read-only data); they
/// must not overlap. Big pages are used where the CPU has them and one big page is whole and
/// within one part, so no entry ever gets both another size and other rights. The tables must not
/// be in use yet.
pub fn map_low_memory<T: Tables>(
    tables: &T,
    page_offset: Vpn,
    max_low_pfn: Pfn,
    parts: &[(FrameRange, Access)],
    big_pages: bool,
) -> Result<(), NoMemory> {
    let size = 1 << T::Format::LEAF_BITS;
    let mut pfn = 0;
    while pfn < max_low_pfn.as_u32() {
        let end = max_low_pfn.as_u32().min(pfn + size);
        let page = Vpn::new(page_offset.as_u32() + pfn);
        let block = FrameRange::new(Pfn::new(pfn), Pfn::new(end)).unwrap_or_default();
        match uniform(parts, block) {
            Some(access) if big_pages && block.len() == size => {
                map_big(tables, page, block.start(), access)?;
            }
            _ => map_small(tables, page, block, parts)?,
        }
        pfn = end;
    }
    Ok(())
}

fn access_of(parts: &[(FrameRange, Access)], pfn: Pfn) -> Access {
    let part = parts.iter().find(|(frames, _)| frames.contains(pfn));
    part.map_or(Access::KERNEL, |&(_, access)| access)
}

/// The rights of all frames of `block`, if they are the same.
fn uniform(parts: &[(FrameRange, Access)], block: FrameRange) -> Option<Access> {
    let mut touched = parts.iter().filter(|(frames, _)| frames.intersection(block).is_some());
    match touched.next() {
        None => Some(Access::KERNEL),
        Some((frames, access)) => frames.contains_range(block).then_some(*access),
    }
}

fn map_big<T: Tables>(tables: &T, page: Vpn, pfn: Pfn, access: Access) -> Result<(), NoMemory> {
    let (cell, _) = ensure_directory(tables, page)?;
    cell.replace(tables.format().big_page(pfn, access));
    Ok(())
}

fn map_small<T: Tables>(
    tables: &T,
    page: Vpn,
    block: FrameRange,
    parts: &[(FrameRange, Access)],
) -> Result<(), NoMemory> {
    let _: Flush = ensure_leaf(tables, page)?;
    if let Some(leaf) = leaf(tables, page) {
        for (offset, pfn) in (0..).zip(block.frames()) {
            let cell = leaf.cell(Vpn::new(page.as_u32() + offset));
            cell.set(tables.format().page(pfn, access_of(parts, pfn)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paging::machine::{Host, Space, Store};
    use crate::paging::walk::{lookup, translate};
    use crate::paging::{Features, Pae, Slot, TwoLevel};

    fn frames(start: u32, len: u32) -> FrameRange {
        FrameRange::with_len(Pfn::new(start), len).unwrap()
    }

    fn every_frame_is_mapped_with_its_rights<F: Host>(big_pages: bool) {
        let store = Store::<F>::new(32);
        let features = Features { global: true, no_execute: true };
        let space = Space::new(&store, features);
        let parts = [
            (frames(0x100, 0x150), Access::KERNEL_TEXT),
            (frames(0x250, 0x30), Access::KERNEL_READ),
        ];
        let base = Vpn::new(0xc0000);
        map_low_memory(&space, base, Pfn::new(0x1234), &parts, big_pages).unwrap();
        for number in 0..0x1300 {
            let page = Vpn::new(base.as_u32() + number);
            let wanted = match number {
                0x100..0x250 => Some(Access::KERNEL_TEXT),
                0x250..0x280 => Some(Access::KERNEL_READ),
                0..0x1234 => Some(Access::KERNEL),
                _ => None,
            };
            let found = translate(&space, page);
            // Two-level entries cannot forbid execution.
            let exec = if F::DIRECTORIES { Access::empty() } else { Access::EXEC };
            assert_eq!(found, wanted.map(|access| (Pfn::new(number), access | exec)));
            let size = 1 << F::LEAF_BITS;
            let split = number < size || number >= 0x1234 / size * size;
            let split = split || (F::LEAF_BITS == 9 && number < 0x400);
            let is_big = matches!(lookup(&space, page), Slot::BigPage { .. });
            assert_eq!(is_big, big_pages && !split, "frame {number:#x}");
        }
    }

    #[test]
    fn both_formats_with_and_without_big_pages() {
        for big_pages in [false, true] {
            every_frame_is_mapped_with_its_rights::<TwoLevel>(big_pages);
            every_frame_is_mapped_with_its_rights::<Pae>(big_pages);
        }
    }

    #[test]
    fn without_frames_for_tables_it_says_so() {
        let store = Store::<Pae>::new(2);
        let space = Space::new(&store, Features::default());
        let all = map_low_memory(&space, Vpn::new(0xc0000), Pfn::new(0x1000), &[], false);
        assert_eq!(all, Err(NoMemory));
    }
}
