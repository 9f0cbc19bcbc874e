//! Runs of I/O ports as handles.

use super::object::{Object, Revocations};
use crate::arch::io_port;
use crate::mm::user;
use crate::result::{Errno, Result};
use crate::task;
use abi::UserMutPtr;
use alloc::sync::Arc;

pub struct IoPortRun {
    first: u16,
    last: u16,
    revocations: Revocations,
}

impl Object for IoPortRun {
    fn revocations(&self) -> &Revocations {
        &self.revocations
    }
}

impl IoPortRun {
    /// EINVAL for none, or beyond the last there is.
    pub fn new(first: u32, count: u32) -> Result<Arc<Self>> {
        let last = count.checked_sub(1).and_then(|more| first.checked_add(more));
        let last = last.and_then(|last| u16::try_from(last).ok()).ok_or(Errno::EINVAL)?;
        let first = u16::try_from(first).map_err(|_| Errno::EINVAL)?;
        Arc::try_new(Self { first, last, revocations: Revocations::new() })
            .map_err(|_| Errno::ENOMEM)
    }

    /// Lets the running thread use them. ENOSPC if it has too many runs.
    pub fn enable(&self) -> Result<()> {
        let task = task::current();
        let mut ports = task.io_ports();
        if !ports.add(self.first, self.last) {
            return Err(Errno::ENOSPC);
        }
        task.set_io_ports(&ports);
        Ok(())
    }

    /// Stores `tag` with a byte from `port` in its low 8 bits. A signal that ends the process waits
    /// until the call is over. EINVAL, EFAULT.
    pub fn read_into(&self, port: u32, place: UserMutPtr<u32>, tag: u32) -> Result<()> {
        let port = u16::try_from(port).ok().filter(|port| (self.first..=self.last).contains(port));
        let port = port.ok_or(Errno::EINVAL)?;
        if !place.address().is_multiple_of(size_of::<u32>() as u32) {
            return Err(Errno::EINVAL);
        }
        // Nothing is read that could not be kept; the page stays, as nothing sleeps from here on.
        user::fault_in(place.address(), size_of::<u32>(), true)?;
        // SAFETY: whoever has the ports may read them.
        let byte = unsafe { io_port::read(port) };
        user::write_word(place, tag & !0xff | u32::from(byte))
    }
}
