//! Programs of a few instructions, made here so that nothing else is needed to run them.

const BASE: u32 = 0x0804_8000;
const HEADERS: u32 = 52 + 32;

/// An ELF file with one segment, read and executed, that starts with `code`.
pub fn program(code: &[u8]) -> Vec<u8> {
    let size = HEADERS + code.len() as u32;
    let mut file = b"\x7fELF\x01\x01\x01".to_vec();
    file.resize(16, 0);
    let half = |value: u16| value.to_le_bytes();
    // ET_EXEC, EM_386.
    file.extend([half(2), half(3)].concat());
    // Version, entry, program headers, section headers, flags.
    for word in [1, BASE + HEADERS, 52, 0, 0] {
        file.extend(u32::to_le_bytes(word));
    }
    // Sizes and numbers of headers.
    file.extend([52, 32, 1, 0, 0, 0].map(half).concat());
    // PT_LOAD, offset, address twice, size twice, R+X, alignment.
    for word in [1, 0, BASE, BASE, size, size, 5, 4096] {
        file.extend(u32::to_le_bytes(word));
    }
    file.extend(code);
    file
}

/// `exit_group(status)`.
pub fn exit(status: u8) -> Vec<u8> {
    // mov eax, 252; mov ebx, status; int 0x80
    program(&[0xb8, 252, 0, 0, 0, 0xbb, status, 0, 0, 0, 0xcd, 0x80])
}

/// Sleeps for ten milliseconds, then `exit_group(status)`.
pub fn sleep_and_exit(status: u8) -> Vec<u8> {
    // xor ecx, ecx; push 10000000; push 0; mov ebx, esp; mov eax, 162; int 0x80
    let sleep = [0x31, 0xc9, 0x68, 0x80, 0x96, 0x98, 0, 0x6a, 0, 0x89, 0xe3, 0xb8, 162, 0, 0, 0];
    let exit = [0xcd, 0x80, 0xb8, 252, 0, 0, 0, 0xbb, status, 0, 0, 0, 0xcd, 0x80];
    program(&[&sleep[..], &exit].concat())
}

/// Loops for ever.
pub fn hang() -> Vec<u8> {
    program(&[0xeb, 0xfe])
}

/// An instruction that is none.
pub fn invalid() -> Vec<u8> {
    program(&[0x0f, 0x0b])
}

/// A load from address 8.
pub fn null() -> Vec<u8> {
    program(&[0xa1, 8, 0, 0, 0])
}

/// A division by zero.
pub fn divide() -> Vec<u8> {
    program(&[0x31, 0xc9, 0xf7, 0xf1])
}
