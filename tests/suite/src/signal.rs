//! Signals: handlers, frames, masks, stacks, restarts, groups.

use crate::child;
use crate::fault::{PAGE, map, peek_word, poke_word, unmap};
use core::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use core::time::Duration;
use sys::abi::poll::{POLLHUP, POLLIN, Pollfd};
use sys::abi::signal::*;
use sys::abi::{UserMutPtr, UserPtr};
use sys::process::{self, kill};
use sys::signal::{self, Action, change_mask};
use sys::syscall::{input, output};
use sys::wait::Status;
use sys::{Errno, time};

tests![
    a_handler_runs_and_returns,
    the_context_is_restored_exactly,
    the_rt_frame_tells_who_and_where,
    the_old_frame_is_laid_out_as_on_linux,
    the_rt_frame_is_laid_out_as_on_linux,
    a_handler_can_change_registers,
    a_handler_cannot_change_privileged_flags,
    a_handler_cannot_get_kernel_segments,
    blocked_signals_wait,
    kill_and_stop_cannot_be_blocked_or_handled,
    bad_ways_to_change_the_mask,
    a_signal_is_blocked_in_its_own_handler,
    handlers_nest,
    a_handlers_mask_holds_others_off,
    one_shot_handlers_are_reset,
    the_former_action_is_told,
    old_sigaction_works_too,
    default_actions,
    ignored_signals_do_nothing,
    a_null_signal_asks_whether_somebody_is_there,
    a_signal_reaches_a_whole_group,
    a_signal_to_a_group_reaches_children_in_the_making,
    groups_and_sessions_are_checked,
    the_alternate_stack_is_used,
    the_alternate_stack_is_checked,
    suspending_waits_with_another_mask,
    pausing_waits_for_a_handler,
    waiting_takes_a_pending_signal,
    interrupted_calls_restart_or_fail,
    sleeping_never_restarts_and_tells_the_rest,
    ignored_signals_do_not_interrupt,
    the_end_of_a_child_is_signalled,
    children_of_who_ignores_them_leave_no_zombies,
    alarms_ring_once,
    interval_timers_ring_again_and_again,
    threads_are_signalled_by_id,
    a_busy_process_is_interrupted,
    a_busy_process_can_be_killed,
    a_frame_that_does_not_fit_ends_the_process,
    a_forged_return_ends_the_process_at_worst,
    the_signal_stack_may_be_copy_on_write,
    frames_hold_the_return_address_first,
];

static COUNT: AtomicI32 = AtomicI32::new(0);
static SEEN: AtomicI32 = AtomicI32::new(0);
static FLAGS: AtomicU32 = AtomicU32::new(0);
static STACK: AtomicU32 = AtomicU32::new(0);

extern "C" fn count(signal: i32) {
    COUNT.fetch_add(1, Ordering::Relaxed);
    SEEN.store(signal, Ordering::Relaxed);
    STACK.store((&raw const signal) as u32, Ordering::Relaxed);
}

fn counted() -> i32 {
    COUNT.swap(0, Ordering::Relaxed)
}

fn handle(signal: i32, action: Action, flags: u32) -> Sigaction {
    // SAFETY: the handlers of this file store to atomics and call the kernel, no more.
    unsafe { signal::set_action(signal, action, flags, SignalSet::EMPTY) }.expect("rt_sigaction")
}

fn raise(signal: i32) {
    kill(process::id(), signal).expect("kill");
}

/// A child that sends `signal` to its parent every 10 ms until it is killed.
fn nagger(signal: i32) -> i32 {
    let parent = process::id();
    child::start(|| {
        while kill(parent, signal).is_ok() {
            time::sleep(Duration::from_millis(10));
        }
        0
    })
}

fn stop(pid: i32) {
    kill(pid, SIGKILL).expect("kill");
    child::wait(pid);
}

pub fn a_handler_runs_and_returns() {
    handle(SIGUSR1, Action::Handler(count), 0);
    for _ in 0..50 {
        raise(SIGUSR1);
    }
    assert_eq!((counted(), SEEN.load(Ordering::Relaxed)), (50, SIGUSR1));
}

