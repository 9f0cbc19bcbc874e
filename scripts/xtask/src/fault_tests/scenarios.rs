//! The suite's scenarios, in a guest for each processor, and in a further one after each that is lost.

use super::survey::{Lines, Survey, Teller, lock};
use super::{Ask, LONG_TIMEOUT, TIMEOUT};
use crate::captured::watch;
use crate::contents::Contents;
use crate::guest_tests::{SUITE, bad_end};
use crate::ktap::program_agrees;
use crate::lanes::Lane;
use crate::qemu::System;
use crate::report::{Case, Verdict};
use crate::session::End;
use crate::stop::Result;
use crate::trials::for_each;
use abi::frame::Exit;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

/// After so many lost guests nobody learns anything new.
const ENOUGH: usize = 3;

/// Runs those that a filter selects, or all; all of them in as many guests at a time as there are
/// processors.
pub fn scenarios(
    lane: &Lane,
    kernel: &Path,
    contents: &Contents,
    ask: &Ask,
    survey: &Arc<Mutex<Survey>>,
) -> Result<()> {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let parts = if ask.filter.is_some() { 1 } else { processors };
    let parts: Vec<String> = (1..=parts).map(|number| format!("{number}/{parts}")).collect();
    for_each(&parts, |_| {}, |name| Part { lane, kernel, contents, ask, name }.run(survey))?;
    lock(survey).progress.end();
    Ok(())
}

/// Scenarios that run one after the other.
struct Part<'a> {
    lane: &'a Lane,
    kernel: &'a Path,
    contents: &'a Contents,
    ask: &'a Ask,
    /// As the suite has it.
    name: &'a str,
}

impl Part<'_> {
    fn run(&self, survey: &Arc<Mutex<Survey>>) -> Result<()> {
        let mut after = None;
        for _ in 0..ENOUGH {
            let (cases, lost) = self.guest(after.as_deref(), survey)?;
            lock(survey).cases.extend(cases);
            after = lost;
            if after.is_none() {
                break;
            }
        }
        Ok(())
    }

    /// What came of scenarios in one guest, and the one that it was lost in.
    fn guest(
        &self,
        after: Option<&str>,
        survey: &Arc<Mutex<Survey>>,
    ) -> Result<(Vec<Case>, Option<String>)> {
        let Self { lane, kernel, ask, .. } = self;
        let timeout = if ask.long { LONG_TIMEOUT } else { TIMEOUT };
        let mut words = vec![SUITE, "--faults", "--report", "--part", self.name];
        words.extend(ask.long.then_some("--long"));
        words.extend(after.iter().flat_map(|scenario| ["--after", scenario]));
        words.extend(ask.filter.as_deref());
        let guest = (System::Folio, *kernel);
        let teller = Arc::new(Mutex::new(Teller::new(survey)));
        let lines = Box::new(Lines(Arc::clone(&teller)));
        let ran = watch(&lane.machine, guest, self.contents.clone(), &words, timeout, lines)?;
        let mut teller = lock(&teller);
        let mut cases = std::mem::take(&mut teller.cases);
        let status = match ran.outcome.end {
            End::Exit(Exit::Exited(status)) => Some(i32::from(status)),
            _ => None,
        };
        let is_partial = ask.filter.is_some() || after.is_some();
        if program_agrees(&cases, status, is_partial) {
            return Ok((cases, None));
        }
        let mut case = bad_end("suite", &ran.outcome.end, &ran.outcome, kernel);
        let mut lost = None;
        if let Verdict::Failed(why) = &mut case.verdict {
            let log = &ran.outcome.log;
            lost = teller.lose(why.lines().next().unwrap_or_default(), log);
            why.push_str(&crate::captured::text(&ran.stderr));
        }
        case.name = lost.clone().unwrap_or(case.name);
        cases.push(case);
        Ok((cases, lost))
    }
}
