//! What came of all faults.

use crate::fault_report::Outside;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// Within so many milliseconds the work has to be done again.
const SOON: u32 = 1000;
/// What happens at messages is no change of text or data.
const NO_PLACE: &str = "-";

/// A line `fault SERVER NUMBER KIND PLACE OUTCOME RECOVERY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub server: String,
    pub number: u32,
    pub kind: String,
    place: String,
    outcome: Outcome,
    /// Milliseconds until the work was done again; `None` for never.
    recovery: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    None,
    Wrong,
    Died,
    Hung,
}

impl Fault {
    pub fn parse(line: &str) -> Option<Self> {
        let mut words = line.strip_prefix("fault ")?.split(' ');
        let mut word = || words.next().map(str::to_owned);
        let (server, number, kind, place) = (word()?, word()?.parse().ok()?, word()?, word()?);
        let outcome = match word()?.as_str() {
            "none" => Outcome::None,
            "wrong" => Outcome::Wrong,
            "died" => Outcome::Died,
            "hung" => Outcome::Hung,
            _ => return None,
        };
        let recovery = match word()?.as_str() {
            "lost" => None,
            "-" => Some(0),
            time => Some(time.parse().ok()?),
        };
        Some(Self { server, number, kind, place, outcome, recovery })
    }

    /// The server never worked again.
    pub fn is_lost(&self) -> bool {
        self.recovery.is_none()
    }

    /// It changed text or data; else it happened at a message.
    pub fn is_change(&self) -> bool {
        self.place != NO_PLACE
    }

    /// For a report; `again` selects it.
    pub fn outside(&self, again: String) -> Outside {
        let outcome = match self.outcome {
            _ if self.is_lost() => "lost",
            Outcome::None => "no effect",
            Outcome::Wrong => "wrong answer",
            Outcome::Died => "died",
            Outcome::Hung => "hung",
        };
        let time = self.recovery.filter(|_| self.is_fatal());
        let is_wrong = self.outcome == Outcome::Wrong;
        Outside {
            campaign: "servers".into(),
            kind: format!("{}, {}", self.server, self.kind),
            outcome: outcome.into(),
            why: if is_wrong { "an error, or not true" } else { "" }.into(),
            recovery: time.map(|time| Duration::from_millis(time.into())),
            again,
        }
    }

    /// The server did not work again in time.
    pub fn is_late(&self) -> bool {
        self.is_fatal() && self.recovery.is_none_or(|time| time > SOON)
    }

    /// The server died or hung of it.
    pub fn is_fatal(&self) -> bool {
        matches!(self.outcome, Outcome::Died | Outcome::Hung) || self.is_lost()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Self { server, number, kind, place, outcome, recovery } = self;
        write!(f, "{server} {number}: {kind} at {place}: {outcome:?}")?;
        match recovery {
            None => write!(f, ", lost"),
            Some(time) if self.is_fatal() => write!(f, ", works again after {time} ms"),
            Some(_) => Ok(()),
        }
    }
}

/// Faults of one kind in one server.
#[derive(Clone, Copy, Default)]
pub struct Row {
    faults: usize,
    none: usize,
    wrong: usize,
    died: usize,
    hung: usize,
    pub fatal: usize,
    pub recovered: usize,
    slowest: u32,
}

impl Row {
    fn add(&mut self, fault: &Fault) {
        self.faults += 1;
        *match fault.outcome {
            Outcome::None => &mut self.none,
            Outcome::Wrong => &mut self.wrong,
            Outcome::Died => &mut self.died,
            Outcome::Hung => &mut self.hung,
        } += 1;
        if fault.is_fatal() {
            self.fatal += 1;
            self.recovered += usize::from(!fault.is_late());
            self.slowest = self.slowest.max(fault.recovery.unwrap_or(u32::MAX));
        }
    }

    fn write(&self, f: &mut fmt::Formatter, server: &str, kind: &str) -> fmt::Result {
        let Self { faults, none, wrong, died, hung, fatal, recovered, slowest } = self;
        let recovered = format!("{recovered} of {fatal}");
        let slowest = match *slowest {
            u32::MAX => "lost".to_owned(),
            time => format!("{time} ms"),
        };
        writeln!(
            f,
            "{server:8} {kind:12} {faults:>6} {none:>9} {wrong:>6} {died:>5} {hung:>5} \
             {recovered:>12} {slowest:>8}"
        )
    }
}

