//! One run again, in a fresh guest that counts instructions: every time the same.

use super::told::{self, Told};
use crate::build::{self, Image, Kind};
use crate::captured::{session, text};
use crate::contents::Contents;
use crate::gdb::Gdb;
use crate::guest_tests::SUITE;
use crate::lanes::{self, Lane};
use crate::machine::Machine;
use crate::qemu::System;
use crate::running::Running;
use crate::session::End;
use crate::stop::{Result, failed, usage};
use crate::{captured, server_faults, symbols};
use abi::failpoint::Opportunities;
use abi::frame::Exit;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Nothing is slow but a guest that hangs.
const TIMEOUT: Duration = Duration::from_secs(120);
/// Where the kernel is when it injects a fault.
const INJECTED: &str = "fault_injected";
/// Where it is when a server's memory is changed, or when something happens to one at a message.
const POKED: [&str; 2] = ["mm", "poke"];

/// As far from where it was an opportunity is looked for.
const REACH: u32 = 6;

/// What the guests of replays are made of.
pub struct Replays {
    machine: Machine,
    kernel: PathBuf,
    contents: Contents,
}

/// A run that was repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// All that the kernel said.
    pub log: Vec<String>,
    /// And the program.
    pub said: String,
    pub end: End,
}

impl Replayed {
    /// Whether it went well, faults and all.
    pub fn is_well(&self) -> bool {
        self.end == End::Exit(Exit::Exited(0))
    }

    /// Whether there is such a run.
    pub fn is_any(&self) -> bool {
        self.end != End::Exit(Exit::Exited(USAGE))
    }

    /// What failed in it.
    pub fn faults(&self) -> Vec<Told> {
        told::injected(&self.log)
    }

    /// Whether anything did.
    pub fn has_faults(&self) -> bool {
        !self.faults().is_empty()
    }

    /// Refuses the fault of another place than an id names.
    pub fn check_place(&self, id: &str) -> Result<()> {
        let Some((_, wanted)) = id.split_once('@') else { return Ok(()) };
        match self.faults().last() {
            Some(last) if last.place == wanted => Ok(()),
            Some(Told { point, place, opportunity, .. }) => Err(failed(format!(
                "{id}: not the report's fault: opportunity {opportunity} is {point} at {place} here, \
                 not at {wanted}"
            ))),
            None => Err(failed(format!("{id}: nothing fails here, at {wanted} or elsewhere"))),
        }
    }
}

/// The suite's exit status when it is asked for what it does not have.
const USAGE: u8 = 2;

impl Replays {
    /// Builds what they need, for a machine like that.
    pub fn build(machine: &Machine) -> Result<Self> {
        let lane = lanes::faults(machine);
        let layout = lane.machine.layout;
        let kernel =
            build::kernel(Image { layout, profile: lane.profile, kind: Kind::Faults }, true)?;
        let contents = build::contents_for_suite(&build::programs(true)?)?;
        Ok(Self::new(&lane, &kernel, contents))
    }

    /// On the machine of a lane.
    pub fn new(lane: &Lane, kernel: &Path, contents: Contents) -> Self {
        let machine = Machine { icount: true, ..lane.machine.clone() };
        Self { machine, kernel: kernel.to_owned(), contents }
    }

    pub fn kernel(&self) -> &Path {
        &self.kernel
    }

    /// Repeats the run that a report calls `id`.
    pub fn run(&self, id: &str) -> Result<Replayed> {
        let (guest, words) = ((System::Folio, self.kernel.as_path()), words(id));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let ran = captured::capture(&self.machine, guest, self.contents.clone(), &words, TIMEOUT)?;
        let said = text(&ran.stdout).into_owned() + &text(&ran.stderr);
        Ok(Replayed { log: ran.outcome.log, said, end: ran.outcome.end })
    }

    /// Repeats it where an id says that it was. A guest with another past may have used other memory, so
    /// that there is an opportunity more or less before: then it is the nearest one at that place, if there is
    /// any. Comes with the id of the run.
    pub fn run_there(&self, id: &str) -> Result<(String, Replayed)> {
        let first = self.run(id)?;
        let is_elsewhere = first.is_any() && first.check_place(id).is_err();
        for near in near(id).into_iter().filter(|_| is_elsewhere) {
            let replayed = self.run(&near)?;
            if replayed.check_place(&near).is_ok() {
                return Ok((near, replayed));
            }
        }
        Ok((id.to_owned(), first))
    }

    /// The same, and the guest stands still where its first fault is injected.
    pub fn stop_at_fault(&self, id: &str) -> Result<(Running, Gdb)> {
        // It waits for whoever connects before it does anything.
        let machine = Machine { gdb: Some("none".into()), ..self.machine.clone() };
        let (guest, words) = ((System::Folio, self.kernel.as_path()), words(id));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let session = session(&machine, guest, self.contents.clone(), &words, TIMEOUT);
        let mut running = session.start_alone()?;
        let mut gdb = running.gdb()?;
        let place = match server_faults::is_single(id) {
            true => symbols::address_in(&self.kernel, &POKED)?,
            false => symbols::address(&self.kernel, INJECTED)?,
        };
        gdb.run_to(place)
            .map_err(|_| failed(running.report(&format!("{id}: nothing fails in it"))))?;
        Ok((running, gdb))
    }
}

