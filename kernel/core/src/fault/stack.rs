//! A fault below an area that grows down.

use super::Signal;
use crate::addr::Vpn;
use crate::vma::{Account, STACK_GUARD_GAP, VmFlags, Vma};

/// What bounds a stack, all in pages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StackLimits {
    /// RLIMIT_STACK.
    pub stack: u32,
    /// RLIMIT_AS.
    pub address_space: u32,
    /// RLIMIT_MEMLOCK; no bound for who may lock at will.
    pub locked: u32,
    /// What overcommit still grants.
    pub commit: u32,
    /// mmap_min_addr.
    pub lowest: Vpn,
}

/// Where `stack` must start for an access to `page`, below it. `below` is the area under the
/// stack. The stack pointer does not matter, as on Linux since 4.20.
pub fn grow_stack<B>(
    page: Vpn,
    stack: &Vma<B>,
    below: Option<&Vma<B>>,
    account: &Account,
    limits: &StackLimits,
) -> Result<Vpn, Signal> {
    let flags = stack.flags();
    let grows = flags.contains(VmFlags::GROWSDOWN) && page < stack.start() && page >= limits.lowest;
    if !grows {
        return Err(Signal::MapError);
    }
    let size = stack.end().as_u32() - page.as_u32();
    let more = stack.start().as_u32() - page.as_u32();
    let crowded = below.is_some_and(|below| {
        let gap = page.as_u32().saturating_sub(below.end().as_u32());
        let neighbour = below.flags();
        !neighbour.contains(VmFlags::GROWSDOWN)
            && neighbour.is_accessible()
            && gap < STACK_GUARD_GAP
    });
    let fits = size <= limits.stack
        && account.total.saturating_add(more) <= limits.address_space
        && (!flags.contains(VmFlags::LOCKED)
            || account.locked.saturating_add(more) <= limits.locked)
        && (!flags.contains(VmFlags::ACCOUNT) || more <= limits.commit)
        && more <= stack.pgoff()
        && more <= stack.home_of(stack.start());
    if fits && !crowded { Ok(page) } else { Err(Signal::MapError) }
}
