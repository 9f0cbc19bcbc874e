//! Pages that stay: the mlock family.

use super::layout::{Layout, LayoutEdit};
use super::populate;
use super::space::Mm;
use crate::result::{Errno, Result};
use kcore::addr::PageRange;
use kcore::memory_call::{Lock, Piece, Pieces, lock_flags, mlock, mlock2, mlockall, munlock};
use kcore::vma::VmFlags;

impl Mm {
    pub fn mlock(&self, start: u32, length: u32) -> Result<()> {
        let layout = self.layout.write();
        let plan = mlock(start, length, &layout.areas, &layout.limits)?;
        self.set_lock(layout, plan)
    }

    pub fn mlock2(&self, start: u32, length: u32, flags: u32) -> Result<()> {
        let layout = self.layout.write();
        let plan = mlock2(start, length, flags, &layout.areas, &layout.limits)?;
        self.set_lock(layout, plan)
    }

    pub fn munlock(&self, start: u32, length: u32) -> Result<()> {
        let plan = munlock(start, length)?;
        self.set_lock(self.layout.write(), plan)
    }

    fn set_lock(&self, mut layout: LayoutEdit, plan: Lock) -> Result<()> {
        let mut pieces = Pieces::new(plan.range);
        while let Some(piece) = pieces.next(&layout.areas) {
            let Piece::Area { id, range } = piece else { return Err(Errno::ENOMEM) };
            let old = layout.areas.get(id).map_or(plan.flags, |area| area.flags());
            if let Some(flags) = lock_flags(old, plan.flags) {
                self.change_flags(&mut layout, id, range, flags)?;
            }
        }
        drop(layout);
        let now = VmFlags::LOCKED | VmFlags::LOCKONFAULT;
        if plan.flags & now == VmFlags::LOCKED {
            return self.populate_locked(plan.range).map_err(|errno| match errno {
                Errno::ENOMEM => Errno::EAGAIN,
                _ => Errno::ENOMEM,
            });
        }
        Ok(())
    }

    /// Faults in every accessible page of a range as its area would be used.
    fn populate_locked(&self, range: PageRange) -> Result<()> {
        let mut pieces = Pieces::new(range);
        loop {
            let (part, flags) = {
                let layout = self.layout.read();
                match pieces.next(&layout.areas) {
                    None => return Ok(()),
                    Some(Piece::Hole) => return Err(Errno::EFAULT),
                    Some(Piece::Area { id, range }) => {
                        let flags = layout.areas.get(id).map_or(VmFlags::empty(), |a| a.flags());
                        (range, flags)
                    }
                }
            };
            if !flags.is_accessible() {
                return Err(Errno::EFAULT);
            }
            self.fault_in_range(part, populate::access(flags))?;
        }
    }

    pub fn mlockall(&self, flags: u32) -> Result<()> {
        let mut layout = self.layout.write();
        let plan = mlockall(flags, layout.areas.account().total, &layout.limits)?;
        layout.limits.def_flags = plan.def_flags;
        if let Some(lock) = plan.current {
            self.lock_each(&mut layout, lock);
        }
        drop(layout);
        if plan.populate {
            let everything = PageRange::new(Default::default(), super::space::TASK_SIZE);
            let mut pieces = Pieces::new(everything.unwrap_or_default());
            loop {
                let piece = pieces.next(&self.layout.read().areas);
                match piece {
                    None => break,
                    Some(Piece::Hole) => {}
                    // Errors of single areas do not count.
                    Some(Piece::Area { range, .. }) => {
                        if self.populate_locked(range) == Err(Errno::EINTR) {
                            return Err(Errno::EINTR);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    pub fn munlockall(&self) {
        let mut layout = self.layout.write();
        layout.limits.def_flags = VmFlags::empty();
        self.lock_each(&mut layout, VmFlags::empty());
    }

    fn lock_each(&self, layout: &mut Layout, lock: VmFlags) {
        let everything = PageRange::new(Default::default(), super::space::TASK_SIZE);
        let mut pieces = Pieces::new(everything.unwrap_or_default());
        while let Some(piece) = pieces.next(&layout.areas) {
            let Piece::Area { id, range } = piece else { continue };
            let old = layout.areas.get(id).map_or(lock, |area| area.flags());
            if let Some(flags) = lock_flags(old, lock) {
                let _ = self.change_flags(layout, id, range, flags);
            }
        }
    }
}
