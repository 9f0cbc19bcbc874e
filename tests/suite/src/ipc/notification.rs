//! Bits that arrive without a message.

use super::example::*;
use crate::child;
use crate::harness::only_on_folio;
use sys::Errno;
use sys::ipc::*;
use sys::wait::Status;

pub fn bits_arrive_once_and_deadlines_pass() {
    only_on_folio("abi::syscall::ipc");
    let port = Port::new(level()).expect("a port");
    port.notify(0b1010).expect("notify");
    port.notify(0b0010).expect("notify");
    let served = port.attach(0b0110).expect("attach");
    let now = || sys::time::now().as_nanos() as u64;
    assert!(matches!(served.receive(None), Ok(Received::Notification(0b0010))));
    let before = now();
    assert_eq!(served.receive(Some(before + 30_000_000)).err(), Some(Errno::ETIMEDOUT));
    assert!(now() >= before + 30_000_000);
    assert_eq!(served.receive(Some(0)).err(), Some(Errno::ETIMEDOUT));
    let (pid, _handle) = start_client(&served.port, Rights::NOTIFY, |port| {
        port.notify(0b0100).expect("notify");
        assert_eq!(port.call(Call::new(ADD)).unwrap_err(), Errno::EPERM);
    });
    assert!(matches!(served.receive(None), Ok(Received::Notification(0b0100))));
    assert_eq!(child::wait(pid), Status::Exited(0));
}
