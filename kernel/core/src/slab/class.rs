//! Which cache serves a size.

use super::Shape;

/// The caches of the heap.
pub const CLASSES: [Shape; 12] = [
    Shape::new(8),
    Shape::new(16),
    Shape::new(32),
    Shape::new(64),
    Shape::new(96),
    Shape::new(128),
    Shape::new(192),
    Shape::new(256),
    Shape::new(512),
    Shape::new(1024),
    Shape::new(2048),
    Shape::new(4096),
];

/// What they are called, as in Linux 2.6.
pub const CLASS_NAMES: [&str; CLASSES.len()] = [
    "size-8",
    "size-16",
    "size-32",
    "size-64",
    "size-96",
    "size-128",
    "size-192",
    "size-256",
    "size-512",
    "size-1024",
    "size-2048",
    "size-4096",
];

/// Above this size requests go to the buddy allocator.
pub const LARGEST: u32 = 4096;

/// Class of the sizes up to 192, by eighths.
const SMALL: [u8; 25] = [0, 0, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 6];

/// The index in [`CLASSES`] for objects of `size` bytes aligned to `align`, a power of two. `None`
/// if they are too large.
#[inline]
pub const fn class_of(size: u32, align: u32) -> Option<usize> {
    let size = if align > 8 {
        // Only powers of two are aligned to themselves.
        let larger = if size > align { size } else { align };
        if larger > LARGEST {
            return None;
        }
        larger.next_power_of_two()
    } else {
        size
    };
    if size <= 192 {
        Some(SMALL[size.div_ceil(8) as usize] as usize)
    } else if size <= LARGEST {
        // Class 7 holds up to 2^8, and so on.
        Some((size - 1).ilog2() as usize)
    } else {
        None
    }
}
