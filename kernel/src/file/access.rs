//! Who may do what with a node.

use crate::process::credentials::Credentials;
use crate::result::{Errno, Result};
use abi::file::{R_OK, S_IFDIR, S_IFMT, S_ISVTX, W_OK, X_OK};
use abi::permission::Looker;
use alloc::sync::Arc;
use kcore::node_tree::{Attributes, Permit};

/// On whose behalf a call works.
pub struct Caller {
    credentials: Arc<Credentials>,
    user: u32,
    group: u32,
    /// Whether it may look into every process.
    sees_all: bool,
}

impl Caller {
    /// With the file-system ids: everything but `access`.
    pub fn new(credentials: Arc<Credentials>) -> Self {
        let (user, group) = (credentials.user.filesystem, credentials.group.filesystem);
        let sees_all = credentials.is_privileged();
        Self { credentials, user, group, sees_all }
    }

    /// The kernel itself.
    pub fn kernel() -> Result<Self> {
        let credentials = Arc::try_new(Credentials::default()).map_err(|_| Errno::ENOMEM)?;
        Ok(Self::new(credentials))
    }

    /// With the real ids: `access`.
    pub fn real(credentials: Arc<Credentials>) -> Self {
        let (user, group) = (credentials.user.real, credentials.group.real);
        Self { credentials, user, group, sees_all: user == 0 }
    }

    pub fn user(&self) -> u32 {
        self.user
    }

    pub fn group(&self) -> u32 {
        self.group
    }

    /// Supplementary groups.
    pub fn groups(&self) -> &[u32] {
        &self.credentials.groups
    }

    pub fn is_privileged(&self) -> bool {
        self.user == 0
    }

    /// Who looks into processes by files of `/proc`.
    pub fn looker(&self) -> Looker {
        Looker { user: self.user, group: self.group, is_privileged: self.sees_all }
    }

    pub fn is_in_group(&self, group: u32) -> bool {
        self.group == group || self.credentials.groups.contains(&group)
    }

    /// EACCES unless all of `wanted` (`R_OK`, `W_OK`, `X_OK`) is allowed.
    #[inline]
    pub fn may(&self, attributes: &Attributes, wanted: u32) -> Result<()> {
        let mode = attributes.mode;
        let is_directory = mode & S_IFMT == S_IFDIR;
        let allowed = if self.is_privileged() {
            // Executing needs somebody who may.
            is_directory || wanted & X_OK == 0 || mode & 0o111 != 0
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

    /// Whether the caller may do with a node what only its owner may. EPERM.
    pub fn owns(&self, attributes: &Attributes) -> Result<()> {
        if self.is_privileged() || attributes.uid == self.user { Ok(()) } else { Err(Errno::EPERM) }
    }
}

impl Permit for Caller {
    fn change(&self, directory: &Attributes, victim: Option<&Attributes>) -> Result<()> {
        self.may(directory, W_OK | X_OK)?;
        match victim {
            Some(victim)
                if directory.mode & S_ISVTX != 0
                    && !self.is_privileged()
                    && victim.uid != self.user
                    && directory.uid != self.user =>
            {
                Err(Errno::EPERM)
            }
            _ => Ok(()),
        }
    }
}
