//! What guests tell of their runs, gathered for the report while they run.

use super::line::{Injected, Line, Outcome, Run};
use super::progress::Progress;
use super::told::{self, Told};
use crate::failpoints::Site;
use crate::fault_report::{Fault, Report, SharedReport, Survival, choice_at, id};
use crate::ktap::program_case;
use crate::report::Case;
use abi::failpoint::Opportunities;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A run that did harm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Harm {
    pub scenario: String,
    /// As the report has it.
    pub choice: String,
    /// The opportunities that failed in it, as far as anybody knows.
    pub opportunities: Vec<u32>,
}

impl Harm {
    pub fn id(&self) -> String {
        id(&self.scenario, &self.choice)
    }
}

/// Of all guests.
pub struct Survey {
    pub report: SharedReport,
    pub progress: Progress,
    pub cases: Vec<Case>,
    pub harms: Vec<Harm>,
    /// Faults that came of runs.
    pub faults: usize,
    /// What else was said: remarks, and which sites were passed.
    pub output: String,
}

impl Survey {
    pub fn new(report: SharedReport, progress: Progress) -> Self {
        let (cases, harms, output) = (Vec::new(), Vec::new(), String::new());
        Self { report, progress, cases, harms, faults: 0, output }
    }

    fn run(&mut self, scenario: &str, choice: &str, run: &Run) {
        let survival = match run.outcome {
            Outcome::Done => Survival::Done,
            Outcome::Otherwise(how) => Survival::Refused(how.to_owned()),
            Outcome::Failed(why) => Survival::Failed(why.to_owned()),
        };
        self.add(scenario, choice, &run.faults, &survival, run.took);
        self.faults += run.faults.len();
        self.progress.step(scenario, run.faults.len());
    }

    /// What a log tells, if that is a failpoint of this kernel.
    fn injected(&self, told: &Told) -> Option<Injected> {
        let site = self.report.lock().site_at(&told.point, &told.place)?;
        let Told { opportunity, task, is_served, .. } = *told;
        Some(Injected { opportunity, site, is_served, task, calls: told.calls.clone() })
    }

    /// A line of the report for each fault of a run.
    fn add(
        &mut self,
        scenario: &str,
        choice: &str,
        faults: &[Injected],
        survival: &Survival,
        took: Duration,
    ) {
        let mut report = self.report.lock();
        let place = faults.last().and_then(|last| report.site(last.site)).map(Site::source);
        let named = choice_at(choice, place.as_deref());
        if let Survival::Failed(_) = survival {
            let opportunities = match faults {
                [] => Opportunities::parse(choice)
                    .into_iter()
                    .flat_map(Opportunities::numbers)
                    .collect(),
                _ => faults.iter().map(|fault| fault.opportunity).collect(),
            };
            let (scenario, choice) = (scenario.to_owned(), named.clone());
            self.harms.push(Harm { scenario, choice, opportunities });
        }
        let line = |report: &Report, fault: Option<&Injected>| Fault {
            scenario: scenario.to_owned(),
            choice: named.clone(),
            point: fault
                .and_then(|fault| report.site(fault.site))
                .map_or("unknown", |site| &site.name)
                .to_owned(),
            opportunity: fault.map(|fault| fault.opportunity),
            site: fault.map(|fault| fault.site),
            task: fault.map(|fault| fault.task),
            is_served: fault.is_some_and(|fault| fault.is_served),
            survival: survival.clone(),
            calls: fault.map(|fault| fault.calls.clone()).unwrap_or_default(),
            took,
        };
        if faults.is_empty() && matches!(survival, Survival::Failed(_)) {
            // Nobody could tell what had failed, or nothing had.
            let line = line(&report, None);
            report.add(line);
        }
        for fault in faults {
            let line = line(&report, Some(fault));
            report.add(line);
        }
    }
}

/// What one guest tells, line by line.
pub struct Teller {
    survey: Arc<Mutex<Survey>>,
    /// What it said came of scenarios.
    pub cases: Vec<Case>,
    scenario: String,
    /// Of the run that has begun.
    choice: Option<String>,
    /// A line without its end.
    rest: Vec<u8>,
}

impl Teller {
    pub fn new(survey: &Arc<Mutex<Survey>>) -> Self {
        let (cases, scenario, rest) = (Vec::new(), String::new(), Vec::new());
        Self { survey: Arc::clone(survey), cases, scenario, choice: None, rest }
    }

    fn line(&mut self, text: &str) {
        let mut survey = lock(&self.survey);
        match Line::parse(text) {
            Line::Expect { scenario, runs, each } => survey.progress.expect(scenario, runs, each),
            Line::Scenario(name) => self.scenario = name.to_owned(),
            Line::Try(choice) => self.choice = Some(choice.to_owned()),
            Line::Run(run) => {
                if let Some(choice) = self.choice.take() {
                    survey.run(&self.scenario, &choice, &run);
                }
            }
            Line::Other => {
                if let Some(case) = program_case(text) {
                    survey.progress.over(&case.name);
                    self.cases.push(case);
                }
                survey.output.push_str(text);
                survey.output.push('\n');
            }
        }
    }

