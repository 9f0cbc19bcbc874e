//! Jumps of the time of day.

use crate::Outcome;
use crate::guest::{Ended, Guest, Setup};
use crate::progress::Trials;
use crate::trial::Trial;
use abi::frame::Exit;
use std::ops::Range;
use xtask::captured::text;
use xtask::fault_report::Outside;
use xtask::running::Running;

const SOME: u32 = 60;
const MANY: u32 = 3000;

/// Whoever waits meanwhile waits as long as he should, and time since boot never goes back
/// (`worker clock`).
pub fn waits_last_as_long_as_they_should(setup: &Setup) -> Outcome {
    let rounds = if setup.is_long { MANY } else { SOME };
    if let Some(Trial::Jump(round)) = setup.only {
        let end = round.checked_add(1).filter(|end| *end <= MANY);
        let end = end.ok_or_else(|| format!("clock::{round}: there are {MANY} rounds"))?;
        if setup.stops {
            return setup.debug(at_jump(setup, round..end)?);
        }
        let ended = jumps(setup, round..end)?;
        eprint!("{}", text(&ended.stdout));
        ended.log.iter().for_each(|line| eprintln!("  | {line}"));
        return ended.expect_exit(Exit::Exited(0));
    }
    let ended = jumps(setup, 0..rounds)?;
    let said = text(&ended.stdout);
    said.lines().filter_map(jump).for_each(|jump| println!("{}", jump.line()));
    let others: String =
        said.lines().filter(|line| !is_right(line)).map(|line| format!("{line}\n")).collect();
    eprint!("clock: seed {}: {others}", setup.seed);
    ended.expect_exit(Exit::Exited(0)).map_err(|why| format!("{others}{why}"))
}

/// The guest in which these rounds were; it counts instructions, and is the same in every run.
pub fn jumps(setup: &Setup, rounds: Range<u32>) -> Result<Ended, String> {
    guest(setup, rounds)?.run()
}

/// The same guest where the first of these jumps is made.
pub fn at_jump(setup: &Setup, rounds: Range<u32>) -> Result<Running, String> {
    guest(setup, rounds)?.start_at(&["with_faults", "fault_step_clock"])
}

fn guest(setup: &Setup, rounds: Range<u32>) -> Result<Guest<'_>, String> {
    let numbers = [setup.seed, rounds.start.into(), rounds.end.into()].map(|n| n.to_string());
    let [seed, start, end] = &numbers;
    let guest = setup.program(&["/bin/worker", "clock", seed, start, end])?;
    let mut guest = setup.failing(guest)?;
    guest.machine.icount = true;
    guest.trials = Some(Trials::new("clock", rounds.len()));
    guest.timeout *= if setup.is_long { 20 } else { 1 };
    Ok(guest)
}

/// For a report, `round 3: sleep: a jump by 17 ns: right`.
fn jump(line: &str) -> Option<Outside> {
    let mut parts = line.strip_prefix("round ")?.splitn(4, ": ");
    let (round, wait) = (parts.next()?.parse().ok()?, parts.next()?);
    let (jump, judged) = (parts.next()?, parts.next()?);
    let (outcome, why) = match judged.split_once(", ") {
        None => (judged, String::new()),
        Some((outcome, why)) => (outcome, format!("{jump}: {why}")),
    };
    Some(Outside {
        campaign: "clock".into(),
        kind: wait.into(),
        outcome: outcome.into(),
        why,
        recovery: None,
        again: Trial::Jump(round).to_string(),
    })
}

fn is_right(line: &str) -> bool {
    line.starts_with("round ") && line.ends_with(": right")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_round_is_told() {
        let right = jump("round 3: nanosleep: a jump by -17 ns: right").unwrap();
        assert_eq!((right.kind.as_str(), right.outcome.as_str()), ("nanosleep", "right"));
        assert_eq!((right.why.as_str(), right.again.as_str()), ("", "clock::3"));
        let wrong = jump("round 3: poll: a jump by 17 ns: WRONG, None after 4s").unwrap();
        assert_eq!(
            (wrong.outcome.as_str(), wrong.why.as_str()),
            ("WRONG", "a jump by 17 ns: None after 4s")
        );
        assert_eq!(jump("60 jumps, 0 wrong"), None);
        assert!(is_right("round 3: nanosleep: a jump by -17 ns: right"));
        assert!(!is_right("60 jumps, 0 wrong"));
    }
}