pub fn the_context_is_restored_exactly() {
    handle(SIGUSR1, Action::Handler(count), 0);
    let pid = process::id();
    let mut seen = [0u32; 7];
    // SAFETY: kill touches no memory; the handler preserves what its convention says, and the
    // kernel everything else. EBX, ESI and EBP are restored.
    unsafe {
        core::arch::asm!(
            "push ebx", "push esi", "push ebp", "push edi",
            "mov ebx, ecx",
            "mov ecx, 10",
            "mov edx, 0x33333333", "mov esi, 0x44444444", "mov edi, 0x55555555",
            "mov ebp, 0x66666666",
            "mov eax, 37",
            "std", "stc",
            "int 0x80",
            "pushfd",
            "cld",
            "push eax",
            "mov eax, [esp + 8]",
            "mov [eax], ecx", "mov [eax + 4], edx", "mov [eax + 8], esi",
            "mov [eax + 12], edi", "mov [eax + 16], ebp",
            "pop ecx", "mov [eax + 20], ecx",
            "pop ecx", "mov [eax + 24], ecx",
            "pop edi", "pop ebp", "pop esi", "pop ebx",
            in("edi") seen.as_mut_ptr(), inout("ecx") pid => _,
            lateout("eax") _, lateout("edx") _,
        );
    }
    assert_eq!(counted(), 1);
    assert_eq!(seen[..6], [10, 0x3333_3333, 0x4444_4444, 0x5555_5555, 0x6666_6666, 0]);
    assert_eq!(seen[6] & 0x401, 0x401, "direction and carry flags: {:#x}", seen[6]);
}

extern "C" fn look(signal: i32, info: &Siginfo, context: &mut Ucontext) {
    SEEN.store(signal, Ordering::Relaxed);
    let esp: u32;
    // SAFETY: reads two registers.
    unsafe { core::arch::asm!("pushfd", "pop {0:e}", out(reg) esp) };
    FLAGS.store(esp, Ordering::Relaxed);
    assert_eq!((info.signo, info.errno), (signal, 0));
    assert_eq!((info.code, info.pid()), (SI_USER, process::id()));
    assert_eq!(call!(getuid32()), Ok(info.uid()));
    let registers = context.mcontext;
    assert_eq!((registers.cs & 3, registers.ss & 3), (3, 3));
    assert_eq!(registers.esp, registers.esp_at_signal);
    assert_eq!(registers.eflags & 0x200, 0x200, "interrupts are on");
    COUNT.fetch_add(1, Ordering::Relaxed);
}

pub fn the_rt_frame_tells_who_and_where() {
    handle(SIGUSR1, Action::InfoHandler(look), 0);
    raise(SIGUSR1);
    assert_eq!(counted(), 1);
    assert_eq!(FLAGS.load(Ordering::Relaxed) & 0x400, 0, "direction flag is clear in handlers");
}

// Handlers that keep ESP as they found it, to look at the frame itself.
core::arch::global_asm!(
    ".globl frame_catcher",
    "frame_catcher:",
    "mov [{frame}], esp",
    "mov [{registers}], eax",
    "mov [{registers} + 4], edx",
    "mov [{registers} + 8], ecx",
    "lock inc dword ptr [{count}]",
    "ret",
    frame = sym FRAME,
    registers = sym REGISTERS,
    count = sym COUNT,
);

unsafe extern "C" {
    fn frame_catcher();
}

static FRAME: AtomicU32 = AtomicU32::new(0);
static REGISTERS: [AtomicU32; 3] = [const { AtomicU32::new(0) }; 3];

fn frame_of(flags: u32) -> u32 {
    let catcher = frame_catcher as *const ();
    let action = if flags & SA_SIGINFO == 0 {
        // SAFETY: the function has the convention of a handler and needs no arguments.
        let handler = unsafe { core::mem::transmute::<*const (), extern "C" fn(i32)>(catcher) };
        Action::Handler(handler)
    } else {
        type Handler = extern "C" fn(i32, &Siginfo, &mut Ucontext);
        // SAFETY: as above.
        Action::InfoHandler(unsafe { core::mem::transmute::<*const (), Handler>(catcher) })
    };
    handle(SIGUSR2, action, flags);
    raise(SIGUSR2);
    assert_eq!(counted(), 1);
    FRAME.load(Ordering::Relaxed)
}

/// The frame lies below ESP now, still as it was: nothing has been called in between that is deep.
pub fn the_old_frame_is_laid_out_as_on_linux() {
    let frame = frame_of(0);
    assert_eq!((frame + 4) % 16, 0, "aligned as at a function's first instruction");
    let registers = REGISTERS.each_ref().map(|register| register.load(Ordering::Relaxed));
    assert_eq!(registers[0], SIGUSR2.cast_unsigned(), "EAX is the signal");
}

