//! What came of each fault of a campaign: a JSON line each, JUnit, and a page for people.
//!
//! Faults are written as they come; only sums are kept.

mod callers;
mod outside;
mod page;
mod sums;
mod tally;

pub use outside::Outside;
pub use tally::Tally;

use crate::failpoints::Site;
use crate::report::{Group, write_junit};
use crate::stop::{Result, Stop, io};
use crate::symbols::Frames;
use serde_json::json;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use sums::Sums;

const LINES: &str = "faults.jsonl";
/// Their name until they are all there, so that what ends before leaves the last report whole.
const UNFINISHED: &str = "faults.jsonl.part";

/// A fault that happened.
#[derive(Clone, Debug)]
pub struct Fault {
    pub scenario: String,
    /// Which opportunities failed in that run, as `--replay` takes it.
    pub choice: String,
    /// The failpoint's name.
    pub point: String,
    /// Which of the run's opportunities it was, as far as anybody knows.
    pub opportunity: Option<u32>,
    /// Its place in the catalogue, unless the guest was lost before it could tell.
    pub site: Option<usize>,
    /// The thread it happened to; 0 for an interrupt's, `None` if nobody could tell.
    pub task: Option<i32>,
    /// Whether a server was at work for the scenario.
    pub is_served: bool,
    pub survival: Survival,
    /// Addresses of the kernel that led there, the innermost first, as far as they are known.
    pub calls: Vec<u32>,
    pub took: Duration,
}

impl Fault {
    /// What names the run.
    pub fn id(&self) -> String {
        id(&self.scenario, &self.choice)
    }
}

/// What names a run, for `--replay`.
pub fn id(scenario: &str, choice: &str) -> String {
    format!("{scenario}:{choice}")
}

