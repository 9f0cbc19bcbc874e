//! Groups of tests, several at a time.

use crate::report::{Case, Group};
use crate::stop::Result;
use std::sync::mpsc::channel;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

/// One group, not run yet.
pub struct Job {
    pub name: String,
    run: Box<dyn FnOnce() -> Result<Vec<Case>> + Send>,
}

impl Job {
    pub fn new(name: String, run: impl FnOnce() -> Result<Vec<Case>> + Send + 'static) -> Self {
        Self { name, run: Box::new(run) }
    }

    pub fn run(self) -> Result<Group> {
        let start = Instant::now();
        let cases = (self.run)()?;
        Ok(Group { name: self.name, cases, took: start.elapsed() })
    }
}

/// What becomes of a job.
pub enum Step {
    Starts(String),
    Ended(Result<Group>),
}

/// Runs the jobs in their order, `at_a_time` together, and shows each step. The first error that
/// `show` returns ends it, when the jobs that run have ended.
pub fn run(
    jobs: Vec<Job>,
    at_a_time: usize,
    mut show: impl FnMut(Step) -> Result<()>,
) -> Result<()> {
    let jobs = Mutex::new(jobs.into_iter());
    let next = || jobs.lock().unwrap_or_else(PoisonError::into_inner).next();
    let (tell, told) = channel();
    thread::scope(|scope| {
        for _ in 0..at_a_time {
            let tell = tell.clone();
            let next = &next;
            scope.spawn(move || {
                while let Some(job) = next()
                    && tell.send(Step::Starts(job.name.clone())).is_ok()
                    && tell.send(Step::Ended(job.run())).is_ok()
                {}
            });
        }
        drop(tell);
        // The threads go on as long as somebody listens.
        told.into_iter().try_for_each(&mut show)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stop::failed;

    fn jobs() -> Vec<Job> {
        let job = |number: usize| {
            Job::new(number.to_string(), move || Ok(vec![Case::passed("a"); number]))
        };
        (0..20).map(job).collect()
    }

    #[test]
    fn every_job_runs_once() {
        for at_a_time in [1, 3, 40] {
            let (mut started, mut ended) = (Vec::new(), Vec::new());
            let shown = run(jobs(), at_a_time, |step| {
                match step {
                    Step::Starts(name) => started.push(name),
                    Step::Ended(group) => ended.push(group?),
                }
                Ok(())
            });
            assert!(shown.is_ok());
            ended.sort_by_key(|group| group.cases.len());
            let names: Vec<String> = (0..20).map(|number| number.to_string()).collect();
            assert_eq!(ended.iter().map(|group| group.name.clone()).collect::<Vec<_>>(), names);
            started.sort_by_key(|name| name.parse::<usize>().expect("a number"));
            assert_eq!(started, names);
        }
    }

    #[test]
    fn an_error_is_the_last_thing_shown() {
        let mut seen = 0;
        let shown = run(jobs(), 2, |_| {
            seen += 1;
            if seen == 3 { Err(failed("enough")) } else { Ok(()) }
        });
        assert_eq!((shown.map_err(|stop| stop.why), seen), (Err("enough".into()), 3));
    }
}
