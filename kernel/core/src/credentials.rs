//! User and group ids, and who may change them to what.
//!
//! Whoever has effective user 0 may do everything; there are no capabilities beyond that.

use abi::errno::Errno;

/// "Leave it as it is" for calls that set several ids; no id itself.
pub const UNCHANGED: u32 = u32::MAX;

/// Most supplementary groups a process may have.
pub const MAX_GROUPS: u32 = 65536;

/// The four ids of one kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Ids {
    pub real: u32,
    pub effective: u32,
    pub saved: u32,
    /// What access to files goes by.
    pub filesystem: u32,
}

impl Ids {
    /// Whether it is one that a process may take for itself.
    pub fn has(&self, id: u32) -> bool {
        id == self.real || id == self.effective || id == self.saved
    }

    /// All for whom it acts, whatever it counts as for files.
    pub fn all(&self) -> [u32; 3] {
        [self.real, self.effective, self.saved]
    }

    /// Whether `new` acts for somebody else.
    pub fn differs(&self, new: &Self) -> bool {
        self.effective != new.effective || self.filesystem != new.filesystem
    }

    /// As a new program begins with them: it cannot go back to whom the old one had been.
    pub fn for_program(self) -> Self {
        Self { saved: self.effective, filesystem: self.effective, ..self }
    }

    fn with_effective(self, effective: u32) -> Self {
        Self { effective, filesystem: effective, ..self }
    }

    /// `setuid`, `setgid`.
    pub fn set(self, id: u32, privileged: bool) -> Result<Self, Errno> {
        if id == UNCHANGED {
            return Err(Errno::EINVAL);
        }
        if privileged {
            return Ok(Self { real: id, effective: id, saved: id, filesystem: id });
        }
        if id != self.real && id != self.saved {
            return Err(Errno::EPERM);
        }
        Ok(self.with_effective(id))
    }

    /// `setreuid`, `setregid`.
    pub fn set_real_effective(
        self,
        real: u32,
        effective: u32,
        privileged: bool,
    ) -> Result<Self, Errno> {
        let mut new = self;
        if real != UNCHANGED {
            if real != self.real && real != self.effective && !privileged {
                return Err(Errno::EPERM);
            }
            new.real = real;
        }
        if effective != UNCHANGED {
            if !self.has(effective) && !privileged {
                return Err(Errno::EPERM);
            }
            new.effective = effective;
        }
        if real != UNCHANGED || (effective != UNCHANGED && effective != self.real) {
            new.saved = new.effective;
        }
        Ok(new.with_effective(new.effective))
    }

    /// `setresuid`, `setresgid`.
    pub fn set_all(self, ids: [u32; 3], privileged: bool) -> Result<Self, Errno> {
        if !privileged && ids.iter().any(|id| *id != UNCHANGED && !self.has(*id)) {
            return Err(Errno::EPERM);
        }
        let choose = |new, old| if new == UNCHANGED { old } else { new };
        let [real, effective, saved] = ids;
        Ok(Self {
            real: choose(real, self.real),
            saved: choose(saved, self.saved),
            ..self.with_effective(choose(effective, self.effective))
        })
    }

    /// `setfsuid`, `setfsgid`, which never fail: they change nothing where they must not.
    pub fn set_filesystem(self, id: u32, privileged: bool) -> Self {
        let allowed = id != UNCHANGED && (privileged || self.has(id) || id == self.filesystem);
        if allowed { Self { filesystem: id, ..self } } else { self }
    }
}

/// Whether a process may send a signal to another; `same_session` and SIGCONT are the caller's
/// to check.
pub fn may_signal(sender: &Ids, target: &Ids) -> bool {
    sender.effective == 0
        || [sender.effective, sender.real]
            .iter()
            .any(|id| *id == target.saved || *id == target.real)
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: Ids = Ids { real: 100, effective: 200, saved: 300, filesystem: 200 };

    #[test]
    fn setuid_gives_up_everything_only_when_privileged() {
        let all = Ids { real: 7, effective: 7, saved: 7, filesystem: 7 };
        assert_eq!(Ids::default().set(7, true), Ok(all));
        assert_eq!(USER.set(300, false), Ok(Ids { effective: 300, filesystem: 300, ..USER }));
        assert_eq!(USER.set(200, false), Err(Errno::EPERM), "effective alone does not count");
        assert_eq!(USER.set(UNCHANGED, true), Err(Errno::EINVAL));
    }

    #[test]
    fn a_program_has_two_ids() {
        let begun = Ids { saved: 200, filesystem: 200, ..USER };
        assert_eq!(Ids { filesystem: 9, ..USER }.for_program(), begun);
        assert_eq!(begun.for_program(), begun);
    }

    #[test]
    fn setreuid_swaps_and_saves() {
        let swapped = Ids { real: 200, effective: 100, saved: 100, filesystem: 100 };
        assert_eq!(USER.set_real_effective(200, 100, false), Ok(swapped));
        let effective = Ids { effective: 100, filesystem: 100, ..USER };
        assert_eq!(USER.set_real_effective(UNCHANGED, 100, false), Ok(effective));
        let saved = Ids { effective: 300, filesystem: 300, ..USER };
        assert_eq!(USER.set_real_effective(UNCHANGED, 300, false), Ok(saved));
        assert_eq!(USER.set_real_effective(300, UNCHANGED, false), Err(Errno::EPERM));
        assert_eq!(USER.set_real_effective(UNCHANGED, 5, false), Err(Errno::EPERM));
        assert_eq!(USER.set_real_effective(UNCHANGED, UNCHANGED, false), Ok(USER));
    }

    #[test]
    fn setresuid_permutes_what_one_has() {
        let permuted = Ids { real: 300, effective: 100, saved: 200, filesystem: 100 };
        assert_eq!(USER.set_all([300, 100, 200], false), Ok(permuted));
        assert_eq!(USER.set_all([UNCHANGED; 3], false), Ok(USER));
        assert_eq!(USER.set_all([UNCHANGED, UNCHANGED, 9], false), Err(Errno::EPERM));
        assert_eq!(USER.set_all([UNCHANGED, UNCHANGED, 9], true).map(|ids| ids.saved), Ok(9));
    }

    #[test]
    fn setfsuid_is_silent() {
        assert_eq!(USER.set_filesystem(300, false).filesystem, 300);
        assert_eq!(USER.set_filesystem(9, false), USER);
        assert_eq!(USER.set_filesystem(9, true).filesystem, 9);
        assert_eq!(USER.set_filesystem(UNCHANGED, true), USER);
    }

    #[test]
    fn signals_go_to_whom_one_is_or_was() {
        let other = Ids { real: 200, effective: 0, saved: 9, filesystem: 0 };
        assert!(may_signal(&Ids::default(), &USER));
        assert!(may_signal(&USER, &other));
        assert!(!may_signal(&Ids { real: 1, effective: 0x777, saved: 200, ..USER }, &other));
    }
}
