//! One interrupt in each trial, or two.

use super::places::{Moment, Place, awkward, place, random};
use crate::Outcome;
use crate::at_work::{AtWork, Ending, Seen};
use crate::guest::{Setup, why};
use crate::progress::Trials;
use crate::trial::Trial;
use std::time::Duration;
use xtask::fault_report::Outside;
use xtask::running::Running;
use xtask::session::End;
use xtask::symbols;
use xtask::trials::for_each;

const PATIENCE: Duration = Duration::from_secs(60);
const SOME: u32 = 16;
const MANY: u32 = 400;
/// Of the instructions at a door one in so many is tried usually.
const EVERY: usize = 4;
/// The doors that are no addresses: where another has begun, and where the kernel ends itself.
pub const ANOTHER: &str = "another";
pub const DOUBLE_FAULT: &str = "double_fault";

pub fn one_at_awkward_instructions_passes(setup: &Setup) -> Outcome {
    if let Some(Trial::Interrupt(moment)) = &setup.only {
        if setup.stops {
            return setup.debug(stopped(setup, moment)?);
        }
        return show(moment, &seen(setup, moment)?, &setup.at_work()?.good, 1);
    }
    let every = if setup.is_long { 1 } else { EVERY };
    all_pass(setup, &awkward(&setup.at_work()?.kernel, every)?)
}

pub fn one_at_any_moment_passes(setup: &Setup) -> Outcome {
    let count = if setup.is_long { MANY } else { SOME };
    eprintln!("nmi: seed {}", setup.seed);
    all_pass(setup, &random(&setup.at_work()?.kernel, count, setup.seed)?)
}

/// The processor takes no second one before the first has returned.
pub fn one_in_the_middle_of_another_waits(setup: &Setup) -> Outcome {
    const STEPS: u32 = 6;
    let work = setup.at_work()?;
    let (entry, call) = (
        why(symbols::address(&work.kernel, "nmi_entry"))?,
        why(symbols::address(&work.kernel, "sysenter_entry"))?,
    );
    for steps in chosen(setup).map_or((0..STEPS).collect(), |steps| vec![steps]) {
        let twice = |guest: &mut Running| {
            why(guest.gdb().and_then(|mut gdb| gdb.run_to(call)))?;
            interrupt(guest)?;
            why(guest.gdb().and_then(|mut gdb| {
                gdb.run_to(entry)?;
                gdb.step(steps)
            }))?;
            interrupt(guest)
        };
        if setup.stops {
            return setup.debug(work.stop(twice)?);
        }
        let seen = work.go_on(false, twice)?;
        let moment = Moment::first(ANOTHER, steps);
        if setup.only.is_some() {
            return show(&moment, &seen, &work.good, 2);
        }
        let judged = told(&seen, &work.good, 2);
        tell(&moment, &judged);
        judged.map_err(|why| format!("{steps} steps after the first: {why}"))?;
    }
    Ok(())
}

/// The kernel ends itself on a stack of its own; it is not to be kept from saying so.
pub fn a_double_fault_is_told_all_the_same(setup: &Setup) -> Outcome {
    const STEPS: u32 = 40;
    for steps in chosen(setup).map_or(vec![0, 1, STEPS], |steps| vec![steps]) {
        let mut guest = setup.crash("stack")?;
        guest.machine.icount = true;
        // It waits for the first order.
        guest.machine.gdb = Some("none".into());
        let handler = why(symbols::address_in(guest.kernel(), &["panic", "double_fault"]))?;
        let mut guest = guest.start()?;
        why(guest.gdb().and_then(|mut gdb| {
            gdb.run_to(handler)?;
            gdb.step(steps)
        }))?;
        interrupt(&mut guest)?;
        if setup.stops {
            return setup.debug(guest);
        }
        why(guest.qmp()).and_then(|qmp| why(qmp.cont()))?;
        let ended = why(guest.end(PATIENCE))?;
        let has = |text: &str| ended.outcome.log.iter().any(|line| line.contains(text));
        let is_told = has("double fault: the kernel stack ran into its guard page");
        let has_panicked = ended.outcome.end == End::Failed("the kernel panicked".into());
        let judged = match has_panicked && is_told && has("PANIC END") {
            true => Ok(()),
            false => {
                Err(format!("{steps} steps: {:?}, {:?}", ended.outcome.end, ended.outcome.log))
            }
        };
        let moment = Moment::first(DOUBLE_FAULT, steps);
        tell(&moment, &judged);
        if setup.only.is_some() {
            eprintln!("nmi::{moment}: {:?}", ended.outcome.end);
            ended.outcome.log.iter().for_each(|line| eprintln!("  | {line}"));
        }
        judged?;
    }
    Ok(())
}

