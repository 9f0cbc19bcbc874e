//! Arguments of Folio's own calls, which refuse register values that mean nothing.

use crate::argument::{Argument, RegisterFile, Registers};
use crate::errno::Errno;

/// An argument of Folio's own table: register values that mean nothing are EINVAL.
///
/// Every [`Argument`] is one, and never fails.
pub trait CheckedArgument: Sized {
    /// How many registers it takes.
    const REGISTERS: usize;

    /// Reads the argument that begins in register `first`.
    fn decode(registers: &impl RegisterFile, first: usize) -> Result<Self, Errno>;

    /// Puts the argument into the registers from `first` on.
    fn encode(self, registers: &mut Registers, first: usize);
}

impl<T: Argument> CheckedArgument for T {
    const REGISTERS: usize = T::REGISTERS;

    #[inline(always)]
    fn decode(registers: &impl RegisterFile, first: usize) -> Result<Self, Errno> {
        Ok(T::decode(registers, first))
    }

    #[inline(always)]
    fn encode(self, registers: &mut Registers, first: usize) {
        T::encode(self, registers, first);
    }
}
