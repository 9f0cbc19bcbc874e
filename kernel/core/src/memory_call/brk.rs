//! brk, which has no errors: on refusal the break stays what it was.

use super::Limits;
use super::limits::page_align;
use crate::addr::{PageRange, VirtAddr};
use crate::vma::{Backing, MAX_MAP_COUNT, STACK_GUARD_GAP, VmFlags, VmaSet};

/// The bounds of the program's data, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Break {
    pub start_data: u32,
    pub end_data: u32,
    pub start_brk: u32,
    pub brk: u32,
}

/// What brk does. Except for `Refused`, the break becomes what was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Brk {
    Refused,
    /// Within the last page.
    Within,
    Shrink(PageRange),
    /// Anonymous pages with these flags, charged to the commit limit, populated if locked.
    Grow {
        range: PageRange,
        flags: VmFlags,
    },
}

/// What asking for the break `to` does.
pub fn brk<B: Backing>(to: u32, of: &Break, set: &VmaSet<B>, limits: &Limits) -> Brk {
    plan(to, of, set, limits).unwrap_or(Brk::Refused)
}

fn plan<B: Backing>(to: u32, of: &Break, set: &VmaSet<B>, limits: &Limits) -> Option<Brk> {
    if to < of.start_brk {
        return None;
    }
    let data = (to - of.start_brk).saturating_add(of.end_data.saturating_sub(of.start_data));
    if limits.data != u32::MAX && data > limits.data {
        return None;
    }
    let (new, old) = (page_align(to), page_align(of.brk));
    if new == old {
        return Some(Brk::Within);
    }
    let page = |address: u32| VirtAddr::new(address).vpn();
    if to <= of.brk {
        let tail = PageRange::new(page(new), page(old))?;
        return set.overlapping(tail).next().map(|_| Brk::Shrink(tail));
    }
    let range = PageRange::new(page(old), page(new))?;
    let pages = range.len();
    limits.check_address(old, pages).ok()?;
    let mut flags = VmFlags::READ | VmFlags::WRITE | VmFlags::MAY | VmFlags::ACCOUNT;
    flags |= limits.def_flags;
    flags.set(VmFlags::EXEC, limits.read_implies_exec);
    limits.check_locked(set.account(), limits.def_flags, pages).ok()?;
    // A page stays free above the heap, and the guard gap below a stack.
    let end = range.end().checked_add(1)?;
    let clear = set.find(range.start()).is_none_or(|(_, next)| {
        let gap = if next.flags().contains(VmFlags::GROWSDOWN) { STACK_GUARD_GAP } else { 0 };
        end.as_u32().saturating_add(gap) <= next.start().as_u32()
    });
    let fits = limits.may_expand(set.account(), flags, pages, 0)
        && set.len() <= MAX_MAP_COUNT
        && pages <= limits.commit;
    (clear && fits).then_some(Brk::Grow { range, flags })
}
