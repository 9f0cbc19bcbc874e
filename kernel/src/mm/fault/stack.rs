//! Faults below a stack: it grows.

use super::Outcome;
use super::serve::Fault;
use crate::mm::layout::Layout;
use crate::mm::space::Mm;
use crate::sync::ReadGuard;
use kcore::addr::{PAGE_SIZE, Vpn};
use kcore::fault::{AccessKind, Signal, StackLimits, grow_stack};

impl Mm {
    /// Grows the stack above `page`, then goes on as usual.
    #[cold]
    pub(super) fn fault_below_stack(
        &self,
        layout: ReadGuard<Layout>,
        page: Vpn,
        kind: AccessKind,
    ) -> Outcome {
        drop(layout);
        if let Err(signal) = self.grow_stack(page) {
            return Outcome::Signal(signal);
        }
        let layout = self.layout.read();
        match layout.areas.containing(page) {
            Some((_, area)) => Fault { mm: self, area, page, kind }.serve(),
            None => Outcome::Signal(Signal::MapError),
        }
    }

    fn grow_stack(&self, page: Vpn) -> Result<(), Signal> {
        let mut layout = self.layout.write();
        let Some((id, area)) = layout.areas.find(page) else { return Err(Signal::MapError) };
        if area.start() <= page {
            // Another thread was faster.
            return Ok(());
        }
        let below = layout.areas.prev(id).map(|(_, below)| below);
        let pages = |bytes: u32| bytes / PAGE_SIZE;
        let limits = StackLimits {
            stack: pages(layout.stack_limit),
            address_space: pages(layout.limits.address_space),
            locked: if layout.limits.may_lock { u32::MAX } else { pages(layout.limits.memlock) },
            commit: layout.limits.commit,
            lowest: layout.limits.placement.lowest,
        };
        let start = grow_stack(page, area, below, layout.areas.account(), &limits)?;
        layout.areas.grow_down(id, start, &mut |edit| self.follow(edit));
        Ok(())
    }
}
