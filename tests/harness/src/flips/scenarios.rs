//! The campaign, and proof that it can be repeated.

use super::campaign::Campaign;
use super::outcome::Outcome;
use super::places::{Class, Flip};
use crate::Outcome as Verdict;
use crate::guest::Setup;
use crate::progress::Trials;
use crate::trial::Trial;
use std::time::Instant;

/// Of each class.
const SOME: u32 = 30;
const MANY: u32 = 1000;
/// Flips of each class that are tried twice.
const AGAIN: u32 = 3;

fn flips(count: u32) -> Vec<Flip> {
    let of_each = |number| Class::ALL.map(|class| Flip { class, number });
    (0..count).flat_map(of_each).collect()
}

/// Whatever flips in a program, the kernel lives; and tables cannot all be harmless, nor can a great
/// number of the others.
pub fn each_flip_comes_to_something(setup: &Setup) -> Verdict {
    let campaign = Campaign::new(setup)?;
    if let Some(Trial::Flip(flip)) = setup.only {
        if setup.stops {
            eprintln!("{flip}: {}", campaign.place(flip));
            return setup.debug(campaign.stop(flip)?);
        }
        return show(&campaign, flip);
    }
    let flips = flips(if setup.is_long { MANY } else { SOME });
    let (start, trials) = (Instant::now(), Trials::new("flips", flips.len()));
    let table = campaign.try_all(&flips, |_| trials.step())?;
    let took = start.elapsed().as_secs_f64() / flips.len() as f64;
    eprintln!("flips: seed {}, {:.0} ms each\n{table}", setup.seed, took * 1000.0);
    table.iter().for_each(|(flip, outcome)| println!("{}", outcome.outside(*flip).line()));
    for class in Class::ALL {
        eprintln!("flips: {} bytes of {} in use", campaign.places().bytes(class), class.name());
    }
    let accident =
        |outcome: &Outcome| matches!(outcome, Outcome::Crash(why) if why != "a program hangs");
    let worst = table.iter().find(|(flip, outcome)| flip.class == Class::User && accident(outcome));
    if let Some((flip, outcome)) = worst {
        return Err(format!("{flip}, {}: {outcome:?}", campaign.place(*flip)));
    }
    let is_noticed = |class| table.count(class, |outcome| *outcome != Outcome::Harmless) != 0;
    let must_be = |class: &Class| setup.is_long || *class == Class::Tables;
    match Class::ALL.into_iter().filter(must_be).all(is_noticed) {
        true => Ok(()),
        false => Err(format!("flips without any consequence:\n{table}")),
    }
}

/// One flip, and all that was seen.
fn show(campaign: &Campaign<'_>, flip: Flip) -> Verdict {
    let (place, seen) = (campaign.place(flip), campaign.see(flip)?);
    eprintln!("{flip}: {place}: {:?}", campaign.judge(&seen));
    eprintln!("{seen}");
    Ok(())
}

/// Output, log and end are the same to the last byte.
pub fn one_flip_again_and_again(setup: &Setup) -> Verdict {
    let campaign = Campaign::new(setup)?;
    for flip in flips(AGAIN) {
        let (first, second) = (campaign.see(flip)?, campaign.see(flip)?);
        if first != second {
            return Err(format!("{flip} twice: {first:?}\n{second:?}"));
        }
    }
    Ok(())
}
