//! From the kernel's jump into the linker to the linker's jump into the program.

use super::library;
use super::program;
use core::arch::naked_asm;
use elf::abi::{DT_NULL, DT_REL, DT_RELSZ};

/// The kernel comes here with the argument count at ESP and goes on in the program, which finds ESP
/// as it was, in EDX what to call at its end (the i386 ABI's), and in ECX the linker's functions
/// (ours).
#[unsafe(naked)]
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    naked_asm!(
        "xorl %ebp, %ebp",
        "movl %esp, %esi",
        "andl $-16, %esp",
        "call 2f",
        "2:",
        "popl %ebx",
        "leal _DYNAMIC - 2b(%ebx), %eax",
        "leal __ehdr_start - 2b(%ebx), %ecx",
        "subl $4, %esp",
        "pushl %esi",
        "pushl %eax",
        "pushl %ecx",
        "call {start}",
        "movl %esi, %esp",
        "leal {functions} - 2b(%ebx), %ecx",
        "leal {finish} - 2b(%ebx), %edx",
        "jmpl *%eax",
        start = sym start,
        functions = sym library::FUNCTIONS,
        finish = sym library::finish,
        // Intel's syntax has no difference of two symbols.
        options(att_syntax),
    )
}

/// Loads the program's libraries and answers where it begins.
///
/// # Safety
/// `base` is where the linker lies, `dynamic` its dynamic section, `stack` the argument count.
unsafe extern "C" fn start(base: u32, dynamic: *const [u32; 2], stack: *const u32) -> u32 {
    // SAFETY: nothing that has to be relocated was used yet.
    unsafe { relocate_itself(base, dynamic) };
    // SAFETY: the caller's promise.
    unsafe { sys::env::remember(stack) };
    program::start()
}

/// Adds the base to each word of the linker that is an address: it has no other relocations, as
/// nothing in it is for others to define.
///
/// # Safety
/// As `start`, and once.
#[inline(always)]
unsafe fn relocate_itself(base: u32, mut dynamic: *const [u32; 2]) {
    let (mut table, mut len) = (0, 0);
    loop {
        // SAFETY: DT_NULL ends the section, behind which this never goes.
        let [tag, value] = unsafe { dynamic.read() };
        match i64::from(tag) {
            DT_NULL => break,
            DT_REL => table = value,
            DT_RELSZ => len = value,
            _ => {}
        }
        // SAFETY: this was not the last entry.
        dynamic = unsafe { dynamic.add(1) };
    }
    let mut entry = base.wrapping_add(table) as *const [u32; 2];
    let end = base.wrapping_add(table).wrapping_add(len) as *const [u32; 2];
    while entry < end {
        // SAFETY: inside the table.
        let place = base.wrapping_add(unsafe { entry.read()[0] }) as *mut u32;
        // SAFETY: the linker that made the table says that there is such a word, in writable memory.
        unsafe { place.write(place.read().wrapping_add(base)) };
        // SAFETY: at most the end of the table.
        entry = unsafe { entry.add(1) };
    }
}
