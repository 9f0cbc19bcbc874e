//! Starts processes, interrupts those that wait, and starts those again that end early.

use super::arena::Arena;
use super::figures::Figures;
use super::life::{Life, NOT_BEGUN};
use super::sandbox;
use super::source::Source;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;
use sys::abi::process::WNOHANG;
use sys::abi::signal::{SIGALRM, SIGCHLD, SIGCONT, SIGKILL, SignalSet};
use sys::process::{self, Fork};
use sys::wait::Status;
use sys::{signal, time};

/// How often somebody looks who does not go on. Who has ended is noticed at once.
const LOOK: Duration = Duration::from_millis(3);
/// Looks at a process that does not go on until it is interrupted, until it is killed, and until that
/// should have ended it.
const PATIENCE: u32 = 1;
const LAST_PATIENCE: u32 = 70;
const ETERNITY: u32 = 7000;
/// So often may processes in a row not begin.
const FALSE_STARTS: u32 = 20;

/// A process, or what is known of the one that comes.
struct Ward {
    /// `None` if it has taken its last step.
    pid: Option<i32>,
    /// Where it was when somebody looked last.
    seen: u32,
    /// How many looks ago that was.
    since: u32,
}

pub struct Watch<'a> {
    source: &'a dyn Source,
    figures: &'a Figures,
    arena: &'a Arena,
    wards: Vec<Ward>,
    false_starts: u32,
    /// Processes that ended before their last step.
    pub deaths: u32,
    /// Those that had to be killed.
    pub kills: u32,
}

impl<'a> Watch<'a> {
    pub fn new(
        source: &'a dyn Source,
        figures: &'a Figures,
        arena: &'a Arena,
        processes: u32,
    ) -> Self {
        let ward = |_| Ward { pid: None, seen: 0, since: 0 };
        let wards = (0..processes).map(ward).collect();
        Self { source, figures, arena, wards, false_starts: 0, deaths: 0, kills: 0 }
    }

    /// Has all steps taken. An error is somebody who cannot be ended.
    pub fn run(&mut self) -> Result<(), String> {
        self.arena.clear();
        for process in 0..self.wards.len() as u32 {
            if self.source.next(process, 0).is_some() {
                self.start(process, 0)?;
            }
        }
        let mut next = time::now() + LOOK;
        while self.wards.iter().any(|ward| ward.pid.is_some()) {
            let rest = next.saturating_sub(time::now());
            if !rest.is_zero() {
                let _ = signal::wait_for(SignalSet::of(SIGCHLD), rest);
            }
            self.bury()?;
            if time::now() >= next {
                self.look()?;
                next = time::now() + LOOK;
            }
        }
        Ok(())
    }

    fn start(&mut self, process: u32, from: u32) -> Result<(), String> {
        sandbox::make(process).map_err(|why| format!("a folder: {why}"))?;
        self.figures.goes_to(process, from);
        let mut others = self.wards.iter().filter_map(|ward| ward.pid);
        let sibling = others.next_back().unwrap_or(i32::MAX);
        match process::fork().map_err(|why| format!("fork: {why}"))? {
            Fork::Parent(pid) => {
                // Both sides do it, so that it is done before either goes on.
                let _ = process::set_group(pid, 0);
                if let Some(ward) = self.wards.get_mut(process as usize) {
                    *ward = Ward { pid: Some(pid), seen: from, since: 0 };
                }
                Ok(())
            }
            Fork::Child => {
                let folder = sandbox::folder(process);
                Life::new(self.source, self.figures, process).lead(from, sibling, &folder)
            }
        }
    }

    /// Notes who has ended, and goes on behind the step that was the end.
    fn bury(&mut self) -> Result<(), String> {
        while let Ok(Some((pid, status))) = process::wait(-1, WNOHANG) {
            let found = self.wards.iter().position(|ward| ward.pid == Some(pid));
            // Others are children of theirs.
            let Some(place) = found else { continue };
            let process = place as u32;
            let _ = process::kill(-pid, SIGKILL);
            let began = status != Status::Exited(NOT_BEGUN);
            let at = self.figures.at(process);
            self.false_starts = if began { 0 } else { self.false_starts + 1 };
            if self.false_starts > FALSE_STARTS {
                return Err("processes cannot begin".to_string());
            }
            if let Some(ward) = self.wards.get_mut(place) {
                ward.pid = None;
            }
            if let Some(next) = self.source.next(process, if began { at + 1 } else { at }) {
                self.deaths += 1;
                self.start(process, next)?;
            }
        }
        Ok(())
    }

    /// Interrupts and kills who does not go on.
    fn look(&mut self) -> Result<(), String> {
        for (process, ward) in (0..).zip(&mut self.wards) {
            let Some(pid) = ward.pid else { continue };
            let at = self.figures.at(process);
            if at != ward.seen {
                (ward.seen, ward.since) = (at, 0);
                continue;
            }
            ward.since += 1;
            match ward.since {
                ETERNITY => return Err(format!("process {process} cannot be ended at step {at}")),
                LAST_PATIENCE => {
                    self.kills += 1;
                    let _ = process::kill(pid, SIGKILL);
                }
                PATIENCE..LAST_PATIENCE => {
                    let _ = process::kill(pid, SIGALRM);
                    let _ = process::kill(pid, SIGCONT);
                }
                _ => {}
            }
        }
        Ok(())
    }
}
