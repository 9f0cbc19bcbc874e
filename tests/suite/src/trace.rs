//! Tracing: who is told what, and what becomes of whom.

use crate::child;
use crate::fault::{PAGE, map, peek_word, poke_word, unmap};
use crate::harness::only_on_folio;
use crate::threads;
use alloc::vec::Vec;
use core::time::Duration;
use sys::abi::UserMutPtr;
use sys::abi::memory::{MAP_ANONYMOUS, MAP_SHARED, PROT_READ, PROT_WRITE};
use sys::abi::signal::*;
use sys::abi::time::{ITIMER_REAL, Itimerval, Timeval};
use sys::abi::trace::*;
use sys::file::File;
use sys::process::{self, kill};
use sys::signal::change_mask;
use sys::syscall::{input, output, pointer, pointer_mut};
use sys::trace::{Tracer, write_memory};
use sys::wait::Status;
use sys::{Errno, time};

tests![
    calls_are_told_with_arguments_and_results,
    a_thread_stands_still_until_it_is_resumed,
    faults_are_told_with_what_was_done,
    copies_on_write_are_told_with_their_frames,
    shared_memory_gets_pages_and_shows_them,
    the_kernels_own_faults_are_told_too,
    a_growing_stack_and_a_bad_address_are_told,
    children_are_traced_from_their_first_step,
    without_that_option_children_are_left_alone,
    a_new_program_is_told,
    signals_are_told_even_if_ignored,
    stops_are_told_and_take_place,
    a_kill_ends_who_stands_still,
    word_of_a_timer_does_not_end_the_wait,
    without_their_tracer_they_go_on,
    a_killed_tracer_lets_go,
    not_everybody_may_be_traced,
    all_threads_are_traced_or_none,
    others_users_are_not_to_be_traced,
    a_call_that_nobody_lets_begin_does_not_happen,
    a_waiting_tracer_is_interrupted,
    handles_that_are_no_tracers,
];

const LINUX: u32 = 0x80;
const FOLIO: u32 = 0x81;
const GETPID: u32 = 20;
const KILL: u32 = 37;
const CLOSE: u32 = 6;
const WRITE: u32 = 4;
const FORK: u32 = 2;
const EXECVE: u32 = 11;
const EXIT_GROUP: u32 = 252;

fn folios_own() {
    only_on_folio("abi::trace");
}

/// A child that is traced and begins with `body` only then.
fn traced(options: u32, faults: u32, body: impl FnOnce() -> i32) -> (Tracer, i32) {
    folios_own();
    let tracer = Tracer::new(faults).expect("trace_create");
    let gate = Gate::new();
    let pid = child::start(|| {
        gate.pass();
        body()
    });
    tracer.attach(pid, options).expect("trace_attach");
    gate.open();
    (tracer, pid)
}

/// Where a child waits until it is to begin.
struct Gate(File, File);

impl Gate {
    fn new() -> Self {
        let (read, write) = sys::file::pipe().expect("pipe2");
        Self(read, write)
    }

    fn pass(&self) {
        assert_eq!(self.0.read(&mut [0]), Ok(1));
    }

    /// For one child.
    fn open(&self) {
        self.1.write_all(b"x").expect("write");
    }
}

/// Takes all events to the end; each is shown to `look` before its thread goes on.
fn watch(tracer: &Tracer, mut look: impl FnMut(&Event, What)) {
    loop {
        match tracer.next() {
            Ok(event) => {
                look(&event, event.what().expect("a known kind"));
                if event.waits() {
                    assert_eq!(tracer.resume(event.tid), Ok(()));
                }
            }
            Err(Errno::ECHILD) => return,
            Err(errno) => panic!("trace_next: {errno:?}"),
        }
    }
}

/// Whether an event is the beginning of this call.
fn enters(what: &What, number: u32) -> bool {
    matches!(what, What::CallEntered(call) if call.table == LINUX && call.number == number)
}

/// Takes events until the thread stands at the beginning of a call.
fn run_to(tracer: &Tracer, number: u32) -> Event {
    loop {
        let event = tracer.next().expect("trace_next");
        if event.what().is_some_and(|what| enters(&what, number)) {
            return event;
        }
        if event.waits() {
            tracer.resume(event.tid).expect("trace_resume");
        }
    }
}

