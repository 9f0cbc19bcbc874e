//! Binding functions when they are called first.

use super::linker::LINKER;
use super::{memory, program};
use core::arch::naked_asm;
use ld::{Binding, Object, Range};

/// Lets entries of the object's linkage table that are not bound come to the linker. The ABI leaves
/// the second and third word of the table for that.
pub fn prepare(object: &Object<'_>, index: usize) -> Binding {
    let Some(table) = object.dynamic.plt_got else { return Binding::Now };
    let words = Range { start: table.saturating_add(4).min(u32::MAX - 8), len: 8 };
    if !object.can_write(words) {
        return Binding::Now;
    }
    let place = words.start.wrapping_add(object.bias) as *mut [u32; 2];
    // SAFETY: a writable segment of the object, which nobody runs yet.
    unsafe { place.write_unaligned([index as u32, entered as *const () as u32]) };
    Binding::Lazy
}

/// An entry of a linkage table pushes the offset of its relocation, and the table's first entry the
/// number of the object. The arguments of the function are on the stack, and may be in EAX, EDX, ECX
/// and vector registers.
#[unsafe(naked)]
extern "C" fn entered() {
    naked_asm!(
        "push eax",
        "push ecx",
        "push edx",
        "push ebp",
        "mov ebp, esp",
        "sub esp, 128",
        "and esp, -16",
        "movaps [esp], xmm0",
        "movaps [esp + 16], xmm1",
        "movaps [esp + 32], xmm2",
        "movaps [esp + 48], xmm3",
        "movaps [esp + 64], xmm4",
        "movaps [esp + 80], xmm5",
        "movaps [esp + 96], xmm6",
        "movaps [esp + 112], xmm7",
        "sub esp, 8",
        "push dword ptr [ebp + 20]",
        "push dword ptr [ebp + 16]",
        "call {bind}",
        "add esp, 16",
        "movaps xmm0, [esp]",
        "movaps xmm1, [esp + 16]",
        "movaps xmm2, [esp + 32]",
        "movaps xmm3, [esp + 48]",
        "movaps xmm4, [esp + 64]",
        "movaps xmm5, [esp + 80]",
        "movaps xmm6, [esp + 96]",
        "movaps xmm7, [esp + 112]",
        "mov esp, ebp",
        // The function's address goes where the offset was, and is returned to.
        "mov [esp + 20], eax",
        "pop ebp",
        "pop edx",
        "pop ecx",
        "pop eax",
        "lea esp, [esp + 4]",
        "ret",
        bind = sym bind,
    )
}

extern "C" fn bind(index: u32, offset: u32) -> u32 {
    let bound = LINKER.lock().bind(index as usize, offset);
    match bound {
        Ok((place, step)) => {
            step.into_iter().for_each(memory::perform);
            memory::word_at(place)
        }
        Err(failure) => program::cannot_run(&failure),
    }
}
