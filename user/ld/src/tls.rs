//! The static block of thread-local memory, which every thread has one of (variant II of the ELF
//! TLS ABI): modules lie below the thread pointer, the program's next to it.

use crate::{PAGE, TlsImage};

/// The block, as far as modules have places in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaticTls {
    /// Bytes below the thread pointer.
    pub len: u32,
    /// What the thread pointer must be divisible by.
    pub align: u32,
}

impl StaticTls {
    /// More than anybody's variables need; below it sums cannot overflow.
    const MOST: u32 = 1 << 28;

    /// Without modules.
    pub const fn new() -> Self {
        Self { len: 0, align: 16 }
    }

    /// Gives a module its place: how far below the thread pointer it begins. `None`: too much.
    pub fn place(&mut self, image: &TlsImage) -> Option<u32> {
        let align = image.align.clamp(1, PAGE);
        let offset = self.len.checked_add(image.len)?.checked_next_multiple_of(align)?;
        if offset > Self::MOST {
            return None;
        }
        self.len = offset;
        self.align = self.align.max(align);
        Some(offset)
    }
}

impl Default for StaticTls {
    fn default() -> Self {
        Self::new()
    }
}
