//! The scenarios in which everything that can fail does, one by one.
//!
//! ```text
//!  injection     tests of the injection itself
//!  scenarios     all scenarios, in guests side by side
//!  line          what the suite says of each run
//!  survey        gathers it: report, results, progress
//!  told          what a kernel says of faults
//!  progress      how far it is, and how long it may take
//!  replay        one run again, exactly; shrink: with fewer faults
//!  again         the same for people, also under gdb
//! ```

mod again;
mod injection;
mod line;
mod progress;
mod replay;
mod scenarios;
mod shrink;
mod survey;
mod told;

pub use again::{again, debug, under_gdb};
pub use progress::Progress;
pub use replay::{Replayed, Replays, check};
pub use shrink::fewest;
pub use told::{Told, before_panic};

use crate::contents::Contents;
use crate::failpoints;
use crate::fault_report::{Report, SharedReport};
use crate::guest_tests::show_remarks;
use crate::jobs::Job;
use crate::lanes::Lane;
use crate::machine::Machine;
use crate::report::{Case, Verdict};
use crate::server_faults::{self, SERVERS, server_faults};
use crate::stop::Result;
use crate::symbols::{self, Frames};
use crate::workspace;
use scenarios::scenarios;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use survey::{Survey, lock};

const TIMEOUT: Duration = Duration::from_secs(600);
/// A million faults take longer.
const LONG_TIMEOUT: Duration = Duration::from_secs(4 * 60 * 60);

/// Faults that all scenarios together have to come to.
const LEAST: usize = 50_000;
const LONG_LEAST: usize = 1_000_000;

/// Faults from outside of the machine, which the harness makes.
const OUTSIDE: [&str; 4] = ["flips::", "clock::", "pressure::", "nmi::"];

/// Whether a filter means faults from outside, or those inside, which no filter does to both.
pub fn is_outside(filter: &str) -> bool {
    OUTSIDE.iter().any(|start| filter.starts_with(start))
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    pub filter: Option<String>,
    pub long: bool,
    /// Where the report goes.
    pub folder: PathBuf,
    /// Whether nobody else writes to standard error meanwhile.
    pub is_alone: bool,
}

/// Where reports go if nobody says so.
pub fn usual_folder() -> PathBuf {
    workspace::target().join("faults")
}

/// Whether a filter is the name of one fault from outside: `flips::user/17`, `clock::17`.
fn is_trial(filter: &str) -> bool {
    let name = OUTSIDE.iter().find_map(|start| filter.strip_prefix(start));
    name.is_some_and(|name| name.contains('/') || name.parse::<u32>().is_ok())
}

/// Whether a filter, or a name that a report has, is about the faults of a campaign: those are in no
/// scenario of the suite's.
pub fn is_of_campaign(filter: &str) -> bool {
    is_outside(filter) || filter.starts_with(SERVERS)
}

/// Whether a filter is the name of one of those.
fn is_single(filter: &str) -> bool {
    is_trial(filter) || server_faults::is_single(filter)
}

/// Whether a filter is about tests of which nothing is to be reported, or about a single fault.
fn has_no_report(filter: Option<&str>) -> bool {
    injection::is_meant(filter) || filter.is_some_and(is_single)
}

/// The report of what is asked for, on a kernel like that; `None` for what has none.
pub fn report(ask: &Ask, lane: &Lane, kernel: &Path) -> Result<Option<SharedReport>> {
    if has_no_report(ask.filter.as_deref()) {
        return Ok(None);
    }
    let sites = failpoints::catalogue(kernel)?;
    let again = replay_command(&lane.machine);
    let frames = Frames::of(kernel);
    Report::create(&ask.folder, sites, frames, again).map(|report| Some(SharedReport::new(report)))
}

/// Runs all of it; without a filter, each failpoint has to be reached.
pub fn fault(
    lane: &Lane,
    kernel: PathBuf,
    contents: Contents,
    ask: Ask,
    report: Option<SharedReport>,
) -> Job {
    let lane = lane.clone();
    Job::new(format!("fault {}", lane.name), move || {
        let filter = ask.filter.as_deref();
        let (mut cases, mut output) =
            injection::injection(&lane, &kernel, contents.clone(), filter)?;
        let (of_servers, faults) =
            server_faults(&lane, &kernel, &contents, filter, ask.long, ask.is_alone)?;
        cases.extend(of_servers);
        let is_more = filter.is_none_or(|filter| !filter.starts_with(SERVERS));
        if let Some(report) = report {
            let command = replay_command(&lane.machine);
            faults.iter().for_each(|fault| report.lock().add_outside(&fault.after(&command)));
            if is_more {
                let survey = Survey::new(report, Progress::new(ask.is_alone));
                let survey = Arc::new(Mutex::new(survey));
                scenarios(&lane, &kernel, &contents, &ask, &survey)?;
                let mut survey = lock(&survey);
                shrink::shrink(&Replays::new(&lane, &kernel, contents), &mut survey)?;
                output.push_str(&survey.output);
                cases.append(&mut survey.cases);
                let least = if ask.long { LONG_LEAST } else { LEAST };
                if filter.is_none() && survey.faults < least {
                    let why = format!("{} faults, not {least}", survey.faults);
                    cases.push(Case::failed("faults::enough", why));
                }
                if filter.is_none() {
                    let missing = survey.report.lock().missing().into_iter();
                    let why = "no scenario's sweep has such a fault";
                    cases.extend(missing.map(|point| Case::failed(point, why)));
                }
            }
        }
        show_remarks(&output);
        cases.iter_mut().for_each(|case| name_addresses(case, &kernel));
        if filter.is_none() {
            cases.extend(failpoints::coverage(&kernel, &output)?);
        }
        Ok(cases)
    })
}

/// What repeats a fault on that machine, but for its name.
pub fn replay_command(machine: &Machine) -> String {
    let usual = crate::lanes::faults(&Machine::default()).machine.words();
    let words = machine.words().into_iter().filter(|word| !usual.contains(word));
    let words: String = words.map(|word| format!(" '{word}'")).collect();
    format!("scripts/test fault{words} --replay")
}

/// Puts functions and lines in the place of a call path's addresses.
fn name_addresses(case: &mut Case, kernel: &Path) {
    if let Verdict::Failed(why) = &mut case.verdict {
        let lines: Vec<String> =
            why.replace(" 0x", "\n  at 0x").lines().map(str::to_owned).collect();
        *why = symbols::resolve(&lines, kernel).join("\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_fault_alone_replaces_no_report() {
        for single in ["flips::user/17", "nmi::tick/1+3", "clock::17", "pressure::0"] {
            assert!(is_outside(single) && has_no_report(Some(single)), "{single}");
        }
        // What is to be repeated is one fault.
        for single in ["clock::17", "nmi::tick/1+3", "servers::proc:17", "servers::files:hanging:3"]
        {
            assert!(is_of_campaign(single) && check(single).is_ok(), "{single}");
        }
        assert!(!is_of_campaign("pipe::bytes_go_through:5"));
        assert!(check("pipe::bytes_go_through:5").is_ok());
        for more in
            ["flips::", "clock::waits", "servers::", "servers::proc", "servers::proc:x", "pipe:"]
        {
            assert_eq!(check(more).unwrap_err().status, 2, "{more}");
        }
        for filter in [None, Some("flips::"), Some("nmi::one_at"), Some("clock::"), Some("pipe::")]
        {
            assert!(!has_no_report(filter), "{filter:?}");
        }
    }
}
