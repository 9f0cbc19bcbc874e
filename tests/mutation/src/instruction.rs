//! Where an instruction ends, and where its parts are. (SDM 2A 2.1, 2D A.3)

/// The longest there is.
pub const MAX_LENGTH: usize = 15;

/// What is in memory: an operand by base, index and displacement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Memory {
    /// Where the byte is whose lowest three bits are the base register: ModRM's, or that of a SIB.
    /// `None`: there is no base.
    pub base: Option<u8>,
    /// Place and size of the displacement; size 0 for none.
    pub displacement: (u8, u8),
}

/// An instruction. Places count bytes from its beginning.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Instruction {
    /// Bytes in it.
    pub length: u8,
    /// Where its opcode is: behind prefixes, and behind 0F.
    pub opcode_at: u8,
    /// 0 for opcodes of one byte, else the last byte before the opcode: 0x0f, 0x38 or 0x3a.
    pub map: u8,
    /// The last byte of the opcode.
    pub opcode: u8,
    /// Whether a prefix repeats it or belongs to the opcode (F2, F3).
    pub has_repeat: bool,
    /// Where ModRM is.
    pub modrm_at: Option<u8>,
    /// What ModRM and SIB name, if that is memory.
    pub memory: Option<Memory>,
}

/// What follows an opcode.
struct Shape {
    modrm: bool,
    /// Bytes of constants behind all else.
    immediate: u8,
}

/// The instruction that `code` begins with. `None`: `code` is too short, or a compiler has not made it.
pub fn decode(code: &[u8]) -> Option<Instruction> {
    let (mut at, mut word, mut has_repeat) = (0, 4, false);
    let byte = |at: usize| code.get(at).copied();
    loop {
        match byte(at)? {
            0x66 => word = 2,
            0xf2 | 0xf3 => has_repeat = true,
            0x26 | 0x2e | 0x36 | 0x3e | 0x64 | 0x65 | 0xf0 => {}
            _ => break,
        }
        at += 1;
    }
    let mut map = 0;
    if byte(at)? == 0x0f {
        (map, at) = (0x0f, at + 1);
        if let second @ (0x38 | 0x3a) = byte(at)? {
            (map, at) = (second, at + 1);
        }
    }
    let (opcode, opcode_at) = (byte(at)?, at);
    at += 1;
    let shape = match map {
        0 => one_byte(opcode, word, byte(at))?,
        0x0f => two_bytes(opcode)?,
        0x38 => Shape { modrm: true, immediate: 0 },
        _ => Shape { modrm: true, immediate: 1 },
    };
    let modrm_at = shape.modrm.then_some(at as u8);
    let mut memory = None;
    if shape.modrm {
        memory = memory_at(code, at)?;
        at = match memory {
            None => at + 1,
            Some(memory) => usize::from(memory.displacement.0 + memory.displacement.1),
        };
    }
    at += usize::from(shape.immediate);
    let fits = at <= code.len().min(MAX_LENGTH);
    let (length, opcode_at) = (at as u8, opcode_at as u8);
    fits.then_some(Instruction { length, opcode_at, map, opcode, has_repeat, modrm_at, memory })
}

/// The outer `None`: the code is too short; the inner: a register.
fn memory_at(code: &[u8], at: usize) -> Option<Option<Memory>> {
    let modrm = *code.get(at)?;
    let (mode, mut base, mut base_at, mut next) = (modrm >> 6, modrm & 7, at, at + 1);
    if mode == 3 {
        return Some(None);
    }
    if base == 4 {
        base = *code.get(next)? & 7;
        (base_at, next) = (next, next + 1);
    }
    let is_absolute = mode == 0 && base == 5;
    let size = match mode {
        0 if is_absolute => 4,
        0 => 0,
        1 => 1,
        _ => 4,
    };
    let base = (!is_absolute).then_some(base_at as u8);
    Some(Some(Memory { base, displacement: (next as u8, size) }))
}

/// `word`: bytes of a constant as large as an operand. `next`: the byte behind the opcode.
fn one_byte(opcode: u8, word: u8, next: Option<u8>) -> Option<Shape> {
    let plain = |immediate| Some(Shape { modrm: false, immediate });
    let with_modrm = |immediate| Some(Shape { modrm: true, immediate });
    match opcode {
        0x00..=0x3f => match opcode & 7 {
            0..=3 => with_modrm(0),
            4 => plain(1),
            5 => plain(word),
            _ => plain(0),
        },
        0x62 | 0xc4 | 0xc5 if next.is_some_and(|next| next >= 0xc0) => None,
        0x67 | 0xd6 | 0xf1 => None,
        0x68 | 0xa9 | 0xb8..=0xbf | 0xe8 | 0xe9 => plain(word),
        0x69 | 0x81 | 0xc7 => with_modrm(word),
        0x6a | 0x70..=0x7f | 0xa8 | 0xb0..=0xb7 | 0xcd | 0xd4 | 0xd5 | 0xe0..=0xe7 | 0xeb => {
            plain(1)
        }
        0x6b | 0x80 | 0x82 | 0x83 | 0xc0 | 0xc1 | 0xc6 => with_modrm(1),
        0x62 | 0x63 | 0x84..=0x8f | 0xc4 | 0xc5 | 0xd0..=0xd3 | 0xd8..=0xdf | 0xfe | 0xff => {
            with_modrm(0)
        }
        0x9a | 0xea => plain(word + 2),
        0xa0..=0xa3 => plain(4),
        0xc2 | 0xca => plain(2),
        0xc8 => plain(3),
        // TEST has a constant, its relatives have none.
        0xf6 => with_modrm(u8::from(next? & 0x30 == 0)),
        0xf7 => with_modrm(if next? & 0x30 == 0 { word } else { 0 }),
        _ => plain(0),
    }
}

