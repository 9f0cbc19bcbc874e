//! The report of faults, from inside of kernels and from outside.

use super::runner::Tests;
use crate::build::Kind;
use crate::fault_tests::{self, Ask};
use crate::lanes::Lane;
use crate::report::Group;
use crate::stop::Result;

impl Tests<'_> {
    /// Begins it, on the lane of the faults inside.
    pub(super) fn begin_report(&mut self, lane: &Lane, ask: &Ask) -> Result<()> {
        if let Some(kernel) = self.kernel(lane, Kind::Faults)? {
            self.report = fault_tests::report(ask, lane, &kernel)?;
        }
        Ok(())
    }

    /// Writes it, and says where it is.
    pub(super) fn finish_report(&mut self) -> Result<()> {
        let Some(report) = self.report.take() else { return Ok(()) };
        let mut report = report.lock();
        let Some(summary) = report.summary() else { return Ok(()) };
        let is_of_faults = |group: &&Group| {
            ["fault ", "campaigns "].iter().any(|start| group.name.starts_with(start))
        };
        let groups: Vec<Group> = self.groups.iter().filter(is_of_faults).cloned().collect();
        let place = report.finish(&groups)?;
        eprintln!("{summary}; report: {}", place.display());
        Ok(())
    }
}
