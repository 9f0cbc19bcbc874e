//! Moving bytes between the kernel and the current program.
//!
//! A user address is checked only against TASK_SIZE; whether it is mapped, the CPU finds out.
//! A fault that the fault handler cannot serve goes to the fixup, and the copy says how many
//! bytes it did not move. CR0.WP makes kernel writes respect copy-on-write.

use super::paging::PAGE_OFFSET;
use core::arch::global_asm;

/// The end of user space.
pub const TASK_SIZE: u32 = PAGE_OFFSET;

/// An address range that is not the program's, or not mapped, or not allowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fault {
    /// Bytes at the end that were not copied.
    pub not_copied: usize,
}

/// Whether `len` bytes at `address` lie in user space.
#[inline]
pub fn access_ok(address: u32, len: usize) -> bool {
    len <= TASK_SIZE as usize && address <= TASK_SIZE - len as u32
}

#[inline]
pub(super) fn in_user_space(address: u32, len: usize) -> Result<(), Fault> {
    if access_ok(address, len) { Ok(()) } else { Err(Fault { not_copied: len }) }
}

unsafe extern "fastcall" {
    fn copy_bytes_user(to: *mut u8, from: *const u8, len: usize) -> usize;
    fn clear_bytes_user(to: *mut u8, len: usize) -> usize;
    /// Bytes before the NUL; `max` if there is none among them; a negative number on a fault.
    fn copy_string_user(to: *mut u8, from: *const u8, max: usize) -> isize;
    /// Bytes before the NUL; `max` if there is none among them; a negative number on a fault.
    fn string_len_bytes(from: *const u8, max: usize) -> isize;
}

// String instructions: under TCG's instruction count and on real processors alike they are the
// cheapest way to move a page.
global_asm!(
    r#"
    .macro smap_site code
951:
    .byte 0x8d, 0x76, 0x00
    .pushsection __smap_sites, "aw"
    .long 951b, \code
    .popsection
    .endm

    .text
    .balign 16
    .globl copy_bytes_user
copy_bytes_user:
    push esi
    push edi
    mov edi, ecx
    mov esi, edx
    mov eax, [esp + 12]
    mov ecx, eax
    shr ecx, 2
    and eax, 3
    smap_site 0x00cb010f
2:  rep movsd
    mov ecx, eax
3:  rep movsb
    mov eax, ecx
4:  smap_site 0x00ca010f
    pop edi
    pop esi
    ret 4
5:  lea eax, [eax + ecx * 4]
    jmp 4b
6:  mov eax, ecx
    jmp 4b

    .balign 16
    .globl clear_bytes_user
clear_bytes_user:
    push edi
    mov edi, ecx
    mov ecx, edx
    push edx
    and dword ptr [esp], 3
    shr ecx, 2
    xor eax, eax
    smap_site 0x00cb010f
7:  rep stosd
    pop ecx
8:  rep stosb
    mov eax, ecx
9:  smap_site 0x00ca010f
    pop edi
    ret
10: pop eax
    lea eax, [eax + ecx * 4]
    jmp 9b
11: mov eax, ecx
    jmp 9b

    .balign 16
    .globl copy_string_user
copy_string_user:
    push esi
    push edi
    mov edi, ecx
    mov esi, edx
    mov ecx, [esp + 12]
    smap_site 0x00cb010f
12: dec ecx
    js 14f
13: lodsb
    stosb
    test al, al
    jnz 12b
14: lea eax, [esi - 1]
    sub eax, edx
    test ecx, ecx
    jns 15f
    inc eax
15: smap_site 0x00ca010f
    pop edi
    pop esi
    ret 4
16: mov eax, -1
    jmp 15b

    .balign 16
string_len_bytes:
    push edi
    mov edi, ecx
    mov ecx, edx
    xor eax, eax
    smap_site 0x00cb010f
    test edi, edi
17: repne scasb
    jne 18f
    inc ecx
18: mov eax, edx
    sub eax, ecx
    jmp 20f
19: mov eax, -1
20: smap_site 0x00ca010f
    pop edi
    ret
    .pushsection __ex_table, "aw"
    .long 2b, 5b, 3b, 6b, 7b, 10b, 8b, 11b, 13b, 16b, 17b, 19b
    .popsection
    "#
);

/// # Safety
/// `to` is valid for writes of `len` bytes. `from` may be any address.
pub unsafe fn copy_from_user(to: *mut u8, from: u32, len: usize) -> Result<(), Fault> {
    in_user_space(from, len)?;
    // SAFETY: the caller vouches for `to`; a fault on `from` goes to the fixup.
    outcome(unsafe { copy_bytes_user(to, from as *const u8, len) })
}

