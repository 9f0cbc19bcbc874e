//! Jumps of the time of day.

use crate::Outcome;
use crate::guest::Setup;
use abi::frame::Exit;
use xtask::captured::text;

const SOME: u32 = 60;
const MANY: u32 = 3000;

/// Whoever waits meanwhile waits as long as he should, and time since boot never goes back
/// (`worker clock`).
pub fn waits_last_as_long_as_they_should(setup: &Setup) -> Outcome {
    let rounds = if setup.is_long { MANY } else { SOME };
    let (seed, rounds) = (setup.seed.to_string(), rounds.to_string());
    let guest = setup.program(&["/bin/worker", "clock", &seed, &rounds])?;
    let mut guest = setup.failing(guest)?;
    guest.timeout *= if setup.is_long { 20 } else { 1 };
    let ended = guest.run()?;
    let said = text(&ended.stdout);
    eprint!("clock: seed {seed}: {said}");
    ended.expect_exit(Exit::Exited(0)).map_err(|why| format!("{said}{why}"))
}
