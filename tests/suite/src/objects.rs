//! Programs and libraries that tests run: those of the archive, and changed ones in a folder.

use crate::child;
use crate::harness::only_on_folio;
use crate::scratch::Scratch;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use sys::file::{self, File};
use sys::io::{STDERR, STDOUT};
use sys::wait::Status;
use sys::{directory, process};

/// What a program ends with that cannot be linked.
pub const NOT_FOUND: Status = Status::Exited(127);

pub fn only_here() {
    only_on_folio("user/ld, which is no Linux's");
}

/// Runs a program: how it ends and what it writes.
pub fn run(program: &str, arguments: &[&str], environment: &[&str]) -> (Status, String) {
    let (read, write) = file::pipe().expect("pipe");
    let pid = child::start(|| {
        for standard in [STDOUT, STDERR] {
            file::duplicate_to(write.fd(), standard).expect("dup2");
        }
        let arguments: Vec<&[u8]> =
            core::iter::once(&program).chain(arguments).map(|text| text.as_bytes()).collect();
        let environment: Vec<&[u8]> = environment.iter().map(|text| text.as_bytes()).collect();
        panic!("{}", process::exec(program, &arguments, &environment))
    });
    drop(write);
    let mut text = Vec::new();
    read.read_to_end(&mut text).expect("read");
    (child::wait(pid), String::from_utf8(text).expect("text"))
}

#[track_caller]
pub fn expect(program: &str, arguments: &[&str], environment: &[&str], lines: &[&str]) {
    let (status, text) = run(program, arguments, environment);
    assert_eq!(text.lines().collect::<Vec<_>>(), lines);
    assert_eq!(status, Status::Exited(0));
}

/// A folder of libraries that come before the system's.
pub struct Libraries {
    folder: Scratch,
    files: Vec<String>,
}

impl Libraries {
    pub fn new() -> Self {
        Self::called("libraries")
    }

    pub fn called(name: &str) -> Self {
        Self { folder: Scratch::directory(name), files: Vec::new() }
    }

    pub fn path(&self, name: &str) -> String {
        self.folder.join(name)
    }

    pub fn add(&mut self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        File::create(&path).expect("create").write_all(bytes).expect("write");
        self.files.push(path);
    }

    /// A program of the same folder.
    pub fn add_program(&mut self, name: &str, bytes: &[u8]) -> String {
        self.add(name, bytes);
        let path = self.path(name);
        let terminated = format!("{path}\0");
        let pointer = sys::abi::UserStr::new(sys::syscall::pointer(terminated.as_bytes()));
        call!(chmod(pointer, 0o755)).expect("chmod");
        path
    }

    pub fn variable(&self) -> String {
        format!("LD_LIBRARY_PATH={}", self.folder.as_str())
    }

    /// Runs a program with them, which must say one line and end with 127.
    #[track_caller]
    pub fn refuses(&self, program: &str, line: &str) {
        let (status, text) = run(program, &[], &[&self.variable()]);
        assert_eq!(text, format!("{program}: {line}\n"));
        assert_eq!(status, NOT_FOUND);
    }
}

impl Drop for Libraries {
    fn drop(&mut self) {
        for file in &self.files {
            let _ = directory::remove_file(file);
        }
    }
}

/// The bytes of an object, to damage.
pub struct Elf(pub Vec<u8>);

impl Elf {
    pub fn read(path: &str) -> Self {
        Self(file::read(path).expect("an object of the archive"))
    }

    pub fn word(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.0[at..at + 4].try_into().expect("4 bytes"))
    }

    pub fn set(&mut self, at: usize, value: u32) {
        self.0[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }

    /// Where the dynamic section lies in the file.
    pub fn dynamic(&self) -> usize {
        let header = (52..).step_by(32).find(|at| self.word(*at) == 2).expect("PT_DYNAMIC");
        self.word(header + 4) as usize
    }

    /// Where the value of the first entry with this tag lies in the file.
    pub fn entry(&self, tag: u32) -> usize {
        let mut entries = (self.dynamic()..).step_by(8);
        entries.find(|at| self.word(*at) == tag).expect("such an entry") + 4
    }

    /// Puts another text of the same length in the place of the first such one.
    pub fn replace(&mut self, text: &str, by: &str) {
        assert_eq!(text.len(), by.len());
        let at = self.0.windows(text.len()).position(|found| found == text.as_bytes());
        let at = at.expect("such a text");
        self.0[at..at + by.len()].copy_from_slice(by.as_bytes());
    }
}
