//! The frames that a stream's bytes wait in. A console server will map them.

use crate::mm::frames::{Frame, GFP_HIGHUSER};
use crate::mm::kmap::kmap_atomic;
use crate::result::{Errno, Result};
use core::slice;
use kcore::addr::PAGE_SIZE;
use kcore::stream_ring::{RingPiece, STREAM_PAGES};

pub struct Frames([Frame; STREAM_PAGES as usize]);

impl Frames {
    pub fn new() -> Result<Self> {
        let mut frames = [const { None }; STREAM_PAGES as usize];
        for frame in &mut frames {
            *frame = Some(Frame::allocate(&GFP_HIGHUSER).ok_or(Errno::ENOMEM)?);
        }
        let [Some(a), Some(b), Some(c), Some(d), Some(e), Some(f), Some(g), Some(h)] = frames
        else {
            return Err(Errno::ENOMEM);
        };
        Ok(Self([a, b, c, d, e, f, g, h]))
    }

    /// Lends a piece. `access` does not sleep.
    pub fn with<R>(&mut self, piece: RingPiece, access: impl FnOnce(&mut [u8]) -> R) -> R {
        let Some(frame) = self.0.get(piece.page as usize) else { return access(&mut []) };
        debug_assert!(piece.offset + piece.len <= PAGE_SIZE);
        let mapping = kmap_atomic(frame.pfn());
        // SAFETY: the mapping covers the frame, pieces lie inside of one, and `self` is borrowed
        // until the slice is gone.
        let bytes = unsafe {
            let start = mapping.as_ptr::<u8>().add(piece.offset as usize);
            slice::from_raw_parts_mut(start, piece.len as usize)
        };
        access(bytes)
    }
}
