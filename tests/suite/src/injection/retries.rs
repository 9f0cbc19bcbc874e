//! Copies that begin again for pages that are not there: they come to an end too if they fail for ever.

use super::{Context, always, needs_failpoints};
use crate::ipc::{ADD, FILL, serves_well};
use crate::scratch;
use sys::Errno;
use sys::abi::failpoint::{Failpoint, FaultPlan};
use sys::abi::socket::{AF_UNIX, SOCK_DGRAM};
use sys::abi::{UserMutPtr, UserPtr};
use sys::file::pipe;
use sys::ipc::{Call, Connection};
use sys::syscall::{output, pointer, pointer_mut};

pub fn copies_that_always_fail_come_to_an_end() {
    needs_failpoints();
    let bytes = [7_u8; 100];
    let mut room = [0_u8; 100];
    let (read, write) = pipe().expect("pipe");
    let mut pair = [-1; 2];
    call!(socketpair(AF_UNIX, SOCK_DGRAM, 0, output(&mut pair))).expect("socketpair");
    let file = scratch::numbered_file(1);
    let send = |fd: i32| call!(write(fd, UserPtr::new(pointer(&bytes)), 100));
    let mut take = |fd: i32| call!(read(fd, UserMutPtr::new(pointer_mut(&mut room)), 100));

    let written = Context::new(&always(Failpoint::UserCopyIn));
    for fd in [write.fd().0, pair[0], file.fd().0] {
        assert_eq!(written.run(|| send(fd)), Err(Errno::EFAULT));
        assert_eq!(send(fd), Ok(100));
    }
    let taken = Context::new(&always(Failpoint::UserCopyOut));
    for fd in [read.fd().0, pair[1]] {
        assert_eq!(taken.run(|| take(fd)), Err(Errno::EFAULT));
    }
    assert_eq!(take(read.fd().0), Ok(100), "what was not copied is still there");
    for fd in pair {
        call!(close(fd)).expect("close");
    }
}

pub fn messages_that_always_fail_come_to_an_end() {
    needs_failpoints();
    serves_well(|port| {
        let context = Context::new(&always(Failpoint::UserCopyIn));
        let long = || (0..9).fold(Call::new(ADD), Call::word);
        assert_eq!(context.run(|| port.call(long())).unwrap_err(), Errno::EFAULT);
        assert_eq!(port.call(long()).expect("call").message.words().len(), 9);
        // The first is the block that names the lease, the rest is the server's.
        let context = Context::new(&FaultPlan { nth: 2, then: 1, ..always(Failpoint::UserCopyIn) });
        let mut memory = [0; 1000];
        let lend = || port.call(Call::new(FILL).word(3).lend_mut(&mut memory));
        assert_eq!(context.run(lend).unwrap_err(), Errno::EFAULT);
        assert!(context.state().records.iter().all(|record| { record.served } == 1));
    });
}
