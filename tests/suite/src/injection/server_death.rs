//! A server that ends for what failed on behalf of its client: the log names that. The harness reads it
//! (`tests/harness/src/faults.rs`).

use super::{Context, always, needs_failpoints};
use crate::service::as_program;
use assist::{DEMAND, EXIT, LEAK, WHO};
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

/// It aborts, as whoever cannot allocate does.
pub fn a_server_aborts_for_want_of_memory() {
    ends_for_want_of(&[Failpoint::VmaReserve]);
}

/// It goes on when something fails, and ends with a status later.
pub fn a_server_ends_itself_after_a_fault() {
    const MOST: u32 = 20;
    needs_failpoints();
    as_program(|| {
        let port = connect("assist").expect("assist");
        // Which of the messages is the server's own.
        let met = (1..MOST).find_map(|nth| {
            let points = Failpoint::Message.bit();
            let plan = FaultPlan { points, nth, times: 1, ..FaultPlan::default() };
            let context = Context::new(&plan);
            let answer = context.run(|| port.call(Call::new(DEMAND)));
            let is_served = context.state().kept().last().is_some_and(|fault| fault.served != 0);
            (answer.is_ok() && is_served).then_some(context)
        });
        let context = met.expect("a message of the server's that fails");
        let answer = context.run(|| port.call(Call::new(EXIT).word(101).word(u32::MAX)));
        assert_eq!(answer.err(), Some(Errno::EOWNERDEAD));
        drop(context);
        port.call(Call::new(WHO)).expect("who");
    });
}
