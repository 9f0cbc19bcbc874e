//! How objects of one size lie in a frame.

use crate::addr::PAGE_SIZE;

/// The layout of a slab.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shape {
    size: u32,
    objects: u32,
    /// Offset of the first object.
    first: u32,
    /// Words of free bits in front of it; 0 if the bits fit into `Page::private`.
    words: u32,
}

impl Shape {
    /// For objects of `size` bytes, a multiple of 8 between 8 and 4096. They are aligned to the
    /// largest power of two that divides the size.
    pub const fn new(size: u32) -> Self {
        assert!(size >= 8 && size <= PAGE_SIZE && size.is_multiple_of(8));
        if PAGE_SIZE / size <= 32 {
            return Self { size, objects: PAGE_SIZE / size, first: 0, words: 0 };
        }
        let alignment = 1 << size.trailing_zeros();
        let mut objects = PAGE_SIZE / size;
        loop {
            let words = objects.div_ceil(32);
            let first = (words * 4).next_multiple_of(alignment);
            if first + objects * size <= PAGE_SIZE {
                return Self { size, objects, first, words };
            }
            objects -= 1;
        }
    }

    pub const fn size(&self) -> u32 {
        self.size
    }

    /// Objects in a slab.
    pub const fn objects(&self) -> u32 {
        self.objects
    }

    /// Words at the start of a slab that hold free bits.
    pub const fn words(&self) -> u32 {
        self.words
    }

    /// Where an object begins in its frame.
    #[inline]
    pub const fn offset(&self, number: u32) -> u32 {
        self.first + number * self.size
    }

    /// The object that begins at `offset`, if any does.
    #[inline]
    pub const fn number(&self, offset: u32) -> Option<u32> {
        let Some(inside) = offset.checked_sub(self.first) else { return None };
        let number = inside / self.size;
        if number < self.objects && inside.is_multiple_of(self.size) { Some(number) } else { None }
    }

    /// Free bits of word `word` when nothing is in use.
    pub(super) const fn all_free(&self, word: u32) -> u32 {
        let bits = self.objects - word * 32;
        if bits >= 32 { u32::MAX } else { (1 << bits) - 1 }
    }
}
