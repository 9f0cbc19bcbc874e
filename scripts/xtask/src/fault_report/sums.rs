//! What the page tells: sums, and a few faults of which everything is kept. There may be a million.

use super::{Fault, Survival, Tally};
use crate::failpoints::Site;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// So many of the slowest runs are shown.
const SLOWEST: usize = 20;
/// And so many of those that failed.
const FAILURES: usize = 500;

#[derive(Debug, Default)]
pub struct Sums {
    pub sites: Vec<Reached>,
    /// By name.
    pub scenarios: BTreeMap<String, Row>,
    pub failures: Vec<Failure>,
    /// The slowest first.
    pub slowest: Vec<Slow>,
}

/// A place with a failpoint.
#[derive(Debug)]
pub struct Reached {
    pub site: Site,
    pub tally: Tally,
    /// Where the function that holds it was called from.
    pub callers: BTreeSet<String>,
    pub example: Example,
}

/// What came of the faults of a scenario, also by the kind of failure.
#[derive(Debug, Default)]
pub struct Row {
    pub all: Tally,
    pub points: BTreeMap<String, Tally>,
    pub example: Example,
}

/// A run whose faults did harm.
#[derive(Debug)]
pub struct Failure {
    pub id: String,
    pub points: String,
    pub why: String,
    /// The fewest faults that still do.
    pub fewest: Option<String>,
}

#[derive(Debug)]
pub struct Slow {
    pub id: String,
    pub point: String,
    pub took: Duration,
}

/// The run to look at first: one that failed, else the slowest.
#[derive(Debug, Default)]
pub struct Example {
    rank: (bool, Duration),
    pub id: String,
}

impl Example {
    fn offer(&mut self, fault: &Fault) {
        let rank = (matches!(fault.survival, Survival::Failed(_)), fault.took);
        if self.id.is_empty() || rank > self.rank {
            *self = Self { rank, id: fault.id() };
        }
    }
}

impl Sums {
    pub fn new(sites: Vec<Site>) -> Self {
        let reached = |site| Reached {
            site,
            tally: Tally::default(),
            callers: BTreeSet::new(),
            example: Example::default(),
        };
        Self { sites: sites.into_iter().map(reached).collect(), ..Self::default() }
    }

    /// `caller` is where the function with the failpoint was called from, if anybody knows.
    pub fn add(&mut self, fault: &Fault, caller: Option<&str>) {
        if let Some(reached) = fault.site.and_then(|number| self.sites.get_mut(number)) {
            reached.tally.count(&fault.survival);
            if let Some(caller) = caller.filter(|caller| !reached.callers.contains(*caller)) {
                reached.callers.insert(caller.to_owned());
            }
            reached.example.offer(fault);
        }
        let row = self.scenarios.entry(fault.scenario.clone()).or_default();
        row.all.count(&fault.survival);
        row.example.offer(fault);
        row.points.entry(fault.point.clone()).or_default().count(&fault.survival);
        if let Survival::Failed(why) = &fault.survival {
            self.add_failure(fault, why);
        }
        self.add_slow(fault);
    }

    /// The faults of a run come one after the other.
    fn add_failure(&mut self, fault: &Fault, why: &str) {
        let (id, point) = (fault.id(), &fault.point);
        let is_full = self.failures.len() >= FAILURES;
        match self.failures.last_mut().filter(|last| last.id == id) {
            Some(last) => last.points = format!("{}, {point}", last.points),
            None if is_full => {}
            None => {
                let (points, why) = (point.clone(), why.to_owned());
                self.failures.push(Failure { id, points, why, fewest: None });
            }
        }
    }

    fn add_slow(&mut self, fault: &Fault) {
        let place = self.slowest.partition_point(|slow| slow.took >= fault.took);
        if place >= SLOWEST {
            return;
        }
        let id = fault.id();
        if self.slowest.iter().all(|slow| slow.id != id) {
            self.slowest.insert(place, Slow { id, point: fault.point.clone(), took: fault.took });
            self.slowest.truncate(SLOWEST);
        }
    }

    pub fn all(&self) -> Tally {
        self.scenarios.values().fold(Tally::default(), |mut all, row| {
            all.join(row.all);
            all
        })
    }

    /// Of each kind of failure.
    pub fn by_point(&self) -> BTreeMap<&str, Tally> {
        let mut points = BTreeMap::<&str, Tally>::new();
        for (point, tally) in self.scenarios.values().flat_map(|row| &row.points) {
            points.entry(point).or_default().join(*tally);
        }
        points
    }

    /// Of each kind of failure: how many of its places were reached, of how many, and how many places
    /// their functions were called from.
    pub fn coverage(&self) -> BTreeMap<&str, (usize, usize, usize)> {
        let mut points = BTreeMap::<&str, (usize, usize, usize)>::new();
        for Reached { site, tally, callers, .. } in &self.sites {
            let (reached, all, from) = points.entry(&site.name).or_default();
            *reached += usize::from(tally.all() != 0);
            *all += 1;
            *from += callers.len();
        }
        points
    }
}
