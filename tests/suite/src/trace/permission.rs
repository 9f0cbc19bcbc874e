//! Who may be traced, and by which handles.

use super::traced::*;
use crate::child;
use crate::threads;
use alloc::vec::Vec;
use sys::Errno;
use sys::abi::UserMutPtr;
use sys::abi::process::{P_PID, WEXITED, WNOWAIT};
use sys::abi::trace::*;
use sys::process;
use sys::syscall::{output, pointer_mut};
use sys::trace::Tracer;
use sys::wait::Status;

pub fn not_everybody_may_be_traced() {
    folios_own();
    let tracer = Tracer::new(0).expect("trace_create");
    assert_eq!(tracer.next(), Err(Errno::ECHILD), "nobody is traced");
    assert_eq!(tracer.attach(process::id(), 0), Err(Errno::EPERM), "one's own process");
    assert_eq!(tracer.attach(1, TRACE_CALLS), Err(Errno::EPERM), "init is more trusted");
    assert_eq!(tracer.attach(0x7fff_0000, TRACE_CALLS), Err(Errno::ESRCH));
    assert_eq!(tracer.attach(-1, TRACE_CALLS), Err(Errno::ESRCH));
    let (pid, gate) = waiting();
    assert_eq!(tracer.attach(pid, 1 << 3), Err(Errno::EINVAL));
    assert_eq!(tracer.attach(pid, TRACE_CALLS), Ok(()));
    let second = Tracer::new(0).expect("trace_create");
    assert_eq!(second.attach(pid, TRACE_CALLS), Err(Errno::EPERM), "traced already");
    drop(tracer);
    assert_eq!(second.attach(pid, TRACE_CALLS), Ok(()), "not any more");
    gate.open();
    watch(&second, |_, _| ());
    assert_eq!(child::wait(pid), Status::Exited(0));
    let zombie = child::start(|| 0);
    let none = (UserMutPtr::NULL, UserMutPtr::NULL);
    assert_eq!(call!(waitid(P_PID, zombie, none.0, WEXITED | WNOWAIT, none.1)), Ok(0));
    assert_eq!(second.attach(zombie, TRACE_CALLS), Err(Errno::ESRCH), "it has ended");
    assert_eq!(child::wait(zombie), Status::Exited(0));
    assert_eq!(Tracer::new(1025).err(), Some(Errno::EINVAL));
}

pub fn all_threads_are_traced_or_none() {
    extern "C" fn waits(fd: u32) -> i32 {
        let mut byte = 0u8;
        i32::from(call!(read(fd.cast_signed(), output(&mut byte), 1)) != Ok(1))
    }
    folios_own();
    let gate = Gate::new();
    let (told, tell) = sys::file::pipe().expect("pipe2");
    let pid = child::start(|| {
        let other = threads::spawn(waits, gate.0.fd().0.cast_unsigned());
        tell.write_all(&other.tid.to_ne_bytes()).expect("write");
        gate.pass();
        other.join();
        0
    });
    let mut tid = [0; 4];
    assert_eq!(told.read(&mut tid), Ok(4));
    let tid = i32::from_ne_bytes(tid);
    let [first, second] = [0; 2].map(|faults| Tracer::new(faults).expect("trace_create"));
    assert_eq!(first.attach(tid, 0), Ok(()));
    assert_eq!(second.attach(pid, TRACE_CHILDREN), Err(Errno::EPERM));
    assert_eq!(second.attach(tid, TRACE_CHILDREN), Err(Errno::EPERM));
    assert_eq!(second.next(), Err(Errno::ECHILD), "nobody is traced");
    assert_eq!(first.attach(pid, TRACE_CHILDREN), Ok(()), "its own thread is no obstacle");
    drop(first);
    assert_eq!(second.attach(pid, TRACE_CHILDREN), Ok(()));
    gate.open();
    gate.open();
    let mut ended = Vec::new();
    watch(&second, |event, what| {
        if matches!(what, What::Ended { .. }) {
            ended.push(event.tid);
        }
    });
    ended.sort_unstable();
    assert_eq!(ended, [pid, tid]);
    assert_eq!(child::wait(pid), Status::Exited(0));
}

pub fn others_users_are_not_to_be_traced() {
    folios_own();
    let (target, gate) = waiting();
    let status = child::run(|| {
        assert!(call!(setresuid32(1000, 1000, 1000)).is_ok());
        let tracer = Tracer::new(0).expect("trace_create");
        assert_eq!(tracer.attach(target, TRACE_CALLS), Err(Errno::EPERM));
        0
    });
    assert_eq!(status, Status::Exited(0));
    gate.open();
    assert_eq!(child::wait(target), Status::Exited(0));
}

pub fn handles_that_are_no_tracers() {
    folios_own();
    let mut event = Event::default();
    let place = UserMutPtr::new(pointer_mut(&mut event));
    // SAFETY: what the calls name is this function's own, or nobody's.
    unsafe {
        use sys::syscall::trace::*;
        for handle in [0, 7, u32::MAX] {
            assert_eq!(trace_attach(handle, 1, 0), Err(Errno::EBADF));
            assert_eq!(trace_next(handle, place), Err(Errno::EBADF));
            assert_eq!(trace_resume(handle, 1), Err(Errno::EBADF));
        }
        let frames = sys::syscall::ipc::frames_create(1).expect("frames_create");
        assert_eq!(trace_next(frames, place), Err(Errno::EBADF));
        assert_eq!(sys::syscall::ipc::handle_close(frames), Ok(0));
        let tracer = trace_create(1).expect("trace_create");
        assert_eq!(trace_resume(tracer, 1), Err(Errno::ESRCH));
        let (pid, gate) = waiting();
        assert_eq!(trace_attach(tracer, pid, TRACE_CALLS), Ok(0));
        gate.open();
        assert_eq!(trace_next(tracer, UserMutPtr::new(8)), Err(Errno::EFAULT));
        assert_eq!(trace_resume(tracer, pid), Ok(0), "the event is lost, the thread is not");
        assert_eq!(sys::syscall::ipc::handle_close(tracer), Ok(0));
        assert_eq!(child::wait(pid), Status::Exited(0));
    }
}
