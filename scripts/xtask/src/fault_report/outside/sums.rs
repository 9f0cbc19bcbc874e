//! What the page tells of faults from outside: sums, and commands that repeat a few.

use super::Outside;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

/// How many of the slowest recoveries are shown.
const SLOWEST: usize = 20;
/// How many reasons of each campaign are kept.
const REASONS: usize = 200;

#[derive(Debug, Default)]
pub struct Sums {
    /// By name.
    pub campaigns: BTreeMap<String, Campaign>,
    /// The slowest first.
    pub slowest: Vec<Outside>,
}

#[derive(Debug, Default)]
pub struct Campaign {
    /// What faults came to, as it came.
    pub outcomes: Vec<String>,
    /// By what was hit.
    pub rows: BTreeMap<String, Row>,
    /// By outcome and text.
    reasons: BTreeMap<(String, String), Reason>,
}

#[derive(Debug, Default)]
pub struct Row {
    /// By outcome.
    pub counts: BTreeMap<String, usize>,
    pub recoveries: usize,
    pub slowest: Duration,
    /// The command for the one that took the longest to recover from, or else for the first one that
    /// there is something to say about.
    pub again: String,
    rank: (Duration, bool),
}

/// Why faults came to something.
#[derive(Debug)]
pub struct Reason {
    pub faults: usize,
    /// The command for the first one.
    pub again: String,
}

impl Sums {
    pub fn add(&mut self, fault: &Outside) {
        self.campaigns.entry(fault.campaign.clone()).or_default().add(fault);
        if let Some(time) = fault.recovery {
            let place = self.slowest.partition_point(|slow| slow.recovery >= Some(time));
            self.slowest.insert(place, fault.clone());
            self.slowest.truncate(SLOWEST);
        }
    }

    pub fn all(&self) -> usize {
        self.campaigns.values().flat_map(|campaign| campaign.rows.values()).map(Row::all).sum()
    }
}

impl Campaign {
    fn add(&mut self, fault: &Outside) {
        let Outside { kind, outcome, why, again, .. } = fault;
        if !self.outcomes.contains(outcome) {
            self.outcomes.push(outcome.clone());
        }
        self.rows.entry(kind.clone()).or_default().add(fault);
        if why.is_empty() {
            return;
        }
        let (key, is_full) = ((outcome.clone(), why.clone()), self.reasons.len() >= REASONS);
        if !is_full || self.reasons.contains_key(&key) {
            let first = || Reason { faults: 0, again: again.clone() };
            self.reasons.entry(key).or_insert_with(first).faults += 1;
        }
    }

    /// Outcome, text, and how often: the most frequent first.
    pub fn reasons(&self) -> Vec<(&str, &str, &Reason)> {
        let reasons = self.reasons.iter();
        let mut all: Vec<_> = reasons
            .map(|((outcome, why), reason)| (outcome.as_str(), why.as_str(), reason))
            .collect();
        all.sort_by_key(|(.., reason)| Reverse(reason.faults));
        all
    }
}

impl Row {
    fn add(&mut self, fault: &Outside) {
        *self.counts.entry(fault.outcome.clone()).or_default() += 1;
        self.recoveries += usize::from(fault.recovery.is_some());
        let time = fault.recovery.unwrap_or_default();
        self.slowest = self.slowest.max(time);
        let rank = (time, !fault.why.is_empty());
        if self.again.is_empty() || rank > self.rank {
            (self.rank, self.again) = (rank, fault.again.clone());
        }
    }

    pub fn all(&self) -> usize {
        self.counts.values().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(number: u64, outcome: &str, why: &str, recovery: Option<u64>) -> Outside {
        Outside {
            campaign: "servers".into(),
            kind: "proc data".into(),
            outcome: outcome.into(),
            why: why.into(),
            recovery: recovery.map(Duration::from_millis),
            again: format!("again {number}"),
        }
    }

    #[test]
    fn rows_count_outcomes_and_keep_the_slowest() {
        let mut sums = Sums::default();
        for (number, outcome, recovery) in [
            (0, "harmless", None),
            (1, "died", Some(12)),
            (2, "died", Some(40)),
            (3, "died", Some(9)),
        ] {
            sums.add(&fault(number, outcome, "", recovery));
        }
        let campaign = &sums.campaigns["servers"];
        assert_eq!(campaign.outcomes, ["harmless", "died"]);
        let row = &campaign.rows["proc data"];
        assert_eq!((row.all(), row.counts["died"], row.recoveries), (4, 3, 3));
        assert_eq!((row.slowest.as_millis(), row.again.as_str()), (40, "again 2"));
        let slowest: Vec<&str> = sums.slowest.iter().map(|fault| fault.again.as_str()).collect();
        assert_eq!(slowest, ["again 2", "again 1", "again 3"]);
        assert_eq!(sums.all(), 4);
    }

    #[test]
    fn reasons_are_counted_and_bounded() {
        let mut sums = Sums::default();
        for number in 0..1000 {
            sums.add(&fault(number, "detected", &(number % 400).to_string(), None));
        }
        sums.add(&fault(1000, "detected", "7", None));
        let campaign = &sums.campaigns["servers"];
        let reasons = campaign.reasons();
        assert_eq!((reasons.len(), sums.all()), (REASONS, 1001));
        let (_, why, reason) = reasons[0];
        assert_eq!((why, reason.faults, reason.again.as_str()), ("7", 4, "again 7"));
        assert_eq!(campaign.rows["proc data"].again, "again 0");
    }
}