/// # Safety
/// `from` is valid for reads of `len` bytes. `to` may be any address.
pub unsafe fn copy_to_user(to: u32, from: *const u8, len: usize) -> Result<(), Fault> {
    in_user_space(to, len)?;
    // SAFETY: the caller vouches for `from`; `to` is user memory, which Rust does not own, and a
    // fault on it goes to the fixup.
    outcome(unsafe { copy_bytes_user(to as *mut u8, from, len) })
}

/// Copies the words at these offsets. Either side may fault.
macro_rules! few_words {
    ($to:ident, $from:ident, $($offset:literal)*) => {{
        let failed: u32;
        core::arch::asm!(
            "951: .byte 0x8d, 0x76, 0x00",
            $(
                concat!("2: mov {word}, [{from} + ", $offset, "]"),
                concat!("3: mov [{to} + ", $offset, "], {word}"),
                ".pushsection __ex_table, \"aw\"",
                ".long 2b, 4f, 3b, 4f",
                ".popsection",
            )*
            "mov {failed}, 0",
            "4:",
            "952: .byte 0x8d, 0x76, 0x00",
            ".pushsection __smap_sites, \"aw\"",
            ".long 951b, 0x00cb010f, 952b, 0x00ca010f",
            ".popsection",
            to = in(reg) $to,
            from = in(reg) $from,
            word = out(reg) _,
            failed = inout(reg) 1u32 => failed,
            options(nostack, preserves_flags)
        );
        if failed == 0 { Ok(()) } else { Err(Fault { not_copied: [$($offset),*].len() * 4 }) }
    }};
}

/// Copies a value that a program has, in words if it consists of words.
///
/// # Safety
/// `to` is valid for writes of a `T`. `from` may be any address.
#[inline]
pub unsafe fn copy_value_from_user<T>(to: *mut T, from: u32) -> Result<(), Fault> {
    let len = size_of::<T>();
    if !len.is_multiple_of(size_of::<u32>()) {
        // SAFETY: passed on to the caller.
        return unsafe { copy_from_user(to.cast(), from, len) };
    }
    in_user_space(from, len)?;
    // SAFETY: as above; the words at `from` are in user space.
    unsafe { copy_value(to.cast(), from as *const u32, len / size_of::<u32>()) }
}

/// Copies a value to a program, in words if it consists of words. It has no padding.
///
/// # Safety
/// `value` is valid for reads. `to` may be any address.
#[inline]
pub unsafe fn copy_value_to_user<T>(to: u32, value: *const T) -> Result<(), Fault> {
    let len = size_of::<T>();
    if !len.is_multiple_of(size_of::<u32>()) {
        // SAFETY: passed on to the caller.
        return unsafe { copy_to_user(to, value.cast(), len) };
    }
    in_user_space(to, len)?;
    // SAFETY: as above; the words at `to` are in user space.
    unsafe { copy_value(to as *mut u32, value.cast(), len / size_of::<u32>()) }
}

/// Copies so many words as a type has: few of them one by one.
///
/// # Safety
/// As of [`copy_words`].
#[inline(always)]
unsafe fn copy_value(to: *mut u32, from: *const u32, words: usize) -> Result<(), Fault> {
    // SAFETY: passed on to the caller.
    unsafe {
        match words {
            1 => few_words!(to, from, 0),
            2 => few_words!(to, from, 0 4),
            3 => few_words!(to, from, 0 4 8),
            4 => few_words!(to, from, 0 4 8 12),
            5 => few_words!(to, from, 0 4 8 12 16),
            6 => few_words!(to, from, 0 4 8 12 16 20),
            7 => few_words!(to, from, 0 4 8 12 16 20 24),
            _ => copy_words(to, from, words),
        }
    }
}

/// Copies words to or from user memory that is known to be that: [`access_ok`] has been asked
/// before. The error says nothing but that some were not copied.
///
/// # Safety
/// `to` is valid for writes of `words` words, and `from` for reads, or is an address in user space
/// all of whose words are.
#[inline]
pub unsafe fn copy_words(to: *mut u32, from: *const u32, words: usize) -> Result<(), Fault> {
    let left: usize;
    // SAFETY: as the caller says; a fault on user memory ends the copy. ESI cannot be an operand.
    unsafe {
        core::arch::asm!(
            "xchg esi, {from}",
            "951: .byte 0x8d, 0x76, 0x00",
            "2: rep movsd",
            "3:",
            "952: .byte 0x8d, 0x76, 0x00",
            "xchg esi, {from}",
            ".pushsection __smap_sites, \"aw\"",
            ".long 951b, 0x00cb010f, 952b, 0x00ca010f",
            ".popsection",
            ".pushsection __ex_table, \"aw\"",
            ".long 2b, 3b",
            ".popsection",
            from = inout(reg) from => _,
            inout("edi") to => _,
            inout("ecx") words => left,
            options(nostack, preserves_flags)
        );
    }
    match left {
        0 => Ok(()),
        left => Err(Fault { not_copied: left * size_of::<u32>() }),
    }
}

