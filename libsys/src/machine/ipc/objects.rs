//! What else has handles: frames, interrupts, I/O ports, processes.

use super::port::Port;
use crate::Result;
use crate::ipc::{Handle, Rights};
use crate::syscall::{ipc, linux, output, pointer, pointer_mut};
use abi::memory::{PROT_READ, PROT_WRITE};
use abi::{UserMutPtr, UserPtr};
use core::sync::atomic::AtomicU32;

const PAGE_SIZE: u32 = 4096;

/// Frames of memory that processes share by handle. 4 KiB each.
#[derive(Debug, PartialEq, Eq)]
pub struct Frames(pub Handle);

impl Frames {
    /// Zeroed frames, at most 1024.
    ///
    /// EINVAL: none, or too many. ENOMEM: not so many. (`frames_create`)
    pub fn new(pages: u32) -> Result<Self> {
        // SAFETY: changes no memory.
        unsafe { ipc::frames_create(pages) }.map(|raw| Self(Handle::from_raw(raw)))
    }

    /// Maps `pages` of them from page `first` on.
    ///
    /// EINVAL: beyond the end. EPERM: lacks MAP, READ or WRITE. (`frames_map`)
    pub fn map(&self, first: u32, pages: u32, writable: bool) -> Result<MappedFrames> {
        let protection = if writable { PROT_READ | PROT_WRITE } else { PROT_READ };
        // SAFETY: the new mapping replaces nothing.
        let address = unsafe { ipc::frames_map(self.0.raw(), first, pages, protection) }?;
        Ok(MappedFrames { address, length: pages * PAGE_SIZE })
    }

    /// Copies from byte `offset` on; fewer bytes at the end. (`frames_read`)
    pub fn read(&self, offset: u32, bytes: &mut [u8]) -> Result<usize> {
        let (address, length) = (UserMutPtr::new(pointer_mut(bytes)), bytes.len() as u32);
        // SAFETY: the buffer is exclusively ours and that long.
        let count = unsafe { ipc::frames_read(self.0.raw(), offset, address, length) }?;
        Ok(count as usize)
    }

    /// Copies to byte `offset` and on; fewer bytes at the end. (`frames_write`)
    pub fn write(&self, offset: u32, bytes: &[u8]) -> Result<usize> {
        let (address, length) = (UserPtr::new(pointer(bytes)), bytes.len() as u32);
        // SAFETY: the kernel only reads the slice; what maps the frames takes them as volatile.
        let count = unsafe { ipc::frames_write(self.0.raw(), offset, address, length) }?;
        Ok(count as usize)
    }

    /// The physical address of a page.
    ///
    /// EPERM: lacks DMA. EINVAL: beyond the end. (`frames_address`)
    pub fn physical_address(&self, page: u32) -> Result<u64> {
        let mut address = 0u64;
        // SAFETY: `address` is ours.
        unsafe { ipc::frames_address(self.0.raw(), page, output(&mut address)) }?;
        Ok(address)
    }
}

/// Mapped frames, unmapped when dropped. Others may change them at any moment, so all access is by
/// volatile or atomic operations on [`as_mut_ptr`](Self::as_mut_ptr).
#[derive(Debug)]
pub struct MappedFrames {
    address: u32,
    length: u32,
}

impl MappedFrames {
    /// The first byte.
    pub const fn as_mut_ptr(&self) -> *mut u8 {
        self.address as *mut u8
    }

    /// In bytes.
    pub const fn length(&self) -> u32 {
        self.length
    }
}

impl Drop for MappedFrames {
    fn drop(&mut self) {
        // SAFETY: the range is ours, and with `self` all borrows of it end.
        let _ = unsafe { linux::munmap(self.address, self.length) };
    }
}

/// An interrupt line.
#[derive(Debug, PartialEq, Eq)]
pub struct Irq(pub Handle);

