//! Calls at random, on kernels with a defect that is known.

use crate::Outcome;
use crate::guest::{Setup, why};
use xtask::build::Kind;
use xtask::random_calls::{Played, Player};
use xtask::report::Verdict;

/// The defect: a call of `futex` that comes as far as its word ends the machine.
const DEFECT: &str = "fail_futex=1,100,0,1 failpoints=panic";

pub fn a_crash_is_reduced_to_a_program_that_repeats_it(setup: &Setup) -> Outcome {
    let mut campaign = setup.calls_at_random(Kind::Faults, DEFECT)?;
    // Nobody else's program lies where this one will.
    campaign.seed = std::process::id();
    let cases = why(campaign.run())?;
    let [Verdict::Failed(report)] = cases.iter().map(|case| &case.verdict).collect::<Vec<_>>()[..]
    else {
        return Err(format!("one failure was to be found: {cases:?}"));
    };
    let texts = [
        "panic: panicked at kernel/src/failpoint/decide.rs:",
        "futex",
        "\ncalls that are left: 1; they fail 5 of 5 times, as a program 3 of 3 times:\n",
        "scripts/test random --program ",
    ];
    match texts.iter().find(|text| !report.contains(**text)) {
        None => Ok(()),
        Some(text) => Err(format!("nothing said {text:?}: {report}")),
    }
}

pub fn what_is_lost_is_found(setup: &Setup) -> Outcome {
    let campaign = setup.calls_at_random(Kind::Plain, "")?;
    let play = |also: Option<&str>| {
        let contents = campaign.contents.clone();
        let player = why(Player::boot(&campaign.machine, &campaign.kernel, contents, also))?;
        why(player.alone(&campaign.batch(campaign.seed)))
    };
    match play(Some("leak"))? {
        Played::Badly(failure) if failure.kind == "something is lost" => {}
        Played::Badly(failure) => return Err(failure.report),
        Played::Well(_) => return Err("nobody noticed that memory was lost".into()),
    }
    match play(None)? {
        Played::Well(_) => Ok(()),
        Played::Badly(failure) => Err(failure.report),
    }
}