fn two_bytes(opcode: u8) -> Option<Shape> {
    let plain = |immediate| Some(Shape { modrm: false, immediate });
    let with_modrm = |immediate| Some(Shape { modrm: true, immediate });
    match opcode {
        0x04 | 0x0a | 0x0c | 0x0f | 0x24..=0x27 | 0x36..=0x3f | 0xa6 | 0xa7 => None,
        0x05..=0x0b | 0x0e | 0x30..=0x35 | 0x77 | 0xa0..=0xa2 | 0xa8..=0xaa | 0xc8..=0xcf => {
            plain(0)
        }
        0x80..=0x8f => plain(4),
        0x70..=0x73 | 0xa4 | 0xac | 0xba | 0xc2 | 0xc4..=0xc6 => with_modrm(1),
        _ => with_modrm(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Code whose last byte the instruction must not have.
    fn length(code: &[u8]) -> usize {
        usize::from(decode(code).unwrap().length)
    }

    #[test]
    fn lengths_are_as_the_manual_has_them() {
        let cases: &[&[u8]] = &[
            &[0x55],                                        // push ebp
            &[0x89, 0xe5],                                  // mov ebp, esp
            &[0x8b, 0x45, 0x08],                            // mov eax, [ebp+8]
            &[0x8b, 0x44, 0x24, 0x04],                      // mov eax, [esp+4]
            &[0x8b, 0x04, 0x8d, 1, 2, 3, 4],                // mov eax, [ecx*4+N]
            &[0xa1, 1, 2, 3, 4],                            // mov eax, [N]
            &[0x66, 0xb8, 1, 2],                            // mov ax, N
            &[0xc7, 0x05, 1, 2, 3, 4, 5, 6, 7, 8],          // mov dword [N], N
            &[0x66, 0xc7, 0x04, 0x24, 1, 2],                // mov word [esp], N
            &[0xf6, 0x45, 0x08, 0x01],                      // test byte [ebp+8], 1
            &[0xf6, 0xd8],                                  // neg al
            &[0xf7, 0xc1, 1, 2, 3, 4],                      // test ecx, N
            &[0xf7, 0x1c, 0x24],                            // neg dword [esp]
            &[0x0f, 0x85, 1, 2, 3, 4],                      // jne N
            &[0x0f, 0xb6, 0x44, 0x0e, 0x01],                // movzx eax, [esi+ecx+1]
            &[0xf2, 0x0f, 0x10, 0x80, 1, 2, 3, 4],          // movsd xmm0, [eax+N]
            &[0x66, 0x0f, 0x70, 0xc0, 0x50],                // pshufd xmm0, xmm0, N
            &[0x66, 0x0f, 0x3a, 0x0f, 0xc1, 8],             // palignr
            &[0x66, 0x0f, 0x38, 0x00, 0xc1],                // pshufb
            &[0xf0, 0x0f, 0xb1, 0x0b],                      // lock cmpxchg [ebx], ecx
            &[0xf3, 0xa5],                                  // rep movsd
            &[0x65, 0xa1, 0, 0, 0, 0],                      // mov eax, gs:[0]
            &[0xe8, 1, 2, 3, 4],                            // call N
            &[0xff, 0x24, 0x85, 1, 2, 3, 4],                // jmp [eax*4+N]
            &[0xcd, 0x81],                                  // int 0x81
            &[0x69, 0xc0, 1, 2, 3, 4],                      // imul eax, eax, N
            &[0x81, 0x84, 0x24, 1, 2, 3, 4, 5, 6, 7, 8],    // add dword [esp+N], N
            &[0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0], // nopw cs:[eax+eax+0]
            &[0x0f, 0x0b],                                  // ud2
            &[0xdd, 0x05, 1, 2, 3, 4],                      // fld qword [N]
            &[0xc8, 1, 2, 3],                               // enter
        ];
        for code in cases {
            let mut with_more = [0x90; 20];
            with_more[..code.len()].copy_from_slice(code);
            assert_eq!(length(&with_more), code.len(), "{code:x?}");
            assert_eq!(length(code), code.len(), "{code:x?}");
            assert_eq!(decode(&code[..code.len() - 1]), None, "{code:x?}");
        }
    }

    #[test]
    fn parts_are_found() {
        let load = decode(&[0x8b, 0x44, 0x24, 0x04]).unwrap();
        let memory = Memory { base: Some(2), displacement: (3, 1) };
        assert_eq!((load.modrm_at, load.memory), (Some(1), Some(memory)));
        let absolute = decode(&[0x8b, 0x05, 1, 2, 3, 4]).unwrap().memory.unwrap();
        assert_eq!(absolute, Memory { base: None, displacement: (2, 4) });
        let move_ = decode(&[0x66, 0x0f, 0xb6, 0xc1]).unwrap();
        assert_eq!((move_.map, move_.opcode, move_.opcode_at, move_.memory), (0x0f, 0xb6, 2, None));
    }

    #[test]
    fn other_code_is_refused() {
        for code in [&[][..], &[0x66], &[0x0f], &[0xc5, 0xf8, 0x77], &[0x67, 0x8b, 0x07], &[0xf7]] {
            assert_eq!(decode(code), None, "{code:x?}");
        }
        assert_eq!(decode(&[0x66; 20]), None);
    }
}
