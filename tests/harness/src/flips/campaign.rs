//! A guest at work, and many flips in it, as many at a time as there are processors.

use super::outcome::{Outcome, judge};
use super::places::{Class, Flip, Place, Places};
use super::spaces::Face;
use super::table::Table;
use super::trial::{Seen, Start};
use crate::guest::{READY, Setup, why};
use crate::page_tables::{KernelImage, Sample};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use xtask::symbols;

/// Does its work when it has been looked at; the first thing it does is a system call by interrupt.
const WORKER: [&str; 1] = ["/bin/worker"];
const FIRST_CALL: &str = "linux_call_stub";
/// What is enough for it: all of it is looked at after each trial.
const MEMORY: u64 = 40 << 20;
const HIGH: &str = "highmem=8M";

/// All that trials need.
pub struct Campaign {
    start: Start,
    places: Places,
    good: Seen,
    seed: u64,
}

impl Campaign {
    /// Boots, and sees what comes without a flip.
    pub fn new(setup: &Setup, seed: u64) -> Result<Self, String> {
        let mut guest = setup.program(&WORKER)?;
        guest.machine.icount = true;
        guest.machine.memory = MEMORY;
        guest.machine.cmdline = HIGH.into();
        let kernel = guest.kernel().to_owned();
        let (image, memory) = (KernelImage::read(&kernel)?, guest.machine.memory);
        let first = why(symbols::address(&kernel, FIRST_CALL))?;
        let snapshot = guest.snapshot_at(READY, first)?;
        let mut still = why(snapshot.restore_stopped())?;
        let sample = Sample::take_still(&mut still, memory)?;
        drop(still);
        let faces: Vec<Face> =
            setup.files()?.iter().filter_map(|(name, file)| Face::of(name, file)).collect();
        let places = Places::find(&sample, &image, &kernel, &faces)?;
        let start = Start { snapshot, image, memory };
        let (good, again) = (start.go_on(None, true)?, start.go_on(None, true)?);
        if good != again || judge(&good, &good) != Outcome::Harmless {
            return Err(format!("without a flip: {good:?}, and again: {again:?}"));
        }
        Ok(Self { start, places, good, seed })
    }

    pub fn place(&self, flip: Flip) -> Place {
        self.places.choose(flip, self.seed)
    }

    pub fn places(&self) -> &Places {
        &self.places
    }

    /// What is seen of one.
    pub fn see(&self, flip: Flip) -> Result<Seen, String> {
        // A program's memory says nothing about tables.
        self.start.go_on(Some(&self.place(flip)), flip.class != Class::User)
    }

    pub fn judge(&self, seen: &Seen) -> Outcome {
        judge(&self.good, seen)
    }

    /// Tries all of these; `tell` hears how many are done.
    pub fn try_all(&self, flips: &[Flip], tell: impl Fn(usize) + Sync) -> Result<Table, String> {
        let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let work = || {
            let mut outcomes = Vec::new();
            while let Some(&flip) = flips.get(next.fetch_add(1, Relaxed)) {
                let seen = self.see(flip).map_err(|why| format!("{flip}: {why}"))?;
                outcomes.push((flip, self.judge(&seen)));
                tell(done.fetch_add(1, Relaxed) + 1);
            }
            Ok::<_, String>(outcomes)
        };
        let workers = thread::available_parallelism().map_or(1, usize::from);
        let done = thread::scope(|scope| {
            let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
            workers.into_iter().map(|worker| worker.join()).collect::<Vec<_>>()
        });
        let mut table = Table::default();
        for outcomes in done {
            let outcomes = outcomes.map_err(|_| "a thread panicked".to_owned())??;
            outcomes.into_iter().for_each(|(flip, outcome)| table.add(flip, outcome));
        }
        Ok(table)
    }
}