pub fn the_rt_frame_is_laid_out_as_on_linux() {
    let frame = frame_of(SA_SIGINFO);
    assert_eq!((frame + 4) % 16, 0, "aligned as at a function's first instruction");
    let [eax, edx, ecx] = REGISTERS.each_ref().map(|register| register.load(Ordering::Relaxed));
    assert_eq!(eax, SIGUSR2.cast_unsigned());
    // Return address, signal, both pointers; then the structures themselves.
    assert_eq!(edx, frame + 16, "EDX points to siginfo");
    assert_eq!(ecx, frame + 16 + 128, "ECX points to ucontext");
}

extern "C" fn change_registers(_: i32, _: &Siginfo, context: &mut Ucontext) {
    context.mcontext.eax = 0x1234_5678;
    COUNT.fetch_add(1, Ordering::Relaxed);
}

pub fn a_handler_can_change_registers() {
    handle(SIGUSR1, Action::InfoHandler(change_registers), 0);
    // The handler runs on the way out of `kill`, whose result it replaces.
    let result = crate::harness::bare(
        37,
        [process::id().cast_unsigned(), SIGUSR1.cast_unsigned(), 0, 0, 0, 0],
    );
    assert_eq!((counted(), result), (1, 0x1234_5678));
}

extern "C" fn spoil_flags(_: i32, _: &Siginfo, context: &mut Ucontext) {
    // IOPL, virtual-8086 mode, interrupts off: none of it may reach the processor.
    context.mcontext.eflags = (context.mcontext.eflags | 0x2_3000) & !0x200;
    COUNT.fetch_add(1, Ordering::Relaxed);
}

pub fn a_handler_cannot_change_privileged_flags() {
    handle(SIGUSR1, Action::InfoHandler(spoil_flags), 0);
    raise(SIGUSR1);
    assert_eq!(counted(), 1);
    let flags: u32;
    // SAFETY: reads EFLAGS.
    unsafe { core::arch::asm!("pushfd", "pop {0:e}", out(reg) flags) };
    assert_eq!(flags & 0x2_3200, 0x200, "{flags:#x}");
}

extern "C" fn spoil_segments(_: i32, _: &Siginfo, context: &mut Ucontext) {
    // The kernel's code segment, without ring 3.
    context.mcontext.cs = 0x60;
    context.mcontext.ss = 0x68;
}

pub fn a_handler_cannot_get_kernel_segments() {
    let status = child::run(|| {
        handle(SIGUSR1, Action::InfoHandler(spoil_segments), 0);
        raise(SIGUSR1);
        0
    });
    // The kernel forces ring 3: the selector is then some user's, or none.
    assert!(matches!(status, Status::Exited(0) | Status::Signaled(SIGSEGV)), "{status:?}");
}

pub fn blocked_signals_wait() {
    handle(SIGUSR1, Action::Handler(count), 0);
    let old = change_mask(SIG_BLOCK, SignalSet::of(SIGUSR1)).expect("rt_sigprocmask");
    assert!(!old.contains(SIGUSR1));
    raise(SIGUSR1);
    raise(SIGUSR1);
    assert_eq!(counted(), 0);
    assert_eq!(signal::pending(), Ok(SignalSet::of(SIGUSR1)));
    let old = change_mask(SIG_UNBLOCK, SignalSet::of(SIGUSR1)).expect("rt_sigprocmask");
    assert!(old.contains(SIGUSR1));
    // Sent twice, delivered once.
    assert_eq!(counted(), 1);
    assert_eq!(signal::pending(), Ok(SignalSet::EMPTY));
}

pub fn kill_and_stop_cannot_be_blocked_or_handled() {
    change_mask(SIG_SETMASK, SignalSet::FULL).expect("rt_sigprocmask");
    assert_eq!(signal::mask(), Ok(SignalSet::FULL.difference(SignalSet::UNBLOCKABLE)));
    let action = Action::Handler(count).to_raw(0, SignalSet::EMPTY);
    for signal in [SIGKILL, SIGSTOP, 0, 65, -1] {
        let result = call!(rt_sigaction(signal, input(&action), UserMutPtr::NULL, 8));
        assert_eq!(result, Err(Errno::EINVAL), "{signal}");
    }
    assert_eq!(
        call!(rt_sigaction(SIGUSR1, input(&action), UserMutPtr::NULL, 4)),
        Err(Errno::EINVAL)
    );
}

