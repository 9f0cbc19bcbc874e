//! Runs the tests and reports: `ok NAME`, `skip NAME: why` or `not ok NAME: why`, a line each.

use crate::leak::{self, Snapshot};
use crate::stress;
pub use ::leak::{end_orphans, on_folio};
use alloc::string::String;
use alloc::vec::Vec;
use core::arch::x86::__cpuid;
use core::fmt::Write;
use sys::abi::file::{F_SETFL, O_NONBLOCK};
use sys::abi::signal::{SIGALRM, SIGKILL};
use sys::io::{Fd, STDERR};
use sys::process::{self, Fork};
use sys::wait::Status;
use sys::{Errno, println};

/// A test and its name.
#[derive(Clone, Copy)]
pub struct Case {
    /// The function, from the crate on.
    pub path: &'static str,
    /// The test. It fails by panicking.
    pub run: fn(),
}

impl Case {
    /// Module and function.
    fn name(&self) -> &'static str {
        self.path.split_once("::").map_or(self.path, |(_crate, name)| name)
    }
}

/// Declares the tests of a module.
macro_rules! tests {
    ($($name:ident),* $(,)?) => {
        pub const TESTS: &[$crate::harness::Case] = &[$($crate::harness::Case {
            path: concat!(module_path!(), "::", stringify!($name)),
            run: $name,
        }),*];
    };
}

/// Makes a Linux call.
macro_rules! call {
    ($name:ident($($argument:expr),* $(,)?)) => {
        // SAFETY: a test names memory that it owns, or that nobody owns.
        unsafe { sys::syscall::linux::$name($($argument),*) }
    };
}

/// Ends the test as skipped.
macro_rules! skip {
    ($($why:tt)*) => {{
        sys::eprint!($($why)*);
        sys::process::exit($crate::harness::SKIPPED)
    }};
}

/// Exit status of a test that does not apply here.
pub const SKIPPED: i32 = 77;

/// Seconds a test may take.
const TIME_LIMIT: u32 = 120;

/// Prints the names.
pub fn list(tests: &[&[Case]]) -> i32 {
    for case in tests.iter().copied().flatten() {
        println!("{}", case.name());
    }
    0
}

/// Runs the tests that a filter selects, or all without one; 1 if one failed or none was selected.
pub fn run<'a>(tests: &[&[Case]], filters: impl Iterator<Item = &'a [u8]> + Clone) -> i32 {
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    let _ = process::adopt_orphans(true);
    // What the first test of all makes the kernel and this program keep is no leak, and neither is
    // what servers keep from the first time that `init` asks them whether they work.
    let _ = run_one(&Case { path: "warm-up", run: || panic!("as every failing test") });
    ::leak::await_heartbeats().expect("manifests");
    for case in tests.iter().copied().flatten() {
        let name = case.name();
        if !selected(name, filters.clone()) {
            continue;
        }
        match run_exactly(case) {
            Verdict::Passed => {
                passed += 1;
                println!("ok {name}");
            }
            Verdict::Skipped(why) => {
                skipped += 1;
                println!("skip {name}: {why}");
            }
            Verdict::Failed(why) => {
                failed += 1;
                println!("not ok {name}: {why}");
            }
        }
    }
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    i32::from(failed > 0 || passed + skipped == 0)
}

pub fn selected<'a>(name: &str, mut filters: impl Iterator<Item = &'a [u8]> + Clone) -> bool {
    filters.clone().next().is_none()
        || filters.any(|filter| name.as_bytes().windows(filter.len().max(1)).any(|w| w == filter))
}

enum Verdict {
    Passed,
    Skipped(String),
    Failed(String),
}

/// Runs a test, which must leave everything as it was. What only one run keeps is no leak, nor is
/// what a server at work has for a moment. Stress asks no server for anything: there is no second
/// run for it.
fn run_exactly(case: &Case) -> Verdict {
    let mut found = String::new();
    let takes = [Snapshot::take, Snapshot::settled, Snapshot::settled];
    for take in if stress::was_asked_for() { &takes[2..] } else { &takes } {
        let (verdict, lost) = run_between(case, *take);
        // That one loses things on purpose, once.
        let is_on_purpose = case.run as usize == leak::every_kind_is_found as *const () as usize;
        let Some(lost) = lost.filter(|_| !is_on_purpose && matches!(verdict, Verdict::Passed))
        else {
            return verdict;
        };
        let _ = write!(found, "{}{lost}", if found.is_empty() { "leaked: " } else { "; again: " });
    }
    Verdict::Failed(found)
}

/// What came of a test, and what is different after it.
fn run_between(case: &Case, take: fn() -> Option<Snapshot>) -> (Verdict, Option<String>) {
    let before = take();
    let verdict = run_one(case);
    let lost = before.as_ref().zip(take()).and_then(|(old, new)| old.difference(&new));
    (verdict, lost)
}

