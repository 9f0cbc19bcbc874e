//! Whether something gets lost, as who looks again and again finds out.

use alloc::vec;
use alloc::vec::Vec;

/// What is lost does not come back: when so many looks in a row find something new, something is.
const TOO_OFTEN: u32 = 5;

/// States that are remembered.
const KEPT: usize = 8;

/// What was seen lately, of something that may take a few states of its own accord. It takes no more memory
/// than at first, or who looks would find himself.
pub struct Looks<T> {
    seen: Vec<T>,
    /// Where the last one is.
    last: usize,
    /// How often in a row it was none of them.
    news: u32,
}

/// What one more look says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Look {
    Known,
    New,
    Lost,
}

impl<T: Clone + PartialEq> Looks<T> {
    pub fn new(first: T) -> Self {
        Self { seen: vec![first; KEPT], last: 0, news: 0 }
    }

    pub fn knows(&self, state: &T) -> bool {
        self.seen.contains(state)
    }

    /// The last one that was new.
    pub fn last(&self) -> &T {
        &self.seen[self.last]
    }

    pub fn add(&mut self, state: T) -> Look {
        if self.knows(&state) {
            self.news = 0;
            return Look::Known;
        }
        self.last = (self.last + 1) % KEPT;
        self.seen[self.last] = state;
        self.news += 1;
        if self.news < TOO_OFTEN { Look::New } else { Look::Lost }
    }
}

/// How many of `count` things may happen between two looks, `most` at most, for what each of them loses to
/// be found.
pub fn between(count: u32, most: u32) -> u32 {
    (count / TOO_OFTEN).clamp(1, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the looks come to at `count` things after each of which the state is another one.
    fn after(count: u32, state: impl Fn(u32) -> u32) -> Look {
        let (mut looks, step) = (Looks::new(state(0)), between(count, 10));
        let seen = (1..=count).filter(|done| done.is_multiple_of(step));
        let found: Vec<Look> = seen.map(|done| looks.add(state(done))).collect();
        let worst = |wanted| found.contains(&wanted).then_some(wanted);
        worst(Look::Lost).or(worst(Look::New)).unwrap_or(Look::Known)
    }

    #[test]
    fn what_each_loses_is_found_however_few_there_are() {
        for count in [5, 8, 27, 54, 72, 720] {
            assert_eq!(after(count, |done| done), Look::Lost, "{count}");
        }
    }

    #[test]
    fn a_few_states_are_no_loss() {
        assert_eq!(after(27, |_| 7), Look::Known);
        assert_eq!(after(720, |done| done % 4), Look::New);
        let mut looks = Looks::new(0);
        let news = [1, 2, 3, 4, 2, 5, 6, 7, 8].map(|state| looks.add(state));
        assert_eq!(news[4], Look::Known);
        assert!(!news.contains(&Look::Lost));
        assert_eq!(looks.last(), &8);
    }
}
