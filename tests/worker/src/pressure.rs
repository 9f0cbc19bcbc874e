//! `worker pressure [FRAMES]`: the same work with less and less free memory, or with so many frames. With the
//! memory back, everything has to be as before. What the work came to is a line for each level, and so are
//! the levels in the kernel's log: whoever reads both knows whether other output has the excuse that somebody
//! was killed for his memory.

use crate::scene::Scene;
use crate::{limit, scene, steps};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;
use leak::Snapshot;
use sys::abi::file::O_WRONLY;
use sys::abi::signal::{SIGABRT, SIGKILL};
use sys::abi::syscall::folio::{ZONE_DMA, ZONE_HIGHMEM, ZONE_NORMAL};
use sys::command::Command;
use sys::file::{self, File};
use sys::syscall::failpoint;
use sys::wait::Status;
use sys::{Errno, Result, env, println, time};

/// Free frames, from those that are enough to none at all.
const LEVELS: [u32; 18] =
    [4000, 2000, 1000, 500, 350, 320, 300, 280, 260, 240, 220, 200, 150, 100, 50, 20, 5, 0];
const ALL_ZONES: u32 = 1 << ZONE_DMA | 1 << ZONE_NORMAL | 1 << ZONE_HIGHMEM;
/// Linux's words for there being too little of something.
const HONEST: [Errno; 3] = [Errno::ENOMEM, Errno::EAGAIN, Errno::ENOBUFS];
/// A difference that only one run leaves is a cache that was filled.
const TRIES: u32 = 3;

/// Many times what the work takes, on a busy machine.
const LIMIT: Duration = Duration::from_secs(10);

/// What a run of the work came to.
#[derive(PartialEq)]
struct Ran {
    lines: Vec<String>,
    status: Option<Status>,
}

pub fn run() -> Result<i32> {
    for _ in 0..2 {
        steps::run(Scene::prepare()?, |_, _| {});
    }
    let good = work()?;
    let log = File::open_with("/dev/kmsg", O_WRONLY, 0)?;
    let mut is_well = true;
    let only = env::args().nth(2).map(|word| core::str::from_utf8(word).ok()?.parse().ok());
    let only: Option<[u32; 1]> =
        only.map(|level| level.ok_or(Errno::EINVAL)).transpose()?.map(|level| [level]);
    for &level in only.as_ref().map_or(&LEVELS[..], |one| one) {
        log.write_all(format!("{level} free\n").as_bytes())?;
        let mut lost = None;
        for _ in 0..TRIES {
            let before = Snapshot::settled();
            let verdict = at_level(level, &good)?;
            // Servers also get back their pages of files that were taken from them.
            if work()? != good {
                println!("{level} free: WRONG ever after");
                is_well = false;
            }
            lost = before.and_then(|before| before.difference(&Snapshot::settled()?));
            if lost.is_none() {
                println!("{level} free: {verdict}");
                break;
            }
        }
        if let Some(lost) = lost {
            println!("{level} free: WRONG, lost {lost}");
        }
    }
    Ok(i32::from(!is_well))
}

/// What becomes of the work with at most so many free frames. A child takes the others, as whoever does
/// may be killed for the next one; they come back with his end.
fn at_level(level: u32, good: &Ran) -> Result<String> {
    let (from, to) = file::pipe()?;
    let status = limit::limited(LIMIT * 2, |begin| {
        begin();
        // Who waits for us gets his own copies of what he writes to while that is possible.
        time::sleep(LIMIT / 200);
        // SAFETY: the call touches no memory of the program's.
        let taken = unsafe { failpoint::fault_take_memory(ALL_ZONES, level) };
        let ran = taken.and_then(|_| work());
        // SAFETY: the same.
        let _ = unsafe { failpoint::fault_take_memory(0, 0) };
        i32::from(to.write_all(judge(good, ran).as_bytes()).is_err())
    })?;
    drop(to);
    leak::end_orphans();
    scene::clear();
    let mut text = [0; 200];
    let count = from.read(&mut text)?;
    Ok(match status {
        Some(Status::Exited(0)) => {
            String::from_utf8_lossy(text.get(..count).unwrap_or_default()).into_owned()
        }
        Some(Status::Signaled(SIGKILL)) => "is killed for its memory".into(),
        status => format!("WRONG: {status:?}"),
    })
}

/// The same work in a program of its own, and all that it says.
fn work() -> Result<Ran> {
    let (from, to) = file::pipe()?;
    let pid = Command::new("/bin/worker").arg("now").stdout(to.fd()).spawn()?;
    drop(to);
    let status = limit::wait(pid, LIMIT)?;
    leak::end_orphans();
    // It is short, and waits in the pipe.
    let mut text = [0; 1024];
    let count = from.read(&mut text)?;
    let text = String::from_utf8_lossy(text.get(..count).unwrap_or_default()).into_owned();
    Ok(Ran { lines: text.lines().map(String::from).collect(), status })
}

/// In a few words; what has no excuse is WRONG.
fn judge(good: &Ran, ran: Result<Ran>) -> String {
    let ran = match ran {
        Ok(ran) => ran,
        Err(why) if HONEST.contains(&why) => return "cannot begin".into(),
        Err(why) => return format!("WRONG: cannot begin: {why}"),
    };
    let is_honest = |line: &&String| {
        let why = line.split_once(": ").map_or("", |(_, why)| why);
        HONEST.iter().any(|errno| format!("{errno}") == why)
    };
    let other = ran.lines.iter().find(|line| !is_honest(line) && !good.lines.contains(line));
    match (ran.status, other) {
        (Some(Status::Signaled(SIGKILL)), _) => "is killed for its memory".into(),
        // Its heap got none.
        (Some(Status::Signaled(SIGABRT)), None) => "ends for want of memory".into(),
        (None, _) => "WRONG: hangs".into(),
        (_, Some(line)) => format!("other output, {line}"),
        (Some(Status::Exited(0)), None) if ran == *good => "works".into(),
        (Some(Status::Exited(1)), None) => "refuses".into(),
        (status, None) => format!("WRONG: {status:?}"),
    }
}