    /// The guest is gone, for that reason, and told no more. The scenario that it was at.
    pub fn lose(&mut self, why: &str, log: &[String]) -> Option<String> {
        let scenario = std::mem::take(&mut self.scenario);
        if let Some(choice) = self.choice.take() {
            let mut survey = lock(&self.survey);
            let told = told::before_panic(log);
            let faults = told.iter().filter_map(|told| survey.injected(told)).collect::<Vec<_>>();
            let why = match told::panic(log) {
                Some(panic) => format!("{why}: {panic}"),
                None => why.to_owned(),
            };
            let survival = Survival::Failed(why);
            survey.add(&scenario, &choice, &faults, &survival, Duration::ZERO);
        }
        (!scenario.is_empty()).then_some(scenario)
    }
}

/// A guest's output, for who listens to it.
pub struct Lines(pub Arc<Mutex<Teller>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut teller = lock(&self.0);
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            teller.rest.extend(part);
            if teller.rest.ends_with(b"\n") {
                let line = std::mem::take(&mut teller.rest);
                let line = line.strip_suffix(b"\n").unwrap_or(&line);
                teller.line(&String::from_utf8_lossy(line));
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::symbols::Frames;
    use crate::transient::Transient;
    use serde_json::json;
    use std::fs;

    fn told(text: &str) -> (Arc<Mutex<Survey>>, Arc<Mutex<Teller>>, Transient) {
        let folder = Transient::folder(&std::env::temp_dir(), "survey").unwrap();
        let site = Site { name: "failslab".into(), file: "a.rs".into(), line: 7 };
        let report =
            Report::create(folder.path(), vec![site], Frames::known(&[]), "again").unwrap();
        let report = SharedReport::new(report);
        let survey = Arc::new(Mutex::new(Survey::new(report, Progress::new(false))));
        let teller = Arc::new(Mutex::new(Teller::new(&survey)));
        let mut lines = Lines(Arc::clone(&teller));
        // However it arrives.
        text.as_bytes().chunks(7).for_each(|part| lines.write_all(part).unwrap());
        (survey, teller, folder)
    }

    const RUNS: &str = "expect a 3 10\nscenario a\ntry 1\nrun done 10 1/0/5/c0\ntry 1,4\n\
                        run failed 10 1/0/5/c0 4/0s/6/c1 # lost\ntry 2\nrun done 10\n# a: remark\n\
                        not ok a: lost\nscenario b\ntry %9-3\n";

    #[test]
    fn runs_become_faults_and_the_rest_is_kept() {
        let (survey, teller, _folder) = told(RUNS);
        let survey = lock(&survey);
        let tally = survey.report.lock().tally();
        assert_eq!((tally.done, tally.failed, tally.all(), survey.faults), (1, 2, 3, 3));
        let harm =
            Harm { scenario: "a".into(), choice: "1,4@a.rs:7".into(), opportunities: vec![1, 4] };
        assert_eq!(survey.harms, [harm]);
        assert_eq!(lock(&teller).cases, [Case::failed("a", "lost")]);
        assert_eq!(survey.output, "# a: remark\nnot ok a: lost\n");
    }

    /// What a report says of the guests that were lost: point, line, opportunity, thread and reason.
    fn lost(survey: &Mutex<Survey>) -> Vec<serde_json::Value> {
        let path = lock(survey).report.lock().finish(&[]).unwrap();
        let lines = fs::read_to_string(path.with_file_name("faults.jsonl")).unwrap();
        let lines = lines.lines().map(|line| serde_json::from_str(line).unwrap());
        let lines = lines.filter(|line: &serde_json::Value| line["scenario"] == "b");
        let of = |line: serde_json::Value| {
            ["replay", "point", "line", "opportunity", "task", "calls", "why"]
                .map(|name| line[name].clone())
        };
        lines.map(|line| of(line).into()).collect()
    }

    #[test]
    fn a_panic_names_the_faults_of_its_run() {
        let (survey, teller, _folder) = told(RUNS);
        let log = "[1.0]   fault injected: failslab at a.rs:7, opportunity 2, 1 ms ago, thread 3\n\
                   PANIC: no such page\n  at 0xc1\n\
                   \x20 fault injected: failslab at a.rs:7, opportunity 12, 3 ms ago, thread 4\n  at 0xc0\n\
                   \x20 fault injected: failslab at a.rs:7, opportunity 30, 3 ms ago, thread 5\nPANIC END\n";
        let log: Vec<String> = log.lines().map(str::to_owned).collect();
        assert_eq!(lock(&teller).lose("the kernel panicked", &log).as_deref(), Some("b"));
        assert_eq!(lock(&teller).lose("again", &log), None);
        let harm = lock(&survey).harms.last().unwrap().clone();
        let id = "b:%9-3@a.rs:7";
        assert_eq!((harm.id().as_str(), &harm.opportunities[..]), (id, &[12, 30][..]));
        let why = "the kernel panicked: no such page";
        let one = json!([id, "failslab", 7, 12, 4, ["0x000000c0"], why]);
        assert_eq!(lost(&survey), [one, json!([id, "failslab", 7, 30, 5, [], why])]);
    }

    #[test]
    fn a_guest_that_hangs_is_a_run_that_did_harm() {
        let (survey, teller, _folder) = told(&RUNS.replace("%9-3", "3,8"));
        let log = ["[1.0]   fault injected: failslab at a.rs:7, opportunity 2, 1 ms ago, thread 3"];
        lock(&teller).lose("it hung", &log.map(str::to_owned));
        let harm = lock(&survey).harms.last().unwrap().clone();
        assert_eq!((harm.id().as_str(), &harm.opportunities[..]), ("b:3,8", &[3, 8][..]));
        assert_eq!(lost(&survey), [json!(["b:3,8", "unknown", null, null, null, [], "it hung"])]);
    }
}
