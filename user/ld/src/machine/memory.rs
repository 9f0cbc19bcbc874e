//! The memory of the objects.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use ld::{Memory, Step};

/// Real memory, at the addresses that it has.
pub struct Real<'s> {
    /// What is put off.
    pub steps: &'s mut VecDeque<Step>,
    /// Where in the scope it was found what the object refers to.
    pub definers: Vec<usize>,
}

impl<'s> Real<'s> {
    pub fn new(steps: &'s mut VecDeque<Step>) -> Self {
        Self { steps, definers: Vec::new() }
    }
}

/// All objects that are relocated are mapped, their writable segments as such, and only the linker
/// knows them until they are initialised; `ld` asks for nothing outside of them.
impl Memory for Real<'_> {
    fn read(&self, place: u32) -> u32 {
        word_at(place)
    }

    fn write(&mut self, place: u32, value: u32) {
        // SAFETY: above.
        unsafe { (place as *mut u32).write_unaligned(value) }
    }

    fn put_off(&mut self, step: Step) {
        self.steps.push_back(step);
    }

    fn bound(&mut self, definer: usize) {
        if !self.definers.contains(&definer) {
            self.definers.push(definer);
        }
    }
}

/// A word of an object that is relocated.
pub fn word_at(place: u32) -> u32 {
    // SAFETY: above.
    unsafe { (place as *const u32).read_unaligned() }
}

/// Does what was put off. It may run code of the objects: nobody holds the linker's lock.
pub fn perform(step: Step) {
    match step {
        Step::Resolve { place, resolver, addend } => {
            let address = resolve(resolver).wrapping_add(addend);
            // SAFETY: above.
            unsafe { (place as *mut u32).write_unaligned(address) }
        }
        // SAFETY: above; two objects, or two parts of one that may overlap.
        Step::Copy { place, from, len } => unsafe {
            core::ptr::copy(from as *const u8, place as *mut u8, len as usize);
        },
    }
}

/// Asks a function of an object for the address of another.
pub fn resolve(resolver: u32) -> u32 {
    // SAFETY: code of an object, which says that it is such a function.
    let resolver: extern "C" fn() -> u32 = unsafe { core::mem::transmute(resolver as usize) };
    resolver()
}
