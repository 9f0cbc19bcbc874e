//! What runs make in `/tmp`. A scenario that lives to say what came of it leaves nothing there, whatever
//! failed: what it made goes away with a [`Made`], and a call that gives an error has made nothing.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use sys::abi::file::{MNT_DETACH, O_CREAT, O_EXCL, O_RDWR};
use sys::failpoint::without_faults;
use sys::file::File;
use sys::path::CPath;
use sys::{Errno, directory, process};

const PLACE: &str = "/tmp";

/// A path there that no other process has.
pub fn path(name: &str) -> String {
    format!("{PLACE}/faults-{}-{name}", process::id())
}

/// Something that has been made there. It goes away with this value, and all below it.
pub struct Made(String);

impl Made {
    /// What a call has made at that path. A call that has failed has made nothing, so that is to be seen.
    pub fn at(path: String) -> Self {
        Self(path)
    }

    /// A directory.
    pub fn directory(name: &str) -> sys::Result<Self> {
        let path = path(name);
        directory::create(&path, 0o755)?;
        Ok(Self(path))
    }

    /// A file, open for reading and writing.
    pub fn file(name: &str) -> sys::Result<(Self, File)> {
        let path = path(name);
        let file = File::open_with(&path, O_RDWR | O_CREAT | O_EXCL, 0o644)?;
        Ok((Self(path), file))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A path inside.
    pub fn join(&self, name: &str) -> String {
        format!("{}/{name}", self.0)
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        if directory::remove_file(&self.0).is_err() && directory::remove(&self.0).is_err() {
            without_faults(|| remove(&self.0));
        }
    }
}

/// Takes away all that is there; what that was.
pub fn take_all() -> Vec<String> {
    names(PLACE).map(|name| format!("{PLACE}/{name}")).inspect(|path| remove(path)).collect()
}

fn names(path: &str) -> impl Iterator<Item = String> {
    let entries = directory::entries(path).unwrap_or_default();
    let names = entries.into_iter().map(|entry| String::from_utf8_lossy(&entry.name).into_owned());
    names.filter(|name| name != "." && name != "..")
}

/// Takes away a file or a tree, with mounts on it.
fn remove(path: &str) {
    for name in names(path) {
        remove(&format!("{path}/{name}"));
    }
    if directory::remove_file(path).is_ok() {
        return;
    }
    if directory::remove(path) == Err(Errno::EBUSY)
        && let Ok(mounted) = CPath::new(path)
    {
        let _ = call!(umount2(mounted.as_user(), MNT_DETACH));
        let _ = directory::remove(path);
    }
}
