//! Shared objects: what programs get of them, and what whoever starts one is told when they cannot
//! be used. The programs are `/bin/shared-demo` and `/bin/linked`.

use crate::child;
use crate::harness::only_on_folio;
use crate::scratch::Scratch;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use sys::abi::signal::SIGSEGV;
use sys::file::{self, File};
use sys::io::{STDERR, STDOUT};
use sys::wait::Status;
use sys::{directory, process};

const DEMO: &str = "/bin/shared-demo";
const NOT_FOUND: Status = Status::Exited(127);

fn only_here() {
    only_on_folio("user/ld, which is no Linux's");
}

/// Runs a program: how it ends and what it writes.
fn run(program: &str, arguments: &[&str], environment: &[&str]) -> (Status, String) {
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
fn expect(program: &str, arguments: &[&str], environment: &[&str], lines: &[&str]) {
    let (status, text) = run(program, arguments, environment);
    assert_eq!(text.lines().collect::<Vec<_>>(), lines);
    assert_eq!(status, Status::Exited(0));
}

/// A folder of libraries that come before the system's.
struct Libraries {
    folder: Scratch,
    files: Vec<String>,
}

impl Libraries {
    fn new() -> Self {
        Self { folder: Scratch::directory("libraries"), files: Vec::new() }
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name)
    }

    fn add(&mut self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        File::create(&path).expect("create").write_all(bytes).expect("write");
        self.files.push(path);
    }

    /// A program of the same folder.
    fn add_program(&mut self, name: &str, bytes: &[u8]) -> String {
        self.add(name, bytes);
        let path = self.path(name);
        let terminated = format!("{path}\0");
        let pointer = sys::abi::UserStr::new(sys::syscall::pointer(terminated.as_bytes()));
        call!(chmod(pointer, 0o755)).expect("chmod");
        path
    }

    fn variable(&self) -> String {
        format!("LD_LIBRARY_PATH={}", self.folder.as_str())
    }

    /// Runs a program with them, which must say one line and end with 127.
    #[track_caller]
    fn refuses(&self, program: &str, line: &str) {
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
struct Elf(Vec<u8>);

impl Elf {
    fn read(path: &str) -> Self {
        Self(file::read(path).expect("an object of the archive"))
    }

    fn word(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.0[at..at + 4].try_into().expect("4 bytes"))
    }

    fn set(&mut self, at: usize, value: u32) {
        self.0[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }

    /// Where the dynamic section lies in the file.
    fn dynamic(&self) -> usize {
        let header = (52..).step_by(32).find(|at| self.word(*at) == 2).expect("PT_DYNAMIC");
        self.word(header + 4) as usize
    }

    /// Where the value of the first entry with this tag lies in the file.
    fn entry(&self, tag: u32) -> usize {
        let mut entries = (self.dynamic()..).step_by(8);
        entries.find(|at| self.word(*at) == tag).expect("such an entry") + 4
    }

    /// Puts another text of the same length in the place of the first such one.
    fn replace(&mut self, text: &str, by: &str) {
        assert_eq!(text.len(), by.len());
        let at = self.0.windows(text.len()).position(|found| found == text.as_bytes());
        let at = at.expect("such a text");
        self.0[at..at + by.len()].copy_from_slice(by.as_bytes());
    }
}

const TALLY: &str = "/lib/libtally.so";

pub fn libraries_give_functions_and_data() {
    only_here();
    let lines = [
        "libtally.so is ready: true",
        "this thread counts 101, 102",
        "all together: 2",
        "Uryyb, jbeyq!",
        "librot13.so has turned 10 letters",
    ];
    let arguments = ["librot13.so", "Hello, world!"];
    expect(DEMO, &arguments, &[], &lines);
    expect(DEMO, &arguments, &["LD_BIND_NOW=1"], &lines);
}

pub fn first_and_last_functions_have_an_order() {
    only_here();
    let lines = [
        "the library came first: true",
        "main ends",
        "librot13.so has turned 0 letters",
        "the program ends",
    ];
    expect("/bin/linked", &["order"], &[], &lines);
}

pub fn a_library_is_open_once() {
    only_here();
    let (same, goodbye) = ("the same: true", "librot13.so has turned 0 letters");
    let (turned, end) = ("Grkg", "librot13.so has turned 4 letters");
    let lines = [same, same, same, goodbye, turned, end, turned, end, turned, end];
    expect("/bin/linked", &["reopen"], &[], &lines);
}

pub fn what_cannot_be_opened_is_named() {
    only_here();
    let lines = [
        "libnone.so: not found; needed by /bin/linked",
        "/boot/args: not an ELF file",
        "filters: nobody defines this symbol",
        "Grkg",
        "librot13.so has turned 4 letters",
    ];
    expect("/bin/linked", &["errors"], &[], &lines);
}

pub fn threads_have_variables_of_their_own() {
    only_here();
    let lines = [
        "this thread: 101",
        "that thread: 103",
        "that thread: 103",
        "this thread: 102",
        "all: 8",
        "librot13.so has turned 4 letters",
    ];
    expect("/bin/linked", &["threads"], &[], &lines);
}

pub fn text_cannot_be_written_to() {
    only_here();
    assert_eq!(run("/bin/linked", &["text"], &[]).0, Status::Signaled(SIGSEGV));
}

pub fn a_library_may_lie_elsewhere() {
    only_here();
    // libsys.so again, for an address that is taken: it is relocated.
    let mut libraries = Libraries::new();
    let mut moved = Elf::read("/lib/libsys.so");
    moved.replace("libsys.so", "libown.so");
    libraries.add("libown.so", &moved.0);
    let mut program = Elf::read(DEMO);
    program.replace("libtally.so", "libtolly.so");
    let mut tally = Elf::read(TALLY);
    tally.replace("libsys.so", "libown.so");
    libraries.add("libtolly.so", &tally.0);
    let program = libraries.add_program("demo", &program.0);
    expect(
        &program,
        &["librot13.so", "Text"],
        &[&libraries.variable()],
        &[
            "libtally.so is ready: true",
            "this thread counts 101, 102",
            "all together: 2",
            "Grkg",
            "librot13.so has turned 4 letters",
        ],
    );
}

pub fn what_is_loaded_can_be_listed() {
    only_here();
    let (status, text) = run(DEMO, &[], &["LD_TRACE_LOADED_OBJECTS=1"]);
    assert_eq!(status, Status::Exited(0));
    let names: Vec<&str> =
        text.lines().map(|line| line.trim().split(" (").next().unwrap_or("")).collect();
    assert_eq!(names, ["libtally.so => /lib/libtally.so", "libsys.so => /lib/libsys.so"]);
}

pub fn a_missing_library_is_named() {
    only_here();
    let mut libraries = Libraries::new();
    let mut program = Elf::read(DEMO);
    program.replace("libtally.so", "libnobody.s");
    let program = libraries.add_program("demo", &program.0);
    libraries.refuses(&program, &format!("libnobody.s: not found; needed by {program}"));
}

pub fn a_missing_symbol_is_named() {
    only_here();
    let mut libraries = Libraries::new();
    let mut program = Elf::read(DEMO);
    program.replace("8is_ready", "8is_rusty");
    let program = libraries.add_program("demo", &program.0);
    let (status, text) = run(&program, &[], &[]);
    assert!(text.contains("8is_rusty: nobody defines this symbol; needed by"), "{text}");
    assert_eq!((status, text.lines().count()), (NOT_FOUND, 1));
}

pub fn functions_are_bound_when_they_are_called() {
    only_here();
    // librot13.so is linked with -z lazy. It prints when it is closed, which it cannot now.
    let mut libraries = Libraries::new();
    let mut library = Elf::read("/lib/librot13.so");
    library.replace("13print_or_exit", "13print_or_exeu");
    libraries.add("librot13.so", &library.0);
    let variable = libraries.variable();
    let path = libraries.path("librot13.so");
    let is_named = |text: &str| {
        text.contains("13print_or_exeu: nobody defines this symbol; needed by ")
            && text.ends_with(&format!("{path}\n"))
    };
    let (status, text) = run(DEMO, &["librot13.so", "Text"], &[&variable]);
    assert!(text.contains("Grkg\n") && is_named(&text), "{text}");
    assert_eq!(status, NOT_FOUND);
    let (status, text) = run(DEMO, &["librot13.so", "Text"], &[&variable, "LD_BIND_NOW=1"]);
    assert!(!text.contains("Grkg\n") && is_named(&text), "{text}");
    assert_eq!(status, Status::Exited(1));
}

pub fn a_cycle_is_named() {
    only_here();
    let mut libraries = Libraries::new();
    // libtally.so needs libsys.so, which is made to need "sys.so", a libtally.so again.
    let mut sys = Elf::read("/lib/libsys.so");
    let soname = sys.word(sys.entry(14));
    let symbolic = sys.entry(16);
    sys.set(symbolic - 4, 1);
    sys.set(symbolic, soname + 3);
    libraries.add("libsys.so", &sys.0);
    let mut tally = Elf::read(TALLY);
    tally.replace("libtally.so", "libtolly.so");
    libraries.add("sys.so", &tally.0);
    let (first, second) = (libraries.path("libsys.so"), libraries.path("sys.so"));
    libraries.refuses(DEMO, &format!("{first} needs {second} needs {first}: cyclic dependency"));
}

pub fn what_is_no_library_is_refused() {
    only_here();
    let whole = file::read(TALLY).expect("read");
    let mut other = whole.clone();
    other[18] = 62;
    let mut cut_off = whole.clone();
    cut_off.truncate(cut_off.len() / 2);
    let cases: [(&[u8], &str); 5] = [
        (&[], "not an ELF file"),
        (b"#!/bin/sh\n", "not an ELF file"),
        (&whole[..40], "cut off in the header"),
        (&other, "not for i386"),
        (&cut_off, "cut off: a segment lies behind the end of the file"),
    ];
    for (bytes, why) in cases {
        let mut libraries = Libraries::new();
        libraries.add("libtally.so", bytes);
        libraries.refuses(DEMO, &format!("{}: {why}", libraries.path("libtally.so")));
    }
    let libraries = Libraries::new();
    let folder = libraries.path("libtally.so");
    directory::create(&folder, 0o755).expect("mkdir");
    libraries.refuses(DEMO, &format!("{folder}: not a file"));
    directory::remove(&folder).expect("rmdir");
}

/// Whatever a library's file has, the linker says what it thinks of it and harms nobody. Nothing of
/// the library runs here.
pub fn damaged_libraries_are_refused_or_harmless() {
    only_here();
    const ROUNDS: u32 = 300;
    let whole = file::read(TALLY).expect("read");
    let dynamic = Elf(whole.clone()).dynamic();
    let mut random = 0x5eed_1e55_u32;
    let mut next = |below: usize| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 8) as usize % below
    };
    let mut refused = 0;
    for round in 0..ROUNDS {
        let mut damaged = whole.clone();
        for _ in 0..=next(3) {
            // Headers and tables, or the dynamic section.
            let at = if next(2) == 0 { next(0x400) } else { dynamic + next(0xa0) };
            damaged[at] = next(256) as u8;
        }
        if next(8) == 0 {
            damaged.truncate(next(whole.len()));
        }
        let mut libraries = Libraries::new();
        libraries.add("libtally.so", &damaged);
        let variable = libraries.variable();
        let (status, text) = run(DEMO, &[], &[&variable, "LD_TRACE_LOADED_OBJECTS=1"]);
        match status {
            Status::Exited(0) => {}
            NOT_FOUND => {
                assert_eq!(text.lines().count(), 1, "{text}");
                refused += 1;
            }
            _ => panic!("round {round}: {status:?}: {text}"),
        }
        // What runs may do anything to itself.
        if round % 8 == 0 {
            let _ = run(DEMO, &[], &[&variable]);
        }
    }
    assert!(refused > ROUNDS / 10, "{refused}");
}
