//! The end of a program's data: brk.

use super::map::Contents;
use super::space::Mm;
use kcore::memory_call::{Break, Brk, brk};
use kcore::vma::VmFlags;

impl Mm {
    /// Moves the break to `to` if that is allowed. The break as it is then.
    pub fn brk(&self, to: u32) -> u32 {
        let mut layout = self.layout.write();
        let now = Break {
            start_data: layout.marks.start_data,
            end_data: layout.marks.end_data,
            start_brk: layout.marks.start_brk,
            brk: layout.marks.brk,
        };
        let done = match brk(to, &now, &layout.areas, &layout.limits) {
            Brk::Refused => false,
            Brk::Within => true,
            Brk::Shrink(tail) => self.unmap_areas(&mut layout.areas, tail).is_ok(),
            Brk::Grow { range, flags } => {
                let grown = self.map_free(&mut layout, range, flags, Contents::Anonymous).is_ok();
                if grown && flags.contains(VmFlags::LOCKED) {
                    layout.set_break(to);
                    drop(layout);
                    self.populate(range, flags);
                    return to;
                }
                grown
            }
        };
        if done {
            layout.set_break(to);
        }
        layout.marks.brk
    }
}
