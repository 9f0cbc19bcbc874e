//! `worker [now | pressure [FRAMES] | clock SEED [[FIRST] END]]`: ordinary work of all kinds, whose output is
//! the same in every run: a line for each step, with a number made of all that it saw, or why it failed.
//! Whatever happens to the machine meanwhile shows in these lines, or not at all.
//!
//! Without `now` it prepares its work, says `ready`, and sleeps for a long time before it goes on, so
//! that somebody outside can take the machine as it is then. When its work is done it counts what the
//! kernel lost since, says `done`, and sleeps again. With `now` it works at once; the other words are in the
//! modules of these names.

#![no_std]
#![no_main]

extern crate alloc;

mod clock;
mod digest;
mod gates;
mod limit;
mod pressure;
mod random;
mod scene;
mod steps;
mod waits;

use core::time::Duration;
use leak::Snapshot;
use scene::Scene;
use sys::wait::Status;
use sys::{Errno, Result, env, eprintln, println, time};

sys::entry!(main);

/// It takes less to look at the machine, though the time of a guest that sleeps may pass a hundred
/// times as fast as the host's.
const LOOK: Duration = Duration::from_secs(600);

/// Many times what the work takes.
const LIMIT: Duration = Duration::from_secs(2);

fn main() -> Result<i32> {
    match env::args().nth(1) {
        None => look_at_me(),
        Some(b"now") => Ok(i32::from(!steps::run(Scene::prepare()?, report))),
        Some(b"pressure") => pressure::run(),
        Some(b"clock") => clock::run(),
        Some(_) => {
            eprintln!("usage: worker [now | pressure [FRAMES] | clock SEED [[FIRST] END]]");
            Ok(2)
        }
    }
}

fn report(step: &str, result: Result<u32>) {
    match result {
        Ok(number) => println!("{step}: {number:08x}"),
        Err(why) => println!("{step}: {why}"),
    }
}

/// The work is a child's, who may die of what happens; this process tells of it.
fn look_at_me() -> Result<i32> {
    // What is done for the first time fills caches.
    for _ in 0..2 {
        if !steps::run(Scene::prepare()?, |_, _| {}) {
            return Err(Errno::EIO);
        }
    }
    let before = Snapshot::settled();
    let status = limit::limited(LIMIT, |begin| {
        let Ok(scene) = Scene::prepare() else { return 2 };
        println!("ready");
        time::sleep(LOOK);
        begin();
        i32::from(!steps::run(scene, report))
    })?;
    match status {
        None => println!("hangs"),
        Some(Status::Exited(0)) => {}
        Some(Status::Signaled(number)) => println!("ended by signal {number}"),
        Some(status) => println!("ended: {status:?}"),
    }
    leak::end_orphans();
    let lost = before.and_then(|before| before.difference(&Snapshot::settled()?));
    if let Some(lost) = lost {
        println!("lost: {lost}");
    }
    println!("done");
    time::sleep(LOOK);
    Ok(0)
}
