//! Less and less free memory, down to none.

use crate::Outcome;
use crate::guest::{Setup, why};
use abi::frame::Exit;
use std::time::Duration;
use xtask::captured::text;
use xtask::fault_report::Outside;
use xtask::session::End;

const PATIENCE: Duration = Duration::from_secs(120);
/// What the kernel says of whom it kills, as there is no memory that he has.
const KILLED: &str = "no memory for ";

/// The work is done, or refused in words that say why, or the kernel says who had to die; with the memory
/// back, all is as before (`worker pressure`).
pub fn work_is_done_or_refused_honestly(setup: &Setup) -> Outcome {
    let guest = setup.failing(setup.program(&["/bin/worker", "pressure"])?)?.start()?;
    let ended = why(guest.end(PATIENCE))?;
    let (said, log) = (text(&ended.stdout), &ended.outcome.log);
    eprint!("pressure: what the work does with so many free frames:\n{said}");
    let levels = said.lines().filter_map(|line| level(line, &setup.again("pressure")));
    levels.for_each(|level| println!("{}", level.line()));
    let end = &ended.outcome.end;
    if *end != End::Exit(Exit::Exited(0)) || said.contains("WRONG") {
        return Err(format!("{end:?}: {said}{log:?}"));
    }
    let others = || said.lines().filter(|line| line.contains("other output"));
    if let Some(line) = others().find(|line| !is_excused(log, line)) {
        return Err(format!("{line}, and nobody was killed: {log:?}"));
    }
    let works = said.lines().filter(|line| line.ends_with(": works")).count();
    match works {
        0 => Err(format!("memory was always short: {said}")),
        _ if works == said.lines().count() => Err(format!("memory was never short: {said}")),
        _ => Ok(()),
    }
}

/// For a report, `50 free: refuses`.
fn level(line: &str, again: &str) -> Option<Outside> {
    let (level, judged) = line.split_once(" free: ")?;
    let (outcome, why) = judged.split_once([',', ':']).unwrap_or((judged, ""));
    Some(Outside {
        campaign: "pressure".into(),
        // In the order of numbers.
        kind: format!("{:>4} free frames", level.parse::<u32>().ok()?),
        outcome: outcome.into(),
        why: why.trim_start().into(),
        recovery: None,
        again: again.into(),
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
        let refused = level("50 free: refuses", "pressure::").unwrap();
        assert_eq!(
            (refused.kind.as_str(), refused.outcome.as_str()),
            ("  50 free frames", "refuses")
        );
        let other = level("0 free: other output, shell: 1", "").unwrap();
        assert_eq!((other.outcome.as_str(), other.why.as_str()), ("other output", "shell: 1"));
        let wrong = level("0 free: WRONG: hangs", "").unwrap();
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
