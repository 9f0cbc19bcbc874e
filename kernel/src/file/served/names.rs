//! Names in a server's directories. Servers cannot be asked to change them, so all that is left is which
//! error Linux has for a file system that cannot.

use super::Served;
use super::attributes::permissions;
use crate::file::access::Caller;
use crate::result::{Errno, Result};
use abi::file::{S_IFDIR, S_IFMT, W_OK, X_OK};
use kcore::path::Answer;

impl Served {
    /// The mode of what is called `name` in this directory. ENOENT.
    fn mode_of(&self, name: &[u8], caller: &Caller) -> Result<u32> {
        match self.look_up(name, caller)? {
            (Answer::Missing { .. }, _) | (_, None) => Err(Errno::ENOENT),
            (_, Some(attributes)) => Ok(attributes.mode),
        }
    }

    /// Why no such name can be made here: EEXIST, or as in Linux's `/proc` ENOENT.
    pub fn refuse_new(&self, name: &[u8], caller: &Caller) -> Errno {
        self.mode_of(name, caller).map_or_else(|why| why, |_| Errno::EEXIST)
    }

    /// Why the name cannot be taken away: ENOENT, EACCES; ENOTDIR or EISDIR unless it is a directory's
    /// if and only if it should be; else EPERM.
    pub fn refuse_removal(&self, name: &[u8], directory: bool, caller: &Caller) -> Errno {
        let refuse = || {
            let is_directory = self.mode_of(name, caller)? & S_IFMT == S_IFDIR;
            caller.may(&permissions(&self.attributes(caller)?), W_OK | X_OK)?;
            Err(match (directory, is_directory) {
                (true, false) => Errno::ENOTDIR,
                (false, true) => Errno::EISDIR,
                _ => Errno::EPERM,
            })
        };
        let refused: Result<()> = refuse();
        refused.err().unwrap_or(Errno::EPERM)
    }

    /// Why the name cannot become another one, in the same tree.
    pub fn refuse_rename(&self, old: &[u8], to: &Self, new: &[u8], caller: &Caller) -> Errno {
        let refuse = || {
            self.mode_of(old, caller)?;
            to.mode_of(new, caller)?;
            caller.may(&permissions(&self.attributes(caller)?), W_OK | X_OK)?;
            Err(Errno::EPERM)
        };
        let refused: Result<()> = refuse();
        refused.err().unwrap_or(Errno::EPERM)
    }
}
