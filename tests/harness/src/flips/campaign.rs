//! A guest at work, and flips in it.

use super::outcome::{Outcome, judge};
use super::places::{Class, Flip, Place, Places};
use super::spaces::Face;
use super::table::Table;
use crate::at_work::{AtWork, Seen};
use crate::guest::{Setup, why};
use xtask::running::Running;
use xtask::trials::for_each;

/// All that trials need.
pub struct Campaign<'a> {
    work: &'a AtWork,
    places: Places,
    seed: u64,
}

impl<'a> Campaign<'a> {
    /// Looks where bits may flip.
    pub fn new(setup: &'a Setup) -> Result<Self, String> {
        let work = setup.at_work()?;
        let faces: Vec<Face> =
            setup.files()?.iter().filter_map(|(name, file)| Face::of(name, file)).collect();
        let places = Places::find(&work.sample()?, &work.image, &work.kernel, &faces)?;
        Ok(Self { work, places, seed: setup.seed })
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
        self.work.go_on(flip.class != Class::User, |guest| self.make(flip, guest))
    }

    /// A guest that stands still, with that bit flipped.
    pub fn stop(&self, flip: Flip) -> Result<Running, String> {
        self.work.stop(|guest| self.make(flip, guest))
    }

    fn make(&self, flip: Flip, guest: &mut Running) -> Result<(), String> {
        let Place { address, bit, .. } = self.place(flip);
        why(guest.gdb().and_then(|mut gdb| gdb.flip(address, bit)))
    }

    pub fn judge(&self, seen: &Seen) -> Outcome {
        judge(&self.work.good, seen)
    }

    /// Tries all of these; `tell` hears how many are done.
    pub fn try_all(&self, flips: &[Flip], tell: impl Fn(usize) + Sync) -> Result<Table, String> {
        let outcomes = for_each(flips, tell, |flip| {
            let seen = self.see(*flip).map_err(|why| format!("{flip}: {why}"))?;
            Ok::<_, String>((*flip, self.judge(&seen)))
        })?;
        Ok(outcomes.into_iter().collect())
    }
}
