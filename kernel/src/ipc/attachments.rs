//! What a message carries besides words.

use super::object::HeldObject;
use crate::mm::frames::Frame;
use crate::result::{Errno, Result};
use abi::ipc::{MAX_HANDLES, MAX_LEASES};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem;
use kcore::addr::{PAGE_SHIFT, PAGE_SIZE, Pfn};
use kcore::lease::{LeaseAccess, Leases, MAX_LEASE_PAGES};

pub type Handles = [Option<HeldObject>; MAX_HANDLES as usize];

/// Memory behind leases.
pub enum LentMemory {
    Nothing,
    /// The pages of all leases, in order. They stay where they are while this lives.
    Pinned([Option<Frame>; MAX_LEASE_PAGES as usize]),
    /// The kernel's own: a lease's start is an offset. It goes back to the caller with the reply.
    Kernel(Vec<u8>),
}

/// Leases and handles of one message.
pub struct Attachments {
    pub leases: Leases,
    pub memory: LentMemory,
    pub handles: Handles,
}

/// Where a part of a lease is.
pub enum Part {
    /// `count` bytes of a frame from `within` on.
    Frame { pfn: Pfn, within: u32, count: u32 },
    /// Bytes of the kernel's memory.
    Kernel { start: usize, count: u32 },
}

impl Attachments {
    pub const fn new() -> Self {
        let leases = Leases::new();
        Self { leases, memory: LentMemory::Nothing, handles: [const { None }; 4] }
    }

    pub fn boxed(self) -> Result<Box<Self>> {
        Box::try_new(self).map_err(|_| Errno::ENOMEM)
    }

    pub fn take_handles(&mut self) -> Handles {
        mem::take(&mut self.handles)
    }

    /// The longest part of a lease from `offset` on that lies in one piece, at most `len` bytes.
    /// `None` at the end of the lease.
    pub fn part(
        &self,
        index: u32,
        offset: u32,
        len: u32,
        wanted: LeaseAccess,
    ) -> Result<Option<Part>> {
        let (start, count) = self.leases.locate(index, offset, len, wanted)?;
        if count == 0 {
            return Ok(None);
        }
        let lease = *self.leases.get(index)?;
        match &self.memory {
            LentMemory::Nothing => Err(Errno::EINVAL),
            LentMemory::Pinned(frames) => {
                let before: u32 = self.leases.iter().take(index as usize).map(|l| l.pages()).sum();
                let page = before + (start >> PAGE_SHIFT) - (lease.start >> PAGE_SHIFT);
                let frame = frames.get(page as usize).and_then(Option::as_ref);
                let pfn = frame.ok_or(Errno::EFAULT)?.pfn();
                let within = start % PAGE_SIZE;
                Ok(Some(Part::Frame { pfn, within, count: count.min(PAGE_SIZE - within) }))
            }
            LentMemory::Kernel(_) => Ok(Some(Part::Kernel { start: start as usize, count })),
        }
    }
}

const _: () = assert!(MAX_LEASES == kcore::lease::MAX_LEASES);
