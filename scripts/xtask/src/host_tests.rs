//! The host ring: `cargo test` of the default packages, and the checks of the code.

use crate::report::{Case, Counts};
use crate::stop::{Result, failed};
use crate::{cargo, check};
use std::env;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::UNIX_EPOCH;

/// Longer than any honest run takes, build included.
const SECONDS: &str = "900";

/// What the tests of properties draw their cases with, for who has not chosen a seed.
const SEED: &str = "PROPTEST_RNG_SEED";

/// Which cases the tests of properties try.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Draw {
    /// The same in each run: a change is not judged by chance.
    Same,
    /// Others in each run, by a seed that is told.
    Fresh,
}

/// Runs the tests whose name contains `filter`.
pub fn run(filter: Option<&str>, draw: Draw) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for (name, check) in check::CHECKS {
        if filter.is_none_or(|filter| name.contains(filter)) {
            cases.push(match check() {
                Ok(()) => Case::passed(name),
                Err(why) => {
                    eprintln!("{why}");
                    Case::failed(name, why)
                }
            });
        }
    }
    let mut command = cargo::limited(cargo::command("cargo"), SECONDS);
    command.args(["test", "--no-fail-fast"]).args(filter);
    if env::var_os(SEED).is_none() {
        let seed = draw.seed();
        command.env(SEED, seed.to_string());
        if draw == Draw::Fresh {
            eprintln!("host: {SEED}={seed}");
        }
    }
    let (reader, writer) = std::io::pipe().map_err(|error| failed(format!("pipe: {error}")))?;
    let other = writer.try_clone().map_err(|error| failed(format!("pipe: {error}")))?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(writer)
        .stderr(other)
        .spawn()
        .map_err(|error| failed(format!("cannot start cargo: {error}")))?;
    // The command holds the other ends of the pipe.
    drop(command);
    let mut results = Results::default();
    let mut output = Vec::new();
    for line in BufReader::new(reader).lines().map_while(std::result::Result::ok) {
        if line.trim_start().starts_with("Compiling ") {
            eprintln!("{line}");
        }
        results.line(&line);
        output.push(line);
    }
    let status = child.wait().map_err(|error| failed(format!("cargo: {error}")))?;
    let all_passed = Counts::of(&results.cases).failed == 0;
    cases.append(&mut results.cases);
    if !status.success() {
        eprintln!("{}", output.join("\n"));
        if all_passed {
            let why = match status.code() {
                Some(124 | 137) => format!("still running after {SECONDS} seconds"),
                _ => output.get(output.len().saturating_sub(40)..).unwrap_or(&output).join("\n"),
            };
            cases.push(Case::failed("cargo test", why));
        }
    }
    Ok(cases)
}

impl Draw {
    fn seed(self) -> u64 {
        match self {
            Self::Same => 1,
            Self::Fresh => UNIX_EPOCH.elapsed().map_or(1, |since| since.as_secs()),
        }
    }
}

/// Reads what `cargo test` prints.
#[derive(Default)]
struct Results {
    /// The test program that runs.
    program: String,
    cases: Vec<Case>,
}

impl Results {
    fn line(&mut self, line: &str) {
        let text = line.trim_start();
        if let Some(program) = text.strip_prefix("Running ").and_then(program_name) {
            self.program = program.to_owned();
        } else if let Some(package) = text.strip_prefix("Doc-tests ") {
            self.program = format!("{package} documentation");
        } else if let Some((name, verdict)) =
            line.strip_prefix("test ").and_then(|rest| rest.rsplit_once(" ... "))
        {
            let name = format!("{}: {}", self.program, name);
            if verdict == "ok" {
                self.cases.push(Case::passed(name));
            } else if verdict.starts_with("ignored") {
                self.cases.push(Case::skipped(name, verdict));
            } else if verdict == "FAILED" {
                self.cases.push(Case::failed(name, "see the output of cargo test"));
            }
        }
    }
}

/// `kcore` in `unittests src/lib.rs (target/debug/deps/kcore-0123456789abcdef)`.
fn program_name(running: &str) -> Option<&str> {
    let path = running.rsplit_once('(')?.1.strip_suffix(')')?;
    let file = path.rsplit('/').next()?;
    Some(file.rsplit_once('-').map_or(file, |(name, _)| name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_named_by_program() {
        let mut results = Results::default();
        for line in [
            "     Running unittests src/lib.rs (target/debug/deps/kcore-0123)",
            "running 3 tests",
            "test vma::tests::a ... ok",
            "test vma::tests::b ... FAILED",
            "test vma::tests::c - should panic ... ok",
            "test slow ... ignored, takes long",
            "test result: FAILED. 2 passed; 1 failed; 1 ignored",
            "   Doc-tests abi",
            "test src/lib.rs - x (line 3) ... ok",
        ] {
            results.line(line);
        }
        let expected = [
            Case::passed("kcore: vma::tests::a"),
            Case::failed("kcore: vma::tests::b", "see the output of cargo test"),
            Case::passed("kcore: vma::tests::c - should panic"),
            Case::skipped("kcore: slow", "ignored, takes long"),
            Case::passed("abi documentation: src/lib.rs - x (line 3)"),
        ];
        assert_eq!(results.cases, expected);
    }
}
