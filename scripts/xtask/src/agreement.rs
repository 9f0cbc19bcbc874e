//! Programs on Folio and on Debian's Linux, both booting the same archive: what they print and how
//! they end has to be the same.

use crate::build::Program;
use crate::captured::{Captured, capture};
use crate::contents::Contents;
use crate::debian::{self, Fetched};
use crate::machine::Machine;
use crate::qemu::System;
use crate::report::Case;
use crate::session::End;
use crate::stop::Result;
use std::path::Path;
use std::time::Duration;

/// A program that runs on both.
pub struct Question {
    pub name: &'static str,
    /// Its path and arguments.
    pub words: &'static [&'static str],
}

/// Questions of one kind.
pub struct Questions {
    pub kind: &'static str,
    pub list: &'static [Question],
    /// What Debian has to give.
    pub fetch: fn() -> Result<Fetched>,
    pub contents: fn(&[Program], &Fetched) -> Result<Contents>,
    /// The least memory Linux and Folio need with that archive.
    pub memory: (u64, u64),
    /// Longer than any honest run takes.
    pub timeout: Duration,
}

impl Questions {
    /// Asks those whose name contains `filter`, with a case for each.
    pub fn ask(
        &self,
        machine: &Machine,
        kernel: &Path,
        programs: &[Program],
        filter: Option<&str>,
    ) -> Result<Vec<Case>> {
        let wanted = |asked: &&Question| filter.is_none_or(|filter| asked.name.contains(filter));
        let questions: Vec<&Question> = self.list.iter().filter(wanted).collect();
        if questions.is_empty() {
            return Ok(Vec::new());
        }
        let (linux, fetched) = match (debian::kernel(machine.layout.pae), (self.fetch)()) {
            (Ok(linux), Ok(fetched)) => (linux, fetched),
            (Err(stop), _) | (_, Err(stop)) => {
                return Ok(vec![Case::skipped("Debian's packages", stop.why)]);
            }
        };
        let with = |least: u64| Machine { memory: machine.memory.max(least), ..machine.clone() };
        let machines = (with(self.memory.0), with(self.memory.1));
        let mut cases = Vec::new();
        for Question { name, words } in questions {
            eprintln!("{}: {name}", self.kind);
            let answer = |machine: &Machine, system| {
                let contents = (self.contents)(programs, &fetched)?;
                capture(machine, system, contents, words, self.timeout)
            };
            let expected = answer(&machines.0, (System::Linux, &linux.path))?;
            let found = answer(&machines.1, (System::Folio, kernel))?;
            cases.push(match disagreement(&expected, &found, kernel) {
                None => Case::passed(*name),
                Some(why) => Case::failed(*name, why),
            });
        }
        Ok(cases)
    }
}

/// How Folio's answer differs from Linux's.
fn disagreement(linux: &Captured, folio: &Captured, kernel: &Path) -> Option<String> {
    let End::Exit(expected) = &linux.outcome.end else {
        return Some(linux.outcome.report(&format!("on Linux: {:?}", linux.outcome.end), kernel));
    };
    let End::Exit(found) = &folio.outcome.end else {
        return Some(folio.outcome.report(&format!("{:?}", folio.outcome.end), kernel));
    };
    let mut why = Vec::new();
    if expected != found {
        why.push(format!("it ended with {found:?}, on Linux with {expected:?}"));
    }
    for (name, linux, folio) in [
        ("standard output", &linux.stdout, &folio.stdout),
        ("standard error", &linux.stderr, &folio.stderr),
    ] {
        why.extend(first_difference(linux, folio).map(|text| format!("{name}: {text}")));
    }
    if why.is_empty() { None } else { Some(why.join("\n")) }
}

/// The first line that differs.
fn first_difference(linux: &[u8], folio: &[u8]) -> Option<String> {
    if linux == folio {
        return None;
    }
    let lines = |bytes: &'_ [u8]| {
        let lines = bytes.split_inclusive(|&byte| byte == b'\n');
        lines.map(|line| line.escape_ascii().to_string()).collect::<Vec<_>>()
    };
    let (linux, folio) = (lines(linux), lines(folio));
    let at = linux.iter().zip(&folio).take_while(|(a, b)| a == b).count();
    let line =
        |lines: &[String]| lines.get(at).map_or("nothing".to_owned(), |line| format!("{line:?}"));
    Some(format!("line {}: {}, on Linux {}", at + 1, line(&folio), line(&linux)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_differs_is_shown() {
        assert_eq!(first_difference(b"a\nb\n", b"a\nb\n"), None);
        let text = first_difference(b"a\nb\n", b"a\n\xFF\n").unwrap();
        assert!(text.starts_with("line 2: ") && text.contains("xff"), "{text}");
        assert!(first_difference(b"a\nb\n", b"a\n").unwrap().contains("nothing"));
        assert!(first_difference(b"", b"a").unwrap().contains("on Linux nothing"));
    }
}
