//! The suite's scenarios, in one guest, and in a further one after each that is lost.

use super::survey::{Lines, Survey, lock};
use super::{Ask, LONG_TIMEOUT, TIMEOUT};
use crate::captured::watch;
use crate::contents::Contents;
use crate::guest_tests::{SUITE, bad_end};
use crate::ktap::program_agrees;
use crate::lanes::Lane;
use crate::qemu::System;
use crate::report::Verdict;
use crate::session::End;
use crate::stop::Result;
use abi::frame::Exit;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// After so many lost guests nobody learns anything new.
const ENOUGH: usize = 3;

/// Runs those that a filter selects, or all.
pub fn scenarios(
    lane: &Lane,
    kernel: &Path,
    contents: &Contents,
    ask: &Ask,
    survey: &Arc<Mutex<Survey>>,
) -> Result<()> {
    let timeout = if ask.long { LONG_TIMEOUT } else { TIMEOUT };
    let mut after: Option<String> = None;
    for _ in 0..ENOUGH {
        let mut words = vec![SUITE, "--faults", "--report"];
        words.extend(ask.long.then_some("--long"));
        words.extend(after.iter().flat_map(|scenario| ["--after", scenario]));
        words.extend(ask.filter.as_deref());
        let guest = (System::Folio, kernel);
        let lines = Box::new(Lines::new(survey));
        let before = lock(survey).cases.len();
        let ran = watch(&lane.machine, guest, contents.clone(), &words, timeout, lines)?;
        let mut survey = lock(survey);
        survey.progress.end();
        let status = match ran.outcome.end {
            End::Exit(Exit::Exited(status)) => Some(i32::from(status)),
            _ => None,
        };
        let is_partial = ask.filter.is_some() || after.is_some();
        let cases = survey.cases.get(before..).unwrap_or_default();
        if program_agrees(cases, status, is_partial) {
            return Ok(());
        }
        let mut case = bad_end("suite", &ran.outcome.end, &ran.outcome, kernel);
        if let Verdict::Failed(why) = &mut case.verdict {
            let log = &ran.outcome.log;
            after = survey.lose(why.lines().next().unwrap_or_default(), log);
            why.push_str(&crate::captured::text(&ran.stderr));
        }
        case.name = after.clone().unwrap_or(case.name);
        survey.cases.push(case);
        if after.is_none() {
            break;
        }
    }
    Ok(())
}
