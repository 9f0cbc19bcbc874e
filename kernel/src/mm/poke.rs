//! Changing a process's memory as no program could: for tests of what becomes of it.

use super::remote::Direction;
use super::space::Mm;
use super::user::UserSlice;
use crate::result::{Errno, Result};
use kcore::addr::{PAGE_SIZE, VirtAddr};
use kcore::vma::VmFlags;

impl Mm {
    /// Copies `from` to private memory at `address`, within one page, also where the program may not
    /// write: for the moment of the copy it may.
    pub fn poke(&self, address: u32, from: &mut UserSlice) -> Result<()> {
        let (within, len) = (address % PAGE_SIZE, from.len() as u32);
        if len > PAGE_SIZE - within {
            return Err(Errno::EINVAL);
        }
        let flags = self.flags_at(address).ok_or(Errno::EFAULT)?;
        if flags.contains(VmFlags::SHARED) {
            return Err(Errno::EACCES);
        }
        let (page, rights) = (address - within, flags.intersection(VmFlags::ACCESS));
        let is_writable = rights.contains(VmFlags::WRITE);
        if !is_writable {
            self.mprotect(page, PAGE_SIZE, rights.union(VmFlags::WRITE).bits())?;
        }
        let copied = self.copy_remote(address, len, from, Direction::Write);
        if !is_writable {
            self.mprotect(page, PAGE_SIZE, rights.bits())?;
        }
        match copied {
            Ok(copied) if copied == len => Ok(()),
            Ok(_) => Err(Errno::EFAULT),
            Err(errno) => Err(errno),
        }
    }

    fn flags_at(&self, address: u32) -> Option<VmFlags> {
        let layout = self.layout.read();
        let (_, area) = layout.areas.containing(VirtAddr::new(address).vpn())?;
        Some(area.flags())
    }
}
