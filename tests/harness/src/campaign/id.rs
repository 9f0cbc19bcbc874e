//! The name of a fault, as reports have it and `--replay` takes it.

use super::choice::Choice;
use abi::failpoint::FaultState;
use std::fmt;
use xtask::failpoints::Site;

/// `SCENARIO:NUMBERS[@FILE:LINE]`: which opportunities fail, and where in the kernel the last of
/// them is, so that nobody takes another fault for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Id {
    pub scenario: String,
    pub choice: Choice,
    /// `None` if the guest was lost before it could tell.
    pub place: Option<String>,
}

impl Id {
    /// As it is displayed.
    pub fn parse(text: &str) -> Option<Self> {
        let (scenario, fault) = text.split_once(':')?;
        let (choice, place) = match fault.split_once('@') {
            Some((choice, place)) => (choice, Some(place.to_owned())),
            None => (fault, None),
        };
        Some(Self { scenario: scenario.into(), choice: Choice::parse(choice)?, place })
    }

    /// All but the scenario.
    pub fn fault(&self) -> String {
        match &self.place {
            None => self.choice.to_string(),
            Some(place) => format!("{}@{place}", self.choice),
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.scenario, self.fault())
    }
}

/// Where the last of a run's faults happened.
pub fn place(state: &FaultState, sites: &[Site]) -> Option<String> {
    let site = sites.get(state.kept().last()?.site as usize)?;
    Some(format!("{}:{}", site.file, site.line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_they_are_shown() {
        for text in ["greets:17", "greets:3,12", "greets:17@kernel/src/mm/heap.rs:20"] {
            assert_eq!(Id::parse(text).unwrap().to_string(), text);
        }
        let id = Id::parse("greets:3,12@a/b.rs:1").unwrap();
        assert_eq!((id.choice, id.place), (Choice::pair(3, 9), Some("a/b.rs:1".into())));
        for text in ["greets", "greets:", "17", "greets:x@a.rs:1"] {
            assert_eq!(Id::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_last_fault_names_the_place() {
        let site = |line| Site { name: "failslab".into(), file: "a.rs".into(), line };
        let sites = [site(1), site(2)];
        let mut state = FaultState::default();
        assert_eq!(place(&state, &sites), None);
        let mut records = state.records;
        (records[0].site, records[1].site) = (0, 1);
        (state.faults, state.records) = (2, records);
        assert_eq!(place(&state, &sites), Some("a.rs:2".into()));
        records[1].site = 7;
        state.records = records;
        assert_eq!(place(&state, &sites), None);
    }
}
