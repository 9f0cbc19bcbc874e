//! What happens to a machine from outside: memory that changes by itself.

use crate::Outcome;
use crate::guest::{READY, Setup, why};
use abi::frame::Exit;
use std::time::Duration;
use xtask::session::End;

const PATIENCE: Duration = Duration::from_secs(60);

/// Where memory has this text.
fn places(memory: &[u8], text: &[u8]) -> Vec<u64> {
    const PAGE: usize = 4096;
    let pages = memory.chunks(PAGE).enumerate().filter(|(_, page)| **page != [0; PAGE]);
    pages
        .flat_map(|(number, page)| {
            let here = page.windows(text.len()).enumerate().filter(|(_, part)| *part == text);
            here.map(move |(place, _)| (number * PAGE + place) as u64)
        })
        .collect()
}

pub fn a_flipped_bit_is_one_guests_own(setup: &Setup) -> Outcome {
    const WORD: &[u8] = b"unmistakable";
    let script = "echo ready; cat; echo unmistakable; exit 7";
    let snapshot = setup.program(&["/bin/sh", "-c", script])?.snapshot(READY)?;
    let memory = std::fs::read(snapshot.memory()).map_err(|why| why.to_string())?;
    let places = places(&memory, WORD);
    let said = |flip: bool| {
        let mut guest = snapshot.restore_stopped()?;
        if flip {
            let mut gdb = guest.gdb()?;
            for place in &places {
                gdb.flip(*place, 5)?;
            }
        }
        guest.qmp()?.cont()?;
        guest.close_stdin();
        guest.end(PATIENCE)
    };
    if places.is_empty() {
        return Err("the program's text is not in memory".into());
    }
    for (flip, expected) in [(true, &b"Unmistakable\n"[..]), (false, b"unmistakable\n")] {
        let ended = why(said(flip))?;
        if ended.outcome.end != End::Exit(Exit::Exited(7)) || ended.stdout != expected {
            let said = String::from_utf8_lossy(&ended.stdout).into_owned();
            return Err(format!(
                "{:?}, {said:?} with bits flipped at {places:x?}",
                ended.outcome.end
            ));
        }
    }
    Ok(())
}
