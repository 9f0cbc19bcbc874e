//! The console server dies, again and again, and nobody but `init` notices.

use crate::Outcome;
use crate::guest::Setup;
use crate::random::Random;
use abi::frame::Exit;
use std::time::Duration;
use xtask::captured::text;

/// Restarts take their time.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Deaths that a scenario needs to mean something.
const DEATHS: u32 = 3;

/// Takes the killer's last line off what it was written to, and fails unless it killed.
pub fn expect_deaths(said_on: &mut Vec<u8>) -> Outcome {
    let said = text(said_on).into_owned();
    let last = said.trim_end().rsplit('\n').next().unwrap_or_default();
    let kills = last.strip_prefix("killed ").and_then(|rest| rest.strip_suffix(" times"));
    let kills: u32 = kills.and_then(|number| number.parse().ok()).ok_or("the killer is silent")?;
    said_on.truncate(said_on.len() - last.len() - 2);
    match kills {
        DEATHS.. => Ok(()),
        _ => Err(format!("only {kills} servers were killed")),
    }
}

pub fn a_copy_passes_servers_that_die(setup: &Setup) -> Outcome {
    let bytes = Random::new(11).bytes(300_001);
    let mut guest = setup.killing("console", 400, &["/bin/cat"])?;
    (guest.stdin, guest.timeout) = (bytes.clone(), TIMEOUT);
    let mut ended = guest.run()?;
    ended.expect_exit(Exit::Exited(0))?;
    expect_deaths(&mut ended.stderr)?;
    ended.expect_output(&bytes)
}

pub fn both_outputs_pass_servers_that_die(setup: &Setup) -> Outcome {
    let bytes = Random::new(12).bytes(400_003);
    let print = "cat /tmp/data; cat /tmp/data >&2; cat /tmp/data; exit 9";
    let guest = setup.killing("console", 400, &["/bin/sh", "-c", print])?;
    let mut guest = guest.with_file("/tmp/data", 0o444, bytes.clone())?;
    guest.timeout = TIMEOUT;
    let mut ended = guest.run()?;
    ended.expect_exit(Exit::Exited(9))?;
    expect_deaths(&mut ended.stderr)?;
    if ended.stderr != bytes {
        return Err(format!("{} bytes of other errors: {}", ended.stderr.len(), ended.report));
    }
    ended.expect_output(&bytes.repeat(2))
}
