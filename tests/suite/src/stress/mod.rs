//! Threads that change an address space while others fault in it, for as long as one likes
//! (`suite --stress SECONDS`): each with pages of its own ([`slots`]), and all with the same
//! ([`contest`]).

mod access;
mod contest;
mod place;
mod slots;

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use core::time::Duration;
use sys::time::{now, sleep};

pub use contest::pages_change_while_threads_access_them;
pub use slots::address_spaces_change_while_threads_fault;

tests![address_spaces_change_while_threads_fault, pages_change_while_threads_access_them,];

/// How long each test is to take, in milliseconds; 0 if nobody said.
static DURATION: AtomicU32 = AtomicU32::new(0);
/// The suite as a whole has no more time for this.
const USUAL: u32 = 2000;
static STOP: AtomicBool = AtomicBool::new(false);

/// `suite --stress SECONDS`.
pub fn run_for(seconds: Option<&[u8]>) -> bool {
    let seconds = seconds.and_then(|text| core::str::from_utf8(text).ok()?.parse::<u32>().ok());
    let Some(duration) = seconds
        .and_then(|seconds| seconds.checked_mul(1000))
        .filter(|&milliseconds| milliseconds != 0)
    else {
        return false;
    };
    DURATION.store(duration, SeqCst);
    true
}

/// Whether it is not just a part of the suite.
pub fn was_asked_for() -> bool {
    DURATION.load(SeqCst) != 0
}

/// Whether the threads of a test go on.
fn goes_on() -> bool {
    !STOP.load(SeqCst)
}

/// Lets the threads of a test work, and tells them to stop.
fn let_work() {
    let milliseconds = if was_asked_for() { DURATION.load(SeqCst) } else { USUAL };
    let duration = Duration::from_millis(milliseconds.into());
    crate::harness::limit_time_to(120 + duration.as_secs() as u32);
    let limit = now() + duration;
    while now() < limit {
        sleep(Duration::from_millis(50));
    }
    STOP.store(true, SeqCst);
}