pub fn bad_ways_to_change_the_mask() {
    let set = SignalSet::EMPTY;
    let result = call!(rt_sigprocmask(7, input(&set), UserMutPtr::NULL, 8));
    assert_eq!(result, Err(Errno::EINVAL));
    let result = call!(rt_sigprocmask(0, input(&set), UserMutPtr::NULL, 16));
    assert_eq!(result, Err(Errno::EINVAL));
    // Without a set the way does not matter.
    let mut old = SignalSet::EMPTY;
    assert_eq!(call!(rt_sigprocmask(7, UserPtr::NULL, output(&mut old), 8)), Ok(0));
}

pub fn a_signal_is_blocked_in_its_own_handler() {
    extern "C" fn nested(signal: i32) {
        let depth = COUNT.fetch_add(1, Ordering::Relaxed);
        if depth == 0 {
            raise(signal);
            FLAGS.store(COUNT.load(Ordering::Relaxed).cast_unsigned(), Ordering::Relaxed);
        }
    }
    handle(SIGUSR1, Action::Handler(nested), 0);
    raise(SIGUSR1);
    assert_eq!((FLAGS.load(Ordering::Relaxed), counted()), (1, 2));
    handle(SIGUSR1, Action::Handler(nested), SA_NODEFER);
    raise(SIGUSR1);
    assert_eq!((FLAGS.load(Ordering::Relaxed), counted()), (2, 2));
    assert_eq!(signal::mask(), Ok(SignalSet::EMPTY));
}

pub fn handlers_nest() {
    extern "C" fn outer(_: i32) {
        raise(SIGUSR2);
        FLAGS.store(COUNT.load(Ordering::Relaxed).cast_unsigned(), Ordering::Relaxed);
    }
    handle(SIGUSR1, Action::Handler(outer), 0);
    handle(SIGUSR2, Action::Handler(count), 0);
    raise(SIGUSR1);
    assert_eq!((FLAGS.load(Ordering::Relaxed), counted()), (1, 1));
}

pub fn a_handlers_mask_holds_others_off() {
    extern "C" fn outer(_: i32) {
        raise(SIGUSR2);
        FLAGS.store(COUNT.load(Ordering::Relaxed).cast_unsigned() + 10, Ordering::Relaxed);
    }
    handle(SIGUSR2, Action::Handler(count), 0);
    // SAFETY: see `handle`.
    unsafe { signal::set_action(SIGUSR1, Action::Handler(outer), 0, SignalSet::of(SIGUSR2)) }
        .expect("rt_sigaction");
    raise(SIGUSR1);
    assert_eq!((FLAGS.load(Ordering::Relaxed), counted()), (10, 1));
}

pub fn one_shot_handlers_are_reset() {
    let status = child::run(|| {
        handle(SIGUSR1, Action::Handler(count), SA_RESETHAND);
        raise(SIGUSR1);
        assert_eq!(counted(), 1);
        raise(SIGUSR1);
        0
    });
    assert_eq!(status, Status::Signaled(SIGUSR1));
}

pub fn the_former_action_is_told() {
    let first = handle(SIGUSR1, Action::Ignore, 0);
    assert_eq!(first.handler, SIG_DFL);
    let second = handle(SIGUSR1, Action::Handler(count), SA_RESTART);
    assert_eq!(second.handler, SIG_IGN);
    let third = handle(SIGUSR1, Action::Default, 0);
    assert_eq!(third.handler, count as *const () as u32);
    assert_eq!(third.flags & SA_RESTART, SA_RESTART);
}

pub fn old_sigaction_works_too() {
    let raw = Action::Handler(count).to_raw(0, SignalSet::EMPTY);
    let action = OldSigaction {
        handler: raw.handler,
        mask: 1 << 11,
        flags: raw.flags,
        restorer: raw.restorer,
    };
    let mut old = OldSigaction::default();
    assert_eq!(call!(sigaction(SIGUSR1, input(&action), output(&mut old))), Ok(0));
    raise(SIGUSR1);
    assert_eq!(counted(), 1);
    assert_eq!(call!(sigaction(SIGUSR1, UserPtr::NULL, output(&mut old))), Ok(0));
    assert_eq!((old.handler, old.mask), (action.handler, action.mask));
}

