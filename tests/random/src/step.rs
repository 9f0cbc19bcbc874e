//! One call, as data.

/// Words of memory that a step may set.
pub const WORDS: usize = 32;

/// What a register or a word of memory holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    Number(u32),
    /// What the process has kept there: [`place::slot`](crate::place::slot).
    Slot(u8),
}

/// A word of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    pub at: u32,
    pub value: Value,
}

/// What becomes of a call that succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    Nothing,
    /// Its result goes to a slot.
    Result(u8),
    /// So many words at that address go to slots, the first one to `slot`.
    Words {
        at: u32,
        count: u8,
        slot: u8,
    },
}

/// One call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step<'a> {
    /// As EAX has it.
    pub number: u32,
    pub registers: [Value; 6],
    /// Set before the call.
    pub words: &'a [Word],
    pub keep: Keep,
}

/// A step with room for its words.
#[derive(Clone, Debug)]
pub struct Made {
    pub number: u32,
    pub registers: [Value; 6],
    words: [Word; WORDS],
    used: usize,
    pub keep: Keep,
}

impl Made {
    pub const fn nothing() -> Self {
        Self {
            number: 0,
            registers: [Value::Number(0); 6],
            words: [Word { at: 0, value: Value::Number(0) }; WORDS],
            used: 0,
            keep: Keep::Nothing,
        }
    }

    /// Sets one more word, if there is room.
    pub fn set(&mut self, at: u32, value: Value) {
        if let Some(word) = self.words.get_mut(self.used) {
            *word = Word { at, value };
            self.used += 1;
        }
    }

    pub fn step(&self) -> Step<'_> {
        let Self { number, registers, keep, .. } = *self;
        Step { number, registers, words: &self.words[..self.used], keep }
    }
}
