//! Longer, shorter, or elsewhere: mremap.

use super::layout::{Layout, LayoutEdit};
use super::map::Contents;
use super::space::{AreaBacking, Mm};
use crate::result::{Errno, Result};
use crate::task::might_resched;
use kcore::addr::{PageRange, VirtAddr};
use kcore::memory_call::{Remap, mremap};
use kcore::paging::walk::MoveWalk;
use kcore::paging::{Flush, Gather};
use kcore::vma::VmFlags;

/// Cells moved with the page-table lock held.
const STEP: u32 = 64;

impl Mm {
    /// mremap: where the mapping begins then.
    pub fn mremap(
        &self,
        address: u32,
        old_length: u32,
        new_length: u32,
        flags: u32,
        new_address: u32,
    ) -> Result<u32> {
        let mut layout = self.layout.write();
        let Layout { areas, limits, .. } = &mut *layout;
        let plan = mremap(address, old_length, new_length, flags, new_address, areas, limits)?;
        match plan {
            Remap::Shrink { tail } => {
                if !tail.is_empty() {
                    self.unmap_areas(areas, tail)?;
                }
                Ok(address)
            }
            Remap::Grow { id, end, .. } => {
                let old_end = areas.get(id).map_or(end, |area| area.end());
                areas.get(id).map_or(Ok(()), |area| self.reserve_mappings(area))?;
                areas.grow_up(id, end, &mut |edit| self.follow(edit));
                self.populate_if_locked(layout, PageRange::new(old_end, end).unwrap_or_default());
                Ok(address)
            }
            Remap::Move { from, to, clear, tail, keep, .. } => {
                for gone in [clear, tail].into_iter().flatten() {
                    self.unmap_areas(areas, gone)?;
                }
                let start = to.start().address().ok_or(Errno::ENOMEM)?;
                if from.is_empty() {
                    self.map_again(&mut layout, address, to)?;
                } else {
                    self.move_area(&mut layout, from, to, keep)?;
                }
                self.populate_if_locked(layout, to);
                Ok(start.as_u32())
            }
        }
    }

    /// A second mapping of the object at `address`: mremap with an old length of 0.
    fn map_again(&self, layout: &mut Layout, address: u32, to: PageRange) -> Result<()> {
        let page = VirtAddr::new(address).vpn();
        let (_, area) = layout.areas.containing(page).ok_or(Errno::EFAULT)?;
        let (flags, pgoff) = (area.flags(), area.index_of(page));
        let AreaBacking { object, file } = area.backing.clone();
        let object = object.ok_or(Errno::EINVAL)?;
        self.map_free(layout, to, flags, Contents::Object { object, pgoff, file })
    }

    /// Moves pages and area. If `keep`, an empty area stays behind. All that can fail comes before
    /// the first page moves.
    fn move_area(
        &self,
        layout: &mut Layout,
        from: PageRange,
        to: PageRange,
        keep: bool,
    ) -> Result<()> {
        let target = PageRange::with_len(to.start(), from.len().min(to.len())).unwrap_or(to);
        let source = PageRange::with_len(from.start(), target.len()).unwrap_or(from);
        let mut walk = MoveWalk::new(source, target.start()).ok_or(Errno::EINVAL)?;
        let moved = self.reserve_tables(&walk).and_then(|()| match keep {
            true => self.double_area(layout, from, to),
            false => self.relocate_area(layout, from, to),
        });
        if let Err(errno) = moved {
            // At the end tables are looked for below areas only.
            self.free_tables(to, super::unmap::free_space_around(&layout.areas, to));
            return Err(errno);
        }
        loop {
            let mut gather = Gather::new(&mut []);
            let lock = self.lock_tables();
            let more = walk.step(&self.tables(&lock), &mut gather, STEP);
            drop(lock);
            self.invalidate(gather.into_flush());
            if !more {
                break;
            }
            might_resched();
        }
        self.follow_vdso(from, to);
        if !keep {
            self.free_tables(from, super::unmap::free_space_around(&layout.areas, from));
        }
        Ok(())
    }

    fn relocate_area(&self, layout: &mut Layout, from: PageRange, to: PageRange) -> Result<()> {
        let areas = &mut layout.areas;
        let (id, area) = areas.containing(from.start()).ok_or(Errno::EFAULT)?;
        self.reserve_move(area)?;
        let moved = areas.relocate(id, from, to, &mut |edit| self.follow(edit));
        moved.map(|_| ()).map_err(|_| Errno::ENOMEM)
    }

    /// An area like the one at `from`, for its pages; what stays there is not locked.
    fn double_area(&self, layout: &mut Layout, from: PageRange, to: PageRange) -> Result<()> {
        let (id, area) = layout.areas.containing(from.start()).ok_or(Errno::EFAULT)?;
        let (flags, double) = (area.flags(), area.moved(from, to));
        self.reserve_move(area)?;
        let unlocked = flags - (VmFlags::LOCKED | VmFlags::LOCKONFAULT);
        let id = self.change_flags(layout, id, from, unlocked)?;
        // The change may have used what was reserved.
        let reserved = self.reserve_move(&double);
        let added = reserved.and_then(|()| {
            let added = layout.areas.insert(double, &mut |edit| self.follow(edit));
            added.map(|_| ()).map_err(|_| Errno::ENOMEM)
        });
        if let Some(object) = layout.areas.get(id).and_then(|area| area.backing.object.as_ref()) {
            object.mappings.note_move();
        }
        if added.is_err() && flags != unlocked {
            // Back into what it was part of, which needs no memory.
            let back = layout.areas.change(id, from, flags, &mut |edit| self.follow(edit));
            debug_assert!(back.is_ok(), "an area could not be mended");
        }
        added
    }

    fn reserve_tables(&self, walk: &MoveWalk) -> Result<()> {
        let lock = self.lock_tables();
        let reserved = walk.reserve(&self.tables(&lock));
        self.invalidate(reserved.unwrap_or(Flush::All));
        reserved.map(|_| ()).map_err(|_| Errno::ENOMEM)
    }

    fn populate_if_locked(&self, layout: LayoutEdit, range: PageRange) {
        if layout.areas.account().locked == 0 {
            return;
        }
        let flags = layout.areas.find(range.start()).map(|(_, area)| area.flags());
        drop(layout);
        if let Some(flags) = flags.filter(|flags| flags.contains(VmFlags::LOCKED)) {
            self.populate(range, flags);
        }
    }
}