fn run_one(case: &Case) -> Verdict {
    match start(case) {
        Ok((pid, reason)) => finish(pid, &reason),
        Err(error) => Verdict::Failed(describe(format_args!("cannot start: {error}"))),
    }
}

/// Starts a test in a process group of its own, its standard error in a pipe.
fn start(case: &Case) -> sys::Result<(i32, sys::file::File)> {
    let (read, write) = sys::file::pipe()?;
    match process::fork()? {
        Fork::Parent(pid) => {
            // Both sides do it, so that it is done before either goes on.
            let _ = process::set_group(pid, 0);
            Ok((pid, read))
        }
        Fork::Child => {
            let _ = process::set_group(0, 0);
            if sys::file::duplicate_to(write.fd(), STDERR).is_err() {
                process::exit(1);
            }
            drop((read, write));
            limit_time();
            (case.run)();
            process::exit(0)
        }
    }
}

/// Starts the time limit again, after a test used `alarm` itself.
pub fn limit_time() {
    limit_time_to(TIME_LIMIT);
}

/// Another time limit for this test.
pub fn limit_time_to(seconds: u32) {
    let _ = call!(alarm(seconds));
}

fn finish(pid: i32, reason: &sys::file::File) -> Verdict {
    let status = loop {
        match process::wait(pid, 0) {
            Ok(Some((_, status))) => break status,
            Ok(None) | Err(Errno::EINTR) => {}
            Err(error) => return Verdict::Failed(describe(format_args!("cannot wait: {error}"))),
        }
    };
    // Children the test left behind would keep the pipe open and memory in use.
    let _ = process::kill(-pid, SIGKILL);
    end_orphans();
    let reason = said(reason);
    match status {
        Status::Exited(0) => Verdict::Passed,
        Status::Exited(SKIPPED) => Verdict::Skipped(reason),
        Status::Exited(process::PANICKED) => Verdict::Failed(reason),
        Status::Exited(code) => {
            Verdict::Failed(describe(format_args!("exit status {code}: {reason}")))
        }
        Status::Signaled(SIGALRM) => {
            Verdict::Failed(describe(format_args!("over {TIME_LIMIT} s: {reason}")))
        }
        Status::Signaled(signal) | Status::Stopped(signal) => {
            let name = sys::abi::signal::name(signal).unwrap_or("signal");
            Verdict::Failed(describe(format_args!("{name} ({signal}): {reason}")))
        }
        Status::Continued => Verdict::Failed(describe(format_args!("went on"))),
    }
}

fn describe(arguments: core::fmt::Arguments<'_>) -> String {
    let mut text = String::new();
    let _ = text.write_fmt(arguments);
    text
}

/// What a test wrote to its standard error, on one line, at most 600 bytes.
pub fn said(pipe: &sys::file::File) -> String {
    let mut bytes: Vec<u8> = Vec::new();
    let mut buffer = [0; 600];
    let _ = call!(fcntl64(pipe.fd().0, F_SETFL, O_NONBLOCK));
    while let Ok(count) = pipe.read(&mut buffer)
        && count > 0
        && bytes.len() < buffer.len()
    {
        bytes.extend_from_slice(&buffer[..count]);
    }
    bytes.truncate(buffer.len());
    let mut line = String::new();
    for part in bytes.split(|&byte| byte == b'\n').filter(|part| !part.is_empty()) {
        let separator = if line.is_empty() { "" } else { "; " };
        let _ = write!(line, "{separator}{}", String::from_utf8_lossy(part.trim_ascii()));
    }
    line
}

/// Skips the test elsewhere than on Folio, where the text named by `source` does not hold.
pub fn only_on_folio(source: &str) {
    if !on_folio() {
        skip!("Folio's own: {source}");
    }
}

/// Skips the test of who may not do what only root may.
pub fn only_as_root() {
    if call!(geteuid32()) != Ok(0) {
        skip!("not privileged");
    }
}

/// Whether QEMU interprets this processor, which leaves some of its exceptions out.
pub fn is_emulated() -> bool {
    const SIGNATURE: [u32; 3] = [0x5447_4354, 0x4354_4743, 0x4743_5447];
    let has_hypervisor = __cpuid(1).ecx & 1 << 31 != 0;
    let hypervisor = __cpuid(0x4000_0000);
    has_hypervisor && [hypervisor.ebx, hypervisor.ecx, hypervisor.edx] == SIGNATURE
}

/// Writes to descriptor `fd` without a buffer.
pub fn write(fd: i32, bytes: &[u8]) -> sys::Result<usize> {
    Fd(fd).write(bytes)
}

/// The bare call, for numbers and registers that no typed row has.
pub fn bare(number: u32, registers: [u32; 6]) -> u32 {
    // SAFETY: a test names memory that it owns, or that nobody owns.
    unsafe { sys::syscall::enter_linux(number, &registers, 6) }
}
