//! Fault injection: which opportunities fail, and what has come of it.

mod attributes;
mod context;
mod contexts;

pub use attributes::plan;
pub use context::{Context, Opportunity};
pub use contexts::{Contexts, Owner};
