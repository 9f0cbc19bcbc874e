//! Files and folders of this process that go away with their values. What processes left that were
//! killed, the next one removes.

use crate::stop::{Result, failed, io};
use std::fs::{self, DirBuilder, File};
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// A path that nobody else uses; what is there goes away with this value.
#[derive(Debug)]
pub struct Transient {
    path: PathBuf,
    /// Of a folder: locked as long as its owner lives, whatever becomes of the number of its process.
    _lock: Option<File>,
}

impl Transient {
    /// A file in `folder`, still to be written: KIND, the process, a number, ENDING.
    pub fn file(folder: &Path, kind: &str, ending: &str) -> Self {
        remove_left(folder, kind);
        Self { path: next(folder, kind, ending), _lock: None }
    }

    /// A folder in `parent` that only this user can look into.
    pub fn folder(parent: &Path, kind: &str) -> Result<Self> {
        /// What processes with the same number may have left.
        const MOST: u32 = 1000;
        remove_left(parent, kind);
        for _ in 0..MOST {
            let path = next(parent, kind, "");
            match DirBuilder::new().mode(0o700).create(&path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(io("create", &path, error)),
                // Otherwise another process holds it for one that was left.
                Ok(()) => {
                    if let Some(lock) = lock(&path) {
                        return Ok(Self { path, _lock: Some(lock) });
                    }
                }
            }
        }
        Err(failed(format!("{}: it is full of folders {kind}-*", parent.display())))
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// A name that this process has not used. Several guests may run at a time.
fn next(folder: &Path, kind: &str, ending: &str) -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Relaxed);
    folder.join(format!("{kind}-{}-{number}{ending}", std::process::id()))
}

/// The lock of a folder, unless somebody has it or the folder goes away meanwhile.
fn lock(folder: &Path) -> Option<File> {
    let file = File::open(folder).ok()?;
    file.try_lock().ok()?;
    folder.is_dir().then_some(file)
}

/// Removes what belongs to processes that are no more: folders that nobody has locked, and files of a
/// process that is not there.
fn remove_left(folder: &Path, kind: &str) {
    for file in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (name, path) = (file.file_name(), file.path());
        let name = name.to_str().unwrap_or_default();
        let rest = name.strip_prefix(kind).and_then(|rest| rest.strip_prefix('-'));
        let owner = rest.and_then(|rest| rest.split_once('-')).map(|(pid, _)| pid);
        let Some(pid) = owner.filter(|pid| pid.parse::<u32>().is_ok()) else { continue };
        if path.is_dir() {
            // Whoever has just made it must not lock it before it is gone.
            let held = lock(&path);
            held.is_some().then(|| remove(&path));
        } else if !Path::new("/proc").join(pid).exists() {
            remove(&path);
        }
    }
}

/// It may not have been made yet, and another process may have been quicker.
fn remove(path: &Path) {
    let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
}

impl Drop for Transient {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_here_goes_with_its_value_and_what_the_dead_left_goes_too() {
        let own = Transient::folder(&std::env::temp_dir(), "transient").unwrap();
        // A number that this process would use, and one that no process has.
        let left = own.path().join(format!("ram-{}-7", std::process::id()));
        let file_left = own.path().join("ram-4294967295-7.txt");
        fs::write(&file_left, "x").unwrap();
        let others = own.path().join("ram-notes.txt");
        fs::create_dir(&left).unwrap();
        fs::write(left.join("file"), "x").unwrap();
        fs::write(&others, "x").unwrap();
        let folder = Transient::folder(own.path(), "ram").unwrap();
        let file = Transient::file(own.path(), "ram", ".txt");
        fs::write(file.path(), "x").unwrap();
        assert!(!left.exists() && !file_left.exists() && others.exists());
        // What is locked stays.
        remove_left(own.path(), "ram");
        assert!(folder.path().is_dir() && folder.path() != file.path());
        let paths = [folder.path().to_owned(), file.path().to_owned()];
        drop((folder, file));
        assert!(!paths.iter().any(|path| path.exists()));
    }

    #[test]
    fn a_name_that_is_taken_is_passed_over() {
        let own = Transient::folder(&std::env::temp_dir(), "transient").unwrap();
        // Others of this process take numbers too, but not so many.
        let taken = next(own.path(), "ram", "");
        let number: u32 = taken.to_str().unwrap().rsplit_once('-').unwrap().1.parse().unwrap();
        let locks: Vec<File> = (number..number + 200)
            .map(|number| {
                let path = own.path().join(format!("ram-{}-{number}", std::process::id()));
                fs::create_dir(&path).unwrap();
                lock(&path).unwrap()
            })
            .collect();
        let folder = Transient::folder(own.path(), "ram").unwrap();
        assert_eq!(fs::read_dir(own.path()).unwrap().count(), locks.len() + 1);
        drop(folder);
        assert_eq!(fs::read_dir(own.path()).unwrap().count(), locks.len());
    }
}
