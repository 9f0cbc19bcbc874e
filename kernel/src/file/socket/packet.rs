//! A packet: bytes in frames, which may be high.

use crate::file::buffers::{Source, UserBuffers};
use crate::mm::frames::{GFP_HIGHUSER, alloc_page, put_page};
use crate::mm::kmap::kmap_atomic;
use crate::mm::page::page;
use crate::result::{Errno, Result};
use crate::task::might_resched;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::slice;
use kcore::addr::{PAGE_SIZE, Pfn};
use kcore::page::PageFlags;

pub struct Packet {
    frames: Vec<Pfn>,
}

/// Memory that a packet takes, as it counts for the sender.
pub fn charge(len: u32) -> u32 {
    len.div_ceil(PAGE_SIZE).max(1) * PAGE_SIZE
}

impl Packet {
    /// A packet of the next `len` bytes. EFAULT unless all are there.
    pub fn of(from: &mut Source, len: u32) -> Result<Arc<Self>> {
        let mut packet = Self { frames: Vec::new() };
        let count = len.div_ceil(PAGE_SIZE);
        packet.frames.try_reserve_exact(count as usize).map_err(|_| Errno::ENOMEM)?;
        for index in 0..count {
            let frame = alloc_page(&GFP_HIGHUSER).ok_or(Errno::ENOBUFS)?;
            page(frame).set(PageFlags::PIPE);
            packet.frames.push(frame);
            fill(frame, from, (len - index * PAGE_SIZE).min(PAGE_SIZE) as usize)?;
            might_resched();
        }
        Arc::try_new(packet).map_err(|_| Errno::ENOMEM)
    }

    /// Copies `len` bytes from `start` on. EFAULT if there is no room for all.
    pub fn copy_out(&self, start: u32, len: u32, to: &mut UserBuffers) -> Result<()> {
        let end = start + len;
        let mut at = start;
        while at < end {
            let Some(&frame) = self.frames.get((at / PAGE_SIZE) as usize) else { break };
            let offset = at % PAGE_SIZE;
            let count = (end - at).min(PAGE_SIZE - offset);
            copy_piece(frame, offset as usize, count as usize, to)?;
            at += count;
            might_resched();
        }
        Ok(())
    }
}

impl Drop for Packet {
    fn drop(&mut self) {
        for &frame in &self.frames {
            put_page(frame);
        }
    }
}

/// Fills the beginning of a frame. Pages of the program that are not there are brought in without
/// the atomic mapping.
fn fill(frame: Pfn, from: &mut Source, len: usize) -> Result<()> {
    let mut done = 0;
    loop {
        let mapping = kmap_atomic(frame);
        // SAFETY: the mapping covers the frame, `len` is at most its size, and nobody else knows it
        // yet.
        let bytes = unsafe { slice::from_raw_parts_mut(mapping.as_ptr::<u8>(), len) };
        done += from.copy_in(bytes.get_mut(done..).unwrap_or_default());
        drop(mapping);
        if done == len {
            return Ok(());
        }
        from.fault_in(len - done)?;
    }
}

fn copy_piece(frame: Pfn, offset: usize, len: usize, to: &mut UserBuffers) -> Result<()> {
    let mut done = 0;
    loop {
        let mapping = kmap_atomic(frame);
        // SAFETY: the mapping covers the frame, the piece lies inside, and a packet that can be
        // received does not change.
        let bytes = unsafe { slice::from_raw_parts(mapping.as_ptr::<u8>().add(offset), len) };
        done += to.copy_out(bytes.get(done..).unwrap_or_default());
        drop(mapping);
        if done == len {
            return Ok(());
        }
        to.fault_in(len - done, true)?;
    }
}