pub fn calls_are_told_with_arguments_and_results() {
    let (tracer, pid) = traced(TRACE_CALLS, 0, || {
        let _ = call!(close(-7));
        let _ = call!(getpid());
        // SAFETY: this handle is none.
        let _ = unsafe { sys::syscall::ipc::notify(0xffff_fff0, 5) };
        3
    });
    let mut told = Vec::new();
    watch(&tracer, |event, what| {
        assert_eq!((event.tid, event.pid, event.lost), (pid, pid, 0));
        match what {
            What::CallEntered(call) => {
                told.push((call.table, call.number, call.registers[0], None))
            }
            What::CallLeft(call) => {
                let result = Some(call.result);
                told.push((call.table, call.number, call.registers[0], result));
            }
            What::Ended { status } => assert_eq!(status, 0x300),
            other => panic!("{other:?}"),
        }
    });
    let error = |errno: Errno| u32::from(errno.number()).wrapping_neg();
    let about = |table, number| -> Vec<(u32, Option<u32>)> {
        let same = told.iter().filter(|call| (call.0, call.1) == (table, number));
        same.map(|call| (call.2, call.3)).collect()
    };
    let minus_7 = (-7i32).cast_unsigned();
    let closes = about(LINUX, CLOSE);
    assert!(closes.ends_with(&[(minus_7, None), (minus_7, Some(error(Errno::EBADF)))]));
    assert_eq!(about(LINUX, GETPID).last().and_then(|call| call.1), Some(pid.cast_unsigned()));
    let own = about(FOLIO, 21);
    assert_eq!(own, [(0xffff_fff0, None), (0xffff_fff0, Some(error(Errno::EBADF)))]);
    assert_eq!(about(LINUX, EXIT_GROUP), [(3, None)], "it does not come back");
    assert_eq!(child::wait(pid), Status::Exited(3));
}

pub fn a_thread_stands_still_until_it_is_resumed() {
    let (read, write) = sys::file::pipe().expect("pipe2");
    let text = *b"before";
    let (tracer, pid) = traced(TRACE_CALLS, 0, || {
        write.write_all(&text).expect("write");
        0
    });
    let event = run_to(&tracer, WRITE);
    time::sleep(Duration::from_millis(30));
    // Nothing has been written yet, or it would be the old text.
    assert_eq!(write_memory(pid, pointer(&text), b"after!"), Ok(6));
    assert_eq!(tracer.resume(event.tid), Ok(()));
    assert_eq!(tracer.resume(event.tid), Err(Errno::ESRCH), "it goes on already");
    watch(&tracer, |_, _| ());
    let mut bytes = [0; 6];
    assert_eq!(read.read(&mut bytes), Ok(6));
    assert_eq!(&bytes, b"after!");
    assert_eq!(child::wait(pid), Status::Exited(0));
}

/// What was told of the faults at a page, in order.
fn faults_at(pid: i32, tracer: &Tracer, page: u32) -> Vec<Fault> {
    let mut told = Vec::new();
    watch(tracer, |event, what| {
        assert_eq!(event.lost, 0);
        if let What::Fault(fault) = what
            && event.pid == pid
            && fault.address & !(PAGE - 1) == page
        {
            assert!((fault.start..fault.end).contains(&fault.address));
            assert_ne!(fault.cycles, 0);
            told.push(fault);
        }
    });
    told
}

fn kinds(faults: &[Fault]) -> Vec<(u32, u32)> {
    faults.iter().map(|fault| (fault.access, fault.kind)).collect()
}

pub fn faults_are_told_with_what_was_done() {
    let start = map(1);
    let (tracer, pid) = traced(TRACE_FAULTS, 0, || {
        peek_word(start);
        poke_word(start, 1);
        let child = child::start(|| 0);
        child::wait(child);
        poke_word(start, 2);
        i32::from(call!(munmap(start, PAGE)).is_err())
    });
    let told = faults_at(pid, &tracer, start);
    let expected =
        [(ACCESS_READ, FAULT_ZERO), (ACCESS_WRITE, FAULT_ANONYMOUS), (ACCESS_WRITE, FAULT_REUSE)];
    assert_eq!(kinds(&told), expected);
    assert_eq!(told[1].frame, told[2].frame);
    assert_ne!(told[0].frame, told[1].frame);
    assert_eq!(child::wait(pid), Status::Exited(0));
    unmap(start, 1);
}

