//! Fault injection: which opportunities fail, and what has come of it.

mod context;
mod contexts;

pub use context::{Context, Opportunity};
pub use contexts::Contexts;
