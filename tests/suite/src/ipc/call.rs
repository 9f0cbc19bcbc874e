//! Calls: words, levels, badges.

use super::example::*;
use crate::child;
use crate::harness::only_on_folio;
use alloc::vec::Vec;
use sys::Errno;
use sys::ipc::*;
use sys::syscall::ipc;
use sys::wait::Status;

pub fn words_go_and_come_back() {
    serves_well(|port| {
        for count in [0, 1, 4, 5, 16] {
            let call = (0..count).fold(Call::new(ADD), |call, word| call.word(word * 1000));
            let answer = port.call(call).expect("call");
            let expected: Vec<u32> = (0..count).map(|word| word * 1000 + 1).collect();
            assert_eq!(answer.message.words(), expected);
        }
        assert_eq!(port.call(Call::new(99)).unwrap_err(), Errno::ENOSYS);
    });
}

pub fn a_block_that_is_not_there_is_efault() {
    serves_well(|port| {
        port.call(Call::new(ADD).word(1)).expect("the block is known by now");
        // SAFETY: the kernel is told of memory that is not there, and then of nothing.
        unsafe {
            assert_eq!(ipc::message_block(sys::abi::UserMutPtr::new(2)), Err(Errno::EINVAL));
            assert_eq!(
                ipc::message_block(sys::abi::UserMutPtr::new(0xffff_ff00)),
                Err(Errno::EFAULT)
            );
            assert_eq!(ipc::message_block(sys::abi::UserMutPtr::new(0x1000)), Ok(0));
        }
        let long = || (0..5).fold(Call::new(ADD), Call::word);
        assert_eq!(port.call(long()).unwrap_err(), Errno::EFAULT);
        // SAFETY: as above.
        unsafe { ipc::message_block(sys::abi::UserMutPtr::NULL) }.expect("nowhere");
        assert_eq!(port.call(long()).unwrap_err(), Errno::EFAULT);
        assert_eq!(port.call(Call::new(ADD).word(1)).expect("in registers").message.get(0), 2);
    });
}

pub fn calls_only_go_down() {
    only_on_folio("ARCHITECTURE.md, Files of servers: calls only go down");
    let port = Port::new(level()).expect("a port");
    let (pid, _handle) = start_client(&port, Rights::CALL, |port| {
        assert_eq!(raise_level(level()), Err(Errno::EPERM));
        assert_eq!(Port::new(level()).unwrap_err(), Errno::EPERM);
        let own = Port::new(Level::PROGRAM).expect("a port nobody can call");
        let own = own.attach(0).expect("attach");
        assert_eq!(own.port.call(Call::new(ADD)).unwrap_err(), Errno::EDEADLK);
        drop(port);
    });
    assert_eq!(child::wait(pid), Status::Exited(0));
    // This process is as high as it can be: it may serve any port, and call none.
    let old = raise_level(Level::INIT);
    if old.is_ok() {
        assert_eq!(port.call(Call::new(ADD)).unwrap_err(), Errno::EDEADLK);
    }
}

pub fn badges_tell_clients_apart() {
    only_on_folio("abi::syscall::ipc");
    let port = Port::new(level()).expect("a port");
    let badged = port.0.mint(Rights::CALL | Rights::TRANSFER | Rights::DUPLICATE, 77);
    let badged = Port(badged.expect("mint"));
    assert_eq!(badged.0.mint(Rights::CALL, 78).unwrap_err(), Errno::EPERM);
    assert_eq!(port.0.mint(Rights::CALL, 0).unwrap_err(), Errno::EINVAL);
    assert_eq!(port.0.mint(Rights::CALL, 1 << 31).unwrap_err(), Errno::EINVAL);
    let (pid, client) = start_client(&badged, Rights::CALL, |port| {
        assert_eq!(port.call(Call::new(WHO)).expect("call").message.get(0), 77);
    });
    client.watch(&port, CLIENT_ENDED).expect("watch");
    let port = port.attach(CLIENT_ENDED).expect("attach");
    let _ = serve(&port, &mut Example::new(&port));
    assert_eq!(child::wait(pid), Status::Exited(0));
}