pub fn default_actions() {
    let deadly = [
        SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGKILL, SIGUSR1,
        SIGSEGV, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGSTKFLT, SIGXCPU, SIGXFSZ, SIGVTALRM,
        SIGPROF, SIGIO, SIGPWR, SIGSYS, 34, 64,
    ];
    for signal in deadly {
        let status = child::run(|| {
            raise(signal);
            0
        });
        assert_eq!(status, Status::Signaled(signal));
    }
    for signal in [SIGCHLD, SIGCONT, SIGURG, SIGWINCH] {
        let status = child::run(|| {
            raise(signal);
            7
        });
        assert_eq!(status, Status::Exited(7), "{signal}");
    }
}

pub fn ignored_signals_do_nothing() {
    signal::ignore(SIGTERM).expect("rt_sigaction");
    raise(SIGTERM);
    // Ignored signals do not wait, either.
    change_mask(SIG_BLOCK, SignalSet::of(SIGUSR1)).expect("rt_sigprocmask");
    raise(SIGUSR1);
    signal::ignore(SIGUSR1).expect("rt_sigaction");
    assert_eq!(signal::pending(), Ok(SignalSet::EMPTY));
}

pub fn a_null_signal_asks_whether_somebody_is_there() {
    assert_eq!(kill(process::id(), 0), Ok(()));
    let pid = child::start(|| 0);
    // A zombie is still there.
    assert_eq!(kill(pid, 0), Ok(()));
    child::wait(pid);
    assert_eq!(kill(pid, 0), Err(Errno::ESRCH));
    assert_eq!(kill(pid, SIGTERM), Err(Errno::ESRCH));
    assert_eq!(kill(process::id(), 65), Err(Errno::EINVAL));
    assert_eq!(kill(process::id(), -1), Err(Errno::EINVAL));
    assert_eq!(kill(0x3fff_ffff, SIGTERM), Err(Errno::ESRCH));
    assert_eq!(kill(-0x3fff_ffff, SIGTERM), Err(Errno::ESRCH));
}

pub fn a_signal_reaches_a_whole_group() {
    let leader = child::start(|| {
        process::set_group(0, 0).expect("setpgid");
        loop {
            let _ = call!(pause());
        }
    });
    let _ = process::set_group(leader, leader);
    let member = child::start(|| {
        loop {
            let _ = call!(pause());
        }
    });
    process::set_group(member, leader).expect("setpgid");
    assert_eq!(call!(getpgid(member)), Ok(leader.cast_unsigned()));
    kill(-leader, SIGTERM).expect("kill");
    assert_eq!(child::wait(leader), Status::Signaled(SIGTERM));
    assert_eq!(child::wait(member), Status::Signaled(SIGTERM));
}

pub fn a_signal_to_a_group_reaches_children_in_the_making() {
    const CHILDREN: u32 = 40;
    // Whatever lives has the pipe's end for writing. Many pages make a fork take its time.
    let area = map(300);
    (0..300).for_each(|page| poke_word(area + page * PAGE, page));
    for round in 0..40 {
        let (read, write) = sys::file::pipe().expect("pipe");
        let leader = child::start(|| {
            process::set_group(0, 0).expect("setpgid");
            for _ in 0..CHILDREN {
                child::start(child_sleeps);
            }
            child_sleeps()
        });
        let _ = process::set_group(leader, leader);
        drop(write);
        time::sleep(Duration::from_micros(200 * round));
        kill(-leader, SIGTERM).expect("kill");
        assert_eq!(child::wait(leader), Status::Signaled(SIGTERM));
        let mut end = Pollfd { fd: read.fd().0, events: POLLIN, revents: 0 };
        assert_eq!(call!(poll(output(&mut end), 1, 3000)), Ok(1), "somebody still lives");
        assert_eq!(end.revents, POLLHUP);
    }
    unmap(area, 300);
}

fn child_sleeps() -> i32 {
    time::sleep(Duration::from_secs(20));
    0
}

pub fn groups_and_sessions_are_checked() {
    assert_eq!(process::set_group(0, -1), Err(Errno::EINVAL));
    assert_eq!(process::set_group(0x3fff_ffff, 0), Err(Errno::ESRCH));
    assert_eq!(process::set_group(0, 0x3fff_ffff), Err(Errno::EPERM));
    let status = child::run(|| {
        let pid = process::id();
        assert_eq!(call!(setsid()), Ok(pid.cast_unsigned()));
        assert_eq!(process::group(), pid);
        assert_eq!(call!(getsid(0)), Ok(pid.cast_unsigned()));
        // A leader cannot start another session or leave its group.
        assert_eq!(call!(setsid()), Err(Errno::EPERM));
        assert_eq!(process::set_group(0, 0), Err(Errno::EPERM));
        0
    });
    assert_eq!(status, Status::Exited(0));
}

