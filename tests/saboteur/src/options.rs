//! What the words behind its name ask for.

use crate::target::Target;
use crate::witness::Act;
use alloc::vec::Vec;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum What {
    Faults,
    Messages(Act),
}

/// A part of a campaign.
#[derive(Clone, Copy, Debug)]
pub struct Task {
    pub what: What,
    pub first: u32,
    pub count: u32,
    /// A seed, or a step.
    pub number: u32,
}

/// `None`: the words make no sense.
pub fn parse(
    mut words: impl Iterator<Item = &'static [u8]>,
) -> Option<(&'static Target, Vec<Task>)> {
    let target = Target::named(words.next()?)?;
    let mut tasks = Vec::new();
    while let Some(word) = words.next() {
        let what = match word {
            b"faults" => What::Faults,
            name => What::Messages(Act::named(name)?),
        };
        let mut number = || core::str::from_utf8(words.next()?).ok()?.parse().ok();
        tasks.push(Task { what, first: number()?, count: number()?, number: number()? });
    }
    Some((target, tasks))
}
