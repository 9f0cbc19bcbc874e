//! What does not come, comes too late, or comes too often.

use super::{Context, always, needs_failpoints};
use core::time::Duration;
use sys::Errno;
use sys::abi::failpoint::{FAULT_LATE, FAULT_MACHINE, Failpoint, FaultPlan};
use sys::ipc::{Level, Port, Received, ServedPort, Transport};
use sys::time;

fn served() -> ServedPort {
    Port::new(Level::PROGRAM).expect("a port").attach(u32::MAX).expect("attach")
}

/// The bits that are there.
fn bits(port: &ServedPort) -> Option<u32> {
    match port.receive(Some(0)) {
        Ok(Received::Notification(bits)) => Some(bits),
        Err(Errno::ETIMEDOUT) => None,
        _ => panic!("neither bits nor nothing"),
    }
}

pub fn a_notification_is_lost() {
    needs_failpoints();
    let served = served();
    let context = Context::new(&FaultPlan { times: 1, ..always(Failpoint::NotifyLost) });
    context.run(|| served.port.notify(0b01)).expect("notify");
    assert_eq!(bits(&served), None);
    context.run(|| served.port.notify(0b10)).expect("notify");
    assert_eq!(bits(&served), Some(0b10));
    assert_eq!({ context.state().faults }, 1);
}

pub fn a_notification_comes_twice() {
    needs_failpoints();
    let served = served();
    let context = Context::new(&FaultPlan { times: 1, ..always(Failpoint::NotifyTwice) });
    context.run(|| served.port.notify(0b01)).expect("notify");
    context.run(|| served.port.notify(0b10)).expect("notify");
    assert_eq!((bits(&served), bits(&served), bits(&served)), (Some(0b11), Some(0b01), None));
}

pub fn a_timer_is_late() {
    needs_failpoints();
    let (asked, late) = (Duration::from_millis(10), Duration::from_millis(FAULT_LATE.into()));
    let context = Context::new(&FaultPlan { nth: 1, ..always(Failpoint::TimerLate) });
    let slept = || {
        let before = time::now();
        time::sleep(asked);
        time::now() - before
    };
    let slept = context.run(slept);
    assert!(slept >= asked + late, "{slept:?}");
    assert_eq!({ context.state().faults }, 1);
}

/// Its driver reads what the device says, however often and whenever it is asked to.
pub fn the_console_survives_its_interrupts() {
    needs_failpoints();
    for (point, times) in
        [(Failpoint::IrqSpurious, 50), (Failpoint::IrqLate, 1), (Failpoint::IrqLost, 1)]
    {
        let plan = FaultPlan { times, flags: FAULT_MACHINE, ..always(point) };
        let context = Context::new(&plan);
        let limit = time::now() + Duration::from_secs(30);
        // The host interrupts when it has taken some of what is written.
        while context.state().faults < times {
            assert!(time::now() < limit, "{}: {:?}", point.name(), context.state());
            sys::println!("{:>2000}", point.name());
            time::sleep(Duration::from_millis(2));
        }
    }
}