/// Copies a string up to and including its NUL, at most `to.len()` bytes. Returns the bytes before
/// the NUL, or `to.len()` if there was none.
pub fn copy_string_from_user(to: &mut [u8], from: u32) -> Result<usize, Fault> {
    if from >= TASK_SIZE {
        return Err(Fault { not_copied: to.len() });
    }
    let max = to.len().min((TASK_SIZE - from) as usize);
    // SAFETY: at most `max` bytes are written to `to`; a fault on `from` goes to the fixup.
    let len = unsafe { copy_string_user(to.as_mut_ptr(), from as *const u8, max) };
    match usize::try_from(len) {
        // A string that reaches the end of user space is not one.
        Ok(len) if len == max && max < to.len() => Err(Fault { not_copied: to.len() - max }),
        Ok(len) => Ok(len),
        Err(_) => Err(Fault { not_copied: to.len() }),
    }
}

/// The bytes before a string's NUL, or `max` if there is none in the first `max` bytes.
pub fn string_len_user(from: u32, max: u32) -> Result<u32, Fault> {
    let fault = Fault { not_copied: max as usize };
    let room = TASK_SIZE.checked_sub(from).filter(|room| *room != 0).ok_or(fault)?;
    // SAFETY: reads user memory only; a fault on it goes to the fixup.
    let len = unsafe { string_len_bytes(from as *const u8, max.min(room) as usize) };
    match u32::try_from(len) {
        // A string that reaches the end of user space is not one.
        Ok(len) if len == room && room < max => Err(fault),
        Ok(len) => Ok(len),
        Err(_) => Err(fault),
    }
}

/// Writes zeros.
pub fn clear_user(to: u32, len: usize) -> Result<(), Fault> {
    in_user_space(to, len)?;
    // SAFETY: user memory is not Rust's; a fault goes to the fixup.
    outcome(unsafe { clear_bytes_user(to as *mut u8, len) })
}

#[inline]
pub(super) fn outcome(not_copied: usize) -> Result<(), Fault> {
    if not_copied == 0 { Ok(()) } else { Err(Fault { not_copied }) }
}

/// Carries out one instruction on `len` bytes of user memory at `address`, which SMAP leaves open
/// for that long. A fault skips it.
macro_rules! on_user_memory {
    ($address:ident, $len:expr, $instruction:expr $(, $($operands:tt)*)?) => {{
        use $crate::arch::i386::uaccess::{in_user_space, outcome};
        match in_user_space($address, $len) {
            Ok(()) => {
                let not_copied: usize;
                core::arch::asm!(
                    "951: .byte 0x8d, 0x76, 0x00",
                    concat!("2: ", $instruction),
                    "mov {not_copied}, 0",
                    "3:",
                    "952: .byte 0x8d, 0x76, 0x00",
                    ".pushsection __smap_sites, \"aw\"",
                    ".long 951b, 0x00cb010f, 952b, 0x00ca010f",
                    ".popsection",
                    ".pushsection __ex_table, \"aw\"",
                    ".long 2b, 3b",
                    ".popsection",
                    address = in(reg) $address,
                    not_copied = inout(reg) $len => not_copied,
                    options(nostack)
                    $(, $($operands)*)?
                );
                outcome(not_copied)
            }
            Err(fault) => Err(fault),
        }
    }};
}
pub(super) use on_user_memory;

/// Reads one word.
#[inline]
pub fn get_user(address: u32) -> Result<u32, Fault> {
    let mut value = 0;
    // SAFETY: a read of user memory.
    unsafe {
        on_user_memory!(address, 4, "mov {value}, [{address}]",
            value = inout(reg) value, options(readonly))
    }
    .map(|()| value)
}

/// Writes one word.
#[inline]
pub fn put_user(address: u32, value: u32) -> Result<(), Fault> {
    // SAFETY: user memory is not Rust's.
    unsafe { on_user_memory!(address, 4, "mov [{address}], {value}", value = in(reg) value) }
}

/// Reads a byte for the sake of the fault.
pub fn peek_user(address: u32) -> Result<(), Fault> {
    let mut byte = 0;
    // SAFETY: `byte` is writable for one byte.
    unsafe { copy_from_user(&mut byte, address, 1) }
}

/// Writes a byte back as it is, for the sake of the fault.
pub fn touch_user(address: u32) -> Result<(), Fault> {
    // SAFETY: an atomic addition of nothing.
    unsafe { on_user_memory!(address, 1, "lock add byte ptr [{address}], 0") }
}

/// Replaces a word if it is as expected, atomically. Returns what was there.
pub fn compare_exchange_user(address: u32, expected: u32, new: u32) -> Result<u32, Fault> {
    let mut found = expected;
    // SAFETY: user memory is not Rust's.
    unsafe {
        on_user_memory!(address, 4, "lock cmpxchg [{address}], {new}",
            new = in(reg) new, inout("eax") found)
    }
    .map(|()| found)
}
