//! What had failed before a guest was lost: its kernel's report of a panic tells that.

use abi::failpoint::{FAULT_CALLS, Failpoint, FaultRecord, FaultState};
use xtask::failpoints::Site;
use xtask::fault_tests::{Told, before_panic};

/// As the guest itself would have told, but for opportunities without a fault. Nothing had failed as far as
/// a log without a panic knows.
pub fn state(log: &[String], sites: &[Site]) -> FaultState {
    let told = before_panic(log);
    let mut state = FaultState::default();
    let mut records = state.records;
    let known = told.iter().filter_map(|told| record(told, sites));
    for (place, record) in records.iter_mut().zip(known) {
        *place = record;
        state.faults += 1;
        state.opportunities = record.opportunity;
    }
    state.records = records;
    state
}

fn record(told: &Told, sites: &[Site]) -> Option<FaultRecord> {
    let is_it = |site: &Site| site.name == told.point && site.source() == told.place;
    let mut calls = [0; FAULT_CALLS];
    calls.iter_mut().zip(&told.calls).for_each(|(call, address)| *call = *address);
    Some(FaultRecord {
        point: Failpoint::from_name(told.point.as_bytes())? as u32,
        site: sites.iter().position(is_it)? as u32,
        opportunity: told.opportunity,
        tid: told.task,
        served: told.is_served.into(),
        calls,
        ..FaultRecord::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::id;

    #[test]
    fn a_panic_tells_what_had_failed() {
        let site = |line| Site { name: "failslab".into(), file: "a.rs".into(), line };
        let sites = [site(1), site(7)];
        let log = "PANIC: no such page\n  at 0xc0000001\n\
                   \x20 fault injected: failslab at a.rs:1, opportunity 3, 2 ms ago, thread 9\n\
                   \x20 fault injected: failslab at a.rs:7, opportunity 12, 1 ms ago, thread 4 as a server\n\
                   \x20 at 0xc0000010\nPANIC END\n";
        let log: Vec<String> = log.lines().map(str::to_owned).collect();
        let state = state(&log, &sites);
        let kept: Vec<_> = state.kept().collect();
        assert_eq!((kept.len(), { kept[0].opportunity }, { kept[0].tid }), (2, 3, 9));
        let last = kept[1];
        assert_eq!(({ last.site }, { last.opportunity }, { last.served }), (1, 12, 1));
        assert_eq!(last.path().collect::<Vec<_>>(), [0xc000_0010]);
        assert_eq!(id::place(&state, &sites).as_deref(), Some("a.rs:7"));
        assert_eq!(super::state(&log[1..], &sites).kept().count(), 0);
    }
}
