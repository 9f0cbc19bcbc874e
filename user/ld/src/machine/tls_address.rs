//! Where a thread-local variable is, for code that cannot know.

use super::linker::LINKER;
use super::thread;
use core::arch::naked_asm;

/// What the general model of thread-local variables calls, with the address of a module and an
/// offset in EAX; it may change EAX, ECX and EDX.
#[unsafe(naked)]
pub extern "C" fn tls_get_addr_in_eax() {
    naked_asm!(
        "mov ecx, gs:[4]",
        "mov edx, [eax]",
        "cmp edx, [ecx]",
        "ja 2f",
        "mov ecx, [ecx + edx * 4]",
        "test ecx, ecx",
        "jz 2f",
        "add ecx, [eax + 4]",
        "mov eax, ecx",
        "ret",
        "2:",
        "sub esp, 8",
        "push eax",
        "call {slow}",
        "add esp, 12",
        "ret",
        slow = sym tls_get_addr,
    )
}

/// The same for who has it on the stack.
///
/// # Safety
/// `index` is what a relocation has filled in.
pub unsafe extern "C" fn tls_get_addr(index: *const [u32; 2]) -> u32 {
    // SAFETY: the caller's promise.
    let [module, offset] = unsafe { index.read() };
    // SAFETY: the thread has a pointer, or it could not have such variables.
    let memory = match unsafe { thread::place_of(module) } {
        0 => LINKER.lock().threads.memory_of(module).unwrap_or(0),
        memory => memory,
    };
    memory.wrapping_add(offset)
}
