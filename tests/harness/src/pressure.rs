//! Less and less free memory, down to none.

use crate::Outcome;
use crate::guest::{Ended, Guest, Setup};
use crate::progress::Trials;
use crate::trial::Trial;
use abi::frame::Exit;
use xtask::captured::text;
use xtask::fault_report::Outside;
use xtask::running::Running;
use xtask::session::End;

/// How many the worker tries, about.
const LEVELS: usize = 18;
/// What the kernel says of whom it kills, as there is no memory that he has.
const KILLED: &str = "no memory for ";

/// The work is done, or refused in words that say why, or the kernel says who had to die; with the memory
/// back, all is as before (`worker pressure`).
pub fn work_is_done_or_refused_honestly(setup: &Setup) -> Outcome {
    let only = match setup.only {
        Some(Trial::Level(level)) => Some(level),
        _ => None,
    };
    if let (true, Some(level)) = (setup.stops, only) {
        return setup.debug(at_level(setup, level)?);
    }
    let ended = at(setup, only)?;
    let (said, log) = (text(&ended.stdout), &ended.log);
    eprint!("pressure: what the work does with so many free frames:\n{said}");
    match only {
        Some(_) => log.iter().for_each(|line| eprintln!("  | {line}")),
        None => said.lines().filter_map(level).for_each(|level| println!("{}", level.line())),
    }
    let end = &ended.end;
    if *end != End::Exit(Exit::Exited(0)) || said.contains("WRONG") {
        return Err(format!("{end:?}: {said}{log:?}"));
    }
    let others = || said.lines().filter(|line| line.contains("other output"));
    if let Some(line) = others().find(|line| !is_excused(log, line)) {
        return Err(format!("{line}, and nobody was killed: {log:?}"));
    }
    if only.is_some() {
        return Ok(());
    }
    let works = said.lines().filter(|line| line.ends_with(": works")).count();
    match works {
        0 => Err(format!("memory was always short: {said}")),
        _ if works == said.lines().count() => Err(format!("memory was never short: {said}")),
        _ => Ok(()),
    }
}

/// The guest in which memory was short, down to all levels or to one; it counts instructions, and is the
/// same in every run.
pub fn at(setup: &Setup, level: Option<u32>) -> Result<Ended, String> {
    guest(setup, level)?.run()
}

/// The same guest where memory is taken down to that level.
pub fn at_level(setup: &Setup, level: u32) -> Result<Running, String> {
    guest(setup, Some(level))?.start_at(&["failpoint", "pressure", "take_memory"])
}

fn guest(setup: &Setup, level: Option<u32>) -> Result<Guest<'_>, String> {
    let level = level.map(|level| level.to_string());
    let words: Vec<&str> =
        ["/bin/worker", "pressure"].into_iter().chain(level.as_deref()).collect();
    let mut guest = setup.failing(setup.program(&words)?)?;
    guest.machine.icount = true;
    guest.trials = Some(Trials::new("pressure", level.map_or(LEVELS, |_| 1)));
    guest.timeout *= 2;
    Ok(guest)
}

/// For a report, `50 free: refuses`.
fn level(line: &str) -> Option<Outside> {
    let (level, judged) = line.split_once(" free: ")?;
    let level = level.parse().ok()?;
    let (outcome, why) = judged.split_once([',', ':']).unwrap_or((judged, ""));
    Some(Outside {
        campaign: "pressure".into(),
        // In the order of numbers.
        kind: format!("{level:>4} free frames"),
        outcome: outcome.into(),
        why: why.trim_start().into(),
        recovery: None,
        again: Trial::Level(level).to_string(),
    })
}

/// Whether somebody was killed at the level that a line begins with.
fn is_excused(log: &[String], line: &str) -> bool {
    let level = line.split(':').next().unwrap_or(line);
    let of_level = log.iter().skip_while(|entry| *entry != level).skip(1);
    of_level.take_while(|entry| !entry.ends_with(" free")).any(|entry| entry.contains(KILLED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_level_is_told() {
        let refused = level("50 free: refuses").unwrap();
        assert_eq!(refused.again, "pressure::50");
        assert_eq!(
            (refused.kind.as_str(), refused.outcome.as_str()),
            ("  50 free frames", "refuses")
        );
        let other = level("0 free: other output, shell: 1").unwrap();
        assert_eq!((other.outcome.as_str(), other.why.as_str()), ("other output", "shell: 1"));
        let wrong = level("0 free: WRONG: hangs").unwrap();
        assert_eq!((wrong.outcome.as_str(), wrong.why.as_str()), ("WRONG", "hangs"));
    }

    #[test]
    fn an_excuse_is_of_the_same_level() {
        let log = ["50 free", "trap: no memory for 7 sh: killed", "20 free"].map(String::from);
        assert!(is_excused(&log, "50 free: other output, shell: 1"));
        assert!(!is_excused(&log, "20 free: other output, shell: 1"));
        assert!(!is_excused(&log, "5 free: other output, shell: 1"));
    }
}
