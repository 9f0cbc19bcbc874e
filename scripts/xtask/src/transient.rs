//! Files and folders of this process that go away with their values. What processes left that were
//! killed, the next one removes.

use crate::stop::{Result, io};
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// A path that nobody else uses; what is there goes away with this value.
#[derive(Debug)]
pub struct Transient(PathBuf);

impl Transient {
    /// A file in `folder`, still to be written: KIND, the process, a number, ENDING.
    pub fn file(folder: &Path, kind: &str, ending: &str) -> Self {
        // Several guests may run at a time.
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        remove_left(folder, kind);
        let number = NUMBER.fetch_add(1, Relaxed);
        Self(folder.join(format!("{kind}-{}-{number}{ending}", std::process::id())))
    }

    /// A folder in `parent` that only this user can look into.
    pub fn folder(parent: &Path, kind: &str) -> Result<Self> {
        let folder = Self::file(parent, kind, "");
        let made = DirBuilder::new().mode(0o700).create(folder.path());
        made.map_err(|error| io("create", folder.path(), error))?;
        Ok(folder)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

/// Removes what belongs to processes that are no more.
fn remove_left(folder: &Path, kind: &str) {
    for file in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = file.file_name();
        let name = name.to_str().unwrap_or_default();
        let rest = name.strip_prefix(kind).and_then(|rest| rest.strip_prefix('-'));
        let owner = rest.and_then(|rest| rest.split_once('-')).map(|(pid, _)| pid);
        let pid = owner.filter(|pid| pid.parse::<u32>().is_ok());
        if pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            remove(&file.path());
        }
    }
}

/// It may not have been made yet, and another process may have been quicker.
fn remove(path: &Path) {
    let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
}

impl Drop for Transient {
    fn drop(&mut self) {
        remove(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_here_goes_with_its_value_and_what_the_dead_left_goes_too() {
        let own = Transient::folder(&std::env::temp_dir(), "transient").unwrap();
        // No process has this number.
        let left = own.path().join("ram-4294967295-7");
        let others = own.path().join("ram-notes.txt");
        fs::create_dir(&left).unwrap();
        fs::write(left.join("file"), "x").unwrap();
        fs::write(&others, "x").unwrap();
        let folder = Transient::folder(own.path(), "ram").unwrap();
        let file = Transient::file(own.path(), "ram", ".txt");
        fs::write(file.path(), "x").unwrap();
        assert!(!left.exists() && others.exists());
        assert!(folder.path().is_dir() && folder.path() != file.path());
        let paths = [folder.path().to_owned(), file.path().to_owned()];
        drop((folder, file));
        assert!(!paths.iter().any(|path| path.exists()));
    }
}
