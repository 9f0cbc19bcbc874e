//! The tests that a guest runs: in its kernel, by system calls, and whether it starts at all.

use crate::build;
use crate::captured::{Captured, capture, text};
use crate::contents::Contents;
use crate::jobs::Job;
use crate::ktap::{kernel_cases, last_lines, program_agrees, program_case};
use crate::lanes::Lane;
use crate::line::Streams;
use crate::qemu::System;
use crate::report::{Case, Verdict};
use crate::session::{End, Outcome, Session, Wire};
use crate::stop::Result;
use abi::frame::Exit;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

const KTEST_TIMEOUT: Duration = Duration::from_secs(120);
pub const SUITE_TIMEOUT: Duration = Duration::from_secs(600);
const SMOKE_TIMEOUT: Duration = Duration::from_secs(60);
/// The program of the smoke test.
pub const SMOKE: &str = "/bin/hello";
pub const SUITE: &str = "/bin/suite";
const HIGH_MEMORY_TEST: &str = "large::high_memory_is_used_where_there_is_any";

/// The kernel's own tests.
pub fn ktest(lane: &Lane, kernel: PathBuf, filter: Option<&str>) -> Job {
    let extra = filter.map(|filter| format!("ktest={filter}")).unwrap_or_default();
    let filtered = filter.is_some();
    let machine = lane.machine.clone();
    Job::new(format!("ktest {}", lane.name), move || {
        let streams = Streams {
            stdin: Box::new(io::empty()),
            stdout: Box::new(io::sink()),
            stderr: Box::new(io::sink()),
        };
        let session = Session {
            machine: &machine,
            system: System::Folio,
            kernel: &kernel,
            contents: build::contents(&[])?,
            first: None,
            damage: None,
            extra,
            timeout: Some(KTEST_TIMEOUT),
            log: None,
        };
        let outcome = session.run(Wire::Streams { streams, credits: false })?;
        let mut cases = kernel_cases(&outcome.log);
        if filtered && cases.len() == 1 && outcome.log.iter().any(|line| line.ends_with("1..0")) {
            cases.clear();
        }
        cases.extend(match &outcome.end {
            End::Stopped => None,
            end => Some(bad_end("ktest", end, &outcome, &kernel)),
        });
        Ok(cases)
    })
}

/// The tests by system calls.
pub fn suite(lane: &Lane, kernel: PathBuf, contents: Contents, filter: Option<&str>) -> Job {
    let filter = filter.map(str::to_owned);
    let filtered = filter.is_some();
    let lane = lane.clone();
    Job::new(format!("suite {}", lane.name), move || {
        let words: Vec<&str> = [SUITE].into_iter().chain(filter.as_deref()).collect();
        let (mut cases, output) =
            run_suite(&lane, &kernel, contents, &words, SUITE_TIMEOUT, filtered)?;
        if filtered {
            show_remarks(&output);
        }
        // What this lane is there for may not be left out.
        if lane.has_high_memory && !filtered && !cases.contains(&Case::passed(HIGH_MEMORY_TEST)) {
            cases.push(Case::failed("high memory", format!("{HIGH_MEMORY_TEST} did not pass")));
        }
        Ok(cases)
    })
}

/// What tests say besides their results.
pub fn show_remarks(output: &str) {
    for line in output.lines().filter_map(|line| line.strip_prefix("# ")) {
        eprintln!("{line}");
    }
}

/// Threads that change an address space while others fault in it, for so many seconds each test.
pub fn stress(lane: &Lane, kernel: PathBuf, contents: Contents, seconds: u32) -> Job {
    const TESTS: u32 = 2;
    let lane = lane.clone();
    Job::new(format!("stress {}", lane.name), move || {
        let words = [SUITE, "--stress", &seconds.to_string()];
        let timeout = SUITE_TIMEOUT + TESTS * Duration::from_secs(seconds.into());
        let (cases, _) = run_suite(&lane, &kernel, contents, &words, timeout, false)?;
        Ok(cases)
    })
}

