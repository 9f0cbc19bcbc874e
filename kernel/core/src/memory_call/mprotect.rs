//! mprotect.

use super::Limits;
use super::limits::page_align;
use crate::addr::{PAGE_SHIFT, PageRange, VirtAddr, Vpn};
use crate::vma::{Account, Backing, VmFlags, Vma, VmaSet};
use abi::errno::Errno;
use abi::memory::*;

/// A range whose areas get other rights, up to the first hole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Protect {
    pub range: PageRange,
    pub prot: u32,
}

/// The range and the rights; `None` if there is nothing to do.
pub fn mprotect<B: Backing>(
    start: u32,
    length: u32,
    prot: u32,
    set: &VmaSet<B>,
) -> Result<Option<Protect>, Errno> {
    const GROWS: u32 = PROT_GROWSDOWN | PROT_GROWSUP;
    let address = VirtAddr::new(start);
    if prot & GROWS == GROWS || !address.is_page_aligned() {
        return Err(Errno::EINVAL);
    }
    if length == 0 {
        return Ok(None);
    }
    let pages = page_align(length) >> PAGE_SHIFT;
    // The end may be at most the last page: Linux's sum must not wrap.
    let range = PageRange::with_len(address.vpn(), pages)
        .filter(|range| !range.is_empty() && range.end().address().is_some())
        .ok_or(Errno::ENOMEM)?;
    let rights = prot & !GROWS;
    if rights & !(PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM) != 0 {
        return Err(Errno::EINVAL);
    }
    let (_, vma) = set.find(range.start()).ok_or(Errno::ENOMEM)?;
    let mut start = range.start();
    if prot & PROT_GROWSDOWN != 0 {
        if vma.start() >= range.end() {
            return Err(Errno::ENOMEM);
        }
        start = vma.start();
        if !vma.flags().contains(VmFlags::GROWSDOWN) {
            return Err(Errno::EINVAL);
        }
    } else {
        if vma.start() > start {
            return Err(Errno::ENOMEM);
        }
        if prot & PROT_GROWSUP != 0 {
            // Nothing grows up on this machine.
            return Err(Errno::EINVAL);
        }
    }
    let range = whole(start, range.end())?;
    Ok(Some(Protect { range, prot: rights }))
}

fn whole(start: Vpn, end: Vpn) -> Result<PageRange, Errno> {
    PageRange::new(start, end).ok_or(Errno::ENOMEM)
}

/// The new flags of `piece`, part of `vma`, and the pages to charge to the commit limit.
pub fn protect_piece<B>(
    vma: &Vma<B>,
    piece: PageRange,
    prot: u32,
    account: &Account,
    limits: &Limits,
) -> Result<(VmFlags, u32), Errno> {
    let old = vma.flags();
    let mut flags = old.difference(VmFlags::ACCESS) | VmFlags::from_prot(prot);
    let readable = limits.read_implies_exec && prot & PROT_READ != 0;
    if readable && old.contains(VmFlags::MAYEXEC) {
        flags |= VmFlags::EXEC;
    }
    if !flags.beyond_may().is_empty() {
        return Err(Errno::EACCES);
    }
    let pages = piece.len();
    if flags == old || !flags.contains(VmFlags::WRITE) {
        return Ok((flags, 0));
    }
    let expands = |flags| limits.may_expand(account, flags, pages, 0);
    if !expands(flags) && expands(old) {
        return Err(Errno::ENOMEM);
    }
    let settled =
        VmFlags::ACCOUNT | VmFlags::WRITE | VmFlags::HUGETLB | VmFlags::SHARED | VmFlags::NORESERVE;
    if old.intersects(settled) {
        return Ok((flags, 0));
    }
    if pages > limits.commit {
        return Err(Errno::ENOMEM);
    }
    Ok((flags | VmFlags::ACCOUNT, pages))
}
