//! A word for each page: `pagemap`.

use crate::mm::page::mem_map;
use crate::mm::space::{Mm, TASK_SIZE};
use crate::mm::user;
use crate::result::{Errno, Result};
use crate::task::might_resched;
use abi::UserMutPtr;
use abi::statistics::{PAGE_EXCLUSIVE, PAGE_FILE, PAGE_PRESENT, PAGE_SWAPPED};
use kcore::addr::{PageRange, Vpn};
use kcore::page::PageFlags;
use kcore::paging::walk::entries;
use kcore::paging::{Access, Slot};

/// Words that are written at a time.
const STEP: u32 = 64;

impl Mm {
    /// Writes the words of at most `count` pages from `first` on, to the end of user space, of each
    /// the bits in `shown`. Returns how many.
    pub fn page_words(
        &self,
        first: u32,
        to: UserMutPtr<u64>,
        count: u32,
        shown: u64,
    ) -> Result<u32> {
        let count = count.min(TASK_SIZE.as_u32().saturating_sub(first));
        let mut done = 0;
        while done < count {
            let len = STEP.min(count - done);
            let start = Vpn::new(first + done);
            let range = PageRange::with_len(start, len).ok_or(Errno::EINVAL)?;
            let mut words = [0u64; STEP as usize];
            {
                let lock = self.lock_tables();
                let tables = self.tables(&lock);
                let mut at = start;
                while at < range.end() {
                    at = entries(&tables, range.above(at), STEP, |page, _, slot| {
                        let index = page.as_u32() - start.as_u32();
                        if let Some(place) = words.get_mut(index as usize) {
                            *place = word(slot) & shown;
                        }
                    });
                }
            }
            for (index, word) in (done..).zip(words.get(..len as usize).unwrap_or_default()) {
                user::write(to.checked_add(index).ok_or(Errno::EFAULT)?, word)?;
            }
            done += len;
            might_resched();
        }
        Ok(done)
    }
}

fn word(slot: Slot) -> u64 {
    match slot {
        Slot::Page { pfn, access } => {
            let present = PAGE_PRESENT | u64::from(pfn.as_u32());
            match mem_map().get(pfn.as_u32() as usize) {
                Some(page) if !access.contains(Access::SPECIAL) => {
                    let file = if page.has(PageFlags::ANON) { 0 } else { PAGE_FILE };
                    let alone = if page.mapcount() == 1 { PAGE_EXCLUSIVE } else { 0 };
                    present | file | alone
                }
                _ => present,
            }
        }
        // The area in the low five bits, the slot above them.
        Slot::Swap(entry) => PAGE_SWAPPED | u64::from(entry.as_u32()),
        _ => 0,
    }
}
