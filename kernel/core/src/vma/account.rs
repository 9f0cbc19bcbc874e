//! How much of an address space is what: the sums behind RLIMIT_AS, _DATA, _MEMLOCK and statm.

use super::VmFlags;

/// All in pages.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Account {
    pub total: u32,
    pub locked: u32,
    pub data: u32,
    pub exec: u32,
    pub stack: u32,
    /// Charged to the commit limit.
    pub charged: u32,
}

impl Account {
    pub(super) fn add(&mut self, flags: VmFlags, pages: u32) {
        self.each(flags, |sum| *sum += pages);
    }

    pub(super) fn subtract(&mut self, flags: VmFlags, pages: u32) {
        self.each(flags, |sum| *sum -= pages);
    }

    /// An area had `was` pages and has `now`.
    pub(super) fn resize(&mut self, flags: VmFlags, was: u32, now: u32) {
        if was != now {
            self.each(flags, |sum| *sum = *sum - was + now);
        }
    }

    #[inline]
    fn each(&mut self, flags: VmFlags, mut apply: impl FnMut(&mut u32)) {
        apply(&mut self.total);
        if flags.is_data() {
            apply(&mut self.data);
        } else if flags.is_exec() {
            apply(&mut self.exec);
        } else if flags.contains(VmFlags::GROWSDOWN) {
            apply(&mut self.stack);
        }
        if flags.intersects(VmFlags::LOCKED.union(VmFlags::ACCOUNT)) {
            if flags.contains(VmFlags::LOCKED) {
                apply(&mut self.locked);
            }
            if flags.contains(VmFlags::ACCOUNT) {
                apply(&mut self.charged);
            }
        }
    }
}
