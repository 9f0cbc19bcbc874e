//! What guests do: each machine's tests are a job.

use super::runner::Tests;
use crate::build::Kind;
use crate::contents::Contents;
use crate::fault_tests::{self, Ask};
use crate::guest_tests::{self, SMOKE, SUITE};
use crate::jobs::Job;
use crate::lanes::{self, Lane};
use crate::machine::Machine;
use crate::random_calls::{self, RANDOM, RandomOptions};
use crate::stop::Result;
use crate::workspace;
use std::path::PathBuf;

impl Tests<'_> {
    /// The jobs of every image and lane. Builds all they need.
    pub(super) fn on_all_machines(&mut self, base: &Machine) -> Result<Vec<Job>> {
        let mut jobs = Vec::new();
        for lane in lanes::layouts(base).iter().chain(&lanes::special(base)) {
            jobs.extend(self.ktest(lane)?);
            jobs.extend(self.suite(lane)?);
        }
        for lane in &lanes::sizes(base) {
            jobs.extend(self.ktest(lane)?);
            jobs.extend(self.smoke(lane)?);
        }
        jobs.extend(self.smoke(&Lane::release(base))?);
        let pentium = lanes::pentium(base);
        jobs.extend(self.ktest(&pentium)?);
        jobs.extend(self.refusal(&pentium)?);
        Ok(jobs)
    }

    pub(super) fn ktest(&mut self, lane: &Lane) -> Result<Option<Job>> {
        if !workspace::kernel_has_tests() {
            return self.absent("ktest");
        }
        let kernel = self.kernel(lane, Kind::Ktest)?;
        Ok(kernel.map(|kernel| guest_tests::ktest(lane, kernel, self.filter)))
    }

    pub(super) fn suite(&mut self, lane: &Lane) -> Result<Option<Job>> {
        if self.program(SUITE)?.is_none() {
            return self.absent("suite");
        }
        let Some(kernel) = self.kernel(lane, Kind::Plain)? else { return Ok(None) };
        let contents = self.contents_for_suite()?;
        Ok(Some(guest_tests::suite(lane, kernel, contents, self.filter)))
    }

    /// Everything that can fail, one by one.
    pub(super) fn fault(&mut self, lane: &Lane, ask: Ask) -> Result<Option<Job>> {
        if self.program(SUITE)?.is_none() {
            return self.absent("fault");
        }
        let Some(kernel) = self.kernel(lane, Kind::Faults)? else { return Ok(None) };
        let contents = self.contents_for_suite()?;
        Ok(Some(fault_tests::fault(lane, kernel, contents, ask, self.report.clone())))
    }

    /// So many seconds of stress, and a third of that with switches forced.
    pub(super) fn stress(&mut self, base: &Machine, seconds: u32) -> Result<Vec<Job>> {
        let forced = lanes::special(base).into_iter().find(|lane| lane.name == lanes::FORCED);
        let mut jobs = Vec::new();
        for (lane, seconds) in [(Some(Lane::plain(base)), seconds), (forced, seconds.div_ceil(3))] {
            let Some(lane) = lane else { continue };
            let wanted = |filter| format!("stress {}", lane.name).contains(filter);
            if !self.filter.is_none_or(wanted) || self.program(SUITE)?.is_none() {
                continue;
            }
            let Some(kernel) = self.kernel(&lane, Kind::Plain)? else { continue };
            jobs.push(guest_tests::stress(&lane, kernel, self.contents()?, seconds));
        }
        Ok(jobs)
    }

    /// Calls at random, on both formats of page tables, or on the one that a program is for.
    pub(super) fn random(&mut self, base: &Machine, options: &RandomOptions) -> Result<Vec<Job>> {
        if self.program(RANDOM)?.is_none() {
            return self.absent("random").map(|_: Option<()>| Vec::new());
        }
        let lanes = match options.program {
            Some(_) => vec![Lane::plain(base)],
            None => lanes::formats(base),
        };
        let mut jobs = Vec::new();
        for lane in lanes {
            let name = format!("random {}", lane.name);
            if !self.filter.is_none_or(|filter| name.contains(filter)) {
                continue;
            }
            let Some(kernel) = self.kernel(&lane, Kind::Plain)? else { continue };
            let contents = self.contents_with("tests/random/etc")?;
            jobs.push(random_calls::job(name, &lane.machine, kernel, contents, options));
        }
        Ok(jobs)
    }

    pub(super) fn smoke(&mut self, lane: &Lane) -> Result<Option<Job>> {
        let Some((kernel, contents)) = self.boot("smoke", lane)? else { return Ok(None) };
        Ok(Some(guest_tests::smoke(lane, kernel, contents)))
    }

    pub(super) fn refusal(&mut self, lane: &Lane) -> Result<Option<Job>> {
        let Some((kernel, contents)) = self.boot("refusal", lane)? else { return Ok(None) };
        Ok(Some(guest_tests::refusal(lane, kernel, contents)))
    }

    /// What a test needs whose name is its ring's and its lane's.
    pub(super) fn boot(&mut self, ring: &str, lane: &Lane) -> Result<Option<(PathBuf, Contents)>> {
        let name = format!("{ring} {}", lane.name);
        let wanted = self.filter.is_none_or(|filter| name.contains(filter));
        if !wanted || self.program(SMOKE)?.is_none() {
            return Ok(None);
        }
        let Some(kernel) = self.kernel(lane, Kind::Plain)? else { return Ok(None) };
        Ok(Some((kernel, self.contents()?)))
    }
}
