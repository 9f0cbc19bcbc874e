//! The walk along a path, across mounts and symbolic links.
//!
//! [`Walk`] is the walk as a machine: it says what it needs next ([`Step`]) and is told what was
//! found. It never removes `..` or a link by text. [`walk`] drives it over a [`Namespace`], which
//! knows mounts and asks the trees; a tree in a server may answer several components at once.

mod mounts;
mod namespace;
#[cfg(test)]
mod tests;
mod walk;

pub use mounts::Mounts;
pub use namespace::{Answer, Namespace, Target, names_only, walk};
pub use walk::{Last, MAX_LINKS_FOLLOWED, Mode, Outcome, Place, Step, Walk};
