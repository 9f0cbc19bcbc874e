//! Interrupts that nothing masks, at the instructions where one is the most awkward: where a system call
//! has no stack yet, where registers are half saved, where the kernel is about to return, where it is
//! ending itself. The machine goes on, its program's output is what it always is, and the log tells of
//! each.

mod places;
mod scenarios;

pub use places::Moment;
pub use scenarios::{
    ANOTHER, DOUBLE_FAULT, a_double_fault_is_told_all_the_same, one_at_any_moment_passes,
    one_at_awkward_instructions_passes, one_in_the_middle_of_another_waits, seen, stopped,
};
