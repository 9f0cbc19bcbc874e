//! Files that a test makes in `/tmp` and leaves no trace of.

use alloc::format;
use alloc::string::String;
use sys::abi::file::{O_CREAT, O_EXCL, O_RDWR};
use sys::directory;
use sys::file::File;

/// A path of its own in `/tmp`; what lies there is removed in the end.
pub struct Scratch {
    path: String,
}

impl Scratch {
    /// A path that nothing has.
    pub fn path(name: &str) -> Self {
        Self { path: format!("/tmp/suite-{}-{name}", sys::process::id()) }
    }

    /// A directory.
    pub fn directory(name: &str) -> Self {
        let scratch = Self::path(name);
        directory::create(scratch.as_str(), 0o755).expect("mkdir");
        scratch
    }

    /// A file open for reading and writing, with those contents; the offset is at its end.
    pub fn file(name: &str, contents: &[u8]) -> (Self, File) {
        let scratch = Self::path(name);
        let file = File::open_with(scratch.as_str(), O_RDWR | O_CREAT | O_EXCL, 0o644);
        let file = file.expect("a new file");
        file.write_all(contents).expect("write");
        (scratch, file)
    }

    /// The path.
    pub fn as_str(&self) -> &str {
        &self.path
    }

    /// A path inside.
    pub fn join(&self, name: &str) -> String {
        format!("{}/{name}", self.path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if directory::remove_file(self.as_str()).is_err() {
            let _ = directory::remove(self.as_str());
        }
    }
}

/// A file of `pages` pages that only this process knows, each filled with its number plus 1.
pub fn numbered_file(pages: u8) -> File {
    let (_name, file) = Scratch::file("numbered", &[]);
    for page in 0..pages {
        file.write_all(&[page + 1; 4096]).expect("write");
    }
    file
}