pub fn the_alternate_stack_is_used() {
    let stack = map(4);
    let alternate = Sigaltstack { sp: stack, flags: 0, size: 4 * PAGE };
    assert_eq!(call!(sigaltstack(input(&alternate), UserMutPtr::NULL)), Ok(0));
    handle(SIGUSR1, Action::Handler(count), SA_ONSTACK);
    raise(SIGUSR1);
    assert_eq!(counted(), 1);
    let used = STACK.load(Ordering::Relaxed);
    assert!((stack..stack + 4 * PAGE).contains(&used), "{used:#x}");
    handle(SIGUSR2, Action::Handler(count), 0);
    raise(SIGUSR2);
    let used = STACK.load(Ordering::Relaxed);
    assert!(!(stack..stack + 4 * PAGE).contains(&used), "{used:#x}");
    let mut old = Sigaltstack::default();
    assert_eq!(call!(sigaltstack(UserPtr::NULL, output(&mut old))), Ok(0));
    assert_eq!((old.sp, old.size, old.flags), (stack, 4 * PAGE, 0));
}

extern "C" fn on_alternate_stack(_: i32) {
    let mut now = Sigaltstack::default();
    assert_eq!(call!(sigaltstack(UserPtr::NULL, output(&mut now))), Ok(0));
    assert_eq!(now.flags, SS_ONSTACK);
    let other = Sigaltstack { flags: SS_DISABLE, ..Sigaltstack::default() };
    assert_eq!(call!(sigaltstack(input(&other), UserMutPtr::NULL)), Err(Errno::EPERM));
    COUNT.fetch_add(1, Ordering::Relaxed);
}

pub fn the_alternate_stack_is_checked() {
    let stack = map(4);
    let small = Sigaltstack { sp: stack, flags: 0, size: 1000 };
    assert_eq!(call!(sigaltstack(input(&small), UserMutPtr::NULL)), Err(Errno::ENOMEM));
    let odd = Sigaltstack { sp: stack, flags: 0x40, size: 4 * PAGE };
    assert_eq!(call!(sigaltstack(input(&odd), UserMutPtr::NULL)), Err(Errno::EINVAL));
    let mut old = Sigaltstack::default();
    assert_eq!(call!(sigaltstack(UserPtr::NULL, output(&mut old))), Ok(0));
    assert_eq!(old.flags, SS_DISABLE);
    let good = Sigaltstack { sp: stack, flags: 0, size: 4 * PAGE };
    assert_eq!(call!(sigaltstack(input(&good), UserMutPtr::NULL)), Ok(0));
    handle(SIGUSR1, Action::Handler(on_alternate_stack), SA_ONSTACK);
    raise(SIGUSR1);
    assert_eq!(counted(), 1);
}

pub fn suspending_waits_with_another_mask() {
    handle(SIGUSR1, Action::Handler(count), 0);
    change_mask(SIG_BLOCK, SignalSet::of(SIGUSR1)).expect("rt_sigprocmask");
    raise(SIGUSR1);
    signal::suspend(SignalSet::EMPTY);
    assert_eq!(counted(), 1);
    assert_eq!(signal::mask(), Ok(SignalSet::of(SIGUSR1)));
}

pub fn pausing_waits_for_a_handler() {
    handle(SIGUSR1, Action::Handler(count), 0);
    let pid = nagger(SIGUSR1);
    assert_eq!(call!(pause()), Err(Errno::EINTR));
    signal::ignore(SIGUSR1).expect("rt_sigaction");
    stop(pid);
    assert!(counted() >= 1);
}

pub fn waiting_takes_a_pending_signal() {
    let set = SignalSet::of(SIGUSR1).union(SignalSet::of(SIGUSR2));
    change_mask(SIG_BLOCK, set).expect("rt_sigprocmask");
    raise(SIGUSR2);
    let mut info = Siginfo::default();
    let none = UserPtr::NULL;
    assert_eq!(
        call!(rt_sigtimedwait(input(&set), output(&mut info), none, 8)),
        Ok(SIGUSR2.cast_unsigned())
    );
    assert_eq!((info.signo, info.code, info.pid()), (SIGUSR2, SI_USER, process::id()));
    let soon = sys::abi::time::Timespec { sec: 0, nsec: 10_000_000 };
    assert_eq!(
        call!(rt_sigtimedwait(input(&set), UserMutPtr::NULL, input(&soon), 8)),
        Err(Errno::EAGAIN)
    );
}

