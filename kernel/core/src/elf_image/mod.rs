//! From the first bytes of an ELF file to the mappings of a program.
//!
//! Two stages, because Linux answers them differently. [`Header`] and [`ProgramTable`] are read
//! while the caller of `execve` can still go on, so their errors are errno. [`LoadPlan`] is made
//! when the old program is gone: whatever goes wrong from there on kills with SIGSEGV.
//!
//! What is accepted is what Linux 6.1 accepts: the identification bytes behind the magic are not
//! looked at, segments may share pages (the later mapping wins), and a segment may lie past the
//! end of the file (the access then fails, not the exec).

mod header;
mod load_plan;
#[cfg(test)]
mod tests;

pub use header::{FileRange, Header, Kind, ProgramTable, Role, StackProtection};
pub use load_plan::{Image, LoadPlan, Step};
