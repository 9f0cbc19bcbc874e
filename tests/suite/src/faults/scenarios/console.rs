//! Text for the console, whose driver sleeps until it hears of text or of the device.

use super::super::{Outcome, whole};
use core::time::Duration;
use sys::abi::console::RING_BYTES;
use sys::io::STDOUT;
use sys::time::sleep;

/// After so long the driver has sent a line and sleeps.
const PAUSE: Duration = Duration::from_millis(20);
const PIECE: usize = 4096;

/// Lines that the driver has to hear of, and then more than there is room for, so that it has to send
/// all before that as well.
pub fn text_is_written() -> Outcome {
    for _ in 0..4 {
        sleep(PAUSE);
        whole(STDOUT.write(b"\n")?, 1)?;
    }
    let mut piece = [b' '; PIECE];
    piece[PIECE - 1] = b'\n';
    for _ in 0..=RING_BYTES as usize / PIECE {
        whole(STDOUT.write(&piece)?, PIECE)?;
    }
    Ok(())
}
