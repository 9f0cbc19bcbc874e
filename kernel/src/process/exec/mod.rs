//! Another program in the same process: `execve`.
//!
//! ```text
//!  StackImage   the strings, copied onto the new stack
//!  Executable   the file: a script leads to its interpreter, ELF to its headers
//!  ---------    the point of no return: from here on failure kills
//!  load         the segments, in the new address space
//!  start        auxiliary vector, registers
//! ```

mod commit;
mod executable;
mod load;
mod stack_image;

pub use commit::{Program, execute};
pub use stack_image::Strings;
