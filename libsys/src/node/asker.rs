//! For whom a program's system call asks.

use crate::{Errno, Result};
use abi::file::{R_OK, S_IFDIR, S_IFMT, W_OK, X_OK};
use abi::node::Attributes;
use alloc::vec::Vec;

/// The thread whose system call it is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Asker {
    /// Process id.
    pub pid: u32,
    /// Thread id.
    pub tid: u32,
    /// User id that counts for files.
    pub user: u32,
    /// Group id that counts for files.
    pub group: u32,
    /// Whether no process is hidden from it.
    pub sees_all: bool,
    /// Supplementary groups, where they matter: in look-ups.
    pub groups: Vec<u32>,
}

impl Asker {
    /// Whether it may do everything.
    pub const fn is_privileged(&self) -> bool {
        self.user == 0
    }

    /// Whether it is in a group.
    pub fn is_in_group(&self, group: u32) -> bool {
        self.group == group || self.groups.contains(&group)
    }

    /// EACCES unless the permissions allow all of `wanted` (`R_OK`, `W_OK`, `X_OK`).
    pub fn may(&self, attributes: &Attributes, wanted: u32) -> Result<()> {
        let mode = attributes.mode;
        let allowed = if self.is_privileged() {
            mode & S_IFMT == S_IFDIR || wanted & X_OK == 0 || mode & 0o111 != 0
        } else {
            let bits = if attributes.uid == self.user {
                mode >> 6
            } else if self.is_in_group(attributes.gid) {
                mode >> 3
            } else {
                mode
            };
            wanted & (R_OK | W_OK | X_OK) & !bits == 0
        };
        if allowed { Ok(()) } else { Err(Errno::EACCES) }
    }
}
