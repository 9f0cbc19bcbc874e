//! Guests that make calls at random.

use super::RANDOM;
use super::failure::Failure;
use super::figures::Figures;
use crate::captured::{session, text};
use crate::contents::Contents;
use crate::machine::Machine;
use crate::page_tables;
use crate::qemu::System;
use crate::running::Running;
use crate::snapshot::Snapshot;
use crate::stop::Result;
use random::{Batch, READY};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Longer than a guest takes to boot.
const BOOT: Duration = Duration::from_secs(60);
/// Longer than any batch takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// A machine that has said nothing for so long has said all.
const SILENCE: Duration = Duration::from_secs(1);

/// A machine that is ready for calls, and as many guests as are wanted that go on from there.
pub struct Player {
    snapshot: Snapshot,
    kernel: PathBuf,
}

/// What came of a batch.
pub enum Played {
    Well(Figures),
    Badly(Failure),
}

impl Player {
    /// Boots. With `also`, a call that is otherwise left out is made too.
    pub fn boot(
        machine: &Machine,
        kernel: &Path,
        contents: Contents,
        also: Option<&str>,
    ) -> Result<Self> {
        let also = also.into_iter().flat_map(|call| ["--also", call]);
        let words: Vec<&str> = [RANDOM].into_iter().chain(also).collect();
        let session = session(machine, (System::Folio, kernel), contents, &words, BOOT);
        let snapshot = Snapshot::take(session, READY.as_bytes())?;
        page_tables::check(&snapshot, machine.memory, kernel)?;
        Ok(Self { snapshot, kernel: kernel.to_owned() })
    }

    /// A guest that has made no calls yet.
    pub fn guest(&self) -> Result<Guest> {
        Ok(Guest { running: Some(self.snapshot.restore()?), kernel: self.kernel.clone() })
    }

    /// What comes of a batch in a guest of its own.
    pub fn alone(&self, batch: &Batch) -> Result<Played> {
        self.guest()?.play(batch)
    }
}

/// A guest that makes calls, batch after batch, until one ends badly.
pub struct Guest {
    /// `None` behind that one.
    running: Option<Running>,
    kernel: PathBuf,
}

impl Guest {
    pub fn play(&mut self, batch: &Batch) -> Result<Played> {
        let Some(mut running) = self.running.take() else {
            return Err(crate::stop::failed("this guest has ended"));
        };
        running.write(format!("{batch}\n").as_bytes())?;
        let Ok(line) = running.read_line(PATIENCE) else {
            let ended = running.end(SILENCE)?;
            return Ok(Played::Badly(Failure::ended(&ended, &self.kernel)));
        };
        let line = text(&line).trim_end().to_owned();
        if let Some(figures) = line.strip_prefix("done ").and_then(Figures::parse) {
            self.running = Some(running);
            return Ok(Played::Well(figures));
        }
        let said = line.strip_prefix("wrong ").unwrap_or(&line);
        let said = format!("{said} {}", text(&running.stderr()));
        Ok(Played::Badly(Failure::said(&said, &running.log(), &self.kernel)))
    }
}
