//! A packet: bytes in frames, which may be high.

use super::real_credentials;
use super::rights::{self, Rights};
use crate::file::buffers::{Source, UserBuffers};
use crate::mm::frames::{GFP_HIGHUSER, alloc_page, put_page};
use crate::mm::kmap::kmap_atomic;
use crate::mm::page::page;
use crate::mm::user::Retries;
use crate::result::{Errno, Result};
use crate::sync::{Rank, SpinLock};
use crate::task::might_resched;
use abi::socket::Ucred;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::slice;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use kcore::addr::{PAGE_SIZE, Pfn};
use kcore::page::PageFlags;
use spin::Once;

pub struct Packet {
    frames: Vec<Pfn>,
    /// What it carries, until somebody receives that.
    rights: SpinLock<Option<Box<Rights>>>,
    /// Who sends it, if that was to be said.
    credentials: Once<Ucred>,
    /// It carried something from the beginning.
    has_rights: bool,
    /// That is counted among what is on its way.
    is_travelling: AtomicBool,
}

/// Memory that a packet takes, as it counts for the sender.
pub fn charge(len: u32) -> u32 {
    len.div_ceil(PAGE_SIZE).max(1) * PAGE_SIZE
}

impl Packet {
    /// A packet of the next `len` bytes. EFAULT unless all are there.
    pub fn of(
        from: &mut Source,
        len: u32,
        rights: Option<Box<Rights>>,
        credentials: Option<Ucred>,
    ) -> Result<Arc<Self>> {
        let has_rights = rights.is_some();
        let rights = SpinLock::new(Rank::Rights, rights);
        let is_travelling = AtomicBool::new(false);
        let credentials = credentials.map_or_else(Once::new, Once::initialized);
        let mut packet =
            Self { frames: Vec::new(), rights, credentials, has_rights, is_travelling };
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

    /// Who sends it, if that was said.
    pub fn credentials(&self) -> Option<Ucred> {
        self.credentials.get().copied()
    }

    /// Says that the caller sends it, unless he said who does.
    pub fn reveal_sender(&self) {
        self.credentials.call_once(real_credentials);
    }

    /// Whether it carries something, or did.
    #[inline]
    pub fn has_rights(&self) -> bool {
        self.has_rights
    }

    pub fn with_rights<R>(&self, work: impl FnOnce(Option<&Rights>) -> R) -> R {
        work(self.rights.lock().as_deref())
    }

    pub fn take_rights(&self) -> Option<Box<Rights>> {
        if self.has_rights { self.rights.lock().take() } else { None }
    }

    pub fn set_travelling(&self) {
        self.is_travelling.store(true, Relaxed);
    }

    pub fn is_travelling(&self) -> bool {
        self.is_travelling.load(Relaxed)
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
        if self.has_rights {
            rights::lose(self);
        }
        for &frame in &self.frames {
            put_page(frame);
        }
    }
}

/// Fills the beginning of a frame. Pages of the program that are not there are brought in without
/// the atomic mapping.
fn fill(frame: Pfn, from: &mut Source, len: usize) -> Result<()> {
    let (mut done, mut retries) = (0, Retries::new());
    loop {
        let mapping = kmap_atomic(frame);
        // SAFETY: the mapping covers the frame, `len` is at most its size, and nobody else knows it
        // yet.
        let bytes = unsafe { slice::from_raw_parts_mut(mapping.as_ptr::<u8>(), len) };
        let copied = from.copy_in(bytes.get_mut(done..).unwrap_or_default());
        drop(mapping);
        done += copied;
        if done == len {
            return Ok(());
        }
        retries.again(copied)?;
        from.fault_in(len - done)?;
    }
}

fn copy_piece(frame: Pfn, offset: usize, len: usize, to: &mut UserBuffers) -> Result<()> {
    let (mut done, mut retries) = (0, Retries::new());
    loop {
        let mapping = kmap_atomic(frame);
        // SAFETY: the mapping covers the frame, the piece lies inside, and a packet that can be
        // received does not change.
        let bytes = unsafe { slice::from_raw_parts(mapping.as_ptr::<u8>().add(offset), len) };
        let copied = to.copy_out(bytes.get(done..).unwrap_or_default());
        drop(mapping);
        done += copied;
        if done == len {
            return Ok(());
        }
        retries.again(copied)?;
        to.fault_in(len - done, true)?;
    }
}
