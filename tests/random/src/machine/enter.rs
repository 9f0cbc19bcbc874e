//! A call with any number and registers, which may make another process or thread.

use core::arch::global_asm;

// All registers are loaded, and what the program had is restored, whatever comes back: messages come in
// registers. A child begins on a stack of its own, with what lies on top of that: it may share this
// one's memory, and so its stack. All words for this are on the stack, by EBP's copy at the end.
global_asm!(
    ".globl random_enter",
    ".hidden random_enter",
    ".type random_enter, @function",
    "random_enter:",
    "push ebp",
    "push ebx",
    "push esi",
    "push edi",
    "mov eax, [esp + 20]",
    "mov ecx, [esp + 24]",
    "mov ebx, [ecx]",
    "mov edx, [ecx + 8]",
    "mov esi, [ecx + 12]",
    "mov edi, [ecx + 16]",
    "mov ebp, [ecx + 20]",
    "mov ecx, [ecx + 4]",
    "int 0x80",
    "pop edi",
    "pop esi",
    "pop ebx",
    "pop ebp",
    "ret",
    ".size random_enter, . - random_enter",
    // The same for calls that return twice: none of them has a sixth argument.
    ".globl random_split",
    ".hidden random_split",
    ".type random_split, @function",
    "random_split:",
    "push ebp",
    "push ebx",
    "push esi",
    "push edi",
    "mov eax, [esp + 20]",
    "mov ecx, [esp + 24]",
    "mov ebp, [esp + 28]",
    "mov ebx, [ecx]",
    "mov edx, [ecx + 8]",
    "mov esi, [ecx + 12]",
    "mov edi, [ecx + 16]",
    "mov ecx, [ecx + 4]",
    "int 0x80",
    "test eax, eax",
    "jnz 2f",
    "mov esp, ebp",
    "xor ebp, ebp",
    "call {child}",
    "ud2",
    "2:",
    "pop edi",
    "pop esi",
    "pop ebx",
    "pop ebp",
    "ret",
    ".size random_split, . - random_split",
    child = sym super::life::child,
);

unsafe extern "C" {
    fn random_enter(number: u32, registers: *const u32) -> u32;
    fn random_split(number: u32, registers: *const u32, stack: *mut u32) -> u32;
}

const FORK: u32 = 2;
const CLONE: u32 = 120;
const VFORK: u32 = 190;
const CLONE3: u32 = 435;

/// Whether the call returns twice.
pub fn makes_a_child(number: u32) -> bool {
    matches!(number, FORK | CLONE | VFORK | CLONE3)
}

/// Makes a call; EAX as it comes back.
///
/// # Safety
/// Whatever the call does to this process, it is ready for: in the end, to be killed.
pub unsafe fn enter(number: u32, registers: &[u32; 6]) -> u32 {
    // SAFETY: the caller's promise; the registers are read only.
    unsafe { random_enter(number, registers.as_ptr()) }
}

/// Makes a call that returns twice. A child goes on in [`child`](super::life::child) with `place`.
///
/// # Safety
/// As above, and nobody else uses the stack, which ends at `stack`.
pub unsafe fn split(number: u32, registers: &[u32; 6], stack: *mut u32, place: u32) -> u32 {
    // SAFETY: the caller's promise. `child` finds its argument behind the address it would return to.
    unsafe {
        stack.write(place);
        random_split(number, registers.as_ptr(), stack)
    }
}
