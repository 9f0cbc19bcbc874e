//! Which register an instruction reads and which it writes, as far as its coding names them.

use crate::Instruction;

/// Three bits that number a register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Field {
    /// The byte they are in.
    pub at: u8,
    /// Of the lowest one.
    pub shift: u8,
}

/// What is done with what ModRM or the opcode names. "Reg" is the middle field of ModRM, "rm" the rest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Use {
    /// rm is made of reg.
    ToRm,
    /// reg is made of rm.
    ToReg,
    /// Both are looked at.
    Compare,
    /// rm alone is written.
    OnRm,
    /// rm alone is read.
    OfRm,
    /// The opcode's register is read.
    Read,
    /// The opcode's register is written.
    Written,
}

/// The register that is read: of memory, its base.
pub fn source(of: &Instruction) -> Option<Field> {
    match use_of(of)? {
        Use::ToRm | Use::Compare => Some(reg(of.modrm_at?)),
        Use::ToReg | Use::OfRm => rm(of),
        Use::Read => Some(Field { at: of.opcode_at, shift: 0 }),
        Use::OnRm | Use::Written => None,
    }
}

/// The register that is written.
pub fn destination(of: &Instruction) -> Option<Field> {
    match use_of(of)? {
        Use::ToReg => Some(reg(of.modrm_at?)),
        Use::ToRm | Use::OnRm if of.memory.is_none() => rm(of),
        Use::Written => Some(Field { at: of.opcode_at, shift: 0 }),
        _ => None,
    }
}

fn reg(modrm_at: u8) -> Field {
    Field { at: modrm_at, shift: 3 }
}

fn rm(of: &Instruction) -> Option<Field> {
    let at = match of.memory {
        None => of.modrm_at?,
        Some(memory) => memory.base?,
    };
    Some(Field { at, shift: 0 })
}

fn use_of(of: &Instruction) -> Option<Use> {
    match of.map {
        0 => of_one_byte(of.opcode),
        0x0f => of_two_bytes(of.opcode),
        _ => Some(Use::ToReg),
    }
}

fn of_one_byte(opcode: u8) -> Option<Use> {
    Some(match opcode {
        0x38..=0x3b | 0x84..=0x87 => Use::Compare,
        0x00..=0x37 => match opcode & 7 {
            0 | 1 => Use::ToRm,
            2 | 3 => Use::ToReg,
            _ => return None,
        },
        0x40..=0x4f | 0x58..=0x5f | 0xb0..=0xbf => Use::Written,
        0x50..=0x57 => Use::Read,
        0x88 | 0x89 => Use::ToRm,
        0x69 | 0x6b | 0x8a | 0x8b | 0x8d => Use::ToReg,
        0x80..=0x83 | 0xc0 | 0xc1 | 0xc6 | 0xc7 | 0xd0..=0xd3 | 0xf6 | 0xf7 | 0xfe => Use::OnRm,
        0xff => Use::OfRm,
        _ => return None,
    })
}

fn of_two_bytes(opcode: u8) -> Option<Use> {
    Some(match opcode {
        0x10 | 0x12 | 0x14..=0x16 | 0x28 | 0x2a | 0x2c | 0x2d => Use::ToReg,
        0x11 | 0x13 | 0x17 | 0x29 | 0x2b | 0x7e | 0x7f | 0xd6 | 0xe7 => Use::ToRm,
        0x2e | 0x2f | 0xa3 => Use::Compare,
        0x40..=0x4f | 0x51..=0x6f | 0x70 | 0x74..=0x76 => Use::ToReg,
        0x90..=0x9f => Use::OnRm,
        0xa4 | 0xa5 | 0xab..=0xad | 0xb0 | 0xb1 | 0xb3 | 0xbb | 0xc0 | 0xc1 => Use::ToRm,
        0xaf | 0xb6..=0xb8 | 0xbc..=0xbf | 0xc2 | 0xc4..=0xc6 | 0xd0..=0xfe => Use::ToReg,
        _ => return None,
    })
}
