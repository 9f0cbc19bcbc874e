//! Outcomes, counted.

use super::outcome::Outcome;
use super::places::{Class, Flip};
use std::collections::BTreeMap;
use std::fmt;

/// What came of each flip.
pub struct Table(BTreeMap<Flip, Outcome>);

impl FromIterator<(Flip, Outcome)> for Table {
    fn from_iter<I: IntoIterator<Item = (Flip, Outcome)>>(outcomes: I) -> Self {
        Self(outcomes.into_iter().collect())
    }
}

impl Table {
    /// How many flips of a class came to outcomes that `is` picks.
    pub fn count(&self, class: Class, is: impl Fn(&Outcome) -> bool) -> usize {
        let of_class = self.0.iter().filter(|(flip, _)| flip.class == class);
        of_class.filter(|(_, outcome)| is(outcome)).count()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Flip, &Outcome)> {
        self.0.iter()
    }

    /// Each text of one kind of outcome: how often, and the first flip that came to it.
    fn texts(&self, kind: usize) -> Vec<(usize, &str, Flip)> {
        let mut texts = BTreeMap::<&str, (usize, Flip)>::new();
        for (flip, outcome) in self.0.iter().filter(|(_, outcome)| outcome.kind() == kind) {
            texts.entry(outcome.text()).or_insert((0, *flip)).0 += 1;
        }
        let mut texts: Vec<_> =
            texts.into_iter().map(|(text, (count, first))| (count, text, first)).collect();
        texts.sort_by_key(|(count, ..)| std::cmp::Reverse(*count));
        texts
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:12}{:>8}", "flips of", "all")?;
        Outcome::NAMES.iter().try_for_each(|name| write!(f, "{name:>14}"))?;
        for class in Class::ALL {
            write!(f, "\n{:12}{:8}", class.name(), self.count(class, |_| true))?;
            for kind in 0..Outcome::NAMES.len() {
                write!(f, "{:14}", self.count(class, |outcome| outcome.kind() == kind))?;
            }
        }
        for kind in 1..Outcome::NAMES.len() {
            for (count, text, first) in self.texts(kind) {
                write!(f, "\n{:>6} {}: {text} ({first})", count, Outcome::NAMES[kind])?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_counted_by_class_and_text() {
        let outcomes = [
            (Class::User, Outcome::Harmless),
            (Class::User, Outcome::Detected("a signal".into())),
            (Class::Heap, Outcome::Detected("a signal".into())),
            (Class::Heap, Outcome::Crash("a reset".into())),
        ];
        let numbered = (0..).zip(outcomes);
        let flips = numbered.map(|(number, (class, outcome))| (Flip { class, number }, outcome));
        let table: Table = flips.collect();
        let text = table.to_string();
        assert!(text.contains("user               2             1             1"), "{text}");
        assert!(text.contains("     2 detected: a signal (user/1)"), "{text}");
        assert!(text.ends_with("     1 crash: a reset (heap/3)"), "{text}");
        assert_eq!(table.count(Class::Tables, |_| true), 0);
    }
}
