//! Tests of the judgement: what needs a fault that explains it, and what is never right.

use super::servers::await_each;
use super::verdict::{Ended, Faults, REFUSED, Right, judge};
use super::{Failure, Outcome, Scenario, whole};
use alloc::string::String;
use core::time::Duration;
use sys::Errno;
use sys::abi::failpoint::{Failpoint, FaultState};
use sys::abi::signal::{SIGABRT, SIGBUS, SIGILL, SIGKILL, SIGSEGV};
use sys::process::PANICKED;
use sys::time::now;
use sys::wait::Status;

tests![
    an_error_needs_a_fault_of_the_same_try,
    an_error_is_one_of_the_faults_or_written_down,
    a_panic_is_never_right,
    other_statuses_are_those_of_refusals,
    a_signal_needs_a_fault_that_explains_it,
    a_fault_of_a_server_ends_no_caller,
    a_short_transfer_needs_one_too,
    a_service_that_does_not_answer_is_named,
];

const SCENARIO: Scenario = Scenario {
    name: "none",
    run: || Ok(()),
    calls_servers: false,
    for_driver: false,
    also: &[Errno::ENOLCK],
};

/// What is made of the end of a try, in which these failed; and those before it.
fn judged(ended: Ended, earlier: &[Failpoint], now: &[Failpoint]) -> Result<Right, String> {
    let mut state = FaultState::default();
    let mut records = state.records;
    let all = earlier.iter().chain(now);
    records.iter_mut().zip(all).for_each(|(record, point)| record.point = *point as u32);
    state.records = records;
    state.faults = (earlier.len() + now.len()) as u32;
    judge(&SCENARIO, ended, Faults { state: &state, before: earlier.len() as u32 })
}

fn said(outcome: Outcome, now: &[Failpoint]) -> Result<Right, String> {
    judged(Ended::Said(outcome), &[], now)
}

/// What no call fails for.
fn unanswered() -> [Failpoint; 7] {
    use Failpoint::*;
    [Kmap, NotifyLost, NotifyTwice, IrqLost, IrqSpurious, IrqLate, TimerLate]
}

fn child(status: Status, now: &[Failpoint]) -> Result<Right, String> {
    said(Err(Failure::Child(status)), now)
}

pub fn an_error_needs_a_fault_of_the_same_try() {
    let (slab, refused) = (Failpoint::Slab, Ended::Said(Err(Errno::ENOMEM.into())));
    assert_eq!(judged(refused, &[], &[slab]), Ok(Right::Refused(Errno::ENOMEM)));
    for earlier in [&[][..], &[slab]] {
        let why = judged(refused, earlier, &[]).expect_err("nothing failed");
        assert!(why.starts_with("refused without a fault: "), "{why}");
        assert_eq!(judged(Ended::Said(Ok(())), earlier, &[]), Ok(Right::Done));
    }
    // What failed before is no reason.
    assert!(judged(refused, &[slab], &[Failpoint::UserCopyIn]).is_err());
}

pub fn an_error_is_one_of_the_faults_or_written_down() {
    let error = |errno: Errno| said(Err(errno.into()), &[Failpoint::Slab]);
    assert_eq!(error(Errno::ENOLCK), Ok(Right::Refused(Errno::ENOLCK)));
    for point in unanswered() {
        assert!(said(Err(Errno::ENOLCK.into()), &[point]).is_err(), "{point:?}");
    }
    assert!(error(Errno::EFAULT).is_err());
}

pub fn a_panic_is_never_right() {
    for point in Failpoint::ALL {
        assert!(child(Status::Exited(PANICKED), &[*point]).is_err());
        assert!(judged(Ended::Died(Status::Exited(PANICKED)), &[], &[*point]).is_err());
    }
}

pub fn other_statuses_are_those_of_refusals() {
    for status in [REFUSED, 126, 127].map(Status::Exited) {
        assert_eq!(child(status, &[Failpoint::FdTable]), Ok(Right::Ended(status)));
        assert!(child(status, &[]).is_err());
        for point in unanswered() {
            assert!(child(status, &[point]).is_err(), "{point:?}");
            assert!(child(status, &[point, Failpoint::FdTable]).is_ok(), "{point:?}");
        }
        // A scenario's own process says what came of it.
        assert!(judged(Ended::Died(status), &[], &[Failpoint::FdTable]).is_err());
    }
    assert!(child(Status::Exited(3), &[Failpoint::FdTable]).is_err());
}

pub fn a_signal_needs_a_fault_that_explains_it() {
    use Failpoint::*;
    let rows = [
        (
            SIGKILL,
            &[PageHigh, PageTable, Slab][..],
            &[UserCopyIn, VmaReserve, PathWalk, Message][..],
        ),
        (SIGSEGV, &[UserCopyOut, PageHigh], &[PathWalk, FdTable]),
        (SIGABRT, &[PageLow, VmaReserve], &[UserCopyIn, Fork, FdTable]),
        (SIGBUS, &[Message, Lease], &[Slab, PathWalk]),
        (SIGILL, &[], &[Slab, UserCopyIn]),
    ];
    for (signal, good, bad) in rows {
        let status = Status::Signaled(signal);
        for died in [Ended::Died(status), Ended::Said(Err(Failure::Child(status)))] {
            for point in good {
                assert_eq!(judged(died, &[], &[*point]), Ok(Right::Ended(status)), "{point:?}");
                assert!(judged(died, &[*point], &[]).is_err());
            }
            assert!(bad.iter().all(|point| judged(died, &[], &[*point]).is_err()));
        }
    }
    // Only who becomes another program has none at all meanwhile.
    let status = Status::Signaled(SIGSEGV);
    assert_eq!(child(status, &[VmaReserve]), Ok(Right::Ended(status)));
    assert!(judged(Ended::Died(status), &[], &[VmaReserve]).is_err());
}

pub fn a_fault_of_a_server_ends_no_caller() {
    let mut state = FaultState::default();
    let mut records = state.records;
    (records[0].point, records[0].served) = (Failpoint::PageHigh as u32, 1);
    (state.records, state.faults) = (records, 1);
    let judged = |signal| {
        let died = Ended::Died(Status::Signaled(signal));
        judge(&SCENARIO, died, Faults { state: &state, before: 0 })
    };
    assert!([SIGKILL, SIGSEGV, SIGABRT].map(judged).iter().all(Result::is_err));
    // But for a page of a file that it cannot give.
    assert_eq!(judged(SIGBUS), Ok(Right::Ended(Status::Signaled(SIGBUS))));
}

pub fn a_short_transfer_needs_one_too() {
    assert_eq!((whole(3, 3), whole(2, 3)), (Ok(()), Err(Failure::Short)));
    let short = |points: &[Failpoint]| said(whole(2, 3), points);
    assert_eq!(short(&[Failpoint::UserCopyOut]), Ok(Right::Short));
    assert!(short(&[]).is_err());
    assert!(short(&[Failpoint::TimerLate]).is_err());
}

pub fn a_service_that_does_not_answer_is_named() {
    let start = now();
    let why = await_each(&[("one", || Ok(())), ("other", || Err(Errno::EAGAIN))], 1);
    let why = why.expect_err("nobody answers");
    assert!(why.starts_with("the service other does not answer within 1 s"), "{why}");
    assert!(now() - start >= Duration::from_millis(900));
    assert_eq!(await_each(&[("one", || Ok(()))], 1), Ok(()));
}
