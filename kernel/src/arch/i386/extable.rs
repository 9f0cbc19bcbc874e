//! The exception table: instructions that may fault in the kernel, and where to go on then.

use core::slice;

#[derive(Clone, Copy)]
#[repr(C)]
struct Entry {
    instruction: u32,
    fixup: u32,
}

unsafe extern "C" {
    static mut __ex_table_start: [Entry; 0];
    static mut __ex_table_end: [Entry; 0];
}

/// Sorts the table.
///
/// # Safety
/// Once, at boot, before the first fault.
pub unsafe fn initialise() {
    // SAFETY: the linker script lays the entries out between the two symbols; nobody else has a
    // reference yet.
    let table = unsafe {
        let start = (&raw mut __ex_table_start).cast::<Entry>();
        let end = (&raw mut __ex_table_end).cast::<Entry>();
        slice::from_raw_parts_mut(start, end.offset_from(start) as usize)
    };
    table.sort_unstable_by_key(|entry| entry.instruction);
}

/// Where to go on if the instruction at `eip` faulted.
pub fn fixup(eip: u32) -> Option<u32> {
    // SAFETY: after `initialise` the table never changes.
    let table = unsafe {
        let start = (&raw const __ex_table_start).cast::<Entry>();
        let end = (&raw const __ex_table_end).cast::<Entry>();
        slice::from_raw_parts(start, end.offset_from(start) as usize)
    };
    let index = table.binary_search_by_key(&eip, |entry| entry.instruction).ok()?;
    table.get(index).map(|entry| entry.fixup)
}
