//! Values of a sort: mostly good ones.

use super::edges::EDGES;
use super::sort::{Kind, Sort};
use crate::chance::Chance;
use crate::place::*;
use crate::step::{Made, Value};
use abi::memory::PAGE_SIZE as PAGE;

/// Structures in structures.
const DEEPEST: u32 = 3;

/// Any number.
pub fn any(chance: &mut Chance) -> Value {
    Value::Number(match chance.below(6) {
        0 => chance.next(),
        1 => *chance.of(&EDGES),
        2 => 1 << chance.below(32),
        3 => chance.below(64),
        _ => chance.below(4),
    })
}

/// Makes the values of one step.
pub struct Maker<'a> {
    chance: &'a mut Chance,
    made: &'a mut Made,
    /// Where the next structure goes.
    next: u32,
    depth: u32,
}

impl<'a> Maker<'a> {
    pub fn new(chance: &'a mut Chance, made: &'a mut Made) -> Self {
        let next = BUFFER + 16 * chance.below(128);
        Self { chance, made, next, depth: 0 }
    }

    pub fn put(&mut self, place: usize, value: Value) {
        if let Some(register) = self.made.registers.get_mut(place) {
            *register = value;
        }
    }

    /// A value of that sort, or now and then of another.
    pub fn value(&mut self, sort: Sort) -> Value {
        // Who a call is about may not be anybody: others have done nothing.
        let is_somebody = matches!(sort, Sort::Kept(Kind::Process));
        if !is_somebody && self.chance.once_in(40) {
            return match self.chance.below(3) {
                0 => any(self.chance),
                1 => Value::Slot(self.chance.below(slot::ALL as u32) as u8),
                _ => Value::Number(self.odd_address()),
            };
        }
        match sort {
            Sort::Any | Sort::Wide => any(self.chance),
            Sort::Of(numbers) => Value::Number(*self.chance.of(numbers)),
            Sort::Bits(bits) => {
                let count = self.chance.below(4);
                let some = (0..count).fold(0, |some, _| some | *self.chance.of(bits));
                Value::Number(some)
            }
            Sort::Kept(kind) => self.kept(kind),
            Sort::Room => Value::Number(self.room(self.depth)),
            Sort::To(shape) => Value::Number(self.structure(shape)),
            Sort::Text => Value::Number(match self.chance.below(32) {
                0 => ENDLESS,
                1 => self.odd_address(),
                _ => TEXT_PAGE + TEXT * self.chance.below(TEXTS.len() as u32),
            }),
            Sort::Page => self.page(),
            Sort::Pages => Value::Number(match self.chance.below(12) {
                0 => 0,
                1 => self.chance.next() >> 12,
                2 => PAGE * 64,
                _ => PAGE * (1 + self.chance.below(8)),
            }),
            Sort::Size => Value::Number(match self.chance.below(12) {
                0 => u32::MAX,
                1 => 0x7fff_ffff,
                2 => 0,
                3 | 4 => self.chance.below(5 * PAGE),
                5 => PAGE,
                6 => 4,
                _ => 1 + self.chance.below(256),
            }),
            Sort::Offset => Value::Number(match self.chance.below(8) {
                0 => any_number(self.chance),
                1 => PAGE * self.chance.below(32),
                2 => 0u32.wrapping_sub(self.chance.below(16)),
                _ => self.chance.below(64),
            }),
            Sort::User => Value::Number(*self.chance.of(&[0, 0, 1000, 1001, u32::MAX, 0xffff, 7])),
            Sort::Futex => Value::Number(SHARED + 4 * self.chance.below(4)),
        }
    }

    /// The high half of a wide number.
    pub fn high(&mut self) -> Value {
        Value::Number(match self.chance.below(16) {
            0 => u32::MAX,
            1 => 0x7fff_ffff,
            2 => 1,
            _ => 0,
        })
    }

    fn kept(&mut self, kind: Kind) -> Value {
        let slots = kind.slots();
        let any = slots.start + self.chance.below(u32::from(slots.end - slots.start)) as u8;
        match kind {
            Kind::Descriptor => match self.chance.below(32) {
                0 => Value::Number(abi::file::AT_FDCWD.cast_unsigned()),
                1 => Value::Number(self.chance.below(32)),
                2 => Value::Number(u32::MAX),
                _ => Value::Slot(any),
            },
            Kind::Process => match self.chance.below(16) {
                0 => Value::Number(0),
                1 => Value::Number(0x7fff_0000 + self.chance.below(0xffff)),
                2 => Value::Slot(slot::SIBLING),
                3 => Value::Number(u32::MAX),
                4..8 => Value::Slot(any),
                _ => Value::Slot(slot::OWN),
            },
            Kind::Timer => Value::Slot(any),
            Kind::Handle(own) => match self.chance.below(8) {
                0 => Value::Number(self.chance.below(3)),
                1 => Value::Slot(any),
                _ => Value::Slot(own),
            },
        }
    }

    /// Memory to work on.
    fn page(&mut self) -> Value {
        let address = match self.chance.below(16) {
            0 => return Value::Number(self.odd_address()),
            1 => return Value::Number(0),
            2..6 => {
                let slots = slot::ADDRESSES;
                let count = u32::from(slots.end - slots.start);
                return Value::Slot(slots.start + self.chance.below(count) as u8);
            }
            6 => PLAYGROUND + self.chance.below(PLAYGROUND_PAGES * PAGE),
            _ => PLAYGROUND + PAGE * self.chance.below(PLAYGROUND_PAGES),
        };
        Value::Number(address)
    }

    /// Bytes to read or write; what a step's structures point to lies behind those.
    fn room(&mut self, depth: u32) -> u32 {
        match self.chance.below(48) {
            0 => self.odd_address(),
            1 => 0,
            2..5 => PLAYGROUND + self.chance.below(PLAYGROUND_PAGES * PAGE),
            _ => BUFFER + 2 * PAGE + 256 * depth + 64 * self.chance.below(16),
        }
    }

    /// An address where something may be wrong.
    fn odd_address(&mut self) -> u32 {
        match self.chance.below(8) {
            0 => HOLE,
            1 => HOLE - 1 - self.chance.below(16),
            2 => READ_ONLY,
            3 => *self.chance.of(&EDGES),
            4 => self.chance.next(),
            5 => BUFFER + self.chance.below(PAGE),
            6 => BUFFER_END - self.chance.below(8),
            _ => 8,
        }
    }

    /// A structure in memory, or an address that is none's.
    fn structure(&mut self, shape: &'static [Sort]) -> u32 {
        match self.chance.below(48) {
            0 => return 0,
            1 => return self.odd_address(),
            _ => {}
        }
        if self.depth == DEEPEST {
            return self.room(self.depth);
        }
        let at = self.next;
        self.next += 4 * shape.len().next_multiple_of(4) as u32;
        self.depth += 1;
        for (word, sort) in (0..).zip(shape) {
            let value = self.value(*sort);
            self.made.set(at + 4 * word, value);
        }
        self.depth -= 1;
        at
    }
}

fn any_number(chance: &mut Chance) -> u32 {
    match any(chance) {
        Value::Number(number) => number,
        Value::Slot(_) => 0,
    }
}
