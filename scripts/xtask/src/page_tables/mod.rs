//! The guest's page tables as the processor reads them, looked at from outside: whatever the kernel
//! believes, nobody may have more rights than these rules give.
//!
//! ```text
//!  QEMU ─ registers, memory ─► Sample ─ roots ─► walk ─ mappings ─► Rules ─► what is wrong
//! ```
//!
//! The reading of the entries is not the kernel's own: it follows SDM 3A, chapter 4, once more.

mod after_boot;
mod damage;
mod kernel_image;
mod memory;
mod registers;
mod roots;
mod rules;
mod sample;
#[cfg(test)]
mod tests;
mod walk;

pub use after_boot::check;
pub use damage::{Damage, damages};
pub use kernel_image::KernelImage;
pub use memory::Memory;
pub use registers::Registers;
pub use sample::Sample;
pub use walk::{Format, Mapping, Rights, Walk, walk};
