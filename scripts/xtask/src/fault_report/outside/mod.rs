//! A fault from outside of the kernel, and what came of it: in a machine's memory, interrupts or clock, or
//! in a server.
//!
//! ```text
//!  harness ─► a line of its output ─┐
//!  saboteur ─► the kernel's log ────┴─► sums ─► page
//! ```

mod page;
mod sums;

pub(super) use page::page;
pub(super) use sums::Sums;

use serde_json::{Value, json};
use std::time::Duration;

/// Before each in the harness's output.
const MARK: &str = "fault ";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outside {
    /// Which campaign's it was, as `flips`: each has a table.
    pub campaign: String,
    /// What was hit: a row of it.
    pub kind: String,
    /// What came of that, in a word or two: a column.
    pub outcome: String,
    /// What noticed it, or was wrong; may be empty.
    pub why: String,
    /// How long it took until the same work was done again, if somebody had to recover.
    pub recovery: Option<Duration>,
    /// The command that repeats it, or the words of it that follow `scripts/test fault`.
    pub again: String,
}

impl Outside {
    /// A line of the harness's output.
    pub fn line(&self) -> String {
        format!("{MARK}{}", self.json())
    }

    /// From such a line.
    pub fn parse(line: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(line.strip_prefix(MARK)?).ok()?;
        let text = |key: &str| value[key].as_str().map(str::to_owned);
        Some(Self {
            campaign: text("scenario")?,
            kind: text("point")?,
            outcome: text("survival")?,
            why: text("why")?,
            recovery: value["microseconds"].as_u64().map(Duration::from_micros),
            again: text("replay")?,
        })
    }

    /// The same with the whole command that repeats it, which begins like that.
    pub fn after(&self, command: &str) -> Self {
        Self { again: format!("{command} {}", self.again), ..self.clone() }
    }

    /// With the names that faults inside have.
    pub(super) fn json(&self) -> Value {
        let microseconds = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        json!({
            "replay": self.again,
            "scenario": self.campaign,
            "point": self.kind,
            "outside": true,
            "survival": self.outcome,
            "why": self.why,
            "microseconds": self.recovery.map(microseconds),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_they_are_written() {
        let fault = Outside {
            campaign: "flips".into(),
            kind: "heap".into(),
            outcome: "detected".into(),
            why: "a \"check\"\n".into(),
            recovery: None,
            again: "flips::heap/17".into(),
        };
        let recovered = Outside { recovery: Some(Duration::from_millis(12)), ..fault.clone() };
        for fault in [fault, recovered] {
            assert_eq!(fault.line().lines().count(), 1);
            assert_eq!(fault.after("test --pae").again, "test --pae flips::heap/17");
            assert_eq!(Outside::parse(&fault.line()), Some(fault));
        }
        for line in ["", "ok flips::a", "fault ", "fault {}", "fault proc 1 source 0x0 died 12"] {
            assert_eq!(Outside::parse(line), None, "{line}");
        }
    }
}