/// A choice, and where in the kernel (`FILE:LINE`) the last of its faults happened, so that nobody takes
/// another one for it.
pub fn choice_at(choice: &str, place: Option<&str>) -> String {
    match place {
        Some(place) => format!("{choice}@{place}"),
        None => choice.to_owned(),
    }
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

/// All faults of a campaign.
pub struct Report {
    folder: PathBuf,
    /// `None` before the first one.
    lines: Option<BufWriter<File>>,
    /// What the first line that could not be written met.
    trouble: Option<Stop>,
    sums: Sums,
    frames: Frames,
    outside: outside::Sums,
    /// How a run is repeated; its name follows.
    command: String,
}

impl Report {
    /// Begins a report in `folder`, of a kernel with these failpoints and functions. `command` followed
    /// by what names a run repeats it. What is in the folder is replaced at the end.
    pub fn create(
        folder: &Path,
        sites: Vec<Site>,
        frames: Frames,
        command: impl Into<String>,
    ) -> Result<Self> {
        fs::create_dir_all(folder).map_err(|error| io("create", folder, error))?;
        Ok(Self {
            folder: folder.to_owned(),
            lines: None,
            trouble: None,
            sums: Sums::new(sites),
            frames,
            outside: outside::Sums::default(),
            command: command.into(),
        })
    }

    pub fn add(&mut self, fault: Fault) {
        let caller = callers::caller(&mut self.frames, &fault.calls);
        self.sums.add(&fault, caller.as_deref());
        let line = self.line(&fault, caller.as_deref());
        self.write(&line);
    }

    /// The same for one from outside of the kernel.
    pub fn add_outside(&mut self, fault: &Outside) {
        self.outside.add(fault);
        self.write(&fault.json());
    }

    fn write(&mut self, line: &serde_json::Value) {
        let written = self.lines().and_then(|lines| writeln!(lines, "{line}"));
        if let Err(error) = written
            && self.trouble.is_none()
        {
            self.trouble = Some(io("write", &self.folder.join(UNFINISHED), error));
        }
    }

    fn lines(&mut self) -> std::io::Result<&mut BufWriter<File>> {
        match &mut self.lines {
            Some(lines) => Ok(lines),
            none => {
                let file = File::create(self.folder.join(UNFINISHED))?;
                Ok(none.insert(BufWriter::new(file)))
            }
        }
    }

    fn line(&mut self, fault: &Fault, caller: Option<&str>) -> serde_json::Value {
        let functions = callers::functions(&mut self.frames, &fault.calls);
        let site = fault.site.and_then(|number| self.site(number));
        let calls: Vec<String> = fault.calls.iter().map(|call| format!("{call:#010x}")).collect();
        json!({
            "replay": fault.id(),
            "scenario": fault.scenario,
            "point": fault.point,
            "opportunity": fault.opportunity,
            "file": site.map(|site| &site.file),
            "line": site.map(|site| site.line),
            "task": fault.task,
            "served": fault.is_served,
            "survival": fault.survival.word(),
            "why": fault.survival.text(),
            "caller": caller,
            "calls": calls,
            "functions": functions,
            "microseconds": u64::try_from(fault.took.as_micros()).unwrap_or(u64::MAX),
        })
    }

    /// A place with a failpoint, by its number.
    pub fn site(&self, number: usize) -> Option<&Site> {
        self.sums.sites.get(number).map(|reached| &reached.site)
    }

    /// The number of the failpoint of that name at a place, `FILE:LINE`.
    pub fn site_at(&self, point: &str, place: &str) -> Option<usize> {
        let is_it = |site: &Site| site.name == point && site.source() == place;
        self.sums.sites.iter().position(|reached| is_it(&reached.site))
    }

    /// How a run is repeated.
    pub fn replay(&self, id: &str) -> String {
        format!("{} {id}", self.command)
    }

    /// How many were from outside.
    pub fn outside(&self) -> usize {
        self.outside.all()
    }

    /// How many there were at all, in a few words; `None` if there were none.
    pub fn summary(&self) -> Option<String> {
        let (inside, outside) = (self.tally(), self.outside());
        match (inside.all(), outside) {
            (0, 0) => None,
            (0, _) => Some(format!("{outside} faults from outside")),
            (_, 0) => Some(inside.to_string()),
            _ => Some(format!("{inside}; {outside} from outside")),
        }
    }

    pub fn tally(&self) -> Tally {
        self.sums.all()
    }

    /// Kinds of failures that there are places for, but was no fault of.
    pub fn missing(&self) -> Vec<String> {
        let coverage = self.sums.coverage().into_iter();
        let missing = coverage.filter(|(_, (reached, ..))| *reached == 0);
        missing.map(|(point, _)| point.to_owned()).collect()
    }

    pub fn tally_of(&self, scenario: &str) -> Tally {
        self.sums.scenarios.get(scenario).map(|row| row.all).unwrap_or_default()
    }

    /// Notes the fewest faults of a run that still do harm.
    pub fn note_fewest(&mut self, id: &str, fewest: &str) {
        for failure in self.sums.failures.iter_mut().filter(|failure| failure.id == id) {
            failure.fewest = Some(fewest.to_owned());
        }
    }

    /// Writes the rest; the page's place.
    pub fn finish(&mut self, groups: &[Group]) -> Result<PathBuf> {
        let (unfinished, lines) = (self.folder.join(UNFINISHED), self.folder.join(LINES));
        let flushed = self.lines().and_then(BufWriter::flush);
        flushed.map_err(|error| io("write", &unfinished, error))?;
        if let Some(stop) = self.trouble.take() {
            return Err(stop);
        }
        self.lines = None;
        fs::rename(&unfinished, &lines).map_err(|error| io("write", &lines, error))?;
        let path = self.folder.join("index.html");
        let summary = self.summary().unwrap_or_else(|| "no faults".into());
        let page = page::page(&summary, &self.sums, &self.outside, |id| self.replay(id));
        fs::write(&path, page).map_err(|error| io("write", &path, error))?;
        write_junit(&self.folder.join("junit.xml"), groups)?;
        Ok(path)
    }
}

/// A report that several parts of a run add to.
#[derive(Clone)]
pub struct SharedReport(Arc<Mutex<Report>>);

impl SharedReport {
    pub fn new(report: Report) -> Self {
        Self(Arc::new(Mutex::new(report)))
    }

    pub fn lock(&self) -> MutexGuard<'_, Report> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
