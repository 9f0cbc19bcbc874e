//! A guest in the middle of ordinary work, from which every trial of a campaign goes on.
//!
//! Its program is `tests/worker`. Instructions are counted, and it stands at the same one whenever it is
//! booted.

mod seen;

pub use seen::{Ending, Seen};

use crate::guest::{READY, Setup, why};
use std::path::PathBuf;
use xtask::page_tables::{KernelImage, Sample};
use xtask::running::Running;
use xtask::snapshot::Snapshot;
use xtask::symbols;

/// Does its work when it has been looked at; the first thing it does is a system call by interrupt.
const WORKER: [&str; 1] = ["/bin/worker"];
const FIRST_CALL: &str = "linux_call_stub";
/// What is enough for it: all of it is looked at after some trials.
const MEMORY: u64 = 40 << 20;
const HIGH: &str = "highmem=8M";

/// That guest, and what comes of it when nothing happens.
pub struct AtWork {
    snapshot: Snapshot,
    pub kernel: PathBuf,
    pub image: KernelImage,
    pub good: Seen,
}

impl AtWork {
    /// Boots, and lets it go on twice.
    pub fn boot(setup: &Setup) -> Result<Self, String> {
        let mut guest = setup.program(&WORKER)?;
        guest.machine.icount = true;
        guest.machine.memory = MEMORY;
        guest.machine.cmdline = HIGH.into();
        let kernel = guest.kernel().to_owned();
        let image = KernelImage::read(&kernel)?;
        let first = why(symbols::address(&kernel, FIRST_CALL))?;
        let snapshot = guest.snapshot_at(READY, first)?;
        let mut work = Self { snapshot, kernel, image, good: Seen::default() };
        let (good, again) = (work.go_on(true, |_| Ok(()))?, work.go_on(true, |_| Ok(()))?);
        if good != again || good.ending != Ending::Done || good.tables.is_some() {
            return Err(format!("when nothing happens: {good:?}, and again: {again:?}"));
        }
        work.good = good;
        Ok(work)
    }

    /// Memory and registers at the beginning.
    pub fn sample(&self) -> Result<Sample, String> {
        why(Sample::take_still(&mut why(self.snapshot.restore_stopped())?, MEMORY))
    }

    /// A guest that stands there, or where `change` has brought it, and something was done to it.
    pub fn stop(
        &self,
        change: impl FnOnce(&mut Running) -> Result<(), String>,
    ) -> Result<Running, String> {
        let mut guest = why(self.snapshot.restore_stopped())?;
        change(&mut guest)?;
        Ok(guest)
    }

    /// A guest that stands there; `change` does something to it, and what is seen then. Its page tables
    /// are only looked at if `walks` says so.
    pub fn go_on(
        &self,
        walks: bool,
        change: impl FnOnce(&mut Running) -> Result<(), String>,
    ) -> Result<Seen, String> {
        let mut before = 0;
        let mut guest = self.stop(|guest| {
            before = guest.log().len();
            change(guest)
        })?;
        why(guest.qmp()).and_then(|qmp| why(qmp.cont()))?;
        let rules = walks.then_some((&self.image, MEMORY));
        let mut seen = Seen::watch(guest, rules)?;
        seen.log.drain(..before.min(seen.log.len()));
        Ok(seen)
    }
}