fn all_pass(setup: &Setup, places: &[Place]) -> Outcome {
    let work = setup.at_work()?;
    let trials = Trials::new("nmi", places.len());
    let all = for_each(
        places,
        |_| trials.step(),
        |place| {
            let judged = at(work, place).and_then(|seen| told(&seen, &work.good, 1));
            Ok::<_, String>(judged.map_err(|why| format!("nmi::{}: {why}", place.moment)))
        },
    )?;
    places.iter().zip(&all).for_each(|(place, judged)| tell(&place.moment, judged));
    eprintln!("nmi: {} places", places.len());
    all.into_iter().collect()
}

/// What is seen of one at a moment.
pub fn seen(setup: &Setup, moment: &Moment) -> Result<Seen, String> {
    let work = setup.at_work()?;
    at(work, &place(&work.kernel, moment)?)
}

/// The guest that stands still at a moment, with the interrupt before it.
pub fn stopped(setup: &Setup, moment: &Moment) -> Result<Running, String> {
    let work = setup.at_work()?;
    let place = place(&work.kernel, moment)?;
    work.stop(|guest| interrupt_at(guest, &place))
}

fn at(work: &AtWork, place: &Place) -> Result<Seen, String> {
    work.go_on(false, |guest| interrupt_at(guest, place))
}

fn interrupt_at(guest: &mut Running, place: &Place) -> Outcome {
    why(guest.gdb().and_then(|mut gdb| {
        for _ in 0..place.moment.arrivals {
            gdb.run_to(place.address)?;
        }
        gdb.step(place.moment.steps)
    }))?;
    interrupt(guest)
}

/// The steps of the only trial.
fn chosen(setup: &Setup) -> Option<u32> {
    match &setup.only {
        Some(Trial::Interrupt(moment)) => Some(moment.steps),
        _ => None,
    }
}

/// One trial, and all that was seen.
fn show(moment: &Moment, seen: &Seen, good: &Seen, count: u32) -> Outcome {
    eprintln!("nmi::{moment}\n{seen}");
    told(seen, good, count)
}

/// For the report.
fn tell(moment: &Moment, judged: &Outcome) {
    let fault = Outside {
        campaign: "nmi".into(),
        kind: moment.door.clone(),
        outcome: if judged.is_ok() { "passed" } else { "WRONG" }.into(),
        why: judged.as_ref().err().cloned().unwrap_or_default(),
        recovery: None,
        again: Trial::Interrupt(moment.clone()).to_string(),
    };
    println!("{}", fault.line());
}

fn interrupt(guest: &mut Running) -> Outcome {
    why(guest.qmp()).and_then(|qmp| why(qmp.inject_nmi()))
}

/// Everything as without it, but for the log that tells of so many.
fn told(seen: &Seen, good: &Seen, count: u32) -> Outcome {
    let number = |line: &String| -> Option<u32> {
        line.strip_prefix("nmi: ")?.split(' ').next()?.parse().ok()
    };
    let told: u32 = seen.log.iter().filter_map(number).sum();
    let others = seen.log.iter().filter(|line| number(line).is_none());
    let is_well = seen.ending == Ending::Done
        && (&seen.stdout, &seen.stderr) == (&good.stdout, &good.stderr)
        && others.eq(&good.log)
        && told == count;
    if is_well { Ok(()) } else { Err(format!("told of {told}, not {count}: {seen:?}")) }
}
