//! Mistakes in programs, made on purpose: one instruction of i386 code is changed as a programmer's
//! or a machine's mistake would have it. The kinds are those of MINIX's `swifi`, which has them from
//! Ng and Chen.

#![no_std]
#![forbid(unsafe_code)]

mod change;
mod instruction;
mod kind;
mod operand;
mod random;

pub use change::{Code, change, change_word};
pub use instruction::{Instruction, Memory, decode};
pub use kind::Kind;
pub use random::Random;
