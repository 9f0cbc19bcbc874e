//! Runs of `scripts/test fault` and of campaigns again: each time the same, to the instruction.

use crate::guest::{Setup, why};
use crate::{Outcome, clock, nmi, pressure};
use abi::failpoint::Opportunities;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};
use xtask::captured::text;
use xtask::fault_report::id;
use xtask::fault_tests::{Replayed, Replays, fewest};
use xtask::running::Running;
use xtask::workspace;

/// A guest that was let go on ends before that.
const PATIENCE: Duration = Duration::from_secs(60);
const GLANCE: Duration = Duration::from_millis(20);

fn replays(setup: &Setup) -> Result<Replays, String> {
    why(Replays::build(&setup.machine))
}

/// Twice the same run, in which something fails.
fn twice(replays: &Replays, id: &str) -> Result<Replayed, String> {
    let (first, second) = (why(replays.run(id))?, why(replays.run(id))?);
    if !first.has_faults() {
        return Err(format!("{id}: nothing fails in it: {:?}, {}", first.log, first.said));
    }
    match first == second {
        true => Ok(first),
        false => Err(format!("{id}: two runs differ: {first:#?}\n{second:#?}")),
    }
}

/// Twice a run that went well.
fn twice_well(replays: &Replays, id: &str) -> Result<Replayed, String> {
    let replayed = twice(replays, id)?;
    match replayed.is_well() {
        true => Ok(replayed),
        false => Err(format!("{id}: {:?}, {}", replayed.end, replayed.said)),
    }
}

/// Single ones and pairs, what comes late, what chance chooses, and a server's.
pub fn a_run_is_the_same_each_time(setup: &Setup) -> Outcome {
    let replays = replays(setup)?;
    for id in [
        "fork::several_children_come_and_go:3,20",
        "timers::an_interval_timer_rings:+1",
        "thread::threads_wait_for_each_other:%60000-7",
    ] {
        twice_well(&replays, id)?;
    }
    Ok(())
}

/// From all over a report: what failed in the sweep's guest, which had done other work before, fails in a
/// fresh one, if not at that number then near it.
pub fn the_faults_of_a_report_happen_again(setup: &Setup) -> Outcome {
    let (replays, folder) = (replays(setup)?, Folder::new("report"));
    for scenario in ["pipe::bytes_go_through", "served::a_file_is_read"] {
        let ran = Command::new(workspace::root().join("scripts/test"))
            .args(setup.machine.words())
            .args(["fault", scenario, "--report"])
            .arg(&folder.0)
            .output()
            .map_err(|error| format!("scripts/test: {error}"))?;
        if !ran.status.success() {
            return Err(format!("{scenario}: {}{}", text(&ran.stdout), text(&ran.stderr)));
        }
        let ids = ids(&folder.file("faults.jsonl")?);
        let last = ids.len().checked_sub(1).ok_or("no fault has a name")?;
        for place in [0, last / 3, last * 2 / 3, last] {
            let id = &ids[place];
            if !id.contains('@') {
                return Err(format!("{id} does not say where that was"));
            }
            let (found, first) = why(replays.run_there(id))?;
            why(first.check_place(&found))?;
            let second = twice_well(&replays, &found)?;
            if first != second {
                return Err(format!("{found}: two runs differ: {first:#?}\n{second:#?}"));
            }
        }
    }
    Ok(())
}

/// What the faults of a report are called.
fn ids(lines: &str) -> Vec<String> {
    let id = |line: &str| Some(line.split_once("\"replay\":\"")?.1.split_once('"')?.0.to_owned());
    lines.lines().filter_map(id).collect()
}

pub fn a_debugger_meets_the_fault(setup: &Setup) -> Outcome {
    const ID: &str = "pipe::bytes_go_through:5";
    let (mut guest, gdb) = why(replays(setup)?.stop_at_fault(ID))?;
    drop(gdb);
    let is_told = |line: &String| line.contains(" fails, opportunity 5, ");
    let before = guest.log();
    why(guest.qmp().and_then(|qmp| qmp.cont()))?;
    let ended = why(guest.end(PATIENCE))?.outcome;
    match (before.iter().any(is_told), ended.log.iter().any(is_told)) {
        (false, true) => Ok(()),
        _ => Err(format!("it did not stand at the fault: {before:?}, then {:?}", ended.log)),
    }
}

/// Where a fault of a campaign is made nothing has come of it yet, and then what the campaign tells.
pub fn a_debugger_meets_faults_of_campaigns(setup: &Setup) -> Outcome {
    let replays = replays(setup)?;
    let of_server = |id| why(replays.stop_at_fault(id)).map(|(guest, _)| guest);
    let moment = nmi::Moment::parse("page_fault/3+17").ok_or("that is a moment")?;
    for (what, guest, told) in [
        ("a change", of_server("servers::files:17")?, "servers: fault files 17 "),
        ("a message", of_server("servers::proc:hanging:9")?, "servers: fault proc 9 hanging "),
        ("a jump of time", clock::at_jump(setup, 3..4)?, "round 3: "),
        ("short memory", pressure::at_level(setup, 150)?, "150 free: "),
        ("an interrupt", nmi::stopped(setup, &moment)?, "nmi: 1 "),
    ] {
        is_met(guest, told).map_err(|why| format!("{what}: {why}"))?;
    }
    Ok(())
}

/// A guest stands where `told` is not told yet, and tells it when it goes on.
fn is_met(mut guest: Running, told: &str) -> Outcome {
    let is_told = |guest: &mut Running| {
        let is_in_log = guest.log().iter().any(|line| line.contains(told));
        is_in_log || guest.read_until(told.as_bytes(), GLANCE).is_ok()
    };
    if is_told(&mut guest) {
        return Err(guest.report("it does not stand at the fault"));
    }
    why(guest.qmp().and_then(|qmp| qmp.cont()))?;
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if is_told(&mut guest) {
            return Ok(());
        }
        sleep(GLANCE);
    }
    Err(guest.report(&format!("nothing says {told:?}")))
}

