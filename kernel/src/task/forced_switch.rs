//! Checked builds: switches where the kernel only might switch, so that tests meet the interleavings
//! that a tick brings once in a million runs.
//!
//! `resched=N` on the command line makes every N-th [`might_resched`](super::might_resched) let
//! equals run first; which one of the N is chance, repeatable by `resched_seed=`.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use kcore::cmdline::CommandLine;

/// 0: never.
static ONE_IN: AtomicU32 = AtomicU32::new(0);
/// Of the generator; never 0.
static STATE: AtomicU32 = AtomicU32::new(1);

/// Does what the command line says.
pub fn initialise(command_line: CommandLine) {
    let number = |name: &'static str| {
        command_line.number(name).unwrap_or_else(|bad| {
            ::log::warn!("{name}={}: not a number; ignored", bad.value.escape_ascii());
            None
        })
    };
    STATE.store(number("resched_seed").unwrap_or(1).max(1), Relaxed);
    force_switches(number("resched").unwrap_or(0));
}

/// From now on at one of `one_in` points, at none for 0. Returns what it was.
pub fn force_switches(one_in: u32) -> u32 {
    ONE_IN.swap(one_in, Relaxed)
}

/// Whether the running task has to let others run here.
#[inline]
pub(super) fn is_due() -> bool {
    match ONE_IN.load(Relaxed) {
        0 => false,
        1 => true,
        one_in => draw().is_multiple_of(one_in),
    }
}

/// Marsaglia's xorshift: chance enough.
fn draw() -> u32 {
    let mut state = STATE.load(Relaxed);
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    STATE.store(state, Relaxed);
    state
}
