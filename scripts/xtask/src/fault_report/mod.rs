//! What came of each fault of a campaign: a JSON line each, JUnit, and a page for people.

mod page;

use crate::failpoints::Site;
use crate::report::{Group, write_junit};
use crate::stop::{Result, io};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// A fault that happened.
#[derive(Clone, Debug)]
pub struct Fault {
    pub scenario: String,
    /// Which opportunities failed in that run, as `--replay` takes it.
    pub choice: String,
    /// The failpoint's name.
    pub point: String,
    /// Its place in the catalogue, unless the guest was lost before it could tell.
    pub site: Option<usize>,
    /// Whether a server was at work for the scenario.
    pub is_served: bool,
    pub survival: Survival,
    /// Addresses of the kernel that led there, the innermost first.
    pub calls: Vec<u32>,
    pub took: Duration,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Survival {
    /// The work was done all the same.
    Done,
    /// It was refused, and how.
    Refused(String),
    /// Something was wrong.
    Failed(String),
}

impl Survival {
    fn word(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused(_) => "refused",
            Self::Failed(_) => "failed",
        }
    }

    fn text(&self) -> &str {
        match self {
            Self::Done => "",
            Self::Refused(text) | Self::Failed(text) => text,
        }
    }
}

/// How many came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub done: usize,
    pub refused: usize,
    pub failed: usize,
}

impl Tally {
    fn count(&mut self, survival: &Survival) {
        *match survival {
            Survival::Done => &mut self.done,
            Survival::Refused(_) => &mut self.refused,
            Survival::Failed(_) => &mut self.failed,
        } += 1;
    }

    pub fn all(self) -> usize {
        self.done + self.refused + self.failed
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { done, refused, failed } = self;
        write!(f, "{} faults: {done} done all the same, {refused} refused", self.all())?;
        if *failed != 0 {
            write!(f, ", {failed} FAILED")?;
        }
        Ok(())
    }
}

/// All faults of a campaign.
#[derive(Debug, Default)]
pub struct Report {
    sites: Vec<Site>,
    faults: Vec<Fault>,
    /// How a fault is repeated; its scenario and choice follow.
    command: String,
}

impl Report {
    /// Of a kernel with these failpoints. `command` followed by `SCENARIO:CHOICE` repeats a fault.
    pub fn new(sites: Vec<Site>, command: impl Into<String>) -> Self {
        Self { sites, faults: Vec::new(), command: command.into() }
    }

    pub fn add(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// How a fault is repeated.
    pub fn replay(&self, scenario: &str, choice: &str) -> String {
        format!("{} {scenario}:{choice}", self.command)
    }

    pub fn tally_of(&self, scenario: &str) -> Tally {
        self.by(|fault| &fault.scenario).remove(scenario).unwrap_or_default()
    }

    fn by<'a>(&'a self, key: impl Fn(&'a Fault) -> &'a str) -> BTreeMap<&'a str, Tally> {
        let mut tallies = BTreeMap::<_, Tally>::new();
        for fault in &self.faults {
            tallies.entry(key(fault)).or_default().count(&fault.survival);
        }
        tallies
    }

    /// For each site: what came of its faults, and from how many places it was called.
    fn coverage(&self) -> impl Iterator<Item = (&Site, Tally, usize)> {
        self.sites.iter().enumerate().map(|(number, site)| {
            let (mut tally, mut callers) = (Tally::default(), BTreeSet::<u32>::new());
            for fault in self.faults.iter().filter(|fault| fault.site == Some(number)) {
                tally.count(&fault.survival);
                callers.extend(fault.calls.first());
            }
            (site, tally, callers.len())
        })
    }

    /// Writes `index.html`, `faults.jsonl` and `junit.xml` into a folder.
    pub fn write(&self, folder: &Path, groups: &[Group]) -> Result<()> {
        fs::create_dir_all(folder).map_err(|error| io("create", folder, error))?;
        let put = |name: &str, text: String| {
            let path = folder.join(name);
            fs::write(&path, text).map_err(|error| io("write", &path, error))
        };
        put("index.html", page::page(self))?;
        put("faults.jsonl", self.lines())?;
        write_junit(&folder.join("junit.xml"), groups)
    }

    fn lines(&self) -> String {
        let mut text = String::new();
        for fault in &self.faults {
            let site = fault.site.and_then(|number| self.sites.get(number));
            let calls: Vec<String> =
                fault.calls.iter().map(|call| format!("{call:#010x}")).collect();
            let line = json!({
                "scenario": fault.scenario,
                "choice": fault.choice,
                "point": fault.point,
                "file": site.map(|site| &site.file),
                "line": site.map(|site| site.line),
                "served": fault.is_served,
                "survival": fault.survival.word(),
                "why": fault.survival.text(),
                "calls": calls,
                "microseconds": u64::try_from(fault.took.as_micros()).unwrap_or(u64::MAX),
                "replay": self.replay(&fault.scenario, &fault.choice),
            });
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{line}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn report() -> Report {
        let site = |file: &str, line| Site { name: "failslab".into(), file: file.into(), line };
        let mut report = Report::new(vec![site("a.rs", 1), site("b.rs", 2)], "test --replay");
        let fault = |choice: &str, call, survival| Fault {
            scenario: "greets".into(),
            choice: choice.into(),
            point: "failslab".into(),
            site: Some(0),
            is_served: false,
            survival,
            calls: vec![call, 9],
            took: Duration::from_micros(5),
        };
        report.add(fault("1", 7, Survival::Done));
        report.add(fault("2", 8, Survival::Refused("exit status 1".into())));
        report.add(fault("3", 8, Survival::Failed("lost: <a page>".into())));
        report
    }

    #[test]
    fn faults_are_counted_by_scenario_and_site() {
        let report = report();
        let tally = Tally { done: 1, refused: 1, failed: 1 };
        assert_eq!(report.tally_of("greets"), tally);
        assert_eq!(report.tally_of("other"), Tally::default());
        let coverage: Vec<_> = report
            .coverage()
            .map(|(site, tally, callers)| (site.line, tally.all(), callers))
            .collect();
        assert_eq!(coverage, [(1, 3, 2), (2, 0, 0)]);
    }

    #[test]
    fn each_fault_is_a_line_of_json() {
        let text = report().lines();
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[1]["survival"], "refused");
        assert_eq!((&lines[1]["file"], &lines[1]["line"]), (&json!("a.rs"), &json!(1)));
        assert_eq!(lines[2]["replay"], "test --replay greets:3");
        assert_eq!(lines[2]["calls"], json!(["0x00000008", "0x00000009"]));
    }
}
