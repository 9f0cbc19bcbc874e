//! What the words behind `--faults` ask for.

use super::Scenario;
use super::choice::Choice;
use super::scenarios::{all, on_purpose};
use crate::harness::selected;
use alloc::vec::Vec;

#[derive(Default)]
pub struct Options {
    pub long: bool,
    pub report: bool,
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
                b"--after" => options.after = Some(words.next()?),
                b"--only" => options.only = Some(run_of(words.next()?)?),
                _ if word.starts_with(b"--") => return None,
                _ => options.filters.push(word),
            }
        }
        Some(options)
    }

    /// Whether all scenarios run.
    pub fn is_complete(&self) -> bool {
        self.filters.is_empty() && self.after.is_none()
    }

    pub fn scenarios(&self) -> impl Iterator<Item = &'static Scenario> {
        let is_last = |scenario: &&Scenario| self.after == Some(scenario.name.as_bytes());
        let skipped = all().position(|scenario| is_last(&scenario)).map_or(0, |place| place + 1);
        let rest = all().skip(skipped);
        let asked_for = self.filters.iter().filter_map(|name| on_purpose(name));
        rest.filter(|scenario| selected(scenario.name, self.filters.iter().copied()))
            .chain(asked_for.filter(move |_| skipped == 0))
    }
}

/// `SCENARIO:CHOICE`
fn run_of(word: &'static [u8]) -> Option<(&'static Scenario, Choice)> {
    let word = core::str::from_utf8(word).ok()?;
    let (name, choice) = word.rsplit_once(':')?;
    let scenario = all().find(|scenario| scenario.name == name);
    Some((scenario.or_else(|| on_purpose(name.as_bytes()))?, Choice::parse(choice)?))
}
