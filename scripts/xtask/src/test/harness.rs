//! The rings of `tests/harness`, which boots its guests itself.

use super::runner::Tests;
use crate::build::Kind;
use crate::captured::text;
use crate::cargo::{self, limited};
use crate::fault_report::Outside;
use crate::fault_tests;
use crate::guest_tests::SUITE;
use crate::ktap::{last_lines, program_agrees, program_case};
use crate::lanes::Lane;
use crate::machine::Machine;
use crate::report::Case;
use crate::stop::{Result, failed};
use std::process::Stdio;

const HARNESS_SECONDS: &str = "600";
const LONG_CAMPAIGN_SECONDS: &str = "14400";
/// What the harness asks of every image: who may use which page.
pub const TABLE_WALKS: &str = "table_walks::";

/// How much of the harness.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    Whole,
    /// Without its slow scenarios.
    Brief,
}

/// Has the harness make one fault from outside, and leave the guest to gdb there.
pub fn debug(machine: &Machine, id: &str) -> Result<bool> {
    let mut command = cargo::command("cargo");
    command.args(["run", "--quiet", "--package", "harness", "--"]);
    command.args(Lane::plain(machine).machine.words()).args(["--campaigns", "--gdb", id]);
    let status = command.status();
    Ok(status.map_err(|error| failed(format!("cannot start cargo: {error}")))?.success())
}

impl Tests<'_> {
    /// The scenarios of `tests/harness`, which boots its guests itself: those whose names contain
    /// `part`.
    pub(super) fn harness(
        &mut self,
        lane: &Lane,
        part: Option<&str>,
        extent: Extent,
    ) -> Result<()> {
        // Built here: it has its own time to run.
        let faults = (part != Some(TABLE_WALKS)).then_some(Kind::Faults);
        for kind in [Kind::Ktest, Kind::Plain].into_iter().chain(faults) {
            if self.kernel(lane, kind)?.is_none() {
                return Ok(());
            }
        }
        self.program(SUITE)?;
        let brief = (extent == Extent::Brief).then_some("--brief");
        let words: Vec<&str> = brief.into_iter().chain(part).collect();
        self.of_harness(format!("harness {}", lane.name), lane, &words, HARNESS_SECONDS).map(drop)
    }

    /// Faults from outside of guests.
    pub(super) fn campaigns(&mut self, lane: &Lane, long: bool) -> Result<()> {
        for kind in [Kind::Ktest, Kind::Plain, Kind::Faults] {
            if self.kernel(lane, kind)?.is_none() {
                return Ok(());
            }
        }
        self.program(SUITE)?;
        let mut words = vec!["--campaigns"];
        words.extend(long.then_some("--long"));
        words.extend(self.filter);
        let seconds = if long { LONG_CAMPAIGN_SECONDS } else { HARNESS_SECONDS };
        let told = self.of_harness(format!("campaigns {}", lane.name), lane, &words, seconds)?;
        if let Some(report) = &self.report {
            let (mut report, replay) = (report.lock(), fault_tests::replay_command(&lane.machine));
            let faults = told.lines().filter_map(Outside::parse);
            faults.for_each(|fault| report.add_outside(&fault.after(&replay)));
        }
        Ok(())
    }

    /// Runs the harness with these words; what it said.
    pub(super) fn of_harness(
        &mut self,
        name: String,
        lane: &Lane,
        words: &[&str],
        seconds: &str,
    ) -> Result<String> {
        let mut command = limited(cargo::command("cargo"), seconds);
        command.args(["run", "--quiet", "--package", "harness", "--"]);
        command.args(lane.machine.words()).args(words);
        let filtered = words.iter().any(|word| !word.starts_with('-'));
        let mut said = String::new();
        self.group(name, || {
            let output = command
                .stdin(Stdio::null())
                .stderr(Stdio::inherit())
                .output()
                .map_err(|error| failed(format!("cannot start cargo: {error}")))?;
            said = text(&output.stdout).into_owned();
            let mut cases: Vec<Case> = said.lines().filter_map(program_case).collect();
            let status = output.status.code();
            if !program_agrees(&cases, status, filtered) {
                let why = format!("exit status {status:?}\n{}", last_lines(&said, 5));
                cases.push(Case::failed("harness", why));
            }
            Ok(cases)
        })?;
        Ok(said)
    }
}
