//! One run again, in a fresh guest that counts instructions: every time the same.

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
use crate::{captured, symbols};
use abi::frame::Exit;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Nothing is slow but a guest that hangs.
const TIMEOUT: Duration = Duration::from_secs(120);
/// Where the kernel is when it injects a fault.
const INJECTED: &str = "fault_injected";

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
    /// And the suite.
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

    /// Whether anything failed in it.
    pub fn has_faults(&self) -> bool {
        self.log.iter().any(|line| line.contains(" fails, opportunity "))
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
        let ran = captured::capture(&self.machine, guest, self.contents.clone(), &words, TIMEOUT)?;
        let said = text(&ran.stdout).into_owned() + &text(&ran.stderr);
        Ok(Replayed { log: ran.outcome.log, said, end: ran.outcome.end })
    }

    /// The same, and the guest stands still where its first fault is injected.
    pub fn stop_at_fault(&self, id: &str) -> Result<(Running, Gdb)> {
        // It waits for whoever connects before it does anything.
        let machine = Machine { gdb: Some("none".into()), ..self.machine.clone() };
        let (guest, words) = ((System::Folio, self.kernel.as_path()), words(id));
        let session = session(&machine, guest, self.contents.clone(), &words, TIMEOUT);
        let mut running = session.start_alone()?;
        let mut gdb = running.gdb()?;
        gdb.run_to(symbols::address(&self.kernel, INJECTED)?)
            .map_err(|_| failed(running.report(&format!("{id}: nothing fails in it"))))?;
        Ok((running, gdb))
    }
}

/// What the guest runs.
fn words(id: &str) -> [&str; 5] {
    [SUITE, "--faults", "--report", "--only", id]
}

/// An id has to have a scenario and a choice.
pub fn check(id: &str) -> Result<()> {
    let is_right = id.rsplit_once(':').is_some_and(|(name, choice)| {
        !name.is_empty() && !choice.is_empty() && !id.contains(char::is_whitespace)
    });
    if super::is_outside(id) || id.starts_with(crate::server_faults::SERVERS) {
        return Err(usage(format!("--replay {id}: `scripts/test fault {id}` repeats it")));
    }
    match is_right {
        true => Ok(()),
        false => Err(usage(format!("--replay {id}: SCENARIO:CHOICE, as a report has it"))),
    }
}