/// Ids with the last opportunity a bit later or earlier, the nearest first; none where chance chooses.
fn near(id: &str) -> Vec<String> {
    let Some((run, place)) = id.split_once('@') else { return Vec::new() };
    let start = run.trim_end_matches(|last: char| last.is_ascii_digit());
    let Ok(number) = run[start.len()..].parse::<u32>() else { return Vec::new() };
    let is_right = |run: &str| {
        let choice = run.rsplit_once(':').map_or("", |(_, choice)| choice);
        let late = choice.strip_prefix('+').and_then(|nth| nth.parse().ok());
        late.is_some_and(|nth: u32| nth != 0) || Opportunities::parse(choice).is_some()
    };
    let both = |distance| [number.checked_add(distance), number.checked_sub(distance)];
    let numbers = (1..=REACH).flat_map(both).flatten();
    let runs = numbers.map(|number| format!("{start}{number}")).filter(|run| is_right(run));
    runs.map(|run| format!("{run}@{place}")).collect()
}

/// What the guest runs.
fn words(id: &str) -> Vec<String> {
    let of_suite =
        || [SUITE, "--faults", "--report", "--only", run_of(id)].map(str::to_owned).to_vec();
    server_faults::single(id).unwrap_or_else(of_suite)
}

/// Whether it says where its last fault is.
pub fn names_place(id: &str) -> bool {
    id.contains('@')
}

/// Without the place of its last fault.
fn run_of(id: &str) -> &str {
    id.split_once('@').map_or(id, |(run, _)| run)
}

/// An id has to have a scenario and a choice, or to name one fault of a campaign.
pub fn check(id: &str) -> Result<()> {
    let is_run = || {
        let run = run_of(id).rsplit_once(':');
        run.is_some_and(|(name, choice)| !name.is_empty() && !choice.is_empty())
            && !id.contains(char::is_whitespace)
    };
    let is_place = |place: &str| {
        let line = place.rsplit_once(':').map(|(_, line)| line.parse::<u32>());
        matches!(line, Some(Ok(_)))
    };
    let is_right = match super::is_of_campaign(id) {
        true => super::is_single(id),
        false => is_run() && id.split_once('@').is_none_or(|(_, place)| is_place(place)),
    };
    match is_right {
        true => Ok(()),
        false => Err(usage(format!(
            "--replay {id}: SCENARIO:CHOICE[@FILE:LINE], or one fault of a campaign, as a report has it"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replayed(log: &[&str]) -> Replayed {
        let log = log.iter().map(|line| (*line).to_owned()).collect();
        Replayed { log, said: String::new(), end: End::Exit(Exit::Exited(0)) }
    }

    #[test]
    fn the_fault_of_another_place_is_refused() {
        let log = [
            "[1.0] fail_page_high at b.rs:8 fails, opportunity 3, 7 suite",
            "[1.0] failslab at a.rs:7 fails, opportunity 9, 7 suite",
        ];
        let replayed = replayed(&log);
        // Where a guest hung nobody knows.
        for id in ["pipe::a:3,9@a.rs:7", "pipe::a:3,9"] {
            assert!(replayed.check_place(id).is_ok(), "{id}");
        }
        let why = replayed.check_place("pipe::a:3,9@b.rs:8").unwrap_err().why;
        for part in ["opportunity 9", "failslab at a.rs:7", "not at b.rs:8"] {
            assert!(why.contains(part), "{why}");
        }
        assert!(super::tests::replayed(&[]).check_place("pipe::a:3@a.rs:7").is_err());
    }

    #[test]
    fn the_nearest_opportunity_comes_first() {
        let near = |id| near(id).into_iter().take(3).collect::<Vec<_>>();
        assert_eq!(
            near("p::a:3,9@a.rs:7"),
            ["p::a:3,10@a.rs:7", "p::a:3,8@a.rs:7", "p::a:3,11@a.rs:7"]
        );
        // After the one before it, and from 1 on.
        assert_eq!(
            near("p::a:3,4@a.rs:7"),
            ["p::a:3,5@a.rs:7", "p::a:3,6@a.rs:7", "p::a:3,7@a.rs:7"]
        );
        assert_eq!(near("p::a:+1@a.rs:7"), ["p::a:+2@a.rs:7", "p::a:+3@a.rs:7", "p::a:+4@a.rs:7"]);
        assert!(near("p::a:%60000-7@a.rs:7").is_empty() && near("p::a:3").is_empty());
    }

    #[test]
    fn an_id_has_a_scenario_a_choice_and_perhaps_a_place() {
        for id in ["pipe::a:3,9", "pipe::a:%9-3@kernel/src/a.rs:7", "a:+1@b.rs:1"] {
            assert!(check(id).is_ok(), "{id}");
        }
        for id in ["pipe", ":3", "pipe::a:", "a:1@b.rs", "a:1@", "a: 1", "a@b.rs:1"] {
            assert!(check(id).is_err(), "{id}");
        }
        assert_eq!(words("pipe::a:3@a.rs:7")[4], "pipe::a:3");
    }
}
