//! Signals.

use crate::fault::PAGE;
use crate::faults::{Failure, Outcome, child, wait, whole};
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use sys::Errno;
use sys::abi::process::{WCONTINUED, WUNTRACED};
use sys::abi::signal::*;
use sys::abi::time::Timespec;
use sys::abi::{Plain, UserMutPtr};
use sys::file::File;
use sys::io::Fd;
use sys::memory::Mapping;
use sys::process::{id, kill};
use sys::signal::{Action, change_mask, set_action};
use sys::syscall::{input, output};
use sys::wait::Status;

static COUNT: AtomicU32 = AtomicU32::new(0);

extern "C" fn count(_: i32) {
    COUNT.fetch_add(1, SeqCst);
}

extern "C" fn count_with(signal: i32, info: &Siginfo, _: &mut Ucontext) {
    assert_eq!(info.signo, signal);
    COUNT.fetch_add(1, SeqCst);
}

fn handle(signal: i32, action: Action, flags: u32) -> sys::Result<()> {
    // SAFETY: the handlers here only count.
    unsafe { set_action(signal, action, flags, SignalSet::EMPTY) }.map(drop)
}

pub fn handlers_run() -> Outcome {
    handle(SIGUSR1, Action::Handler(count), 0)?;
    handle(SIGUSR2, Action::InfoHandler(count_with), SA_RESTART)?;
    kill(id(), SIGUSR1)?;
    kill(id(), SIGUSR2)?;
    kill(id(), SIGUSR1)?;
    assert_eq!(COUNT.load(SeqCst), 3);
    Ok(())
}

pub fn a_handler_has_a_stack_of_its_own() -> Outcome {
    let stack = Mapping::anonymous(4 * PAGE)?;
    let alternate = Sigaltstack { sp: stack.address(), flags: 0, size: 4 * PAGE };
    call!(sigaltstack(input(&alternate), UserMutPtr::NULL))?;
    handle(SIGUSR1, Action::InfoHandler(count_with), SA_ONSTACK)?;
    kill(id(), SIGUSR1)?;
    let mut now = Sigaltstack::default();
    call!(sigaltstack(sys::abi::UserPtr::NULL, output(&mut now)))?;
    assert_eq!((now.sp, now.flags, COUNT.load(SeqCst)), (stack.address(), 0, 1));
    let none = Sigaltstack { flags: SS_DISABLE, ..Sigaltstack::default() };
    call!(sigaltstack(input(&none), UserMutPtr::NULL))?;
    Ok(())
}

fn block(signal: i32) -> sys::Result<()> {
    change_mask(SIG_BLOCK, SignalSet::of(signal)).map(drop)
}

fn queue(signal: i32, value: u32) -> sys::Result<u32> {
    let mut info = Siginfo { signo: signal, code: SI_QUEUE, ..Siginfo::ZERO };
    info.fields[2] = value;
    call!(rt_sigqueueinfo(id(), signal, input(&info)))
}

pub fn signals_queue() -> Outcome {
    block(SIGRTMIN)?;
    for value in 0..4 {
        queue(SIGRTMIN, value)?;
    }
    for value in 0..4 {
        let (set, soon) = (SignalSet::of(SIGRTMIN), Timespec { sec: 0, nsec: 1_000_000 });
        let mut info = Siginfo::ZERO;
        call!(rt_sigtimedwait(input(&set), output(&mut info), input(&soon), 8))?;
        assert_eq!((info.signo, info.fields[2]), (SIGRTMIN, value));
    }
    Ok(())
}

pub fn signals_are_read() -> Outcome {
    block(SIGRTMIN)?;
    block(SIGUSR1)?;
    let set = SignalSet::of(SIGUSR1).union(SignalSet::of(SIGRTMIN));
    let fd = call!(signalfd4(-1, input(&set), 8, 0))?;
    let file = File::from_fd(Fd(fd.cast_signed()));
    kill(id(), SIGUSR1)?;
    queue(SIGRTMIN, 9)?;
    let mut bytes = [0; 256];
    let read = file.read(&mut bytes)?;
    let (first, rest) = SignalfdSiginfo::take(&bytes).expect("room");
    assert_eq!({ first.signo }, SIGUSR1.cast_unsigned());
    // Or the second one could not be handed over.
    whole(read, bytes.len())?;
    let (second, _) = SignalfdSiginfo::take(rest).expect("room");
    assert_eq!(({ second.signo }, { second.int }), (SIGRTMIN.cast_unsigned(), 9));
    Ok(())
}

pub fn a_mask_is_changed_for_a_wait() -> Outcome {
    handle(SIGUSR1, Action::Handler(count), 0)?;
    block(SIGUSR1)?;
    kill(id(), SIGUSR1)?;
    let mut pending = SignalSet::EMPTY;
    call!(rt_sigpending(output(&mut pending), 8))?;
    assert!(pending.contains(SIGUSR1) && COUNT.load(SeqCst) == 0);
    match call!(rt_sigsuspend(input(&SignalSet::EMPTY), 8)) {
        Err(Errno::EINTR) => {}
        other => return Err(other.expect_err("it never returns well").into()),
    }
    assert_eq!(COUNT.load(SeqCst), 1);
    Ok(())
}

pub fn a_child_stops_and_goes_on() -> Outcome {
    let pid = child(|| {
        loop {
            let _ = call!(pause());
        }
    })?;
    kill(pid, SIGSTOP)?;
    let told = |options| loop {
        match sys::process::wait(pid, options) {
            Ok(Some((_, status))) => return Ok(status),
            Ok(None) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
    };
    match told(WUNTRACED)? {
        Status::Stopped(SIGSTOP) => {}
        status => return Err(Failure::Child(status)),
    }
    kill(pid, SIGCONT)?;
    assert_eq!(told(WCONTINUED)?, Status::Continued);
    kill(pid, SIGKILL)?;
    assert_eq!(wait(pid)?, Status::Signaled(SIGKILL));
    Ok(())
}

pub fn the_end_of_a_child_is_signalled() -> Outcome {
    handle(SIGCHLD, Action::InfoHandler(count_with), SA_RESTART)?;
    let pid = child(|| Ok(()))?;
    let ended = crate::faults::join(pid);
    assert_eq!(COUNT.load(SeqCst), 1);
    ended
}
