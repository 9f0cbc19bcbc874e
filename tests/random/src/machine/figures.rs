//! What processes that make calls have in common with who watches them.

use super::watch::Watch;
use crate::batch::Batch;
use alloc::string::String;
use core::fmt::Write;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use sys::abi::memory::{MAP_ANONYMOUS, MAP_FIXED_NOREPLACE, MAP_SHARED, PROT_READ, PROT_WRITE};
use sys::syscall::linux;
use sys::{Errno, Result};

/// Error numbers there are, and 0 for success.
const ERRORS: usize = 134;

#[repr(C)]
struct Shared {
    /// Where each process is.
    at: [AtomicU32; Batch::MOST as usize],
    calls: AtomicU32,
    errors: [AtomicU32; ERRORS],
}

/// In memory that all of them share, far from what calls are about: they have the kernel write, unmap
/// and empty memory beside theirs, too.
pub struct Figures(&'static Shared);

const PLACE: u32 = 0x1800_0000;

impl Figures {
    /// Once.
    pub fn new() -> Result<Self> {
        let (protection, size) = (PROT_READ | PROT_WRITE, size_of::<Shared>() as u32);
        let flags = MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
        // SAFETY: nothing is replaced.
        let address = unsafe { linux::mmap2(PLACE, size, protection, flags, -1, 0) }?;
        let shared = core::ptr::with_exposed_provenance::<Shared>(address as usize);
        // SAFETY: the mapping is that large, is there for good, and holds atomics only.
        Ok(Self(unsafe { &*shared }))
    }

    fn shared(&self) -> &Shared {
        self.0
    }

    pub fn clear(&self) {
        let Shared { at, calls, errors } = self.shared();
        for place in at.iter().chain([calls]).chain(errors) {
            place.store(0, Relaxed);
        }
    }

    /// That a process goes to take that step.
    pub fn goes_to(&self, process: u32, index: u32) {
        if let Some(at) = self.shared().at.get(process as usize) {
            at.store(index, Relaxed);
        }
    }

    /// The step that a process goes to take, or takes.
    pub fn at(&self, process: u32) -> u32 {
        self.shared().at.get(process as usize).map_or(0, |at| at.load(Relaxed))
    }

    /// Whether EAX is an error number.
    pub fn is_error(result: u32) -> bool {
        result > u32::MAX - 4096
    }

    pub fn count(&self, result: u32) {
        let error = if Self::is_error(result) { 0u32.wrapping_sub(result) } else { 0 };
        let shared = self.shared();
        shared.calls.fetch_add(1, Relaxed);
        if let Some(count) = shared.errors.get(error as usize) {
            count.fetch_add(1, Relaxed);
        }
    }

    pub fn calls(&self) -> u32 {
        self.shared().calls.load(Relaxed)
    }

    /// For the host.
    pub fn describe(&self, watch: &Watch<'_>) -> String {
        let mut text = String::new();
        let _ = write!(text, "{} {} {}", self.calls(), watch.deaths, watch.kills);
        for (number, count) in (0u16..).zip(&self.shared().errors) {
            let count = count.load(Relaxed);
            let name = match number {
                0 => Some("ok"),
                number => Errno::from_number(number).and_then(Errno::name),
            };
            let name = name.unwrap_or("unknown");
            if count > 0 {
                let _ = write!(text, " {name}={count}");
            }
        }
        text
    }
}
