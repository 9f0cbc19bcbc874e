//! `worker clock SEED [[FIRST] END]`: the time of day jumps while a process waits, in all the ways that
//! there are to wait. Who waits for a while waits that long; who waits for a time of day goes on when
//! it has come, also when it comes by a jump; and the time since boot never goes back.

use crate::limit;
use crate::random::Random;
use crate::waits::{WAITS, Wait};
use core::time::Duration;
use sys::abi::time::{CLOCK_REALTIME, Timespec64};
use sys::process::{self, Fork};
use sys::syscall::{failpoint, linux, output};
use sys::wait::Status;
use sys::{Errno, Result, env, println, time};

/// How long each wait is meant to take.
pub const WHILE: Duration = Duration::from_millis(30);
/// What a busy machine may add.
const SLACK: Duration = Duration::from_secs(4);
const SECOND: i64 = 1_000_000_000;
const YEAR: i64 = 365 * 86_400 * SECOND;
/// Unless something else is asked for.
const ROUNDS: u32 = 40;
/// The kinds of jumps; each is made a bit longer or shorter.
const JUMPS: [i64; 10] = [
    1_000_000,
    -1_000_000,
    2 * SECOND,
    -2 * SECOND,
    3600 * SECOND,
    -3600 * SECOND,
    YEAR,
    -YEAR,
    // Beyond what 32 bits of seconds hold.
    200 * YEAR,
    -50 * YEAR,
];

pub fn run() -> Result<i32> {
    let mut numbers = env::args().skip(2).map(|word| core::str::from_utf8(word).ok()?.parse().ok());
    let seed = numbers.next().flatten().ok_or(Errno::EINVAL)?;
    let (one, two) = (numbers.next().flatten(), numbers.next().flatten());
    let rounds = match (one, two) {
        (Some(first), Some(end)) => first..end,
        (end, _) => 0..end.unwrap_or(ROUNDS),
    };
    if rounds.is_empty() {
        return Err(Errno::EINVAL);
    }
    let (mut random, mut wrong) = (Random::new(seed), 0);
    for round in 0..rounds.end {
        let (name, wait) = WAITS[random.below(WAITS.len() as u32) as usize];
        let kind = JUMPS[random.below(JUMPS.len() as u32) as usize];
        let jump = kind + kind / 1000 * i64::from(random.below(100));
        if !rounds.contains(&round) {
            continue;
        }
        match jump_during(wait, jump) {
            Ok(()) => println!("round {round}: {name}: a jump by {jump} ns: right"),
            Err(why) => {
                wrong += 1;
                println!("round {round}: {name}: a jump by {jump} ns: WRONG, {why}");
            }
        }
    }
    println!("{} jumps, {wrong} wrong", rounds.len());
    Ok(i32::from(wrong != 0))
}

/// Jumps while a child waits, and back when it is done.
fn jump_during(wait: Wait, jump: i64) -> core::result::Result<(), Wrong> {
    let (start, day) = (time::now(), time_of_day()?);
    let child = match process::fork()? {
        Fork::Parent(child) => child,
        Fork::Child => process::exit(i32::from(wait.go().is_err())),
    };
    time::sleep(WHILE / 6);
    step(jump)?;
    let (now, new_day) = (time::now(), time_of_day()?);
    if now < start {
        return Err(Wrong::Backwards);
    }
    let passed = i128::from(new_day - day) - i128::from(jump);
    if passed < 0 || passed > (now - start + SLACK).as_nanos().cast_signed() {
        return Err(Wrong::Day(new_day - day));
    }
    if wait.is_of_day() && jump < 0 {
        // It would wait until then.
        time::sleep(WHILE);
        step(-jump)?;
    }
    let status = limit::wait(child, SLACK)?;
    let took = time::now() - start;
    if !(wait.is_of_day() && jump < 0) {
        step(-jump)?;
    }
    // Who waits for a time of day that has come goes on at once.
    let least = if wait.is_of_day() && jump > 0 { Duration::ZERO } else { WHILE };
    match status {
        Some(Status::Exited(0)) if took >= least && took < WHILE * 2 + SLACK => Ok(()),
        status => Err(Wrong::Wait(status, took)),
    }
}

/// What is wrong with a round.
enum Wrong {
    Call(Errno),
    Backwards,
    /// The time of day moved by so many nanoseconds.
    Day(i64),
    /// How the one who waited ended, and when.
    Wait(Option<Status>, Duration),
}

impl From<Errno> for Wrong {
    fn from(errno: Errno) -> Self {
        Self::Call(errno)
    }
}

impl core::fmt::Display for Wrong {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Call(errno) => write!(f, "{errno}"),
            Self::Backwards => f.write_str("the time since boot went back"),
            Self::Day(by) => write!(f, "the time of day moved by {by} ns"),
            Self::Wait(status, took) => write!(f, "{status:?} after {took:?}"),
        }
    }
}

/// Nanoseconds since 1970.
pub fn time_of_day() -> Result<i64> {
    let mut time = Timespec64::default();
    // SAFETY: the call writes the structure only.
    unsafe { linux::clock_gettime64(CLOCK_REALTIME, output(&mut time)) }?;
    Ok(time.sec * SECOND + time.nsec)
}

fn step(nanoseconds: i64) -> Result<()> {
    let [low, high] = [nanoseconds as u32, (nanoseconds >> 32) as u32];
    // SAFETY: the call touches no memory.
    unsafe { failpoint::fault_step_clock(low, high) }.map(drop)
}