pub fn copies_on_write_are_told_with_their_frames() {
    let start = map(1);
    poke_word(start, 1);
    // The parent has it too.
    let (tracer, pid) = traced(TRACE_FAULTS, 0, || {
        poke_word(start, 2);
        0
    });
    let told = faults_at(pid, &tracer, start);
    assert_eq!(kinds(&told), [(ACCESS_WRITE, FAULT_COPY)]);
    assert_ne!(told[0].frame, 0);
    assert_eq!(told[0].flags, 0);
    assert_eq!(child::wait(pid), Status::Exited(0));
    unmap(start, 1);
}

pub fn shared_memory_gets_pages_and_shows_them() {
    folios_own();
    let flags = MAP_SHARED | MAP_ANONYMOUS;
    let start = call!(mmap2(0, 2 * PAGE, PROT_READ | PROT_WRITE, flags, -1, 0)).expect("mmap2");
    poke_word(start + PAGE, 1);
    let (tracer, pid) = traced(TRACE_FAULTS, 0, || {
        poke_word(start, 1);
        assert_eq!(peek_word(start + PAGE), 1);
        0
    });
    let mut told = Vec::new();
    watch(&tracer, |_, what| {
        if let What::Fault(fault) = what
            && (start..start + 2 * PAGE).contains(&fault.address)
        {
            told.push((fault.address & !(PAGE - 1), fault.kind));
        }
    });
    assert_eq!(told, [(start, FAULT_NEW), (start + PAGE, FAULT_CACHED)]);
    assert_eq!(child::wait(pid), Status::Exited(0));
    unmap(start, 2);
}

pub fn the_kernels_own_faults_are_told_too() {
    for room in [64, 0] {
        let start = map(4);
        let (tracer, pid) = traced(TRACE_FAULTS, room, || {
            let (read, write) = sys::file::pipe().expect("pipe2");
            write.write_all(&[1; 4 * PAGE as usize]).expect("write");
            // SAFETY: mapped above, and nobody else uses it.
            let to =
                unsafe { core::slice::from_raw_parts_mut(start as *mut u8, 4 * PAGE as usize) };
            assert_eq!(read.read(to), Ok(to.len()));
            0
        });
        let (mut told, mut lost) = (0, 0);
        watch(&tracer, |event, what| {
            lost += event.lost;
            if let What::Fault(fault) = what
                && (start..start + 4 * PAGE).contains(&fault.address)
            {
                assert_eq!(fault.flags & FAULT_IN_KERNEL, FAULT_IN_KERNEL);
                // An emulated processor may read before it writes.
                told += u32::from((fault.access, fault.kind) == (ACCESS_WRITE, FAULT_ANONYMOUS));
            }
        });
        match room {
            0 => assert!(told == 0 && lost >= 4),
            _ => assert_eq!((told, lost), (4, 0)),
        }
        assert_eq!(child::wait(pid), Status::Exited(0));
        unmap(start, 4);
    }
}

pub fn a_growing_stack_and_a_bad_address_are_told() {
    let (tracer, pid) = traced(TRACE_FAULTS, 0, || {
        #[inline(never)]
        fn dig(depth: u32) -> u32 {
            let room = core::hint::black_box([depth; 1024]);
            // Unknown, or the compiler would make a loop of it.
            let again: fn(u32) -> u32 = core::hint::black_box(dig);
            if depth == 0 { room[7] } else { again(depth - 1) + core::hint::black_box(room)[9] }
        }
        core::hint::black_box(dig(512));
        peek_word(16);
        0
    });
    let (mut grown, mut signals) = (0, Vec::new());
    watch(&tracer, |_, what| match what {
        What::Fault(fault) if fault.flags & FAULT_STACK != 0 => grown += 1,
        What::Fault(fault) if fault.kind == FAULT_SIGNAL => {
            signals.push((fault.address, fault.end))
        }
        What::Signal(info) => signals.push(({ info.signo }.cast_unsigned(), info.address())),
        _ => {}
    });
    assert!(grown > 0);
    assert_eq!(signals, [(16, 0), (SIGSEGV.cast_unsigned(), 16)]);
    assert_eq!(child::wait(pid), Status::Signaled(SIGSEGV));
}