pub fn interrupted_calls_restart_or_fail() {
    for (flags, wanted) in [(0, Err(Errno::EINTR)), (SA_RESTART, Ok(1))] {
        handle(SIGUSR1, Action::Handler(count), flags);
        let (read, write) = sys::file::pipe().expect("pipe2");
        let parent = process::id();
        let pid = child::start(|| {
            for _ in 0..10 {
                time::sleep(Duration::from_millis(10));
                kill(parent, SIGUSR1).expect("kill");
            }
            time::sleep(Duration::from_millis(10));
            write.write_all(b"x").expect("write");
            0
        });
        let mut byte = [0];
        assert_eq!(read.read(&mut byte), wanted);
        signal::ignore(SIGUSR1).expect("rt_sigaction");
        child::wait(pid);
        assert!(counted() >= 1);
    }
}

pub fn sleeping_never_restarts_and_tells_the_rest() {
    handle(SIGUSR1, Action::Handler(count), SA_RESTART);
    let pid = nagger(SIGUSR1);
    let asked = sys::abi::time::Timespec { sec: 20, nsec: 0 };
    let mut rest = sys::abi::time::Timespec::default();
    assert_eq!(call!(nanosleep(input(&asked), output(&mut rest))), Err(Errno::EINTR));
    signal::ignore(SIGUSR1).expect("rt_sigaction");
    stop(pid);
    assert!((1..=20).contains(&rest.sec), "{rest:?}");
}

pub fn ignored_signals_do_not_interrupt() {
    signal::ignore(SIGUSR1).expect("rt_sigaction");
    let pid = nagger(SIGUSR1);
    let asked = sys::abi::time::Timespec { sec: 0, nsec: 80_000_000 };
    assert_eq!(call!(nanosleep(input(&asked), UserMutPtr::NULL)), Ok(0));
    stop(pid);
}

pub fn the_end_of_a_child_is_signalled() {
    extern "C" fn on_child(_: i32, info: &Siginfo, _: &mut Ucontext) {
        SEEN.store(info.pid(), Ordering::Relaxed);
        FLAGS.store(info.status().cast_unsigned(), Ordering::Relaxed);
        STACK.store(info.code.cast_unsigned(), Ordering::Relaxed);
        COUNT.fetch_add(1, Ordering::Relaxed);
    }
    handle(SIGCHLD, Action::InfoHandler(on_child), SA_NOCLDSTOP);
    let facts = || {
        let load = |word: &AtomicU32| word.load(Ordering::Relaxed).cast_signed();
        (SEEN.load(Ordering::Relaxed), load(&STACK), load(&FLAGS))
    };
    let pid = child::start(|| 9);
    child::wait(pid);
    assert_eq!((counted(), facts()), (1, (pid, CLD_EXITED, 9)));
    let pid = child::start(|| {
        raise(SIGKILL);
        0
    });
    child::wait(pid);
    assert_eq!((counted(), facts()), (1, (pid, CLD_KILLED, SIGKILL)));
}

pub fn children_of_who_ignores_them_leave_no_zombies() {
    signal::ignore(SIGCHLD).expect("rt_sigaction");
    let pid = child::start(|| 3);
    // Waits until it is gone, and then has nothing to tell.
    assert_eq!(process::wait(pid, 0).err(), Some(Errno::ECHILD));
}

pub fn alarms_ring_once() {
    handle(SIGALRM, Action::Handler(count), 0);
    assert!(call!(alarm(1)).expect("alarm") > 0, "the harness's own alarm was running");
    assert_eq!(call!(pause()), Err(Errno::EINTR));
    assert_eq!((counted(), SEEN.load(Ordering::Relaxed)), (1, SIGALRM));
    assert_eq!(call!(alarm(100)), Ok(0));
    assert_eq!(call!(alarm(0)), Ok(100));
}

pub fn interval_timers_ring_again_and_again() {
    use sys::abi::time::{ITIMER_REAL, Itimerval, Timeval};
    handle(SIGALRM, Action::Handler(count), 0);
    let every = Timeval { sec: 0, usec: 20_000 };
    let timer = Itimerval { interval: every, value: every };
    assert_eq!(call!(setitimer(ITIMER_REAL, input(&timer), UserMutPtr::NULL)), Ok(0));
    while COUNT.load(Ordering::Relaxed) < 3 {
        let _ = call!(pause());
    }
    let mut left = Itimerval::default();
    assert_eq!(call!(getitimer(ITIMER_REAL, output(&mut left))), Ok(0));
    assert_eq!(left.interval, every);
    let off = Itimerval::default();
    assert_eq!(call!(setitimer(ITIMER_REAL, input(&off), UserMutPtr::NULL)), Ok(0));
    assert_eq!(call!(setitimer(9, input(&off), UserMutPtr::NULL)), Err(Errno::EINVAL));
    let bad = Itimerval { interval: every, value: Timeval { sec: 0, usec: 1_000_000 } };
    assert_eq!(call!(setitimer(ITIMER_REAL, input(&bad), UserMutPtr::NULL)), Err(Errno::EINVAL));
}