/// A change of a server's memory, and servers that end and stand still at a message.
pub fn a_fault_of_a_server_is_the_same_each_time(setup: &Setup) -> Outcome {
    let replays = replays(setup)?;
    for id in ["servers::files:17", "servers::proc:hanging:9", "servers::assist:receiving:2"] {
        let (first, second) = (why(replays.run(id))?, why(replays.run(id))?);
        let is_made = first.log.iter().any(|line| line.starts_with("servers: fault "));
        if first != second || !is_made || !first.is_well() {
            return Err(format!("{id}: two runs differ, or say nothing: {first:#?}\n{second:#?}"));
        }
    }
    Ok(())
}

/// The scenario is wrong: it does not do when both a pipe and a folder fail. Which numbers theirs are
/// depends on what of the program is read before, so they are looked for; a third fault is added to the
/// two, which must be taken away again.
pub fn few_of_several_faults_are_left(setup: &Setup) -> Outcome {
    const SCENARIO: &str = "wrong::one_of_two_is_enough";
    /// More opportunities than come before the folder's.
    const BOUND: u32 = 40;
    let replays = replays(setup)?;
    let run = |few: Opportunities| replays.run(&id(SCENARIO, &few.to_string()));
    let fails = |few: Opportunities| run(few).map(|run| run.is_any() && !run.is_well());
    let choose = |numbers: &[u32]| {
        Opportunities::new(numbers.iter().copied()).ok_or(format!("no choice: {numbers:?}"))
    };
    let pairs = (1..BOUND).flat_map(|last| (1..last).map(move |first| (first, last)));
    for (first, last) in pairs {
        let two = choose(&[first, last])?;
        if !why(fails(two))? {
            continue;
        }
        for third in (first + 1..last).chain(last + 1..BOUND) {
            let mut numbers = [first, last, third];
            numbers.sort_unstable();
            let all = choose(&numbers)?;
            if !why(fails(all))? {
                continue;
            }
            return match why(fewest(all, fails))? {
                Some(few) if few == two => Ok(()),
                few => Err(format!("the few that matter of {all} are {few:?}")),
            };
        }
    }
    Err(format!("{SCENARIO} does well whatever fails"))
}

/// What is done to a machine from outside too: output and log are the same to the last byte.
pub fn a_fault_from_outside_is_the_same_each_time(setup: &Setup) -> Outcome {
    let jump = || clock::jumps(setup, 3..4).map(|ended| (ended.stdout, ended.log));
    let level = || pressure::at(setup, Some(150)).map(|ended| (ended.stdout, ended.log));
    for (what, once, again) in
        [("a jump of time", jump()?, jump()?), ("short memory", level()?, level()?)]
    {
        if once != again || once.0.is_empty() || once.1.is_empty() {
            return Err(format!("{what}: two runs differ, or say nothing: {once:#?}\n{again:#?}"));
        }
    }
    let moment = nmi::Moment::parse("page_fault/3+17").ok_or("that is a moment")?;
    let (once, again) = (nmi::seen(setup, &moment)?, nmi::seen(setup, &moment)?);
    match once == again && once.log.iter().any(|line| line.starts_with("nmi: ")) {
        true => Ok(()),
        false => Err(format!("{moment}: two runs differ, or say nothing: {once:#?}\n{again:#?}")),
    }
}

/// A folder for a report.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("folio-{name}-{}", std::process::id())))
    }

    /// A file of the report.
    fn file(&self, name: &str) -> Result<String, String> {
        let path: &Path = &self.0.join(name);
        fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A campaign of `examples`, with a folder for its report.
struct Greeting(Folder);

impl Greeting {
    fn new() -> Self {
        Self(Folder::new("greeting"))
    }

    /// Runs it with these words: what it said. It has to succeed.
    fn run(&self, words: &[&str]) -> Result<String, String> {
        let ran = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()))
            .current_dir(workspace::root())
            .args(["run", "--quiet", "--package", "harness", "--example", "greeting", "--"])
            .arg("--report")
            .arg(&self.0.0)
            .args(words)
            .output()
            .map_err(|error| format!("cargo: {error}"))?;
        match ran.status.success() {
            true => Ok(text(&ran.stdout).into_owned()),
            false => Err(format!("{}: {}{}", ran.status, text(&ran.stdout), text(&ran.stderr))),
        }
    }

    /// A run of its report again: what it said, and the kernel's whole log.
    fn replay(&self, id: &str) -> Result<(String, String), String> {
        Ok((self.run(&["--replay", id])?, self.0.file("replay.log")?))
    }
}

/// The first, one in the middle, and the last, which is a pair.
pub fn a_campaigns_run_is_the_same_each_time(_: &Setup) -> Outcome {
    let greeting = Greeting::new();
    greeting.run(&["a_file_is_shown"])?;
    let lines = greeting.0.file("faults.jsonl")?;
    let ids = ids(&lines);
    let (Some(first), Some(last)) = (ids.first(), ids.last()) else {
        return Err(format!("no fault has a name: {lines}"));
    };
    for id in [first, &ids[ids.len() / 2], last] {
        let (once, again) = (greeting.replay(id)?, greeting.replay(id)?);
        if once != again {
            return Err(format!("{id}: two runs differ: {once:#?}\n{again:#?}"));
        }
        let (_, log) = once;
        if !log.contains(" fails, opportunity ") || !log.contains("MiB of memory") {
            return Err(format!("{id}: that is not a whole log with a fault: {log}"));
        }
    }
    Ok(())
}
