//! What somebody else leaves in memory.

use crate::child;
use crate::fault::*;
use alloc::vec;
use alloc::vec::Vec;
use sys::abi::statistics::PAGE_FRAME;
use sys::process;
use sys::statistics::Asker;
use sys::wait::Status;

pub const SECRET: u32 = 0xa5a5_5a5a;
pub const SECRET_BYTE: u8 = 0x5a;
/// Pages with secrets.
const PAGES: u32 = 1024;

/// Somebody fills memory and ends: its frames are free then, and the next to be taken. Whoever takes
/// some clears them, so that each look has to have its own.
pub fn leave_secrets() {
    leave(|_| ());
}

fn leave(also: impl FnOnce(u32)) {
    let status = child::run(|| {
        let start = map(PAGES);
        let words = (start..start + PAGES * PAGE).step_by(4);
        words.for_each(|address| poke_word(address, SECRET));
        also(start);
        0
    });
    assert_eq!(status, Status::Exited(0));
}

/// Frames of this process's pages.
fn frames(start: u32, pages: u32) -> Vec<u32> {
    let mut words = vec![0; pages as usize];
    let told = Asker::OF_SELF.page_words(process::id(), start / PAGE, &mut words);
    assert_eq!(told, Ok(words.len()));
    words.into_iter().map(|word| (word & PAGE_FRAME) as u32).collect()
}

/// How many frames that a program gets had secrets in them just before, and of how many.
pub fn secrets_come_back() -> (usize, usize) {
    const NEW: u32 = 64;
    let (told, tell) = sys::file::pipe().expect("pipe2");
    leave(|start| {
        let bytes: Vec<u8> = frames(start, PAGES).into_iter().flat_map(u32::to_le_bytes).collect();
        tell.write_all(&bytes).expect("write");
    });
    let start = map(NEW);
    (0..NEW).for_each(|page| poke_word(start + page * PAGE, 0));
    let mut left = vec![0; 4 * PAGES as usize];
    assert_eq!(told.read(&mut left), Ok(left.len()));
    let had_secrets = |frame: &u32| left.as_chunks().0.contains(&frame.to_le_bytes());
    (frames(start, NEW).into_iter().filter(had_secrets).count(), NEW as usize)
}
