//! Runs groups of tests, and shows what comes of them.

use crate::build::Program;
use crate::fault_report::SharedReport;
use crate::jobs::{self, Job, Step};
use crate::report::{Case, Counts, Group, Verdict};
use crate::stop::Result;
use std::thread;
use std::time::Instant;

pub struct Tests<'a> {
    pub filter: Option<&'a str>,
    pub programs: Option<Vec<Program>>,
    pub groups: Vec<Group>,
    /// What came of faults.
    pub report: Option<SharedReport>,
    pub start: Instant,
    /// The user named this ring, so it has to be there.
    pub named: bool,
}

impl Tests<'_> {
    /// Runs the tests of one group and shows what came of them.
    pub(super) fn group(
        &mut self,
        name: String,
        tests: impl FnOnce() -> Result<Vec<Case>>,
    ) -> Result<()> {
        self.announce(&name);
        let start = Instant::now();
        let cases = tests()?;
        self.add(Group { name, cases, took: start.elapsed() });
        Ok(())
    }

    /// Runs jobs one after the other.
    pub(super) fn run(&mut self, jobs: impl IntoIterator<Item = Job>) -> Result<()> {
        jobs.into_iter().try_for_each(|job| {
            self.announce(&job.name);
            self.add(job.run()?);
            Ok(())
        })
    }

    /// Runs jobs, as many at a time as there are processors: a guest has one.
    pub(super) fn run_together(&mut self, jobs: Vec<Job>) -> Result<()> {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        jobs::run(jobs, processors, |step| {
            match step {
                Step::Starts(name) => self.announce(&name),
                Step::Ended(group) => self.add(group?),
            }
            Ok(())
        })
    }

    pub(super) fn announce(&self, name: &str) {
        eprintln!("{} {name} …", self.clock());
    }

    pub(super) fn add(&mut self, group: Group) {
        let Group { name, cases, took } = &group;
        for case in cases {
            match &case.verdict {
                Verdict::Passed => {}
                Verdict::Failed(why) => eprintln!("not ok {name}: {}: {why}", case.name),
                Verdict::Skipped(why) => eprintln!("skip {name}: {}: {why}", case.name),
            }
        }
        let took = took.as_secs_f64();
        eprintln!("{} {name}: {} ({took:.1} s)", self.clock(), Counts::of(cases));
        self.groups.push(group);
    }

    /// Minutes and seconds since the command started.
    pub(super) fn clock(&self) -> String {
        let seconds = self.start.elapsed().as_secs();
        format!("[{:02}:{:02}]", seconds / 60, seconds % 60)
    }
}