pub fn threads_are_signalled_by_id() {
    extern "C" fn on_signal(_: i32, info: &Siginfo, _: &mut Ucontext) {
        FLAGS.store(info.code.cast_unsigned(), Ordering::Relaxed);
        COUNT.fetch_add(1, Ordering::Relaxed);
    }
    handle(SIGUSR1, Action::InfoHandler(on_signal), 0);
    let pid = process::id();
    assert_eq!(call!(tgkill(pid, pid, SIGUSR1)), Ok(0));
    assert_eq!((counted(), FLAGS.load(Ordering::Relaxed).cast_signed()), (1, SI_TKILL));
    assert_eq!(call!(tkill(pid, SIGUSR1)), Ok(0));
    assert_eq!(counted(), 1);
    assert_eq!(call!(tgkill(pid, 0x3fff_ffff, 0)), Err(Errno::ESRCH));
    assert_eq!(call!(tgkill(-1, pid, 0)), Err(Errno::EINVAL));
    assert_eq!(call!(tkill(0, 0)), Err(Errno::EINVAL));
}

pub fn a_busy_process_is_interrupted() {
    extern "C" fn quit(_: i32) {
        process::exit(23);
    }
    let pid = child::start(|| {
        handle(SIGTERM, Action::Handler(quit), 0);
        loop {
            core::hint::spin_loop();
        }
    });
    // Until the handler is set SIGTERM would simply end it.
    time::sleep(Duration::from_millis(100));
    kill(pid, SIGTERM).expect("kill");
    assert_eq!(child::wait(pid), Status::Exited(23));
}

pub fn a_busy_process_can_be_killed() {
    let pid = child::start(|| {
        change_mask(SIG_SETMASK, SignalSet::FULL).expect("rt_sigprocmask");
        loop {
            core::hint::spin_loop();
        }
    });
    kill(pid, SIGKILL).expect("kill");
    assert_eq!(child::wait(pid), Status::Signaled(SIGKILL));
}

pub fn a_frame_that_does_not_fit_ends_the_process() {
    let status = child::run(|| {
        handle(SIGUSR1, Action::Handler(count), 0);
        let pid = process::id();
        // SAFETY: nothing returns from here: the frame cannot be written below address 16.
        unsafe {
            core::arch::asm!(
                "mov ebx, {pid:e}",
                "mov ecx, 10",
                "mov eax, 37",
                "mov esp, 16",
                "int 0x80",
                "ud2",
                pid = in(reg) pid,
                options(noreturn)
            )
        }
    });
    assert_eq!(status, Status::Signaled(SIGSEGV));
}

pub fn a_forged_return_ends_the_process_at_worst() {
    let status = child::run(|| {
        // No frame lies on this stack.
        let stack = map(1);
        // SAFETY: nothing returns from here.
        unsafe {
            core::arch::asm!(
                "lea esp, [{stack:e} + 2048]",
                "mov eax, 173",
                "int 0x80",
                "ud2",
                stack = in(reg) stack,
                options(noreturn)
            )
        }
    });
    assert_eq!(status, Status::Signaled(SIGSEGV));
}

pub fn the_signal_stack_may_be_copy_on_write() {
    handle(SIGUSR1, Action::Handler(count), 0);
    let pid = child::start(|| {
        raise(SIGUSR1);
        i32::from(counted() != 1)
    });
    raise(SIGUSR1);
    assert_eq!(counted(), 1);
    assert_eq!(child::wait(pid), Status::Exited(0));
}

pub fn frames_hold_the_return_address_first() {
    frame_of(0);
    let frame = FRAME.load(Ordering::Relaxed);
    // Below ESP by now, but nothing has been written that deep: the restorer's address.
    let restorer = handle(SIGUSR2, Action::Default, 0).restorer;
    assert!(frame != 0 && restorer != 0);
    let _ = peek_word(frame);
}
