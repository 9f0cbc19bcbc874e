//! Moving, filling and comparing memory with string instructions, which every i386 has and which cost one
//! instruction a word. They replace the weak versions that come with `core`.

use core::arch::global_asm;

unsafe extern "C" {
    fn copy_bytes_shared(to: *mut u8, from: *const u8, count: usize);
    fn clear_bytes_shared(to: *mut u8, zero: u32, count: usize);
}

/// Copies bytes of which programs may use either side at the same time: the compiler assumes
/// nothing about them.
///
/// # Safety
/// Both ranges are mapped and do not overlap; the kernel has no reference to what is shared.
#[inline]
pub unsafe fn copy_shared(to: *mut u8, from: *const u8, count: usize) {
    // SAFETY: passed on to the caller.
    unsafe { copy_bytes_shared(to, from, count) };
}

/// Clears bytes that programs may use at the same time.
///
/// # Safety
/// The range is mapped; the kernel has no reference to it.
#[inline]
pub unsafe fn clear_shared(to: *mut u8, count: usize) {
    // SAFETY: passed on to the caller.
    unsafe { clear_bytes_shared(to, 0, count) };
}

/// Fills what lies unused on the running stack, whose lowest address is `bottom`.
///
/// # Safety
/// The stack is mapped from there on.
#[cfg(debug_assertions)]
pub unsafe fn fill_unused_stack(bottom: u32, byte: u8) {
    // SAFETY: nothing is kept below ESP. What interrupts this has gone from there when it goes on.
    unsafe {
        core::arch::asm!("mov ecx, esp", "sub ecx, edi", "rep stosb",
            inout("edi") bottom => _, out("ecx") _, in("al") byte, options(nostack));
    }
}

unsafe extern "fastcall" {
    fn clear_page_words(to: u32);
    fn copy_page_words(to: u32, from: u32);
}

/// Zeroes a page.
///
/// # Safety
/// `address` is the start of a mapped page that nobody else uses.
#[inline]
pub unsafe fn clear_page(address: u32) {
    // SAFETY: passed on to the caller.
    unsafe { clear_page_words(address) };
}

/// Copies a page.
///
/// # Safety
/// Both are starts of mapped pages; nobody else uses `to`, and nobody in the kernel writes `from`.
#[inline]
pub unsafe fn copy_page(to: u32, from: u32) {
    // SAFETY: passed on to the caller.
    unsafe { copy_page_words(to, from) };
}

global_asm!(
    r#"
    .text
    .balign 16
    .globl clear_page_words
clear_page_words:
    push edi
    mov edi, ecx
    mov ecx, 1024
    xor eax, eax
    rep stosd
    pop edi
    ret

    .balign 16
    .globl copy_page_words
copy_page_words:
    push esi
    push edi
    mov edi, ecx
    mov esi, edx
    mov ecx, 1024
    rep movsd
    pop edi
    pop esi
    ret

    .balign 16
    .globl memcpy
    .globl copy_bytes_shared
memcpy:
copy_bytes_shared:
    push esi
    push edi
    mov edi, [esp + 12]
    mov esi, [esp + 16]
    mov edx, [esp + 20]
    mov eax, edi
    mov ecx, edx
    shr ecx, 2
    rep movsd
    and edx, 3
    jnz 1f
    pop edi
    pop esi
    ret
1:  mov ecx, edx
    rep movsb
    pop edi
    pop esi
    ret

    .balign 16
    .globl memset
    .globl clear_bytes_shared
memset:
clear_bytes_shared:
    push edi
    mov edi, [esp + 8]
    movzx eax, byte ptr [esp + 12]
    mov edx, [esp + 16]
    imul eax, eax, 0x01010101
    mov ecx, edx
    shr ecx, 2
    rep stosd
    and edx, 3
    jz 1f
    mov ecx, edx
    rep stosb
1:  mov eax, [esp + 8]
    pop edi
    ret

    .balign 16
    .globl memcmp
    .globl bcmp
memcmp:
bcmp:
    push esi
    push edi
    mov esi, [esp + 12]
    mov edi, [esp + 16]
    mov edx, [esp + 20]
    mov ecx, edx
    shr ecx, 2
    xor eax, eax                        # equal, if there is nothing to compare
    repe cmpsd
    jne 1f
    mov ecx, edx
    and ecx, 3
    repe cmpsb
    jne 2f
    pop edi
    pop esi
    ret
1:  sub esi, 4                          # the first different byte is in this word
    sub edi, 4
    mov ecx, 4
    repe cmpsb
2:  movzx eax, byte ptr [esi - 1]
    movzx edx, byte ptr [edi - 1]
    sub eax, edx
    pop edi
    pop esi
    ret

    .balign 16
    .globl memmove
memmove:
    mov eax, [esp + 4]
    mov edx, [esp + 8]
    mov ecx, eax
    sub ecx, edx
    cmp ecx, [esp + 12]
    jae memcpy                          # the target does not begin inside the source
    push esi
    push edi
    mov ecx, [esp + 20]
    lea edi, [eax + ecx]
    lea esi, [edx + ecx]
    mov edx, ecx
    and ecx, 3
    std
    dec esi
    dec edi
    rep movsb
    mov ecx, edx
    shr ecx, 2
    sub esi, 3
    sub edi, 3
    rep movsd
    cld
    pop edi
    pop esi
    ret
    "#
);
