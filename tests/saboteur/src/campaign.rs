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
use core::fmt::Display;
use core::time::Duration;
use leak::{Look, Looks, Snapshot, between};
use mutation::{Kind, Random};
use sys::failpoint::poke;
use sys::{Errno, process, time};

const USAGE: &str = "usage: saboteur SERVER (WHAT FIRST COUNT NUMBER)...";
/// After so many changes at most it is looked whether the kernel has lost anything.
const BATCH: u32 = 10;
/// The same of messages: nobody knows how many there are.
const MESSAGES: u32 = 4;
/// Looks, until what a server does of its own accord is done.
const LOOKS: u32 = 10;

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
        // What is new has to be known the next time.
        while campaign.look_for_leaks()? != Look::Known {}
        Ok(())
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
    looks: Looks<Snapshot>,
    /// Faults since it was looked at.
    faults: u32,
}

impl<'a> Campaign<'a> {
    fn new(target: &'static Target, teller: &'a Teller) -> Result<Self, Stop> {
        // What the first times make somebody keep is no leak.
        leak::await_heartbeats()?;
        for _ in 0..3 {
            fresh(target)?;
        }
        let others = running(target)?.others;
        let looks = Looks::new(Snapshot::settled().ok_or(Errno::ENOSYS)?);
        Ok(Self { target, teller, others, looks, faults: 0 })
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
            self.look_after(between(count, BATCH))?;
        }
        Ok(())
    }

    /// One more fault at a message is over.
    pub fn message(&mut self) -> Result<(), Stop> {
        self.look_after(MESSAGES)
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

    /// One more fault is over; it is looked for leaks after so many.
    fn look_after(&mut self, faults: u32) -> Result<(), Stop> {
        self.faults += 1;
        if self.faults >= faults {
            self.look_for_leaks()?;
        }
        Ok(())
    }

    /// With a new server that has done its work once, the kernel has what it had before.
    fn look_for_leaks(&mut self) -> Result<Look, Stop> {
        fresh(self.target)?;
        self.faults = 0;
        let mut now = Snapshot::take().ok_or(Errno::ENOSYS)?;
        for _ in 0..LOOKS {
            if self.looks.knows(&now) {
                break;
            }
            time::sleep(Duration::from_millis(50));
            now = Snapshot::take().ok_or(Errno::ENOSYS)?;
        }
        let lost = self.looks.last().difference(&now);
        match self.looks.add(now) {
            Look::Lost => Err(Stop::Broken(format!("lost: {}", lost.unwrap_or_default()))),
            look => Ok(look),
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
