//! What can be wrong after calls at random.

use crate::captured::Captured;
use crate::live::{End, report};
use std::path::Path;

/// What was wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What all failures have in common that come from the same defect.
    pub kind: String,
    /// For people.
    pub report: String,
}

impl Failure {
    /// What the program in the guest says is wrong: `CALLS: WHY`, or `CALLS: lost: WHAT`.
    pub fn said(text: &str, log: &[String], kernel: &Path) -> Self {
        let why = text.split_once(": ").map_or(text, |(_, why)| why);
        let kind = match why {
            _ if why.starts_with("lost: ") => "something is lost",
            _ if why.contains(", a server, has ended") => "a server has ended",
            _ => "somebody is stuck",
        };
        Self { kind: kind.into(), report: report(why, log, kernel) }
    }

    /// The guest was not heard of any more.
    pub fn ended(ended: &Captured, kernel: &Path) -> Self {
        let Captured { outcome, stderr, .. } = ended;
        let panic = outcome.log.iter().find_map(|line| line.strip_prefix("PANIC: "));
        let kind = match (&outcome.end, panic) {
            (_, Some(panic)) => format!("panic: {panic}"),
            (End::TimedOut, None) => "the machine hangs".into(),
            (End::Failed(why), None) => why.clone(),
            (end, None) => format!("{end:?}"),
        };
        let said = String::from_utf8_lossy(stderr);
        let why = if said.is_empty() { kind.clone() } else { format!("{kind}; it said: {said}") };
        Self { kind, report: outcome.report(&why, kernel) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defects_that_differ_are_of_different_kinds() {
        let kind = |text: &str| Failure::said(text, &[], Path::new("/")).kind;
        assert_eq!(kind("20000: lost: objects of 8 1 -> 2"), "something is lost");
        assert_eq!(kind("7: process 3, a server, has ended "), "a server has ended");
        assert_eq!(kind("7: process 3 cannot be ended at step 9"), "somebody is stuck");
    }
}
