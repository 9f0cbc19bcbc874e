//! Tests of the injection itself, which are tests of the suite.

use super::TIMEOUT;
use crate::contents::Contents;
use crate::guest_tests::{SUITE, run_suite};
use crate::lanes::Lane;
use crate::report::Case;
use crate::stop::Result;
use std::path::Path;

const INJECTION: &str = "injection::";

/// Whether a filter is about nothing else.
pub fn is_meant(filter: Option<&str>) -> bool {
    filter.is_some_and(|filter| filter.starts_with(INJECTION))
}

/// Runs those that a filter selects, or all without one, and says what they wrote.
pub fn injection(
    lane: &Lane,
    kernel: &Path,
    contents: Contents,
    filter: Option<&str>,
) -> Result<(Vec<Case>, String)> {
    if filter.is_some() && !is_meant(filter) {
        return Ok((Vec::new(), String::new()));
    }
    let words = [SUITE, filter.unwrap_or(INJECTION)];
    run_suite(lane, kernel, contents, &words, TIMEOUT, filter.is_some())
}
