//! The vDSO as it was linked, and what the kernel knows about its code.

const PAGE: usize = 4096;

/// One page, so that nobody can split it.
#[repr(C, align(4096))]
struct Image([u8; PAGE]);

#[unsafe(link_section = ".rodata.vdso")]
static IMAGE: Image = Image(padded(FILE));

const FILE: &[u8] = include_bytes!(env!("VDSO"));

/// Where the functions are, in bytes from the start of the page.
pub const VSYSCALL: u32 = symbol(b"__kernel_vsyscall");
pub const SIGRETURN: u32 = symbol(b"__kernel_sigreturn");
pub const RT_SIGRETURN: u32 = symbol(b"__kernel_rt_sigreturn");

/// `mov ebp, esp`, `sysenter` behind three pushes; then `int 0x80`, and then what the kernel returns
/// to.
const SYSENTER: [u8; 4] = [0x89, 0xe5, 0x0f, 0x34];
const INTERRUPT: [u8; 2] = [0xcd, 0x80];
const SYSENTER_AT: u32 = VSYSCALL + 3;
const INTERRUPT_AT: u32 = SYSENTER_AT + SYSENTER.len() as u32;
pub const LANDING: u32 = INTERRUPT_AT + INTERRUPT.len() as u32;

const _: () = {
    assert!(is_at(SYSENTER_AT as usize, &SYSENTER), "SYSENTER is elsewhere in the vDSO");
    assert!(is_at(INTERRUPT_AT as usize, &INTERRUPT), "int 0x80 is elsewhere in the vDSO");
};

pub(super) fn address() -> u32 {
    &raw const IMAGE as u32
}

/// Takes SYSENTER out of the code, for a CPU that has none.
///
/// # Safety
/// At boot, while read-only data of the kernel can still be written.
pub unsafe fn use_interrupt() {
    const NOP: u8 = 0x90;
    let place = (address() + SYSENTER_AT) as *mut u8;
    // SAFETY: the caller's promise; programs that read the page come later, and nobody else does.
    unsafe { place.write_bytes(NOP, SYSENTER.len()) };
}

const fn padded(file: &[u8]) -> [u8; PAGE] {
    assert!(file.len() <= PAGE, "the vDSO is more than a page");
    let mut page = [0; PAGE];
    let mut at = 0;
    while at < file.len() {
        page[at] = file[at];
        at += 1;
    }
    page
}

/// The value of a dynamic symbol, found while the kernel is compiled.
const fn symbol(name: &[u8]) -> u32 {
    const SHT_DYNSYM: u32 = 11;
    const SYMBOL_LEN: u32 = 16;
    let (headers, count) = (word(32), word(48) & 0xffff);
    let mut section = 0;
    while section < count {
        let header = headers + section * 40;
        if word(header + 4) == SHT_DYNSYM {
            let strings = word(headers + word(header + 24) * 40 + 16);
            let (mut at, end) = (word(header + 16), word(header + 16) + word(header + 20));
            while at < end {
                if is_string_at((strings + word(at)) as usize, name) {
                    return word(at + 4);
                }
                at += SYMBOL_LEN;
            }
        }
        section += 1;
    }
    panic!("the vDSO lacks a symbol")
}

const fn word(at: u32) -> u32 {
    let at = at as usize;
    u32::from_le_bytes([FILE[at], FILE[at + 1], FILE[at + 2], FILE[at + 3]])
}

const fn is_string_at(at: usize, name: &[u8]) -> bool {
    is_at(at, name) && FILE[at + name.len()] == 0
}

const fn is_at(at: usize, bytes: &[u8]) -> bool {
    let mut index = 0;
    while index < bytes.len() {
        if FILE[at + index] != bytes[index] {
            return false;
        }
        index += 1;
    }
    true
}