pub fn children_are_traced_from_their_first_step() {
    let (tracer, pid) = traced(TRACE_CALLS | TRACE_CHILDREN, 0, || {
        let child = child::start(|| 7);
        assert_eq!(child::wait(child), Status::Exited(7));
        0
    });
    let (mut started, mut ended, mut made) = (Vec::new(), Vec::new(), 0);
    watch(&tracer, |event, what| match what {
        What::Started { by } => started.push((event.tid, by)),
        What::Ended { status } => ended.push((event.tid, status)),
        What::CallLeft(call) if call.number == FORK && event.tid == pid => {
            made = call.result.cast_signed();
        }
        _ => assert!(event.tid == pid || started.iter().any(|(tid, _)| *tid == event.tid)),
    });
    assert_eq!(started, [(made, pid)]);
    assert_eq!(ended, [(made, 0x700), (pid, 0)]);
    assert_eq!(child::wait(pid), Status::Exited(0));
}

pub fn without_that_option_children_are_left_alone() {
    let (tracer, pid) = traced(TRACE_CALLS, 0, || {
        let child = child::start(|| 7);
        assert_eq!(child::wait(child), Status::Exited(7));
        0
    });
    watch(&tracer, |event, _| assert_eq!(event.tid, pid));
    assert_eq!(child::wait(pid), Status::Exited(0));
}

pub fn a_new_program_is_told() {
    folios_own();
    let tracer = Tracer::new(0).expect("trace_create");
    let arguments: [&[u8]; 2] = [b"echo", b"-n"];
    let pid = tracer.start(b"/bin/echo", &arguments, TRACE_CALLS).expect("start");
    let (mut entered, mut executed, mut left) = (false, false, false);
    watch(&tracer, |event, what| match what {
        What::CallEntered(call) if call.number == EXECVE => entered = true,
        What::Executed { former } => {
            assert!(entered && former == event.tid);
            executed = true;
        }
        What::CallLeft(call) if call.number == EXECVE => {
            assert!(executed && call.result == 0);
            left = true;
        }
        _ => {}
    });
    assert!(left);
    assert_eq!(child::wait(pid), Status::Exited(0));
}

pub fn signals_are_told_even_if_ignored() {
    let (tracer, pid) = traced(TRACE_CALLS, 0, || {
        // By default SIGWINCH does nothing.
        kill(process::id(), SIGWINCH).expect("kill");
        kill(process::id(), SIGTERM).expect("kill");
        0
    });
    let mut told = Vec::new();
    watch(&tracer, |_, what| {
        if let What::Signal(info) = what {
            assert_eq!((info.code, info.pid()), (SI_USER, pid));
            told.push(info.signo);
        }
    });
    assert_eq!(told, [SIGWINCH, SIGTERM]);
    assert_eq!(child::wait(pid), Status::Signaled(SIGTERM));
}

pub fn stops_are_told_and_take_place() {
    let (tracer, pid) = traced(TRACE_CALLS, 0, || {
        kill(process::id(), SIGSTOP).expect("kill");
        0
    });
    let helper = child::start(|| {
        while call!(kill(pid, SIGCONT)).is_ok() {
            time::sleep(Duration::from_millis(20));
        }
        0
    });
    let mut told = Vec::new();
    watch(&tracer, |_, what| match what {
        What::Stopped { signal } => told.push(signal),
        What::Ended { status } => assert_eq!(status, 0),
        _ => {}
    });
    assert_eq!(told, [SIGSTOP]);
    assert_eq!(child::wait(pid), Status::Exited(0));
    kill(helper, SIGKILL).expect("kill");
    child::wait(helper);
}

