//! The frames that streams lie in: the kernel sees them side by side, a server maps them by a handle.

use crate::ipc::frames::Frames;
use crate::result::Result;
use abi::console::{SHARED_PAGES, Shared};
use alloc::sync::Arc;
use core::mem;

pub struct Memory {
    pub shared: &'static Shared,
    pub frames: Arc<Frames>,
}

impl Memory {
    /// Zeroed, for ever.
    pub fn new() -> Result<Self> {
        let frames = Frames::new(SHARED_PAGES)?;
        let area = frames.map_kernel()?;
        let address = area.address();
        mem::forget(area);
        // SAFETY: the area has the size of a `Shared`, begins with a page as that does, and stays.
        // Its words are all atomic, so zeroes are a value and a server may change them meanwhile.
        let shared = unsafe { &*(address as *const Shared) };
        Ok(Self { shared, frames })
    }
}
