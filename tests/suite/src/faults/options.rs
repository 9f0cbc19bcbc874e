//! What the words behind `--faults` ask for.

use super::Scenario;
use super::choice::Choice;
use super::scenarios::{all, on_purpose};
use crate::harness::selected;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

#[derive(Default)]
pub struct Options {
    pub long: bool,
    pub report: bool,
    /// Which of so many equal parts of the scenarios, from 0.
    part: Option<(usize, usize)>,
    /// The scenarios up to this one are left out.
    after: Option<&'static [u8]>,
    /// One run of one scenario.
    pub only: Option<(&'static Scenario, Choice)>,
    filters: Vec<&'static [u8]>,
}

impl Options {
    /// `None`: the words make no sense.
    pub fn parse(mut words: impl Iterator<Item = &'static [u8]>) -> Option<Self> {
        let mut options = Self::default();
        while let Some(word) = words.next() {
            match word {
                b"--long" => options.long = true,
                b"--report" => options.report = true,
                b"--part" => options.part = Some(part_of(words.next()?)?),
                b"--after" => options.after = Some(words.next()?),
                b"--only" => options.only = Some(run_of(words.next()?)?),
                _ if word.starts_with(b"--") => return None,
                _ => options.filters.push(word),
            }
        }
        Some(options)
    }

    /// For people, if those are not all.
    pub fn part_name(&self) -> String {
        self.part.map_or(String::new(), |(part, parts)| format!(" of part {}/{parts}", part + 1))
    }

    pub fn scenarios(&self) -> impl Iterator<Item = &'static Scenario> {
        let is_last = |scenario: &&Scenario| self.after == Some(scenario.name.as_bytes());
        let skipped = all().position(|scenario| is_last(&scenario)).map_or(0, |place| place + 1);
        let (part, parts) = self.part.unwrap_or((0, 1));
        let rest = all().enumerate().skip(skipped);
        let rest =
            rest.filter(move |(place, _)| place % parts == part).map(|(_, scenario)| scenario);
        let asked_for = self.filters.iter().filter_map(|name| on_purpose(name));
        rest.filter(|scenario| selected(scenario.name, self.filters.iter().copied()))
            .chain(asked_for.filter(move |_| skipped == 0))
    }
}

/// `PART/PARTS`, from 1.
fn part_of(word: &[u8]) -> Option<(usize, usize)> {
    let (part, parts) = core::str::from_utf8(word).ok()?.split_once('/')?;
    let (part, parts) = (part.parse::<usize>().ok()?.checked_sub(1)?, parts.parse().ok()?);
    (part < parts).then_some((part, parts))
}

/// `SCENARIO:CHOICE`
fn run_of(word: &'static [u8]) -> Option<(&'static Scenario, Choice)> {
    let word = core::str::from_utf8(word).ok()?;
    let (name, choice) = word.rsplit_once(':')?;
    let scenario = all().find(|scenario| scenario.name == name);
    Some((scenario.or_else(|| on_purpose(name.as_bytes()))?, Choice::parse(choice)?))
}