pub fn a_kill_ends_who_stands_still() {
    let (tracer, pid) = traced(TRACE_CALLS, 0, || {
        let _ = call!(getpid());
        0
    });
    let event = run_to(&tracer, GETPID);
    kill(pid, SIGKILL).expect("kill");
    assert_eq!(child::wait(pid), Status::Signaled(SIGKILL));
    assert_eq!(tracer.resume(event.tid), Err(Errno::ESRCH));
    let end = tracer.next().expect("trace_next");
    assert_eq!((end.tid, end.what()), (pid, Some(What::Ended { status: SIGKILL })));
    assert_eq!(tracer.next(), Err(Errno::ECHILD));
}

pub fn word_of_a_timer_does_not_end_the_wait() {
    let (tracer, pid) = traced(TRACE_CALLS, 0, || {
        time::sleep(Duration::from_millis(100));
        4
    });
    change_mask(SIG_BLOCK, SignalSet::of(SIGALRM)).expect("rt_sigprocmask");
    let interval = Timeval { sec: 0, usec: 10_000 };
    let timer = Itimerval { interval, value: interval };
    call!(setitimer(ITIMER_REAL, input(&timer), UserMutPtr::NULL)).expect("setitimer");
    watch(&tracer, |_, _| {});
    assert_eq!(child::wait(pid), Status::Exited(4));
}

pub fn without_their_tracer_they_go_on() {
    // Once it stands still, and once it has an event that nobody took.
    for takes_event in [true, false] {
        let (tracer, pid) = traced(TRACE_ALL, 4, || {
            let child = child::start(|| {
                poke_word(map(1), 1);
                5
            });
            let Status::Exited(status) = child::wait(child) else { return 99 };
            status
        });
        if takes_event {
            run_to(&tracer, FORK);
        } else {
            time::sleep(Duration::from_millis(30));
        }
        drop(tracer);
        assert_eq!(child::wait(pid), Status::Exited(5));
    }
}

pub fn a_killed_tracer_lets_go() {
    folios_own();
    let (gate, stands) = (Gate::new(), Gate::new());
    let target = child::start(|| {
        gate.pass();
        let _ = call!(getpid());
        6
    });
    let tracer = child::start(|| {
        let tracer = Tracer::new(0).expect("trace_create");
        tracer.attach(target, TRACE_CALLS).expect("trace_attach");
        gate.open();
        run_to(&tracer, GETPID);
        stands.open();
        loop {
            time::sleep(Duration::from_secs(1));
        }
    });
    stands.pass();
    kill(tracer, SIGKILL).expect("kill");
    assert_eq!(child::wait(tracer), Status::Signaled(SIGKILL));
    assert_eq!(child::wait(target), Status::Exited(6));
}

/// A child that waits at a gate.
fn waiting() -> (i32, Gate) {
    let gate = Gate::new();
    let pid = child::start(|| {
        gate.pass();
        0
    });
    (pid, gate)
}

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
    time::sleep(Duration::from_millis(30));
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

pub fn a_call_that_nobody_lets_begin_does_not_happen() {
    let (tracer, pid) = traced(TRACE_CALLS, 0, || {
        let _ = call!(kill(process::parent_id(), SIGUSR1));
        0
    });
    // SIGUSR1 would end this process.
    run_to(&tracer, KILL);
    kill(pid, SIGKILL).expect("kill");
    assert_eq!(child::wait(pid), Status::Signaled(SIGKILL));
}

pub fn a_waiting_tracer_is_interrupted() {
    folios_own();
    extern "C" fn nothing(_: i32) {}
    let (pid, gate) = waiting();
    let tracer = Tracer::new(0).expect("trace_create");
    tracer.attach(pid, TRACE_CALLS).expect("trace_attach");
    // SAFETY: the handler does nothing.
    unsafe {
        sys::signal::set_action(SIGALRM, sys::signal::Action::Handler(nothing), 0, SignalSet::EMPTY)
    }
    .expect("rt_sigaction");
    assert!(call!(alarm(1)).is_ok());
    // Whatever it does first, it stands still then.
    let error = loop {
        match tracer.next() {
            Ok(event) => assert!(event.tid == pid && event.waits()),
            Err(error) => break error,
        }
    };
    assert_eq!(error, Errno::EINTR);
    drop(tracer);
    gate.open();
    assert_eq!(child::wait(pid), Status::Exited(0));
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
