//! What a program says of its memory, and asks: madvise, msync, mincore.

use super::frames::put_page;
use super::object::Lookup;
use super::space::Mm;
use crate::result::{Errno, Result};
use kcore::addr::PageRange;
use kcore::fault::AccessKind;
use kcore::memory_call::{
    AdviceStep, Piece, Pieces, advise_piece, madvise, mincore, msync, sync_piece,
};
use kcore::paging::Slot;
use kcore::paging::walk::lookup;

impl Mm {
    pub fn madvise(&self, start: u32, length: u32, advice: i32) -> Result<()> {
        let Some(plan) = madvise(start, length, advice, true)? else { return Ok(()) };
        let mut pieces = Pieces::new(plan.range);
        let mut holes = false;
        let mut layout = self.layout.write();
        while let Some(piece) = pieces.next(&layout.areas) {
            let Piece::Area { id, range } = piece else {
                if plan.stops_at_holes() {
                    return Err(Errno::ENOMEM);
                }
                holes = true;
                continue;
            };
            let Some(area) = layout.areas.get(id) else { break };
            let object = area.backing.object.clone();
            let index = area.index_of(range.start());
            let has_file = object.is_some();
            match advise_piece(plan, area.flags(), !has_file, has_file)? {
                // Pages are read when they are needed, and there is no swap they could go to;
                // FREE may keep them as long as it likes.
                AdviceStep::Nothing
                | AdviceStep::WillNeed
                | AdviceStep::Cold
                | AdviceStep::PageOut
                | AdviceStep::Free => {}
                AdviceStep::SetFlags(flags) => {
                    self.change_flags(&mut layout, id, range, flags).map_err(|_| Errno::EAGAIN)?;
                }
                AdviceStep::Zap => self.zap(range),
                AdviceStep::Remove => {
                    let Some(object) = object else { return Err(Errno::EINVAL) };
                    drop(layout);
                    object.punch_hole(index, range.len())?;
                    layout = self.layout.write();
                }
                AdviceStep::Populate { write } => {
                    drop(layout);
                    let kind = if write { AccessKind::Write } else { AccessKind::Read };
                    self.fault_in_range(range, kind)?;
                    layout = self.layout.write();
                }
            }
        }
        if holes { Err(Errno::ENOMEM) } else { Ok(()) }
    }

    /// msync. What is written is in the page cache at once, and no object has a disk behind it.
    pub fn msync(&self, start: u32, length: u32, flags: u32) -> Result<()> {
        let Some(plan) = msync(start, length, flags)? else { return Ok(()) };
        let layout = self.layout.read();
        let mut pieces = Pieces::new(plan.range);
        let mut holes = false;
        while let Some(piece) = pieces.next(&layout.areas) {
            match piece {
                Piece::Hole if plan.stops_at_holes() => return Err(Errno::ENOMEM),
                Piece::Hole => holes = true,
                Piece::Area { id, .. } => {
                    if let Some(area) = layout.areas.get(id) {
                        sync_piece(&plan, area.flags(), area.backing.object.is_some())?;
                    }
                }
            }
        }
        if holes { Err(Errno::ENOMEM) } else { Ok(()) }
    }

    /// The range mincore speaks of.
    pub fn mincore_range(&self, start: u32, length: u32, vector: u32) -> Result<PageRange> {
        mincore(start, length, vector, &self.layout.read().limits)
    }

    /// For each page of `pages` up to the first hole, whether it is in memory. Returns how many
    /// that are; ENOMEM if the first is a hole.
    pub fn mincore(&self, pages: PageRange, residency: &mut [u8]) -> Result<u32> {
        let layout = self.layout.read();
        let mut done = 0;
        for (page, resident) in pages.pages().zip(residency) {
            let Some((_, area)) = layout.areas.containing(page) else {
                return if done == 0 { Err(Errno::ENOMEM) } else { Ok(done) };
            };
            let mapped = {
                let lock = self.lock_tables();
                matches!(lookup(&self.tables(&lock), page), Slot::Page { .. })
            };
            let cached = || match &area.backing.object {
                Some(object) => match object.lookup(area.index_of(page)) {
                    Lookup::Cached(pfn) => {
                        put_page(pfn);
                        true
                    }
                    _ => false,
                },
                None => false,
            };
            *resident = u8::from(mapped || cached());
            done += 1;
        }
        Ok(done)
    }
}
