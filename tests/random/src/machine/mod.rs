//! The program itself, and what takes steps.

mod arena;
mod enter;
mod figures;
mod life;
mod lines;
mod others;
mod perform;
mod sandbox;
mod source;
mod watch;

pub use source::Listed;

use crate::batch::Batch;
use crate::generate::Generator;
use crate::{READY, Step};
use alloc::format;
use alloc::string::String;
use arena::Arena;
use figures::Figures;
use leak::{Snapshot, await_heartbeats, end_orphans};
use lines::Lines;
use others::Others;
use source::{Generated, Source};
use sys::abi::signal::{SIG_BLOCK, SIGALRM, SIGCHLD, SignalSet};
use sys::signal::{self, Action};
use sys::{env, eprintln, print, println, process, time};
use watch::Watch;

/// As often may a batch run until it leaves nothing: what only one run keeps is no leak.
const RUNS: usize = 3;

/// Does the batches of standard input. `--also CALL`: one that is otherwise left out is made, too.
pub fn run() -> i32 {
    let mut words = env::args().skip(1);
    let also = match (words.next(), words.next()) {
        (Some(b"--also"), Some(name)) => core::str::from_utf8(name).ok(),
        _ => None,
    };
    let generator = Generator::new(also);
    let Some(player) = Player::new() else { return 1 };
    print!("{READY}");
    for line in Lines::new() {
        match Batch::parse(&line) {
            Some(batch) => player.play(&Generated::new(&generator, &batch), batch.processes),
            None => {
                println!("wrong 0: {line}: no batch");
                false
            }
        };
    }
    0
}

/// Takes the steps of a list, which were written down: 1 if something was wrong then.
pub fn replay(steps: &[(u32, u32, Step<'static>)]) -> i32 {
    let processes = steps.iter().map(|(process, ..)| process + 1).max().unwrap_or(0);
    let Some(player) = Player::new() else { return 1 };
    i32::from(!player.play(&Listed::new(steps), processes))
}

/// Pages that servers may keep, all together: a text of `/proc` that nobody has read to its end is kept,
/// up to 1 MiB of them.
const KEPT: i64 = 512;

/// Has processes take steps.
struct Player {
    /// What there was before the first one.
    first: Option<Snapshot>,
    arena: Arena,
    figures: Figures,
}

impl Player {
    fn new() -> Option<Self> {
        let made = Self::prepare();
        if let Err(why) = &made {
            eprintln!("random: {why}");
        }
        made.ok()
    }

    fn prepare() -> sys::Result<Self> {
        process::adopt_orphans(true)?;
        // Whoever is interrupted must not end by that, from birth on.
        let handler = Action::Handler(life::nothing);
        // SAFETY: it does nothing.
        unsafe { signal::set_action(SIGALRM, handler, 0, SignalSet::EMPTY) }?;
        signal::change_mask(SIG_BLOCK, SignalSet::of(SIGCHLD))?;
        await_heartbeats()?;
        Ok(Self { arena: Arena::new()?, figures: Figures::new()?, first: Snapshot::settled() })
    }

    fn lost(&self, before: &Snapshot, after: &Snapshot) -> Option<String> {
        match self.first.as_ref().map_or(0, |first| first.growth(after)) {
            ..=KEPT => before.difference_but_growth(after),
            _ => before.difference(after),
        }
    }

    /// Whether all was well. Says so, too.
    fn play(&self, source: &dyn Source, processes: u32) -> bool {
        let mut lost = None;
        let start = time::now();
        let mut ran = String::new();
        for run in 0..RUNS {
            let before = Snapshot::settled();
            let others = Others::now();
            self.figures.clear();
            let mut watch = Watch::new(source, &self.figures, &self.arena, processes);
            let outcome = watch.run();
            end_orphans();
            let removed = sandbox::remove_all().map_err(|why| format!("/tmp: {why}"));
            let alive = match others.dead() {
                None => Ok(()),
                Some(pid) => Err(format!("process {pid}, a server, has ended")),
            };
            if let Err(why) = outcome.and(removed).and(alive) {
                println!("wrong {}: {why}", self.figures.calls());
                return false;
            }
            if run == 0 {
                ran = self.figures.describe(&watch);
            }
            lost = before.and_then(|before| self.lost(&before, &Snapshot::settled()?));
            if lost.is_none() {
                break;
            }
        }
        let milliseconds = (time::now() - start).as_millis();
        match &lost {
            None => println!("done {milliseconds} {ran}"),
            Some(lost) => println!("wrong {}: lost: {lost}", self.figures.calls()),
        }
        lost.is_none()
    }
}
