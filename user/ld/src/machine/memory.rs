//! The memory of the objects.

use ld::Memory;

/// Real memory, at the addresses that it has.
#[derive(Debug)]
pub struct Real {
    /// Nothing of the objects may run: resolvers are not called.
    pub inert: bool,
}

/// All objects that are relocated are mapped, their writable segments as such, and only the linker
/// knows them until they are initialised; `ld` asks for nothing outside of them.
impl Memory for Real {
    fn read(&self, place: u32) -> u32 {
        // SAFETY: above.
        unsafe { (place as *const u32).read_unaligned() }
    }

    fn write(&mut self, place: u32, value: u32) {
        // SAFETY: above.
        unsafe { (place as *mut u32).write_unaligned(value) }
    }

    fn copy(&mut self, place: u32, from: u32, len: u32) {
        // SAFETY: above; two objects, or two parts of one that may overlap.
        unsafe { core::ptr::copy(from as *const u8, place as *mut u8, len as usize) }
    }

    fn resolve(&mut self, resolver: u32) -> u32 {
        if self.inert {
            return 0;
        }
        // SAFETY: code of an object, which says that it is such a function.
        let resolver: extern "C" fn() -> u32 = unsafe { core::mem::transmute(resolver as usize) };
        resolver()
    }
}
