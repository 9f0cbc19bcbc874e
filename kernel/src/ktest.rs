//! Tests of the glue, inside the kernel, before `init`. The modules list their own.
//!
//! Results go to COM2 as KTAP: `1..N`, then `ok I NAME` or `not ok I NAME # why`.

use crate::arch::debug_exit::{self, End};
use crate::{arch, crash, file, ipc, log, mm, sync, task, time};
use kcore::cmdline::CommandLine;

/// Why a test failed.
pub type Outcome = Result<(), &'static str>;

pub struct Test {
    pub name: &'static str,
    pub run: fn() -> Outcome,
}

const ALL: &[&[Test]] = &[
    arch::ktest::TESTS,
    mm::ktest::TESTS,
    mm::races_ktest::TESTS,
    mm::shortage_ktest::TESTS,
    mm::rmap::ktest::TESTS,
    task::ktest::TESTS,
    sync::ktest::TESTS,
    time::ktest::TESTS,
    ipc::ktest::TESTS,
    file::ktest::TESTS,
    file::console::ktest::TESTS,
    file::epoll::ktest::TESTS,
];

/// Fails the test, with place and text of the condition, unless it holds.
macro_rules! check {
    ($condition:expr) => {
        if !$condition {
            return Err(concat!(file!(), ":", line!(), ": ", stringify!($condition)));
        }
    };
}

/// The list of a module's tests.
macro_rules! tests {
    ($($name:ident),* $(,)?) => {
        pub const TESTS: &[$crate::ktest::Test] = &[$($crate::ktest::Test {
            name: concat!(module_path!(), "::", stringify!($name)),
            run: $name,
        }),*];
    };
}

pub(crate) use {check, tests};

/// Runs the tests whose names contain what the word `ktest=` says, and ends the machine. With
/// `crash=` it ends in that way instead.
pub fn run(command_line: Option<&CommandLine>) -> ! {
    let value = |word| command_line.and_then(|line| line.value(word));
    if let Some(how) = value("crash") {
        crash::crash(how);
        log::write(format_args!("crash={}: nothing happened\n", how.escape_ascii()));
        debug_exit::exit(End::Orderly);
    }
    let filter = value("ktest");
    let is_wanted = |test: &&Test| {
        filter.is_none_or(|filter| {
            filter.is_empty()
                || test.name.as_bytes().windows(filter.len()).any(|part| part == filter)
        })
    };
    let tests = || ALL.iter().flat_map(|module| module.iter()).filter(is_wanted);
    log::write(format_args!("1..{}\n", tests().count()));
    for (number, test) in (1..).zip(tests()) {
        let name = test.name.strip_prefix("kernel::").unwrap_or(test.name);
        match (test.run)() {
            Ok(()) => log::write(format_args!("ok {number} {name}\n")),
            Err(why) => log::write(format_args!("not ok {number} {name} # {why}\n")),
        }
    }
    debug_exit::exit(End::Orderly)
}
