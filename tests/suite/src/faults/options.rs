//! What the words behind `--faults` ask for.

use super::Scenario;
use super::choice::Choice;
use super::scenarios::all;
use crate::harness::selected;
use alloc::vec::Vec;

#[derive(Default)]
pub struct Options {
    pub long: bool,
    pub report: bool,
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
                b"--only" => options.only = Some(run_of(words.next()?)?),
                _ if word.starts_with(b"--") => return None,
                _ => match run_of(word) {
                    Some(run) => options.only = Some(run),
                    None => options.filters.push(word),
                },
            }
        }
        Some(options)
    }

    /// Whether all scenarios run.
    pub fn is_complete(&self) -> bool {
        self.filters.is_empty()
    }

    pub fn scenarios(&self) -> impl Iterator<Item = &'static Scenario> {
        all().filter(|scenario| selected(scenario.name, self.filters.iter().copied()))
    }
}

/// `SCENARIO:NTH[:THEN]`
fn run_of(word: &'static [u8]) -> Option<(&'static Scenario, Choice)> {
    let word = core::str::from_utf8(word).ok()?;
    all().find_map(|scenario| {
        let choice = word.strip_prefix(scenario.name)?.strip_prefix(':')?;
        Some((scenario, Choice::parse(choice)?))
    })
}
