//! What guests tell of their runs, gathered for the report while they run.

use super::line::{Injected, Line, Outcome, Run};
use super::progress::Progress;
use crate::fault_report::{Fault, SharedReport, Survival, id};
use crate::ktap::program_case;
use crate::report::Case;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A run that did harm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Harm {
    pub scenario: String,
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
        if let Survival::Failed(_) = survival {
            let opportunities = run.faults.iter().map(|fault| fault.opportunity).collect();
            let (scenario, choice) = (scenario.to_owned(), choice.to_owned());
            self.harms.push(Harm { scenario, choice, opportunities });
        }
        for fault in &run.faults {
            self.add(scenario, choice, Some(fault), survival.clone(), run.took);
        }
        self.faults += run.faults.len();
        self.progress.step(scenario, run.faults.len());
    }

    fn add(
        &mut self,
        scenario: &str,
        choice: &str,
        fault: Option<&Injected>,
        survival: Survival,
        took: Duration,
    ) {
        let mut report = self.report.lock();
        let site = fault.and_then(|fault| report.site(fault.site));
        let point = site.map_or("unknown", |site| &site.name).to_owned();
        report.add(Fault {
            scenario: scenario.to_owned(),
            choice: choice.to_owned(),
            point,
            site: fault.map(|fault| fault.site),
            is_served: fault.is_some_and(|fault| fault.is_served),
            survival,
            calls: fault.map(|fault| fault.caller).into_iter().collect(),
            took,
        });
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
            let (mut survey, opportunities) = (lock(&self.survey), opportunities(log));
            let survival = Survival::Failed(why.to_owned());
            survey.add(&scenario, &choice, None, survival, Duration::ZERO);
            survey.harms.push(Harm { scenario: scenario.clone(), choice, opportunities });
        }
        (!scenario.is_empty()).then_some(scenario)
    }
}

/// Those that the report of a panic names.
fn opportunities(log: &[String]) -> Vec<u32> {
    let number = |line: &String| {
        let (_, rest) = line.split_once("fault injected: ")?.1.split_once(", opportunity ")?;
        rest.split(',').next()?.parse().ok()
    };
    log.iter().filter_map(number).collect()
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
    use crate::failpoints::Site;
    use crate::fault_report::Report;
    use crate::transient::Transient;

    fn told(text: &str) -> (Arc<Mutex<Survey>>, Arc<Mutex<Teller>>) {
        let folder = Transient::folder(&std::env::temp_dir(), "survey").unwrap();
        let site = Site { name: "failslab".into(), file: "a.rs".into(), line: 7 };
        let report = Report::create(folder.path(), vec![site], "again").unwrap();
        let report = SharedReport::new(report);
        let survey = Arc::new(Mutex::new(Survey::new(report, Progress::new(false))));
        let teller = Arc::new(Mutex::new(Teller::new(&survey)));
        let mut lines = Lines(Arc::clone(&teller));
        // However it arrives.
        text.as_bytes().chunks(7).for_each(|part| lines.write_all(part).unwrap());
        (survey, teller)
    }

    const RUNS: &str = "expect a 3 10\nscenario a\ntry 1\nrun done 10 1/0/c0\ntry 1,4\n\
                        run failed 10 1/0/c0 4/0s/c1 # lost\ntry 2\nrun done 10\n# a: remark\n\
                        not ok a: lost\nscenario b\ntry %9-3\n";

    #[test]
    fn runs_become_faults_and_the_rest_is_kept() {
        let (survey, teller) = told(RUNS);
        let survey = lock(&survey);
        let tally = survey.report.lock().tally();
        assert_eq!((tally.done, tally.failed, tally.all(), survey.faults), (1, 2, 3, 3));
        let harm = Harm { scenario: "a".into(), choice: "1,4".into(), opportunities: vec![1, 4] };
        assert_eq!(survey.harms, [harm]);
        assert_eq!(lock(&teller).cases, [Case::failed("a", "lost")]);
        assert_eq!(survey.output, "# a: remark\nnot ok a: lost\n");
    }

    #[test]
    fn a_lost_guest_is_a_run_that_did_harm() {
        let (survey, teller) = told(RUNS);
        let log = "panic\n  fault injected: failslab at a.rs:7, opportunity 12, 3 ms ago, thread 4\n  at 0xc0\n";
        let log: Vec<String> = log.lines().map(str::to_owned).collect();
        assert_eq!(lock(&teller).lose("the kernel panicked", &log).as_deref(), Some("b"));
        assert_eq!(lock(&teller).lose("again", &log), None);
        let survey = lock(&survey);
        let harm = survey.harms.last().unwrap();
        assert_eq!((harm.id().as_str(), &harm.opportunities[..]), ("b:%9-3", &[12][..]));
        assert_eq!(survey.report.lock().tally_of("b").failed, 1);
    }
}
