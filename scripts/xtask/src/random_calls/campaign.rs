//! Batches one after the other, until there were enough calls or something is wrong.

use super::failure::Failure;
use super::figures::Figures;
use super::player::{Played, Player};
use super::program;
use super::reduce::{Reduced, reduce};
use super::repeat::{place, repeat};
use crate::contents::Contents;
use crate::machine::Machine;
use crate::report::Case;
use crate::stop::{Result, io};
use random::Batch;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Calls of a process in one batch.
const STEPS: u32 = 2500;
/// How often somebody is told how far it is.
const PROGRESS: Duration = Duration::from_secs(10);
/// Runs of a program that was written down.
const REPEATS: u32 = 3;

/// How much is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    Calls(u64),
    /// Until something is wrong.
    Endless,
}

/// What is to be done, and where.
#[derive(Clone, Debug)]
pub struct Campaign {
    /// What it is called, for people.
    pub name: String,
    pub machine: Machine,
    pub kernel: PathBuf,
    pub contents: Contents,
    pub amount: Amount,
    /// Of the first batch; the others count on.
    pub seed: u32,
    pub processes: u32,
    /// Progress has the errors, too.
    pub tells_errors: bool,
    /// A call that is otherwise left out.
    pub also: Option<String>,
}

impl Campaign {
    pub fn run(self) -> Result<Vec<Case>> {
        let player =
            Player::boot(&self.machine, &self.kernel, self.contents.clone(), self.also.as_deref())?;
        let mut guest = player.guest()?;
        let (mut total, start, mut told) = (Figures::default(), Instant::now(), Instant::now());
        for seed in self.seed.. {
            let batch = self.batch(seed);
            match guest.play(&batch)? {
                Played::Well(figures) => total.add(figures),
                Played::Badly(failure) => return self.explain(&player, &batch, &failure),
            }
            let is_over = matches!(self.amount, Amount::Calls(calls) if total.calls >= calls);
            if is_over || told.elapsed() > PROGRESS {
                told = Instant::now();
                self.tell(&total, start.elapsed(), seed);
            }
            if is_over {
                break;
            }
        }
        Ok(vec![Case::passed(format!("{} calls", total.calls))])
    }

    /// One batch.
    pub fn batch(&self, seed: u32) -> Batch {
        Batch { seed, processes: self.processes, steps: STEPS, only: Vec::new() }
    }

    fn tell(&self, total: &Figures, took: Duration, seed: u32) {
        let rate = total.calls as f64 / took.as_secs_f64().max(0.001);
        let Figures { calls, deaths, kills, .. } = total;
        eprintln!(
            "{}: {calls} calls, {rate:.0} a second, {deaths} processes ended early, {kills} were \
             killed, seed {seed}",
            self.name
        );
        if self.tells_errors {
            eprintln!("  {}", total.distribution());
        }
    }

    /// Reduces what is wrong, writes it down, and looks whether that does it, too.
    fn explain(&self, player: &Player, batch: &Batch, failure: &Failure) -> Result<Vec<Case>> {
        let name = format!("seed {}", batch.seed);
        eprintln!("{}: {name}: {}", self.name, failure.report);
        let tell = |text: String| eprintln!("  {text}");
        let Some(reduced) = reduce(player, batch, &failure.kind, &tell)? else {
            let why = "the batch alone does not fail: it needs what was before, or another order";
            return Ok(vec![Case::failed(name, format!("{}\n{why}", failure.report))]);
        };
        let (path, times) = self.write_down(&reduced)?;
        let Reduced { batch, failure, often } = &reduced;
        let why = format!(
            "{}\ncalls that are left: {}; they fail {} of {} times, as a program {times} of \
             {REPEATS} times:\n  {} {} {}",
            failure.report,
            batch.len(),
            often.0,
            often.1,
            program::COMMAND,
            path.display(),
            self.machine.words().join(" "),
        );
        Ok(vec![Case::failed(name, why)])
    }

    /// The program, and how often it fails as the batch does.
    pub fn write_down(&self, reduced: &Reduced) -> Result<(PathBuf, usize)> {
        let path = place(reduced.batch.seed)?;
        let shown = path.display().to_string();
        let words = self.machine.words().join(" ");
        let text = program::source(reduced, self.also.as_deref(), &shown, &words);
        fs::write(&path, text).map_err(|error| io("write", &path, error))?;
        let (machine, kernel) = (&self.machine, &self.kernel);
        let runs = repeat(&path, machine, kernel, self.contents.clone(), REPEATS)?;
        let same = runs.iter().flatten().filter(|run| run.kind == reduced.failure.kind);
        Ok((path, same.count()))
    }
}

/// What a program does that was written down, as a test.
pub fn program(
    path: &Path,
    machine: &Machine,
    kernel: &Path,
    contents: Contents,
) -> Result<Vec<Case>> {
    let runs = repeat(path, machine, kernel, contents, REPEATS)?;
    let name = |run: usize| format!("{}, run {}", path.display(), run + 1);
    let case = |(run, failure): (usize, Option<Failure>)| match failure {
        None => Case::passed(name(run)),
        Some(failure) => Case::failed(name(run), failure.report),
    };
    Ok(runs.into_iter().enumerate().map(case).collect())
}
