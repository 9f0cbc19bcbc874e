//! Reduces a batch that ends badly: to its processes, to its beginning, and to its calls.

use super::failure::Failure;
use super::player::{Played, Player};
use super::shrink::shrink;
use crate::stop::Result;
use random::{Batch, Range};
use std::time::{Duration, Instant};

/// Whole runs that show how often it happens.
const RUNS: u32 = 5;
/// Runs of one candidate, at most.
const TRIES: u32 = 8;
/// Longer than this nobody waits for a smaller one.
const TIME: Duration = Duration::from_secs(15 * 60);

/// What is left.
#[derive(Clone, Debug)]
pub struct Reduced {
    pub batch: Batch,
    pub failure: Failure,
    /// How many of so many runs of what is left failed.
    pub often: (u32, u32),
}

/// A step of a process.
type Place = (u32, u32);

struct Reduction<'a> {
    player: &'a Player,
    kind: &'a str,
    tries: u32,
    start: Instant,
    last: Option<Failure>,
}

/// `None` if the batch does not fail in a guest of its own.
pub fn reduce(
    player: &Player,
    batch: &Batch,
    kind: &str,
    tell: &dyn Fn(String),
) -> Result<Option<Reduced>> {
    let start = Instant::now();
    let mut reduction = Reduction { player, kind, tries: 1, start, last: None };
    let whole = reduction.count(batch, RUNS)?;
    tell(format!("the batch alone fails {whole} of {RUNS} times"));
    if whole == 0 {
        return Ok(None);
    }
    reduction.tries = tries(whole, RUNS);
    let processes = reduction.processes(batch)?;
    tell(format!("{} of {} processes", processes.len(), batch.processes));
    let end = reduction.end(batch, &processes)?;
    tell(format!("the first {end} of {} calls of each", batch.steps));
    let places: Vec<Place> =
        processes.iter().flat_map(|process| (0..end).map(|index| (*process, index))).collect();
    let places = shrink(places, |some| reduction.fails(&chosen(batch, some)))?;
    let left = chosen(batch, &places);
    tell(format!("{} calls", left.len()));
    let often = (reduction.count(&left, RUNS)?, RUNS);
    Ok(reduction.last.map(|failure| Reduced { batch: left, failure, often }))
}

/// How often something has to be tried that happens so often, to happen almost surely.
fn tries(times: u32, runs: u32) -> u32 {
    const ALMOST: f64 = 0.05;
    let misses = f64::from(runs - times) / f64::from(runs);
    let tries = if misses > 0.0 { (ALMOST.ln() / misses.ln()).ceil() } else { 1.0 };
    (tries as u32).clamp(1, TRIES)
}

/// The batch with these steps only, which are sorted.
fn chosen(batch: &Batch, places: &[Place]) -> Batch {
    let mut only: Vec<Range> = Vec::new();
    for &(process, index) in places {
        match only.last_mut() {
            Some(last) if (last.process, last.end) == (process, index) => last.end += 1,
            _ => only.push(Range { process, from: index, end: index + 1 }),
        }
    }
    Batch { only, ..batch.clone() }
}

impl Reduction<'_> {
    fn fails_once(&mut self, batch: &Batch) -> Result<bool> {
        match self.player.alone(batch)? {
            Played::Badly(failure) if failure.kind == self.kind => {
                self.last = Some(failure);
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Whether a batch fails, as far as some tries show. When the time is over, nothing does.
    fn fails(&mut self, batch: &Batch) -> Result<bool> {
        for _ in 0..self.tries {
            if self.start.elapsed() > TIME || batch.only.is_empty() {
                return Ok(false);
            }
            if self.fails_once(batch)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn count(&mut self, batch: &Batch, runs: u32) -> Result<u32> {
        let mut times = 0;
        for _ in 0..runs {
            times += u32::from(self.fails_once(batch)?);
        }
        Ok(times)
    }

    /// The processes that are needed: often one is enough.
    fn processes(&mut self, batch: &Batch) -> Result<Vec<u32>> {
        let of = |process: u32| Range { process, from: 0, end: batch.steps };
        let only = |processes: &[u32]| {
            let only = processes.iter().map(|process| of(*process)).collect();
            Batch { only, ..batch.clone() }
        };
        for process in 0..batch.processes {
            if self.fails(&only(&[process]))? {
                return Ok(vec![process]);
            }
        }
        shrink((0..batch.processes).collect(), |some| self.fails(&only(some)))
    }

    /// How many of the first calls of each are needed.
    fn end(&mut self, batch: &Batch, processes: &[u32]) -> Result<u32> {
        let (mut less, mut enough) = (0, batch.steps);
        while enough - less > 1 {
            let end = less + (enough - less) / 2;
            let only = processes.iter().map(|&process| Range { process, from: 0, end }).collect();
            match self.fails(&Batch { only, ..batch.clone() })? {
                true => enough = end,
                false => less = end,
            }
        }
        Ok(enough)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_seldom_is_tried_often() {
        assert_eq!(tries(5, 5), 1);
        assert_eq!(tries(4, 5), 2);
        assert_eq!(tries(1, 5), TRIES);
    }

    #[test]
    fn neighbours_are_one_range() {
        let batch = Batch::parse("7 8 100").unwrap();
        let left = chosen(&batch, &[(0, 3), (0, 4), (0, 6), (2, 7)]);
        assert_eq!(left.to_string(), "7 8 100 0:3-5 0:6-7 2:7-8");
    }
}
