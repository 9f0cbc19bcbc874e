//! From the Multiboot loader to `kernel_main`, and what the linker script knows of the image.
//!
//! `start` runs at its physical address with paging off. It checks that the CPU can run this
//! image, fills provisional tables that map the first 16 MiB twice (identity and PAGE_OFFSET),
//! turns paging on and jumps high. `pagetable_init` replaces these tables; nothing of the
//! identity map survives it.

use super::paging;
use core::arch::global_asm;

/// Bytes below this physical address are mapped at PAGE_OFFSET until `pagetable_init`.
pub const BOOT_MAPPED: u32 = 16 << 20;

const BOOT_TABLES: usize = BOOT_MAPPED as usize / 4096 * paging::ENTRY_BYTES / 4096;
const BOOT_STACK_BYTES: usize = 32 * 1024;

#[repr(C, align(4096))]
pub struct BootTables {
    pub top: [u8; 4096],
    pub directory: [u8; 4096],
    pub tables: [[u8; 4096]; BOOT_TABLES],
    /// The fixmap's page table: the first window onto memory beyond `BOOT_MAPPED`.
    pub fixmap: [u8; 4096],
}

#[repr(C, align(16))]
struct BootStack([u8; BOOT_STACK_BYTES]);

#[unsafe(no_mangle)]
static mut BOOT_TABLES_AREA: BootTables = BootTables {
    top: [0; 4096],
    directory: [0; 4096],
    tables: [[0; 4096]; BOOT_TABLES],
    fixmap: [0; 4096],
};

#[unsafe(no_mangle)]
static mut BOOT_STACK: BootStack = BootStack([0; BOOT_STACK_BYTES]);

unsafe extern "C" {
    static __image_start: u8;
    static __text_start: u8;
    static __text_end: u8;
    static __rodata_end: u8;
    static __image_end: u8;
}

/// Virtual addresses of the image's parts; each is page-aligned.
pub struct Image {
    pub start: u32,
    pub text_start: u32,
    pub text_end: u32,
    pub rodata_end: u32,
    pub end: u32,
}

pub fn image() -> Image {
    Image {
        start: &raw const __image_start as u32,
        text_start: &raw const __text_start as u32,
        text_end: &raw const __text_end as u32,
        rodata_end: &raw const __rodata_end as u32,
        end: &raw const __image_end as u32,
    }
}

/// The stack `kernel_main` runs on: its lowest address, and one past its highest.
pub fn boot_stack() -> (u32, u32) {
    let bottom = &raw const BOOT_STACK as u32;
    (bottom, bottom + BOOT_STACK_BYTES as u32)
}

pub fn boot_tables() -> *mut BootTables {
    &raw mut BOOT_TABLES_AREA
}

/// Where the fixmap's page table lies in the image.
#[inline]
pub fn fixmap_table() -> u32 {
    // SAFETY: only the address is taken.
    unsafe { &raw const (*boot_tables()).fixmap as u32 }
}

// CPUID.1:EDX bits the image needs (SDM 2A, CPUID): TSC (4), CX8 (8), and PAE (6) for its format.
const NEEDED: u32 = 1 << 4 | 1 << 8 | if paging::IS_PAE { 1 << 6 } else { 0 };

global_asm!(
    r#"
    .section .boot.header, "a"
    .balign 4
    .long 0x1badb002, 3, -(0x1badb002 + 3)

    .section .boot, "ax"
    .globl start
start:
    cli
    cld
    movl %eax, %edi
    movl %ebx, %esi
    movl $(BOOT_STACK - {page_offset} + {stack}), %esp

    pushl $0x200000                     # EFLAGS.ID can be set only if CPUID exists
    popfl
    pushfl
    popl %eax
    testl $0x200000, %eax
    jz refuse
    movl $1, %eax
    cpuid
    notl %edx
    testl ${needed}, %edx
    jnz refuse

    movl $(BOOT_TABLES_AREA - {page_offset}), %ebp
    leal 8192(%ebp), %ebx               # the tables: frame numbers counting up
    movl $3, %eax
1:  movl %eax, (%ebx)
    addl ${entry}, %ebx
    addl $4096, %eax
    cmpl ${mapped} + 3, %eax
    jb 1b

    leal 8192 + 3(%ebp), %eax           # the directory points at them
    xorl %ecx, %ecx
2:  movl %eax, {directory_offset}(%ebp, %ecx, {entry})
    movl %eax, {directory_offset} + {high_offset}(%ebp, %ecx, {entry})
    addl $4096, %eax
    incl %ecx
    cmpl ${tables}, %ecx
    jb 2b
    "#,
    page_offset = const paging::PAGE_OFFSET,
    stack = const BOOT_STACK_BYTES,
    needed = const NEEDED,
    entry = const paging::ENTRY_BYTES,
    mapped = const BOOT_MAPPED,
    directory_offset = const if paging::IS_PAE { 4096 } else { 0 },
    // Under PAE both halves of the map are the same directory, reached by two PDPT entries.
    high_offset = const if paging::IS_PAE { 0 } else { (paging::PAGE_OFFSET >> 22) * 4 },
    tables = const BOOT_TABLES,
    options(att_syntax)
);

#[cfg(feature = "pae")]
global_asm!(
    r#"
    .section .boot, "ax"
    leal 4096 + 1(%ebp), %eax
    movl %eax, (%ebp)
    movl %eax, {pdpt_index} * 8(%ebp)
    movl %cr4, %eax
    orl $0x20, %eax
    movl %eax, %cr4
    "#,
    pdpt_index = const paging::PAGE_OFFSET >> 30,
    options(att_syntax)
);

global_asm!(
    r#"
    .section .boot, "ax"
    movl %ebp, %cr3
    movl %cr0, %eax
    orl $0x80010000, %eax               # PG, WP
    movl %eax, %cr0
    addl ${page_offset}, %esp
    xorl %ebp, %ebp                     # the frame-pointer chain ends here
    pushl %esi
    pushl %edi
    movl $kernel_main, %eax
    call *%eax
    ud2

refuse:
    movl $refusal, %esi
3:  lodsb
    testb %al, %al
    jz 4f
    movl $0x3f8, %edx
    outb %al, %dx
    movl $0x2f8, %edx
    outb %al, %dx
    jmp 3b
4:  movb $1, %al
    movl $0xf4, %edx
    outb %al, %dx
    hlt
    jmp 4b
    "#,
    page_offset = const paging::PAGE_OFFSET,
    options(att_syntax)
);

#[cfg(not(feature = "pae"))]
global_asm!(
    r#"
    .section .boot, "ax"
refusal:
    .asciz "folio: this CPU has no CPUID, TSC or CMPXCHG8B; run with --cpu pentium or better\n"
    "#,
    options(att_syntax)
);

#[cfg(feature = "pae")]
global_asm!(
    r#"
    .section .boot, "ax"
refusal:
    .asciz "folio: this CPU has no PAE; run with --no-pae, or with --cpu max\n"
    "#,
    options(att_syntax)
);
