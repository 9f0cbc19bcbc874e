//! Folio's commands, and for `tests/harness` what boots a guest. `scripts/*` call the commands; `cargo
//! xtask` does too.

mod agreement;
pub mod app;
mod archive;
mod arriving;
mod bench;
pub mod build;
pub mod captured;
mod cargo;
mod check;
pub mod contents;
pub mod debian;
mod debug;
pub mod failpoints;
pub mod fault_report;
pub mod fault_tests;
pub mod foreign;
pub mod gdb;
mod guest;
mod guest_tests;
mod host_tests;
mod jobs;
mod kernel_log;
mod ktap;
mod lanes;
mod layers;
pub mod line;
mod linux;
mod live;
pub mod machine;
mod oracle;
#[doc(hidden)]
pub mod page_tables;
pub mod qemu;
pub mod qmp;
pub mod random_calls;
pub mod report;
mod run;
pub mod running;
mod server_faults;
pub mod session;
pub mod snapshot;
pub mod stop;
pub mod symbols;
mod test;
mod transient;
pub mod trials;
mod tty;
mod unit_tests;
mod vdso;
mod walked;
pub mod words;
pub mod workspace;

use std::ffi::OsString;
use std::process::ExitCode;
use stop::{Result, usage};
use words::Words;

const USAGE: &str = "\
usage: cargo xtask COMMAND [options]

  run      boot Folio and run a program or a shell
  test     run the tests
  bench    measure in instructions
  linux    the same on Debian's Linux, to compare
  debug    run a program under gdb
  check    layers, unit tests that nobody runs, format, lints
  new-app  make a new user program
";

/// Runs the command that the words of this process name.
pub fn main() -> ExitCode {
    let mut words: Vec<OsString> = std::env::args_os().skip(1).collect();
    let command = if words.is_empty() { OsString::from("help") } else { words.remove(0) };
    match dispatch(&command.to_string_lossy(), words) {
        Ok(status) => ExitCode::from(status),
        Err(stop) => {
            eprintln!("folio: {}", stop.why);
            ExitCode::from(stop.status)
        }
    }
}

fn dispatch(command: &str, words: Vec<OsString>) -> Result<u8> {
    let before_program = words.iter().take_while(|word| *word != "--");
    let help = before_program.clone().any(|word| word == "--help" || word == "-h");
    let (usage_text, command): (_, fn(Words) -> Result<u8>) = match command {
        "run" => (run::USAGE, run::run),
        "test" => (test::USAGE, test::run),
        "bench" => (bench::USAGE, bench::run),
        "linux" => (run::LINUX_USAGE, run::run_linux),
        "debug" => (debug::USAGE, debug::run),
        "check" => (check::USAGE, check::run),
        "new-app" => (app::USAGE, app::run),
        "help" | "--help" | "-h" => {
            print!("{USAGE}");
            return Ok(0);
        }
        other => return Err(usage(format!("{other}: no such command\n{USAGE}"))),
    };
    if help {
        print!("{usage_text}");
        return Ok(0);
    }
    command(Words::new(words))
}
