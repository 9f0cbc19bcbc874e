//! The scenarios in which everything that can fail does, one by one.

use crate::contents::Contents;
use crate::failpoints;
use crate::guest_tests::{SUITE, run_suite, show_remarks};
use crate::jobs::Job;
use crate::lanes::Lane;
use crate::report::{Case, Verdict};
use crate::server_faults::{SERVERS, server_faults};
use crate::stop::Result;
use crate::symbols;
use std::path::{Path, PathBuf};
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(600);
/// A million faults take longer.
const LONG_TIMEOUT: Duration = Duration::from_secs(4 * 60 * 60);

/// Tests of the injection itself, which are tests of the suite.
const INJECTION: &str = "injection::";

/// Faults from outside of the machine, which the harness makes.
const OUTSIDE: [&str; 4] = ["flips::", "clock::", "pressure::", "nmi::"];

/// Whether a filter means faults from outside, or those inside, which no filter does to both.
pub fn is_outside(filter: &str) -> bool {
    OUTSIDE.iter().any(|start| filter.starts_with(start))
}

/// Runs those that a filter selects, or all without one, and says what they wrote.
fn injection(
    lane: &Lane,
    kernel: &Path,
    contents: Contents,
    filter: Option<&str>,
) -> Result<(Vec<Case>, String)> {
    let wanted = filter.unwrap_or(INJECTION);
    if !wanted.starts_with(INJECTION) {
        return Ok((Vec::new(), String::new()));
    }
    run_suite(lane, kernel, contents, &[SUITE, wanted], TIMEOUT, filter.is_some())
}

/// Runs scenarios, in one guest.
fn scenarios(
    lane: &Lane,
    kernel: &Path,
    contents: Contents,
    filter: Option<&str>,
    long: bool,
) -> Result<(Vec<Case>, String)> {
    let amount = long.then_some("--long");
    let words: Vec<&str> = [SUITE, "--faults"].into_iter().chain(amount).chain(filter).collect();
    let timeout = if long { LONG_TIMEOUT } else { TIMEOUT };
    run_suite(lane, kernel, contents, &words, timeout, filter.is_some())
}

/// Runs all of it; without a filter, each failpoint has to be reached.
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
        let filter = filter.as_deref();
        if filter.is_some_and(|filter| filter.starts_with(SERVERS)) {
            return server_faults(&lane, &kernel, &contents, filter, long);
        }
        let (mut cases, mut output) = injection(&lane, &kernel, contents.clone(), filter)?;
        if !filter.is_some_and(|filter| filter.starts_with(INJECTION)) {
            cases.extend(server_faults(&lane, &kernel, &contents, filter, long)?);
            let (more, said) = scenarios(&lane, &kernel, contents, filter, long)?;
            cases.extend(more);
            output.push_str(&said);
        }
        show_remarks(&output);
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
