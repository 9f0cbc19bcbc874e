//! Calls at random from several processes (`tests/random`), and what is done about a crash: it is
//! repeated, reduced to the few calls that matter, and written down as a program.

mod campaign;
mod failure;
mod figures;
mod options;
mod player;
mod program;
mod reduce;
mod repeat;
mod shrink;

pub use campaign::{Amount, Campaign};
pub use failure::Failure;
pub use options::{RandomOptions, job};
pub use player::{Played, Player};
pub use reduce::{Reduced, reduce};
pub use repeat::repeat;

/// The program that makes the calls.
pub const RANDOM: &str = "/bin/random";
