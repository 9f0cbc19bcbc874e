//! Frames that processes share by handle: a memory object without a name, whose pages are there
//! from the beginning and stay.

use super::object::{Object as Named, Revocations};
use crate::mm::frames::{Frame, put_page};
use crate::mm::object::{Lookup, Object};
use crate::mm::user::UserSlice;
use crate::mm::vmalloc::{Area, vmap};
use crate::process::CurrentThread;
use crate::result::{Errno, Result};
use abi::ipc::MAX_FRAMES;
use abi::memory::{PROT_READ, PROT_WRITE};
use alloc::sync::Arc;
use kcore::addr::{PAGE_SHIFT, PhysAddr};

pub struct Frames {
    object: Arc<Object>,
    pages: u32,
    revocations: Revocations,
}

impl Named for Frames {
    fn revocations(&self) -> &Revocations {
        &self.revocations
    }
}

impl Frames {
    /// Zeroed ones.
    pub fn new(pages: u32) -> Result<Arc<Self>> {
        if pages == 0 || pages > MAX_FRAMES {
            return Err(Errno::EINVAL);
        }
        let object = Object::fixed(u64::from(pages) << PAGE_SHIFT)?;
        Arc::try_new(Self { object, pages, revocations: Revocations::new() })
            .map_err(|_| Errno::ENOMEM)
    }

    /// Maps some of them into the running program. Returns where.
    pub fn map(
        &self,
        thread: &CurrentThread,
        first: u32,
        pages: u32,
        protection: u32,
    ) -> Result<u32> {
        let end = first.checked_add(pages).ok_or(Errno::EINVAL)?;
        if pages == 0 || end > self.pages {
            return Err(Errno::EINVAL);
        }
        let is_writable = match protection {
            PROT_READ => false,
            protection if protection == PROT_READ | PROT_WRITE => true,
            _ => return Err(Errno::EINVAL),
        };
        thread.mm().map_frames(&self.object, first, pages, is_writable)
    }

    /// All of them, side by side for the kernel.
    pub fn map_kernel(&self) -> Result<Area> {
        vmap(self.pages, |index| match self.object.lookup(index) {
            Lookup::Cached(pfn) => Some(Frame::from_raw(pfn)),
            _ => None,
        })
    }

    /// Copies to the running program's memory.
    pub fn read(&self, offset: u32, mut to: UserSlice) -> Result<u32> {
        self.object.read(u64::from(offset), &mut to).map(|count| count as u32)
    }

    /// Copies from the running program's memory, not beyond the end.
    pub fn write(&self, offset: u32, mut from: UserSlice) -> Result<u32> {
        let rest = (self.pages << PAGE_SHIFT).saturating_sub(offset);
        from.truncate(rest as usize);
        self.object.write(u64::from(offset), &mut from).map(|count| count as u32)
    }

    /// Where a page is. EINVAL beyond the end.
    pub fn address(&self, page: u32) -> Result<PhysAddr> {
        match self.object.lookup(page) {
            Lookup::Cached(pfn) => {
                put_page(pfn);
                Ok(pfn.address())
            }
            _ => Err(Errno::EINVAL),
        }
    }
}
