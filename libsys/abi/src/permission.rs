//! Who may look into whom: Linux's `ptrace_may_access`, as the kernel asks and servers that show processes.

/// In whose name a process looks into another one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Looker {
    /// User id.
    pub user: u32,
    /// Group id.
    pub group: u32,
    /// Whether nobody is hidden from it.
    pub is_privileged: bool,
}

impl Looker {
    /// Whether it may look into another process than its own: one that acts for nobody but this user
    /// and group, by all its real, effective and saved ids, and whose memory may be shown.
    pub fn may_look_into(&self, users: [u32; 3], groups: [u32; 3], is_dumpable: bool) -> bool {
        let (user, group) = ([self.user; 3], [self.group; 3]);
        self.is_privileged || is_dumpable && users == user && groups == group
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_acts_for_nobody_else_is_looked_into() {
        let seven = Looker { user: 7, group: 7, is_privileged: false };
        let privileged = Looker { is_privileged: true, ..seven };
        assert!(privileged.may_look_into([1, 2, 3], [4, 5, 6], false));
        assert!(seven.may_look_into([7; 3], [7; 3], true));
        for one in [[0, 7, 7], [7, 0, 7], [7, 7, 8], [0; 3]] {
            assert!(!seven.may_look_into(one, [7; 3], true));
            assert!(!seven.may_look_into([7; 3], one, true));
        }
        assert!(!seven.may_look_into([7; 3], [7; 3], false), "its memory is not to be shown");
        assert!(!Looker { user: 0, ..seven }.may_look_into([7; 3], [7; 3], true), "a number only");
    }
}
