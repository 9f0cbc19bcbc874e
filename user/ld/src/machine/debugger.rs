//! What debuggers for Linux look for: the list of the objects. The program's DT_DEBUG leads to it.

use super::linker::Linker;
use core::ptr;
use ld::{Object, Range};

/// An object, as `link_map` begins.
#[repr(C)]
#[derive(Debug)]
pub struct Entry {
    bias: u32,
    /// Ends with a zero byte. The program, which has none, is named by the kernel.
    path: *const u8,
    dynamic: u32,
    next: *mut Entry,
    previous: *mut Entry,
}

impl Entry {
    /// Of an object with this path.
    pub fn new(object: &Object<'_>, path: *const u8) -> Self {
        let dynamic = object.layout.dynamic.start.wrapping_add(object.bias);
        let (next, previous) = (ptr::null_mut(), ptr::null_mut());
        Self { bias: object.bias, path, dynamic, next, previous }
    }
}

/// What is happening to the list.
#[repr(u32)]
#[derive(Clone, Copy, Debug)]
pub enum State {
    Complete,
    Grows,
    Shrinks,
}

/// The beginning of the list, as `r_debug` is.
#[repr(C)]
#[derive(Debug)]
pub struct List {
    version: i32,
    first: *mut Entry,
    /// Is called when the state has changed.
    changed: Option<extern "C" fn()>,
    state: State,
    /// Where the linker lies.
    linker: u32,
}

impl List {
    pub const fn new() -> Self {
        let (first, changed) = (ptr::null_mut(), None);
        Self { version: 1, first, changed, state: State::Complete, linker: 0 }
    }
}

/// Debuggers have a breakpoint here.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn _dl_debug_state() {
    // SAFETY: nothing is done; a function that does nothing is not called otherwise.
    unsafe { core::arch::asm!("", options(nomem, nostack, preserves_flags)) };
}

impl Linker {
    /// Has the program's dynamic section lead to the list.
    pub fn lead_debuggers(&mut self, linker: u32) {
        self.list.linker = linker;
        self.list.changed = Some(_dl_debug_state);
        let list = &raw const self.list as u32;
        let program = &self.get(0).object;
        let Some(offset) = program.dynamic.debug else { return };
        let place = Range { start: program.layout.dynamic.start + offset, len: 4 };
        if program.can_write(place) {
            let place = place.start.wrapping_add(program.bias) as *mut u32;
            // SAFETY: the program's word for this, in a writable segment; it does not run yet.
            unsafe { place.write_unaligned(list) };
        }
    }

    /// Says that the list is about to change.
    pub fn announce(&mut self, state: State) {
        self.list.state = state;
        _dl_debug_state();
    }

    /// Makes the list anew, and says so.
    pub fn list_anew(&mut self) {
        let mut previous = ptr::null_mut();
        let mut place = &raw mut self.list.first;
        for loaded in self.objects.iter_mut().flatten() {
            loaded.entry.previous = previous;
            previous = &raw mut loaded.entry;
            // SAFETY: the list's, or that of the entry before.
            unsafe {
                place.write(previous);
                place = &raw mut (*previous).next;
            }
        }
        // SAFETY: as above.
        unsafe { place.write(ptr::null_mut()) };
        self.announce(State::Complete);
    }
}
