//! The framed line: what goes in comes out.

use crate::Outcome;
use crate::guest::Setup;
use crate::random::Random;
use abi::frame::Exit;

pub fn random_bytes_pass_unchanged(setup: &Setup) -> Outcome {
    let bytes = Random::new(7).bytes(100_003);
    let mut guest = setup.program(&["/bin/cat"])?;
    guest.stdin = bytes.clone();
    let ended = guest.run()?;
    ended.expect_exit(Exit::Exited(0))?;
    ended.expect_output(&bytes)
}

pub fn the_three_streams_are_apart(setup: &Setup) -> Outcome {
    let mut guest = setup.program(&["/bin/sh", "-c", "cat; cat /missing; echo end"])?;
    guest.stdin = b"\0\xff\xfe\xfd\n".to_vec();
    let ended = guest.run()?;
    ended.expect_exit(Exit::Exited(0))?;
    ended.expect_output(b"\0\xff\xfe\xfd\nend\n")?;
    let message = String::from_utf8_lossy(&ended.stderr);
    if message.contains("/missing") && message.lines().count() == 1 {
        return Ok(());
    }
    Err(format!("standard error is {message:?}"))
}
