//! Making a mistake.

use crate::instruction::{Instruction, MAX_LENGTH, decode};
use crate::operand::{Field, destination, source};
use crate::{Kind, Random};

const NOP: u8 = 0x90;
/// Numbers of registers.
const ESP: u8 = 4;
const EBP: u8 = 5;

/// An instruction as it shall be. It is as long as it was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Code {
    bytes: [u8; MAX_LENGTH],
    length: u8,
}

impl Code {
    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or_default()
    }

    fn byte(&mut self, at: u8) -> Option<&mut u8> {
        self.bytes.get_mut(usize::from(at))
    }

    fn set(&mut self, field: Field, number: u8) -> Option<()> {
        let byte = self.byte(field.at)?;
        *byte = *byte & !(7 << field.shift) | number << field.shift;
        Some(())
    }

    fn get(&mut self, field: Field) -> Option<u8> {
        self.byte(field.at).map(|byte| *byte >> field.shift & 7)
    }

    /// Other than it was.
    fn set_other(&mut self, field: Field, random: &mut Random) -> Option<()> {
        let old = self.get(field)?;
        self.set(field, random.other_than(old, 8))
    }

    fn flip(&mut self, first: u8, count: u8, random: &mut Random) -> Option<()> {
        let bit = random.below(u32::from(count) * 8) as u8;
        *self.byte(first + bit / 8)? ^= 1 << (bit % 8);
        Some(())
    }
}

/// The instruction that `code` begins with, changed. `None` if there is none, or none that can be
/// changed in this way.
pub fn change(kind: Kind, code: &[u8], random: &mut Random) -> Option<Code> {
    let of = decode(code)?;
    let mut new = Code { bytes: [NOP; MAX_LENGTH], length: of.length };
    for (byte, old) in new.bytes.iter_mut().zip(code).take(of.length.into()) {
        *byte = *old;
    }
    if is_nop(&of) {
        return None;
    }
    let kind = match kind {
        Kind::Random => Kind::OF_CODE[random.below(Kind::OF_CODE.len() as u32) as usize],
        kind => kind,
    };
    match kind {
        Kind::Source => new.set_other(source(&of)?, random)?,
        Kind::Destination => new.set_other(destination(&of)?, random)?,
        Kind::Pointer => other_address(&of, &mut new, random)?,
        Kind::Parameter if is_parameter(&of, &mut new)? => leave_out(&mut new),
        Kind::Condition if is_conditional(&of) => *new.byte(of.opcode_at)? ^= 1,
        Kind::Binary => new.flip(0, of.length, random)?,
        Kind::Omission => leave_out(&mut new),
        Kind::Parameter | Kind::Condition | Kind::Random | Kind::Data => return None,
    }
    Some(new)
}

/// Another word in the place of this one: half of the time but for one bit the same.
pub fn change_word(old: u32, random: &mut Random) -> u32 {
    match random.below(2) {
        0 => old ^ 1 << random.below(32),
        _ => old.wrapping_add(1).wrapping_add(random.below(u32::MAX)),
    }
}

fn leave_out(code: &mut Code) {
    code.bytes = [NOP; MAX_LENGTH];
}

fn is_nop(of: &Instruction) -> bool {
    matches!((of.map, of.opcode), (0, NOP) | (0x0f, 0x1f))
}

fn is_conditional(of: &Instruction) -> bool {
    matches!((of.map, of.opcode), (0, 0x70..=0x7f) | (0x0f, 0x80..=0x8f))
}

/// Another displacement or another base.
fn other_address(of: &Instruction, new: &mut Code, random: &mut Random) -> Option<()> {
    let memory = of.memory?;
    let (first, size) = memory.displacement;
    match memory.base {
        Some(at) if size == 0 || random.below(2) == 0 => {
            new.set_other(Field { at, shift: 0 }, random)
        }
        _ => new.flip(first, size, random),
    }
}

