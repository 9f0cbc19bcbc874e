//! Handles and what they stand for.

use super::example::*;
use crate::child;
use crate::harness::only_on_folio;
use alloc::vec::Vec;
use sys::abi::memory::{MADV_DONTNEED, MADV_REMOVE};
use sys::abi::signal::SIGSEGV;
use sys::ipc::*;
use sys::syscall::{ipc, output};
use sys::wait::Status;
use sys::{Errno, Result};

pub fn handles_travel_with_the_rights_they_are_given() {
    serves_well(|port| {
        let frames = Frames::new(2).expect("frames");
        let call = Call::new(PASS).pass(&frames.0, Rights::WRITE);
        let mut answer = port.call(call).expect("call");
        let mut bytes = [0; 4];
        assert_eq!(frames.read(PAGE - 2, &mut bytes), Ok(4));
        assert_eq!(&bytes, b"back");
        let new = Frames(answer.take_handle(0).expect("a handle"));
        assert_eq!(new.read(0, &mut bytes), Ok(4));
        assert_eq!(&bytes, b"new\0");
        assert_eq!(new.write(0, b"x"), Err(Errno::EPERM));
        assert_eq!(new.0.duplicate(Rights::READ).unwrap_err(), Errno::EPERM);
        // What may not be handed on is not.
        let call = Call::new(PASS).pass(&new.0, Rights::READ);
        assert_eq!(port.call(call).unwrap_err(), Errno::EPERM);
        // A port that nobody may serve or give up.
        assert_eq!(port.fail().unwrap_err(), Errno::EPERM);
        assert_eq!(port.attach(0).unwrap_err(), Errno::EPERM);
    });
}

pub fn frames_are_shared() {
    only_on_folio("abi::syscall::ipc");
    assert_eq!(Frames::new(0).unwrap_err(), Errno::EINVAL);
    assert_eq!(Frames::new(1025).unwrap_err(), Errno::EINVAL);
    let frames = Frames::new(3).expect("frames");
    let mapped = frames.map(1, 2, true).expect("map");
    let second = frames.map(2, 1, false).expect("map again");
    // SAFETY: the first byte of each mapping.
    unsafe {
        mapped.as_mut_ptr().add(PAGE as usize).write_volatile(42);
        assert_eq!(second.as_mut_ptr().read_volatile(), 42);
    }
    let mut byte = [0];
    assert_eq!(frames.read(2 * PAGE, &mut byte), Ok(1));
    assert_eq!(byte, [42]);
    assert_eq!(frames.read(3 * PAGE, &mut byte), Ok(0));
    assert_eq!(frames.write(3 * PAGE - 1, b"over the end"), Ok(1));
    assert_eq!(frames.map(2, 2, true).unwrap_err(), Errno::EINVAL);
    assert_eq!(frames.map(0, 0, true).unwrap_err(), Errno::EINVAL);
    // Nobody takes pages away that others have by their address.
    let start = mapped.as_mut_ptr() as usize as u32;
    let address = |page| frames.physical_address(page);
    let before = [1, 2].map(address);
    assert_eq!(call!(madvise(start, 2 * PAGE, MADV_REMOVE)), Err(Errno::EINVAL));
    assert_eq!(call!(madvise(start, 2 * PAGE, MADV_DONTNEED)), Ok(0));
    assert_eq!([1, 2].map(address), before);
    // SAFETY: as above.
    assert_eq!(unsafe { mapped.as_mut_ptr().add(PAGE as usize).read_volatile() }, 42);
    assert!(address(0).expect("address") % 4096 == 0 && address(0) != address(1));
    assert_eq!(address(3), Err(Errno::EINVAL));
    let reader = Frames(frames.0.duplicate(Rights::READ | Rights::MAP).expect("duplicate"));
    assert!(reader.map(0, 1, false).is_ok());
    assert_eq!(reader.map(0, 1, true).unwrap_err(), Errno::EPERM);
    assert_eq!(reader.physical_address(0).unwrap_err(), Errno::EPERM);
    // A child has neither the mapping nor the handle.
    let start = second.as_mut_ptr();
    let status = child::run(|| {
        assert_eq!(frames.read(0, &mut [0]), Err(Errno::EBADF));
        // SAFETY: SIGSEGV is what is expected.
        i32::from(unsafe { start.read_volatile() })
    });
    assert_eq!(status, Status::Signaled(SIGSEGV));
}

pub fn handles_are_closed_and_revoked() {
    only_on_folio("abi::syscall::ipc");
    let port = Port::new(level()).expect("a port");
    let copy = port.0.duplicate(Rights::NOTIFY | Rights::DUPLICATE).expect("duplicate");
    assert_eq!(copy.revoke_others(), Err(Errno::EPERM));
    let copy = Port(copy);
    assert_eq!(copy.notify(1), Ok(()));
    port.0.revoke_others().expect("revoke");
    assert_eq!(copy.notify(1), Err(Errno::EBADF));
    assert_eq!(copy.0.duplicate(Rights::NOTIFY).unwrap_err(), Errno::EBADF);
    assert_eq!(port.notify(1), Ok(()));
    let number = copy.0.raw();
    drop(copy);
    // SAFETY: the calls touch no memory but `lent`, which is ours.
    unsafe {
        assert_eq!(ipc::handle_close(number), Err(Errno::EBADF));
        assert_eq!(ipc::notify(port.0.raw() ^ 1 << 16, 1), Err(Errno::EBADF));
        let mut lent = sys::abi::ipc::Lent::default();
        assert_eq!(ipc::lease_info(1, 0, output(&mut lent)), Err(Errno::ESRCH));
        assert_eq!(ipc::irq_ack(port.0.raw()), Err(Errno::EBADF));
    }
    let all: Vec<Result<Handle>> = (0..2000).map(|_| port.0.duplicate(Rights::CALL)).collect();
    let count = all.iter().filter(|handle| handle.is_ok()).count();
    assert_eq!(count, 1023, "1024 with the port's own");
    assert!(all.iter().skip(count).all(|handle| *handle == Err(Errno::EMFILE)));
}
