//! The scenarios in which everything that can fail does, one by one.

use crate::contents::Contents;
use crate::failpoints;
use crate::guest_tests::{SUITE, run_suite};
use crate::jobs::Job;
use crate::lanes::Lane;
use crate::report::{Case, Verdict};
use crate::symbols;
use std::path::{Path, PathBuf};
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(600);
/// A million faults take longer.
const LONG_TIMEOUT: Duration = Duration::from_secs(4 * 60 * 60);

/// Runs them in one guest; without a filter, each failpoint has to be reached.
pub fn fault(
    lane: &Lane,
    kernel: PathBuf,
    contents: Contents,
    filter: Option<&str>,
    long: bool,
) -> Job {
    let filter = filter.map(str::to_owned);
    let lane = lane.clone();
    Job::new(format!("fault {}", lane.name), move || {
        let amount = long.then_some("--long");
        let words = [SUITE, "--faults"].into_iter().chain(amount).chain(filter.as_deref());
        let words: Vec<&str> = words.collect();
        let timeout = if long { LONG_TIMEOUT } else { TIMEOUT };
        let (mut cases, output) =
            run_suite(&lane, &kernel, contents, &words, timeout, filter.is_some())?;
        for line in output.lines().filter_map(|line| line.strip_prefix("# ")) {
            eprintln!("{line}");
        }
        cases.iter_mut().for_each(|case| name_addresses(case, &kernel));
        if filter.is_none() {
            cases.extend(failpoints::coverage(&kernel, &output)?);
        }
        Ok(cases)
    })
}

/// Puts functions and lines in the place of a call path's addresses.
fn name_addresses(case: &mut Case, kernel: &Path) {
    if let Verdict::Failed(why) = &mut case.verdict {
        let lines: Vec<String> =
            why.replace(" 0x", "\n  at 0x").lines().map(str::to_owned).collect();
        *why = symbols::resolve(&lines, kernel).join("\n");
    }
}