/// What the suite says, and how it ended if that is something else; and all that it wrote.
pub fn run_suite(
    lane: &Lane,
    kernel: &Path,
    contents: Contents,
    words: &[&str],
    timeout: Duration,
    filtered: bool,
) -> Result<(Vec<Case>, String)> {
    let ran = capture(&lane.machine, (System::Folio, kernel), contents, words, timeout)?;
    let (stdout, stderr) = (text(&ran.stdout), text(&ran.stderr));
    let mut cases: Vec<Case> = stdout.lines().filter_map(program_case).collect();
    let end = &ran.outcome.end;
    let status = match end {
        End::Exit(Exit::Exited(status)) => Some(i32::from(*status)),
        _ => None,
    };
    if !program_agrees(&cases, status, filtered) {
        let mut case = bad_end("suite", end, &ran.outcome, kernel);
        if let Verdict::Failed(why) = &mut case.verdict {
            why.push_str("\nits output ends:\n");
            why.push_str(&last_lines(&stdout, 5));
            why.push_str(&last_lines(&stderr, 20));
        }
        cases.push(case);
    }
    Ok((cases, stdout.into_owned()))
}

/// A small program has to run and print something.
pub fn smoke(lane: &Lane, kernel: PathBuf, contents: Contents) -> Job {
    booted(format!("smoke {}", lane.name), lane, kernel, contents, |ran| match &ran.outcome.end {
        End::Exit(Exit::Exited(0)) if ran.stdout.is_empty() => Some("the program printed nothing"),
        End::Exit(Exit::Exited(0)) => None,
        _ => Some("the program did not run"),
    })
}

/// The processor is not for user programs: the kernel has to say so and end.
pub fn refusal(lane: &Lane, kernel: PathBuf, contents: Contents) -> Job {
    booted(format!("refusal {}", lane.name), lane, kernel, contents, |ran| match &ran.outcome.end {
        End::Exit(Exit::Failed) if ran.outcome.log.iter().any(|line| line.contains("SSE2")) => None,
        End::Exit(Exit::Failed) => Some("the kernel log does not say why"),
        _ => Some("it was not refused"),
    })
}

/// Boots [`SMOKE`] and asks what is wrong with the end.
fn booted(
    name: String,
    lane: &Lane,
    kernel: PathBuf,
    contents: Contents,
    wrong: fn(&Captured) -> Option<&'static str>,
) -> Job {
    let machine = lane.machine.clone();
    Job::new(name.clone(), move || {
        let ran = capture(&machine, (System::Folio, &kernel), contents, &[SMOKE], SMOKE_TIMEOUT)?;
        Ok(vec![match wrong(&ran) {
            None => Case::passed(name),
            Some(why) => {
                let end = format!("{why}: {}", describe(&ran.outcome.end));
                Case::failed(name, ran.outcome.report(&end, &kernel))
            }
        }])
    })
}

/// The case that tells of a guest which ended in another way than it should.
pub fn bad_end(name: &str, end: &End, outcome: &Outcome, kernel: &Path) -> Case {
    Case::failed(name, outcome.report(&describe(end), kernel))
}

/// How a guest ended, for people.
pub fn describe(end: &End) -> String {
    match end {
        End::Exit(Exit::Exited(status)) => format!("exit status {status}"),
        End::Exit(Exit::Signalled(signal)) => format!("ended by signal {signal}"),
        End::Exit(Exit::NotFound) => "the program was not found".into(),
        End::Exit(Exit::NotExecutable) => "the program cannot be executed".into(),
        End::Exit(Exit::Failed) => "Folio could not run the program".into(),
        End::Stopped => "Folio stopped without saying how its program ended".into(),
        End::TimedOut => "it hung and was ended".into(),
        End::Failed(why) => why.clone(),
        End::BrokenPipe | End::Escaped => "it was interrupted".into(),
    }
}
