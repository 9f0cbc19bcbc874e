//! What is in use of the kernel's heap, read from its own books: `mem_map` says what each frame is for,
//! and a slab which of its objects are given out.

use kcore::page::{Page, PageFlags};
use kcore::slab::{CLASS_NAMES, CLASSES, Shape};
use std::path::Path;
use xtask::page_tables::{KernelImage, Memory};
use xtask::symbols;

const PAGE: u64 = 4096;
/// Words of an entry of `mem_map`, as `kcore::page::Page` has them.
const ENTRY: u64 = size_of::<Page>() as u64;
const FLAGS: u64 = 0;
const MAPPING: u64 = 12;
const PRIVATE: u64 = 20;
/// What a free object of a checked kernel holds: `mm::heap::poison`.
const FREE: u8 = 0x6b;

/// Bytes that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Where they are in physical memory.
    pub address: u64,
    pub bytes: u64,
    pub what: &'static str,
}

/// All objects of the heap that are in use, and all frames of stacks and other areas.
pub fn objects(memory: &Memory, image: &KernelImage, kernel: &Path) -> Result<Vec<Object>, String> {
    let place = symbols::address_in(kernel, &["mm", "page", "MEM_MAP"]).map_err(|stop| stop.why)?;
    let low = |address: u32| u64::from(address.wrapping_sub(image.page_offset));
    let words = (memory.word(low(place)), memory.word(low(place) + 4));
    let (Some(map), Some(frames)) = words else {
        return Err("the kernel's mem_map is not in memory".into());
    };
    let (map, frames) = (low(map), u64::from(frames));
    // What firmware keeps at the end of memory has no entries.
    let is_all = (memory.size() / 2..=memory.size()).contains(&(frames * PAGE));
    if !is_all || map + frames * ENTRY > memory.size() {
        return Err(format!("mem_map at {map:#x} for {frames} frames: not as it was expected"));
    }
    let mut found = Vec::new();
    for frame in 0..frames {
        let entry = map + frame * ENTRY;
        let word = |place| memory.word(entry + place).unwrap_or_default();
        let flags = PageFlags::from_bits_retain(word(FLAGS));
        let whole = |what| Object { address: frame * PAGE, bytes: PAGE, what };
        if flags.contains(PageFlags::SLAB) {
            let class = (word(MAPPING) as usize).checked_sub(1);
            match class.and_then(|class| Some((CLASSES.get(class)?, CLASS_NAMES.get(class)?))) {
                Some((shape, name)) => {
                    slab(memory, frame * PAGE, shape, word(PRIVATE), name, &mut found);
                }
                None => found.push(whole("large object")),
            }
        } else if flags.contains(PageFlags::KERNEL_STACK) {
            found.push(whole("kernel stack"));
        } else if flags.contains(PageFlags::VMALLOC) {
            found.push(whole("vmalloc"));
        }
    }
    Ok(found)
}

/// The objects of a slab that are given out, and not only to the stack of free ones that the processor
/// has at hand.
fn slab(
    memory: &Memory,
    start: u64,
    shape: &Shape,
    private: u32,
    what: &'static str,
    found: &mut Vec<Object>,
) {
    let is_free = |number: u32| {
        let bits = match shape.words() {
            0 => private,
            _ => memory.word(start + u64::from(number / 32) * 4).unwrap_or_default(),
        };
        bits >> (number % 32) & 1 != 0
    };
    for number in (0..shape.objects()).filter(|&number| !is_free(number)) {
        let (address, bytes) = (start + u64::from(shape.offset(number)), u64::from(shape.size()));
        let words = (0..bytes / 4).map(|word| memory.word(address + word * 4));
        if !words.into_iter().all(|word| word == Some(u32::from_ne_bytes([FREE; 4]))) {
            found.push(Object { address, bytes, what });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_in_use_if_no_bit_says_it_is_free() {
        let mut memory = Memory::new(vec![7; 8192]);
        // Of a size whose bits are in `private`: all but the third are free.
        let large = &CLASSES[9];
        let mut found = Vec::new();
        slab(&memory, 4096, large, !(1 << 2), "large", &mut found);
        let expected = Object { address: 4096 + 2 * 1024, bytes: 1024, what: "large" };
        assert_eq!(found, std::slice::from_ref(&expected));
        // One that nobody has taken out of the processor's own stack.
        (expected.address..expected.address + 1024).for_each(|place| memory.set(place, FREE));
        found.clear();
        slab(&memory, 4096, large, !(1 << 2), "large", &mut found);
        assert_eq!(found, []);
        // Of a size whose bits are its first words.
        let small = &CLASSES[0];
        (4096..4096 + u64::from(small.words()) * 4).for_each(|place| memory.set(place, 0xff));
        memory.set(4096 + 4, 0xfe);
        slab(&memory, 4096, small, 0, "small", &mut found);
        let address = 4096 + u64::from(small.offset(32));
        assert_eq!(found, [Object { address, bytes: u64::from(small.size()), what: "small" }]);
    }
}