/// All faults.
#[derive(Default)]
pub struct Table {
    faults: Vec<Fault>,
    /// Guests that did not come to their end.
    crashes: usize,
}

impl Table {
    pub fn add(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// Adds those of another table.
    pub fn append(&mut self, mut other: Self) {
        self.faults.append(&mut other.faults);
        self.crashes += other.crashes;
    }

    /// A guest has crashed, or hung.
    pub fn add_crash(&mut self) {
        self.crashes += 1;
    }

    pub fn faults(&self) -> impl Iterator<Item = &Fault> {
        self.faults.iter()
    }

    /// Changes of text and data.
    pub fn changes(&self) -> usize {
        self.faults().filter(|fault| fault.is_change()).count()
    }

    /// How many of a hundred fatal changes the servers recovered from.
    pub fn share(&self) -> f64 {
        let row = self.row(Fault::is_change);
        if row.fatal == 0 { 100.0 } else { 100.0 * row.recovered as f64 / row.fatal as f64 }
    }

    pub fn row(&self, is_wanted: impl Fn(&Fault) -> bool) -> Row {
        let mut row = Row::default();
        self.faults().filter(|fault| is_wanted(fault)).for_each(|fault| row.add(fault));
        row
    }
}

/// A row for each server and kind, and what comes of all of them beside what others report.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        writeln!(
            f,
            "{:8} {:12} {:>6} {:>9} {:>6} {:>5} {:>5} {:>12} {:>8}",
            "server",
            "kind",
            "faults",
            "no effect",
            "wrong",
            "died",
            "hung",
            "recovered",
            "slowest"
        )?;
        let mut rows = BTreeMap::<_, Row>::new();
        for fault in &self.faults {
            rows.entry((&fault.server, &fault.kind)).or_default().add(fault);
        }
        for ((server, kind), row) in &rows {
            row.write(f, server, kind)?;
        }
        let changes = self.row(Fault::is_change);
        changes.write(f, "all", "changes")?;
        self.row(|fault| !fault.is_change()).write(f, "all", "messages")?;
        write!(
            f,
            "recovered within a second: {:.1} % of {} changes that were fatal (CuriOS: 87-100 %)\n\
             kernel crashes and hangs: {} of {} faults (MINIX: 1 of 3,400,000)",
            self.share(),
            changes.fatal,
            self.crashes,
            self.faults.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_died_or_hung_has_to_recover() {
        let outside = |line: &str| Fault::parse(line).unwrap().outside("again".into());
        let died = outside("fault proc 1 source 0x08049003 died 12");
        assert_eq!((died.kind.as_str(), died.outcome.as_str()), ("proc, source", "died"));
        assert_eq!(died.recovery, Some(Duration::from_millis(12)));
        let wrong = outside("fault proc 3 source 0x08049000 wrong -");
        assert_eq!((wrong.outcome.as_str(), wrong.recovery), ("wrong answer", None));
        let lost = outside("fault files 0 source 0x08049000 died lost");
        assert_eq!((lost.outcome.as_str(), lost.recovery), ("lost", None));
    }

    #[test]
    fn faults_are_counted() {
        let mut table = Table::default();
        for line in [
            "fault proc 0 source 0x08049000 none -",
            "fault proc 1 source 0x08049003 died 12",
            "fault proc 2 data 0xbffff000 hung 1001",
            "fault proc 3 source 0x08049000 wrong -",
            "fault proc 1 receiving - died 15",
            "fault files 0 source 0x08049000 died lost",
        ] {
            table.add(Fault::parse(line).unwrap());
        }
        assert_eq!((table.changes(), table.share().round()), (5, 33.0));
        let text = table.to_string();
        let words = |start: &str| {
            let line = text.lines().find(|line| line.starts_with(start)).unwrap();
            line.split_whitespace().skip(2).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(words("proc     source"), "3 1 1 1 0 1 of 1 12 ms");
        assert_eq!(words("proc     data"), "1 0 0 0 1 0 of 1 1001 ms");
        assert_eq!(words("files    source"), "1 0 0 1 0 0 of 1 lost");
        assert_eq!(words("all      messages"), "1 0 0 1 0 1 of 1 15 ms");
        assert_eq!(Fault::parse("fault proc 1 source 0x0 flew -"), None);
        assert_eq!(Fault::parse("ok servers::proc"), None);
    }
}
