//! Faults, one after the other, and what must not come of any.

use crate::client::{Ended, work};
use crate::messages;
use crate::options::{What, parse};
use crate::place::Change;
use crate::round::{Recovery, Round, run as run_round};
use crate::service::{View, replace, running};
use crate::target::Target;
use crate::teller::Teller;
use crate::witness::Witness;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Display;
use core::time::Duration;
use leak::Snapshot;
use mutation::{Kind, Random};
use sys::failpoint::poke;
use sys::{Errno, process, time};

const USAGE: &str = "usage: saboteur SERVER (WHAT FIRST COUNT NUMBER)...";
/// After so many faults it is looked whether the kernel has lost anything.
const BATCH: u32 = 10;
/// Looks, until what a server does of its own accord is done.
const LOOKS: u32 = 10;
/// What is lost does not come back: after so many batches with something new each, something is.
const TOO_OFTEN: usize = 5;

/// Why a campaign ends before its end.
pub enum Stop {
    /// The guest is of no use any more; that was told.
    Lost,
    Broken(String),
}

impl From<Errno> for Stop {
    fn from(errno: Errno) -> Self {
        Self::Broken(format!("{errno}"))
    }
}

/// Does what the words ask for; 0 if it came to its end, whatever that was.
pub fn run(words: impl Iterator<Item = &'static [u8]>) -> i32 {
    let (Some((target, tasks)), Ok(teller)) = (parse(words), Teller::new()) else {
        sys::eprintln!("{USAGE}");
        return 2;
    };
    let _ = process::adopt_orphans(true);
    let ended = Campaign::new(target, &teller).and_then(|mut campaign| {
        for task in tasks {
            match task.what {
                What::Faults => campaign.faults(task.first, task.count, task.number)?,
                What::Messages(act) => messages::sweep(&mut campaign, act, &task)?,
            }
        }
        campaign.look_for_leaks()
    });
    let name = target.service;
    match ended {
        Ok(()) => teller.say(format_args!("ok servers::{name}")),
        Err(Stop::Lost) => {}
        Err(Stop::Broken(why)) => teller.say(format_args!("not ok servers::{name}: {why}")),
    }
    teller.say(format_args!("over"));
    0
}

/// A campaign against one server.
pub struct Campaign<'a> {
    pub target: &'static Target,
    teller: &'a Teller,
    /// Servers of other services that there have been.
    others: u32,
    /// What the kernel had when a new server had done its work once.
    seen: Vec<Snapshot>,
    /// How often in a row it had something else than ever before.
    news: usize,
}

impl<'a> Campaign<'a> {
    fn new(target: &'static Target, teller: &'a Teller) -> Result<Self, Stop> {
        // What the first times make somebody keep is no leak.
        leak::await_heartbeats()?;
        for _ in 0..3 {
            fresh(target)?;
        }
        let others = running(target)?.others;
        let seen = Vec::from([Snapshot::settled().ok_or(Errno::ENOSYS)?]);
        Ok(Self { target, teller, others, seen, news: 0 })
    }

    /// Faults of a seed.
    fn faults(&mut self, first: u32, count: u32, seed: u32) -> Result<(), Stop> {
        for number in first..first + count {
            let kind = Kind::ALL[number as usize % Kind::ALL.len()];
            let View { pid, .. } = self.server()?;
            let change = Change::choose(self.target, pid, kind, &Random::new(seed, number))?;
            let witness = Witness::new(pid, None)?;
            poke(pid, change.address, &change.bytes)?;
            let round = run_round(self.target, pid, &witness);
            drop(witness);
            self.tell(number, kind.name(), &format!("{:#010x}", change.address), &round)?;
            if (number + 1 - first).is_multiple_of(BATCH) {
                self.look_for_leaks()?;
            }
        }
        Ok(())
    }

    /// The server there is. No other service has lost one.
    pub fn server(&mut self) -> Result<View, Stop> {
        let view = running(self.target)?;
        let before = core::mem::replace(&mut self.others, view.others);
        match view.others == before {
            true => Ok(view),
            false => Err(Stop::Broken(format!("{} other servers ended", view.others - before))),
        }
    }

    pub fn tell(
        &self,
        number: u32,
        kind: &str,
        place: &dyn Display,
        round: &Round,
    ) -> Result<(), Stop> {
        let Round { outcome, recovery, .. } = round;
        let service = self.target.service;
        self.teller
            .say(format_args!("fault {service} {number} {kind} {place} {outcome} {recovery}"));
        match recovery {
            Recovery::Lost => Err(Stop::Lost),
            _ => Ok(()),
        }
    }

    /// With a new server that has done its work once, the kernel has what it had before.
    fn look_for_leaks(&mut self) -> Result<(), Stop> {
        fresh(self.target)?;
        for _ in 0..LOOKS {
            let now = Snapshot::take().ok_or(Errno::ENOSYS)?;
            if self.seen.contains(&now) {
                self.news = 0;
                return Ok(());
            }
            time::sleep(Duration::from_millis(50));
        }
        let now = Snapshot::take().ok_or(Errno::ENOSYS)?;
        let lost = self.seen.last().and_then(|before| before.difference(&now));
        self.seen.push(now);
        self.news += 1;
        match self.news < TOO_OFTEN {
            true => Ok(()),
            false => Err(Stop::Broken(format!("lost: {}", lost.unwrap_or_default()))),
        }
    }
}

/// A new server that has done its work once.
fn fresh(target: &Target) -> Result<(), Stop> {
    replace(target, running(target)?.pid)?;
    match work(target.work, target.limit).0 {
        Ended::Done => Ok(()),
        ended => Err(Stop::Broken(format!("without a fault: {ended:?}"))),
    }
}
