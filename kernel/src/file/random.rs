//! Random bytes for programs and for the kernel.

use super::buffers::UserBuffers;
use crate::arch::control::rdtsc;
use crate::result::{Errno, Result};
use crate::sync::{Rank, SpinLock};
use crate::task::might_resched;
use crate::time;
use kcore::random::Random;

static RANDOM: SpinLock<Random> = SpinLock::new(Rank::Random, Random::new([0; 8]));

/// Bytes made in one go, with the lock held.
const CHUNK: usize = 256;

/// Seeds the generator: what differs from boot to boot is the time of day and how long the boot
/// took. Under `-icount` with a fixed clock both repeat, and so do all random bytes.
pub fn initialise() {
    let [now, counter] = [time::realtime(), rdtsc()];
    let half = |value: u64| [value as u32, (value >> 32) as u32];
    let ([a, b], [c, d]) = (half(now), half(counter));
    RANDOM.lock().add([a, b, c, d, 0, 0, 0, 0]);
}

/// Mixes in what a program wrote to the device.
pub fn add(bytes: &[u8]) {
    for chunk in bytes.chunks(32) {
        let mut words = [0; 8];
        for (word, bytes) in words.iter_mut().zip(chunk.chunks(4)) {
            *word = bytes.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte));
        }
        RANDOM.lock().add(words);
    }
}

/// Fills `bytes`.
pub fn fill(bytes: &mut [u8]) {
    for chunk in bytes.chunks_mut(CHUNK) {
        RANDOM.lock().fill(chunk);
    }
}

/// For AT_RANDOM and the like.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill(&mut bytes);
    bytes
}

/// Fills the program's buffer, as far as its memory is there.
pub fn read(to: &mut UserBuffers) -> Result<usize> {
    let mut done = 0;
    let mut chunk = [0; CHUNK];
    while !to.is_empty() {
        let bytes = chunk.get_mut(..to.len().min(CHUNK)).unwrap_or_default();
        fill(bytes);
        let count = to.copy_out(bytes);
        done += count;
        if count < bytes.len() {
            return if done == 0 { Err(Errno::EFAULT) } else { Ok(done) };
        }
        might_resched();
    }
    Ok(done)
}
