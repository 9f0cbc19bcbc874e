//! The server of `/proc` dies, again and again: who reads waits for the next one, nobody else notices.

use crate::Outcome;
use crate::console::expect_deaths;
use crate::guest::Setup;
use crate::random::Random;
use abi::frame::Exit;
use std::time::Duration;

/// Restarts take their time.
const TIMEOUT: Duration = Duration::from_secs(120);

pub fn readers_meet_the_next_server(setup: &Setup) -> Outcome {
    const READS: usize = 4000;
    let mut words = vec!["/bin/cat"];
    words.resize(words.len() + READS, "/proc/version");
    let mut guest = setup.killing("proc", 30, &words)?;
    guest.timeout = TIMEOUT;
    let mut ended = guest.run()?;
    ended.expect_exit(Exit::Exited(0))?;
    expect_deaths(&mut ended.stderr)?;
    if !ended.stderr.is_empty() {
        return Err(format!("an error reached a reader: {}", ended.report));
    }
    let mut lines = ended.stdout.split_inclusive(|byte| *byte == b'\n');
    let first = lines.clone().next().unwrap_or_default();
    let count = lines.clone().count();
    match count == READS && lines.all(|line| line == first && line.ends_with(b"\n")) {
        true => Ok(()),
        false => Err(format!("{count} lines, not all alike: {}", ended.report)),
    }
}

pub fn others_do_not_notice(setup: &Setup) -> Outcome {
    let bytes = Random::new(13).bytes(300_001);
    let mut guest = setup.killing("proc", 30, &["/bin/cat"])?;
    (guest.stdin, guest.timeout) = (bytes.clone(), TIMEOUT);
    let mut ended = guest.run()?;
    ended.expect_exit(Exit::Exited(0))?;
    expect_deaths(&mut ended.stderr)?;
    ended.expect_output(&bytes)
}
