//! How much memory programs may be promised in all.

/// `vm.overcommit_memory`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Overcommit {
    /// 0: refuse only a single request that can never be met.
    #[default]
    Guess,
    /// 1: refuse nothing.
    Always,
    /// 2: promise no more than swap and part of memory.
    Never,
}

/// What promises are measured against, in pages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Commit {
    pub mode: Overcommit,
    pub memory: u32,
    pub swap: u32,
    /// `vm.overcommit_ratio`, percent.
    pub ratio: u32,
    /// Kept back from programs without privilege (`vm.admin_reserve_kbytes`).
    pub reserve: u32,
}

impl Commit {
    /// The largest request that is granted after `promised` pages.
    pub fn grants(&self, promised: u32) -> u32 {
        match self.mode {
            Overcommit::Guess => self.memory.saturating_add(self.swap),
            Overcommit::Always => u32::MAX,
            Overcommit::Never => {
                let part = u64::from(self.memory) * u64::from(self.ratio) / 100;
                let part = u32::try_from(part).unwrap_or(u32::MAX);
                part.saturating_add(self.swap).saturating_sub(self.reserve).saturating_sub(promised)
            }
        }
    }
}
