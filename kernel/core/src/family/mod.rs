//! Who descends from whom and who belongs together: children, process groups, sessions.
//!
//! Each process is a [`Member`] in a slot; lists run through the slots. A process id names a
//! process, and a group or session for as long as anybody belongs to it: every member holds its
//! own id, its group's and its session's in the [`PidMap`].

mod groups;
mod tree;
mod wait;

#[cfg(test)]
mod tests;

pub use tree::{Family, Member};
pub use wait::{Change, Report, Wanted, Which};
