//! A server that ends for what failed on behalf of its client: the log names that. The harness reads it
//! (`tests/harness/src/faults.rs`).

use super::{Context, always, needs_failpoints};
use crate::service::as_program;
use assist::{LEAK, WHO};
use sys::Errno;
use sys::abi::failpoint::{Failpoint, FaultPlan};
use sys::ipc::{Call, Connection};
use sys::service::connect;

/// For so much it needs memory that it does not have yet.
const MUCH: u32 = 100;

/// Has `assist` take memory where none of these kinds of work succeeds.
fn ends_for_want_of(points: &[Failpoint]) {
    needs_failpoints();
    as_program(|| {
        let port = connect("assist").expect("assist");
        let instance = || port.call(Call::new(WHO)).expect("who").message.get(0);
        let points = points.iter().fold(0, |bits, point| bits | point.bit());
        let (first, context) =
            (instance(), Context::new(&FaultPlan { points, ..always(Failpoint::Slab) }));
        let answer = context.run(|| port.call(Call::new(LEAK).word(MUCH)));
        assert_eq!(answer.err(), Some(Errno::EOWNERDEAD));
        assert!(context.state().kept().last().is_some_and(|fault| fault.served != 0));
        drop(context);
        assert_eq!(instance(), first + 1);
    });
}

/// A page of memory that it has already, on paper.
pub fn a_server_is_killed_for_want_of_a_page() {
    ends_for_want_of(&[Failpoint::PageLow, Failpoint::PageHigh]);
}

/// It panics, as whoever cannot allocate does.
pub fn a_server_ends_itself_for_want_of_memory() {
    ends_for_want_of(&[Failpoint::VmaReserve]);
}
