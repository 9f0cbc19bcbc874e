//! For whom the kernel asks.

/// The thread whose system call it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Asker {
    /// Process id.
    pub pid: u32,
    /// Thread id.
    pub tid: u32,
    /// User id that counts for files; 0 may do everything.
    pub user: u32,
    /// Group id that counts for files.
    pub group: u32,
    /// Unless 0, no process is hidden from it.
    pub sees_all: u32,
}

/// How many words it takes.
pub(super) const WORDS: usize = 5;

impl Asker {
    pub(super) const fn to_words(self) -> [u32; WORDS] {
        [self.pid, self.tid, self.user, self.group, self.sees_all]
    }

    pub(super) const fn from_words([pid, tid, user, group, sees_all]: [u32; WORDS]) -> Self {
        Self { pid, tid, user, group, sees_all }
    }
}
