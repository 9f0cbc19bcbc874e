//! What Linux has to do, too.

use super::runner::Tests;
use crate::agreement::Questions;
use crate::build::{Kind, LINUX_INIT};
use crate::guest_tests::{SUITE, SUITE_TIMEOUT};
use crate::ktap::{last_lines, program_agrees, program_case};
use crate::lanes::Lane;
use crate::linux;
use crate::report::{Case, Group};
use crate::stop::Result;

impl Tests<'_> {
    /// The suite on the Linux that runs this: what its tests expect has to be true there.
    pub(super) fn suite_on_linux(&mut self) -> Result<()> {
        let Some(program) = self.program(SUITE)? else { return Ok(()) };
        let program = program.stripped.clone();
        let filter = self.filter;
        match linux::run(&program, filter, SUITE_TIMEOUT)? {
            None => eprintln!("suite on Linux: this machine does not run i386 programs"),
            Some(ran) => {
                let mut cases: Vec<Case> = ran.stdout.lines().filter_map(program_case).collect();
                if !program_agrees(&cases, ran.status, filter.is_some()) {
                    let status = ran
                        .status
                        .map_or("no exit status".into(), |status| format!("exit status {status}"));
                    let last = last_lines(&ran.stdout, 5);
                    cases.push(Case::failed("suite", format!("{status}\n{last}")));
                }
                self.add(Group { name: "suite on Linux".into(), cases, took: ran.took });
            }
        }
        Ok(())
    }

    /// The same programs on Folio and on Debian's Linux.
    pub(super) fn compared(&mut self, asked: &Questions, lane: &Lane) -> Result<()> {
        if self.program(LINUX_INIT)?.is_none() {
            return self.absent(asked.kind).map(|_: Option<()>| ());
        }
        let Some(kernel) = self.kernel(lane, Kind::Plain)? else { return Ok(()) };
        let programs = self.programs.clone().unwrap_or_default();
        let filter = self.filter;
        self.group(format!("{} {}", asked.kind, lane.name), || {
            asked.ask(&lane.machine, &kernel, &programs, filter)
        })
    }
}
