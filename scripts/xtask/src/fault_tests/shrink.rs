//! The few faults of a run that matter.

use super::replay::{Replayed, Replays};
use super::survey::{Harm, Survey};
use crate::fault_report::{choice_at, id};
use crate::report::Verdict;
use crate::stop::Result;
use abi::failpoint::Opportunities;

/// So many runs that did harm are looked at: each is a few guests.
const MOST: usize = 5;

/// The fewest faults with which a run still fails, each choice in a fresh guest. `None` if it fails
/// with no fewer than all, or not by itself.
pub fn fewest(
    all: Opportunities,
    mut fails: impl FnMut(Opportunities) -> Result<bool>,
) -> Result<Option<Opportunities>> {
    for part in all.parts() {
        if fails(part)? {
            return Ok(Some(part));
        }
    }
    Ok(None)
}

/// Looks at the first runs that did harm, and notes the fewest faults that do in report and cases.
pub fn shrink(replays: &Replays, survey: &mut Survey) -> Result<()> {
    let harms: Vec<Harm> = survey.harms.iter().take(MOST).cloned().collect();
    for harm in harms {
        let run = harm.id();
        let replayed = replays.run(&run)?;
        if !fails(&replayed) {
            let why = format!("{run} does well in a fresh guest: what came before matters");
            note(survey, &harm, &why);
            continue;
        }
        if let Err(elsewhere) = replayed.check_place(&run) {
            note(survey, &harm, &format!("also wrong in a fresh guest, but {}", elsewhere.why));
            continue;
        }
        let mut few = run.clone();
        if let Some(all) = Opportunities::new(harm.opportunities.iter().copied()) {
            fewest(all, |part| {
                let part = part.to_string();
                let replayed = replays.run(&id(&harm.scenario, &part))?;
                let place = replayed.faults().pop().map(|last| last.place);
                let is_enough = fails(&replayed);
                if is_enough {
                    few = id(&harm.scenario, &choice_at(&part, place.as_deref()));
                }
                Ok(is_enough)
            })?;
        }
        if few != run {
            survey.report.lock().note_fewest(&run, &few);
        }
        let again = survey.report.lock().replay(&few);
        note(survey, &harm, &format!("again: {again}"));
    }
    Ok(())
}

fn fails(replayed: &Replayed) -> bool {
    replayed.is_any() && !replayed.is_well()
}

fn note(survey: &mut Survey, harm: &Harm, text: &str) {
    for case in survey.cases.iter_mut().filter(|case| case.name == harm.scenario) {
        if let Verdict::Failed(why) = &mut case.verdict {
            why.push('\n');
            why.push_str(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(all: &str, fails: impl Fn(&[u32]) -> bool) -> Option<String> {
        let all = Opportunities::parse(all).unwrap();
        let fails = |part: Opportunities| Ok(fails(&part.numbers().collect::<Vec<_>>()));
        fewest(all, fails).unwrap().map(|part| part.to_string())
    }

    #[test]
    fn only_those_that_matter_are_left() {
        let all = "2,5,9,30";
        assert_eq!(found(all, |part| part.contains(&9)).as_deref(), Some("9"));
        assert_eq!(
            found(all, |part| part.contains(&2) && part.contains(&30)).as_deref(),
            Some("2,30")
        );
        assert_eq!(found(all, |part| part.len() == 3 && part[0] == 5).as_deref(), Some("5,9,30"));
        assert_eq!(found(all, |_| false), None);
    }
}
