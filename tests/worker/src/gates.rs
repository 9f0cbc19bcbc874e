//! The ways into the kernel that programs seldom take.

use core::arch::asm;

const GETUID: u32 = 24;
/// Of no table.
const NO_CALL: u32 = 0x3fff_ffff;

/// A call by each of the two interrupts: the first has an answer that is the same in every run, the
/// second has none but an error.
pub fn pass() -> u32 {
    let (mut linux, mut folio) = (GETUID, NO_CALL);
    // SAFETY: neither call touches memory.
    unsafe {
        asm!("int 0x80", inout("eax") linux);
        asm!("int 0x81", inout("eax") folio);
    }
    linux ^ folio
}
