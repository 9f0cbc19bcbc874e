//! How much was done, as the guest tells it.

use std::collections::BTreeMap;
use std::time::Duration;

/// Of one batch, or of several together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    pub calls: u64,
    /// Processes that ended early.
    pub deaths: u64,
    /// Those that had to be killed.
    pub kills: u64,
    pub took: Duration,
    /// How often each error came, and `ok`.
    pub errors: BTreeMap<String, u64>,
}

impl Figures {
    /// Reads what follows `done`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_ascii_whitespace();
        let mut number = || words.next()?.parse::<u64>().ok();
        let took = Duration::from_millis(number()?);
        let (calls, deaths, kills) = (number()?, number()?, number()?);
        let error = |word: &str| {
            let (name, count) = word.split_once('=')?;
            Some((name.to_owned(), count.parse().ok()?))
        };
        let errors = words.map(error).collect::<Option<_>>()?;
        Some(Self { calls, deaths, kills, took, errors })
    }

    pub fn add(&mut self, other: Self) {
        self.calls += other.calls;
        self.deaths += other.deaths;
        self.kills += other.kills;
        self.took += other.took;
        for (name, count) in other.errors {
            *self.errors.entry(name).or_default() += count;
        }
    }

    /// The errors, the most frequent ones first.
    pub fn distribution(&self) -> String {
        let mut errors: Vec<_> = self.errors.iter().collect();
        errors.sort_by_key(|(name, count)| (u64::MAX - **count, (*name).clone()));
        let shown = errors.iter().map(|(name, count)| format!("{name} {count}"));
        shown.collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_add_up() {
        let mut one = Figures::parse("1500 100 3 1 ok=60 EBADF=40").unwrap();
        one.add(Figures::parse("500 10 0 0 EBADF=4 EFAULT=6").unwrap());
        assert_eq!((one.calls, one.deaths, one.kills), (110, 3, 1));
        assert_eq!(one.took, Duration::from_secs(2));
        assert_eq!(one.distribution(), "ok 60, EBADF 44, EFAULT 6");
        assert_eq!(Figures::parse("1 2 3"), None);
        assert_eq!(Figures::parse("1 2 3 4 x"), None);
    }
}
