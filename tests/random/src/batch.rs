//! What the host asks for: some of the steps of some processes.

use alloc::vec::Vec;
use core::fmt;

/// Steps of one process, from the first to before the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub process: u32,
    pub from: u32,
    pub end: u32,
}

/// A piece of work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    pub seed: u32,
    pub processes: u32,
    /// Steps of each process.
    pub steps: u32,
    /// Only these; everything if there are none. By process and then by place, and apart.
    pub only: Vec<Range>,
}

impl Batch {
    /// As many processes as there is room for.
    pub const MOST: u32 = 16;

    pub fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_ascii_whitespace();
        let mut number = || words.next()?.parse().ok();
        let (seed, processes, steps) = (number()?, number()?, number()?);
        let only = words.map(range).collect::<Option<Vec<Range>>>()?;
        let fits = (1..=Self::MOST).contains(&processes);
        fits.then_some(Self { seed, processes, steps, only })
    }

    /// The first step of a process from `from` on.
    pub fn next(&self, process: u32, from: u32) -> Option<u32> {
        if self.only.is_empty() {
            return (from < self.steps).then_some(from);
        }
        let of_it = self.only.iter().filter(|range| range.process == process);
        of_it.filter(|range| range.end > from).map(|range| range.from.max(from)).min()
    }

    /// How many steps there are.
    pub fn len(&self) -> u32 {
        match self.only.is_empty() {
            true => self.processes * self.steps,
            false => self.only.iter().map(|range| range.end - range.from).sum(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Display for Batch {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} {} {}", self.seed, self.processes, self.steps)?;
        self.only
            .iter()
            .try_for_each(|Range { process, from, end }| write!(f, " {process}:{from}-{end}"))
    }
}

fn range(word: &str) -> Option<Range> {
    let (process, places) = word.split_once(':')?;
    let (from, end) = places.split_once('-')?;
    let (process, from, end) = (process.parse().ok()?, from.parse().ok()?, end.parse().ok()?);
    (from < end).then_some(Range { process, from, end })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn lines_lead_back() {
        for line in ["7 8 2500", "7 8 2500 0:3-4 0:9-12 5:0-2500"] {
            assert_eq!(Batch::parse(line).unwrap().to_string(), line);
        }
        for wrong in ["", "7 8", "7 0 1", "7 17 1", "7 8 9 x", "7 8 9 1:4-4", "7 8 9 1:5-4"] {
            assert_eq!(Batch::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_next_step_is_one_of_those_that_are_wanted() {
        let all = Batch::parse("7 8 100").unwrap();
        assert_eq!((all.next(3, 99), all.next(3, 100), all.len()), (Some(99), None, 800));
        let some = Batch::parse("7 8 100 0:3-5 2:7-8 2:50-60").unwrap();
        assert_eq!((some.next(0, 0), some.next(0, 4), some.next(0, 5)), (Some(3), Some(4), None));
        assert_eq!((some.next(2, 0), some.next(2, 8), some.next(1, 0)), (Some(7), Some(50), None));
        assert_eq!(some.len(), 13);
    }
}
