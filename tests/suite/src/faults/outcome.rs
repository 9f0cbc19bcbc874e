//! What a scenario is, and what it says.

use sys::Errno;
use sys::wait::Status;

/// A piece of work and its name.
#[derive(Clone, Copy)]
pub struct Scenario {
    /// Group and function.
    pub name: &'static str,
    /// The work. What is wrong is a panic.
    pub run: fn() -> Outcome,
    /// Whether it calls servers, which whoever is more trusted than them may not.
    pub calls_servers: bool,
    /// Whether it is what happens on the way to a driver that is swept: notifications, interrupts.
    pub for_driver: bool,
    /// Errors it may meet besides those of the failpoints.
    pub also: &'static [Errno],
}

/// How a piece of work went, if nothing was wrong.
pub type Outcome = Result<(), Failure>;

/// An honest failure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// A call's error.
    Call(Errno),
    /// How a child ended.
    Child(Status),
    /// A call moved fewer bytes than it might have, or told of fewer things.
    Short,
}

/// Fails if a call that moves `wanted` bytes when nothing is in its way has moved fewer.
pub fn whole(moved: usize, wanted: usize) -> Outcome {
    assert!(moved <= wanted, "{moved} bytes of {wanted}");
    if moved == wanted { Ok(()) } else { Err(Failure::Short) }
}

impl From<Errno> for Failure {
    fn from(errno: Errno) -> Self {
        Self::Call(errno)
    }
}
