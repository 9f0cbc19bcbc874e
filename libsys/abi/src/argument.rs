//! How typed arguments travel in registers.
//!
//! Decoding is total: every register value is some argument, and no bit is lost. Handlers judge.

use crate::{UserMutPtr, UserPtr, UserStr};

/// The six argument registers of a call, in order: EBX ECX EDX ESI EDI EBP.
pub type Registers = [u32; 6];

/// Where the argument registers of a call are read.
pub trait RegisterFile {
    /// Register `index` of the six; 0 beyond them.
    fn register(&self, index: usize) -> u32;
}

impl RegisterFile for Registers {
    #[inline(always)]
    fn register(&self, index: usize) -> u32 {
        self.get(index).copied().unwrap_or(0)
    }
}

/// A type that can be an argument of a system call.
pub trait Argument: Sized {
    /// How many registers it takes.
    const REGISTERS: usize;

    /// Reads the argument that begins in register `first`.
    ///
    /// The tables assert that `first + REGISTERS` is at most 6; beyond that registers read as 0.
    fn decode(registers: &impl RegisterFile, first: usize) -> Self;

    /// Puts the argument into the registers from `first` on.
    fn encode(self, registers: &mut Registers, first: usize);
}

#[inline(always)]
fn write(registers: &mut Registers, index: usize, word: u32) {
    if let Some(register) = registers.get_mut(index) {
        *register = word;
    }
}

macro_rules! one_register {
    ($( $kind:ty, [$($generic:ident)?], $word:ident => $decode:expr, $value:ident => $encode:expr; )*) => { $(
        impl $(<$generic>)? Argument for $kind {
            const REGISTERS: usize = 1;

            #[inline(always)]
            fn decode(registers: &impl RegisterFile, first: usize) -> Self {
                let $word = registers.register(first);
                $decode
            }

            #[inline(always)]
            fn encode(self, registers: &mut Registers, first: usize) {
                let $value = self;
                write(registers, first, $encode);
            }
        }
    )* };
}

one_register! {
    u32, [], word => word, value => value;
    i32, [], word => word.cast_signed(), value => value.cast_unsigned();
    UserPtr<T>, [T], word => UserPtr::new(word), value => value.address();
    UserMutPtr<T>, [T], word => UserMutPtr::new(word), value => value.address();
    UserStr, [], word => UserStr::new(word), value => value.address();
}

/// The low word comes first. i386 does not align the pair to an even register.
impl Argument for u64 {
    const REGISTERS: usize = 2;

    #[inline(always)]
    fn decode(registers: &impl RegisterFile, first: usize) -> Self {
        u64::from(registers.register(first)) | u64::from(registers.register(first + 1)) << 32
    }

    #[inline(always)]
    fn encode(self, registers: &mut Registers, first: usize) {
        let [a, b, c, d, e, f, g, h] = self.to_le_bytes();
        write(registers, first, u32::from_le_bytes([a, b, c, d]));
        write(registers, first + 1, u32::from_le_bytes([e, f, g, h]));
    }
}

/// The low word comes first. i386 does not align the pair to an even register.
impl Argument for i64 {
    const REGISTERS: usize = 2;

    #[inline(always)]
    fn decode(registers: &impl RegisterFile, first: usize) -> Self {
        u64::decode(registers, first).cast_signed()
    }

    #[inline(always)]
    fn encode(self, registers: &mut Registers, first: usize) {
        self.cast_unsigned().encode(registers, first);
    }
}
