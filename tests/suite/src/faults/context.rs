//! The kernel's part: contexts in which things fail.

use sys::abi::failpoint::{FaultPlan, FaultSite, FaultState};
use sys::syscall::{failpoint, input, output};

/// A context of this process; it closes with this value.
pub struct Context(u32);

impl Context {
    /// ENOSYS: the kernel has no failpoints.
    pub fn new(plan: &FaultPlan) -> sys::Result<Self> {
        // SAFETY: the call reads the plan only.
        unsafe { failpoint::fault_create(input(plan)) }.map(Self)
    }

    /// This thread is in it from now on.
    pub fn enter(&self) {
        enter(self.0);
    }

    /// What has happened in it.
    pub fn state(&self) -> FaultState {
        let mut state = FaultState::default();
        let size = size_of::<FaultState>() as u32;
        // SAFETY: the call writes the state only.
        let asked = unsafe { failpoint::fault_state(self.0, output(&mut state), size) };
        asked.expect("an open context");
        state
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: the call touches no memory.
        unsafe { failpoint::fault_close(self.0) }.expect("an open context");
    }
}

/// This thread is in no context from now on.
pub fn leave() {
    enter(0);
}

/// Does something in which nothing fails on purpose.
pub fn without_faults<R>(work: impl FnOnce() -> R) -> R {
    let context = enter(0);
    let result = work();
    enter(context);
    result
}

fn enter(context: u32) -> u32 {
    // SAFETY: the call touches no memory.
    unsafe { failpoint::fault_enter(context) }.expect("an open context")
}

/// The places with failpoints.
pub fn sites() -> impl Iterator<Item = FaultSite> {
    const SIZE: u32 = size_of::<FaultSite>() as u32;
    (0..).map_while(|number| {
        let mut site = FaultSite::default();
        // SAFETY: the call writes the site only.
        let asked = unsafe { failpoint::fault_sites(number, output(&mut site), SIZE) };
        (asked == Ok(SIZE)).then_some(site)
    })
}
