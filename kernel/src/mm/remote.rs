//! Copies between the current program's memory and another address space, which is reached by its
//! frames.

use super::kmap::kmap;
use super::space::Mm;
use super::user::UserSlice;
use crate::result::Result;
use crate::task::might_resched;
use kcore::addr::{PAGE_SIZE, Pfn, VirtAddr};
use kcore::fault::AccessKind;

/// Which way bytes go.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the other address space.
    Read,
    Write,
}

impl Mm {
    /// Copies `len` bytes at `address` to or from `local`, which is not shorter; fewer where either
    /// memory ends, which is EFAULT if not a byte went.
    pub fn copy_remote(
        &self,
        address: u32,
        len: u32,
        local: &mut UserSlice,
        direction: Direction,
    ) -> Result<u32> {
        let kind = match direction {
            Direction::Read => AccessKind::Read,
            Direction::Write => AccessKind::Write,
        };
        let mut done = 0;
        while done < len {
            let Some(at) = address.checked_add(done) else { break };
            let within = at % PAGE_SIZE;
            let count = (PAGE_SIZE - within).min(len - done);
            let frame = match self.pin(VirtAddr::new(at).vpn(), kind) {
                Ok(frame) => frame,
                Err(errno) if done == 0 => return Err(errno),
                Err(_) => break,
            };
            let copied = copy_part(frame.pfn(), within, count, local, direction);
            done += copied;
            if copied < count {
                break;
            }
            might_resched();
        }
        Ok(done)
    }
}

/// A part of one frame. Fewer bytes if the local memory is not there.
fn copy_part(
    pfn: Pfn,
    within: u32,
    count: u32,
    local: &mut UserSlice,
    direction: Direction,
) -> u32 {
    debug_assert!(within + count <= PAGE_SIZE);
    let mapping = kmap(pfn);
    // SAFETY: the part lies in the frame, which is mapped; programs may use it at the same time.
    let copied = unsafe {
        let bytes = mapping.as_ptr::<u8>().add(within as usize);
        match direction {
            Direction::Read => local.copy_out_raw(bytes, count as usize),
            Direction::Write => local.copy_in_raw(bytes, count as usize),
        }
    };
    // At most `count`.
    copied as u32
}
