//! The stack a program starts with.
//!
//! ```text
//!  top   4 zero bytes
//!        path of the program (AT_EXECFN)
//!        environment strings
//!        argument strings            <- argument_start
//!        random gap
//!        "i686", 16 random bytes
//!        auxiliary vector, AT_NULL
//!        environment pointers, NULL
//!        argument pointers, NULL
//!        number of arguments         <- ESP, a multiple of 16
//! ```
//!
//! [`StringArea`] gives each string its place, from the top down, while the kernel measures and
//! copies them; [`StackTable`] then fills the pages below.

mod string_area;
mod table;
#[cfg(test)]
mod tests;

pub use string_area::{MAX_ARG_STRLEN, StringArea};
pub use table::{AuxiliaryVector, StackTable};

/// What the kernel adds to the first stack below the strings, as far as RLIMIT_STACK allows.
const STACK_EXTRA: u32 = 128 << 10;

/// Where a stack mapping that reaches down to `lowest` (page-aligned) should start, so that the
/// program has some room before the first growth.
pub fn stack_start(lowest: u32, top: u32, stack_limit: u32) -> u32 {
    let used = top.saturating_sub(lowest);
    let limit = stack_limit & crate::addr::PAGE_MASK;
    if used.saturating_add(STACK_EXTRA) > limit {
        top.saturating_sub(limit).min(lowest)
    } else {
        lowest.saturating_sub(STACK_EXTRA)
    }
}