/// A move from the caller's part of the stack, or to where the callee's part will be.
fn is_parameter(of: &Instruction, new: &mut Code) -> Option<bool> {
    let memory = of.memory?;
    let base = new.get(Field { at: memory.base?, shift: 0 })?;
    let (first, size) = memory.displacement;
    let is_above = match size {
        0 => false,
        size => *new.byte(first + size - 1)? < 0x80,
    };
    let (loads, stores) = match (of.map, of.opcode) {
        (0, 0x8a | 0x8b) | (0x0f, 0x10 | 0x6f | 0xb6 | 0xb7 | 0xbe | 0xbf) => (true, false),
        (0, 0x88 | 0x89 | 0xc6 | 0xc7) | (0x0f, 0x11) => (false, true),
        _ => (false, false),
    };
    Some(loads && is_above && matches!(base, ESP | EBP) || stores && base == ESP)
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    /// All that comes of many tries.
    fn all(kind: Kind, code: &[u8]) -> Vec<Vec<u8>> {
        let tries = (0..500).filter_map(|number| change(kind, code, &mut Random::new(7, number)));
        let mut found: Vec<_> = tries.map(|code| code.bytes().to_vec()).collect();
        found.sort();
        found.dedup();
        found
    }

    #[test]
    fn registers_are_exchanged() {
        // mov ebp, esp: from each other register, to each other register.
        let from = all(Kind::Source, &[0x89, 0xe5]);
        assert_eq!(from, [0xc5, 0xcd, 0xd5, 0xdd, 0xed, 0xf5, 0xfd].map(|modrm| [0x89, modrm]));
        let to = all(Kind::Destination, &[0x89, 0xe5]);
        assert_eq!(to, [0xe0, 0xe1, 0xe2, 0xe3, 0xe4, 0xe6, 0xe7].map(|modrm| [0x89, modrm]));
        assert_eq!(all(Kind::Source, &[0x50]).len(), 7);
        // cmp writes nothing, and a store to memory no register.
        assert!(all(Kind::Destination, &[0x39, 0xc8]).is_empty());
        assert!(all(Kind::Destination, &[0x89, 0x45, 0xf8]).is_empty());
    }

    #[test]
    fn addresses_are_others() {
        // mov eax, [ebp-8]: eight bits, seven registers.
        assert_eq!(all(Kind::Pointer, &[0x8b, 0x45, 0xf8]).len(), 15);
        assert_eq!(all(Kind::Pointer, &[0xa1, 0, 0, 0, 8]).len(), 0);
        assert_eq!(all(Kind::Pointer, &[0x8b, 0x0d, 0, 0, 0, 8]).len(), 32);
    }

    #[test]
    fn parameters_are_not_passed() {
        let nothing = [NOP; 4];
        assert_eq!(all(Kind::Parameter, &[0x8b, 0x45, 0x08]), [&nothing[..3]]);
        assert_eq!(all(Kind::Parameter, &[0x89, 0x44, 0x24, 0x04]), [&nothing]);
        assert!(all(Kind::Parameter, &[0x8b, 0x45, 0xf8]).is_empty(), "a variable");
        assert!(all(Kind::Parameter, &[0x01, 0x45, 0x08]).is_empty(), "no move");
    }

    #[test]
    fn conditions_are_inverted() {
        assert_eq!(all(Kind::Condition, &[0x74, 5]), [[0x75, 5]]);
        assert_eq!(all(Kind::Condition, &[0x0f, 0x8f, 1, 2, 3, 4]), [[0x0f, 0x8e, 1, 2, 3, 4]]);
        assert!(all(Kind::Condition, &[0xeb, 5]).is_empty());
    }

    #[test]
    fn bits_are_flipped_and_instructions_left_out() {
        assert_eq!(all(Kind::Binary, &[0x89, 0xe5]).len(), 16);
        assert_eq!(all(Kind::Omission, &[0x89, 0xe5]), [[NOP; 2]]);
        assert!(all(Kind::Omission, &[NOP]).is_empty());
        assert!(all(Kind::Random, &[0x8b, 0x45, 0x08]).len() > 20);
    }

    proptest! {
        #[test]
        fn whatever_the_code_it_changes_and_nothing_behind_it(
            code in prop::collection::vec(any::<u8>(), 0..20),
            kind in prop::sample::select(&Kind::ALL[..]),
            number: u32,
        ) {
            if let Some(new) = change(kind, &code, &mut Random::new(1, number)) {
                let length = usize::from(decode(&code).unwrap().length);
                prop_assert_eq!(new.bytes().len(), length);
                prop_assert_ne!(new.bytes(), &code[..length]);
            }
            let word = change_word(number, &mut Random::new(2, number));
            prop_assert_ne!(word, number);
        }
    }
}