impl Irq {
    /// For `init`: a line, 0 to 15.
    ///
    /// EPERM: this process is not `init`. EBUSY: it is taken. (`irq_create`)
    pub fn new(line: u32) -> Result<Self> {
        // SAFETY: changes no memory.
        unsafe { ipc::irq_create(line) }.map(|raw| Self(Handle::from_raw(raw)))
    }

    /// Has bits of a port set at each interrupt, and lets them in. Each masks the line until
    /// [`acknowledge`](Self::acknowledge). (`irq_attach`)
    pub fn attach(&self, port: &Port, bits: u32) -> Result<()> {
        // SAFETY: changes no memory.
        unsafe { ipc::irq_attach(self.0.raw(), port.0.raw(), bits) }.map(drop)
    }

    /// The interrupt has been dealt with: the next one may come. (`irq_ack`)
    pub fn acknowledge(&self) -> Result<()> {
        // SAFETY: changes no memory.
        unsafe { ipc::irq_ack(self.0.raw()) }.map(drop)
    }
}

/// A run of I/O ports.
#[derive(Debug, PartialEq, Eq)]
pub struct IoPorts(pub Handle);

impl IoPorts {
    /// For `init`: `count` ports from `first` on.
    ///
    /// EPERM: this process is not `init`. (`io_ports_create`)
    pub fn new(first: u16, count: u32) -> Result<Self> {
        // SAFETY: changes no memory.
        let raw = unsafe { ipc::io_ports_create(u32::from(first), count) }?;
        Ok(Self(Handle::from_raw(raw)))
    }

    /// Lets this thread use them, until `execve`.
    ///
    /// EPERM: lacks DMA. ENOSPC: has eight runs already. (`io_ports_enable`)
    pub fn enable(&self) -> Result<()> {
        // SAFETY: changes no memory.
        unsafe { ipc::io_ports_enable(self.0.raw()) }.map(drop)
    }

    /// Stores `tag` with a byte from `port` in its low 8 bits: if this process is ended, both or
    /// neither has been done.
    ///
    /// EPERM: lacks DMA. EINVAL: not one of them. (`io_ports_read`)
    pub fn read_into(&self, port: u16, place: &AtomicU32, tag: u32) -> Result<()> {
        let place = UserMutPtr::new(place.as_ptr() as u32);
        // SAFETY: stores to an atomic word.
        unsafe { ipc::io_ports_read(self.0.raw(), u32::from(port), place, tag) }.map(drop)
    }
}

/// A child process, whatever becomes of its id.
#[derive(Debug, PartialEq, Eq)]
pub struct Child(pub Handle);

impl Child {
    /// A child of this process.
    ///
    /// ECHILD: `pid` is none. (`process_open`)
    pub fn open(pid: i32) -> Result<Self> {
        // SAFETY: changes no memory.
        unsafe { ipc::process_open(pid) }.map(|raw| Self(Handle::from_raw(raw)))
    }

    /// Has bits of a port set when it ends, or now if it has. (`process_watch`)
    pub fn watch(&self, port: &Port, bits: u32) -> Result<()> {
        // SAFETY: changes no memory.
        unsafe { ipc::process_watch(self.0.raw(), port.0.raw(), bits) }.map(drop)
    }

    /// Gives it a handle, with at most these rights; returns the number it has there.
    ///
    /// EPERM: `handle` lacks TRANSFER. ESRCH: the child has ended. (`process_give`)
    pub fn give(&self, handle: &Handle, rights: Rights) -> Result<u32> {
        // SAFETY: changes no memory.
        unsafe { ipc::process_give(self.0.raw(), handle.raw(), rights) }
    }

    /// Sends a signal.
    ///
    /// ESRCH: it has been waited for. (`process_signal`)
    pub fn signal(&self, signal: i32) -> Result<()> {
        // SAFETY: changes no memory of this program's.
        unsafe { ipc::process_signal(self.0.raw(), signal) }.map(drop)
    }
}
