//! Which faults are taken besides the single ones.

use super::choice::Choice;

/// How much is taken.
#[derive(Clone, Copy)]
pub struct Amount {
    /// Pairs `(nth, then)` whose sum is at most that are all taken.
    pub pairs_to: u32,
    /// Pairs for each opportunity from all over the run.
    pub pairs_each: u32,
    /// Runs for each opportunity in which chance chooses.
    pub lucky_each: u32,
}

impl Amount {
    pub const USUAL: Self = Self { pairs_to: 16, pairs_each: 1, lucky_each: 1 };
    pub const LONG: Self = Self { pairs_to: 60, pairs_each: 10, lucky_each: 32 };
}

impl Amount {
    /// About so many runs has a scenario with that many opportunities.
    pub fn runs(self, opportunities: u32) -> u32 {
        let near = (1..self.pairs_to.min(opportunities))
            .map(|nth| (self.pairs_to - nth).min(opportunities - nth));
        let each = 1 + self.pairs_each + self.lucky_each;
        near.sum::<u32>() + opportunities.saturating_mul(each)
    }
}

/// Faults that chance should come to in a run.
const LUCKY_FAULTS: u32 = 4;

/// Pairs from all over a run that has so many opportunities. The second fault often changes nothing
/// after the first one has ended the work, so near ones are likelier.
pub fn distant_pairs(opportunities: u32, amount: Amount) -> impl Iterator<Item = Choice> {
    let mut random = Random(opportunities.into());
    (0..opportunities * amount.pairs_each).map(move |_| {
        let nth = 1 + random.below(opportunities);
        let reach = 1 + random.below(opportunities);
        Choice::counted(nth, 1 + random.below(reach))
    })
}

/// Runs in which chance chooses.
pub fn lucky(opportunities: u32, amount: Amount) -> impl Iterator<Item = Choice> {
    let per_million = (LUCKY_FAULTS * 1_000_000).checked_div(opportunities).unwrap_or(0);
    let per_million = per_million.clamp(1, 500_000);
    (1..=opportunities * amount.lucky_each).map(move |seed| Choice::Chance { per_million, seed })
}

/// xorshift64*: enough for a choice.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits ^= bits >> 12;
        bits ^= bits << 25;
        bits ^= bits >> 27;
        let high = bits.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32;
        ((high * u64::from(bound)) >> 32) as u32
    }
}
