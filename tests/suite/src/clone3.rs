//! `clone3`: the same as `clone`, with more to say.

use crate::child;
use crate::fault::{PAGE, map, unmap};
use crate::threads::{LIKE_GLIBC, STACK, Thread, word};
use core::arch::global_asm;
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use sys::Errno;
use sys::abi::process::*;
use sys::abi::signal::{SIG_DFL, SIG_IGN, SIGCHLD, SIGUSR1, SIGUSR2, Sigaction, SignalSet};
use sys::abi::{Plain, UserMutPtr, UserPtr};
use sys::signal::{Action, set_action};
use sys::syscall::{input, output, pointer};
use sys::wait::Status;

tests![threads_are_made_as_glibc_does, a_process_may_begin_without_handlers, arguments_are_checked];

const SIZE: u32 = size_of::<CloneArgs>() as u32;

global_asm!(
    // (arguments, size): the child calls what lies on its stack and exits with what that returns.
    ".globl suite_clone3",
    "suite_clone3:",
    "push ebx",
    "mov ebx, [esp + 8]",
    "mov ecx, [esp + 12]",
    "mov eax, 435",
    "int 0x80",
    "test eax, eax",
    "jz 2f",
    "pop ebx",
    "ret",
    "2:",
    "xor ebp, ebp",
    "pop eax",
    "call eax",
    "mov ebx, eax",
    "mov eax, 1",
    "int 0x80",
    "ud2",
);

unsafe extern "C" {
    /// The new one calls the function whose address its stack begins with, and ends with what that
    /// returns.
    pub fn suite_clone3(arguments: u32, size: u32) -> i32;
}

pub fn threads_are_made_as_glibc_does() {
    static FOUND: AtomicU32 = AtomicU32::new(0);
    extern "C" fn body(argument: u32) -> i32 {
        FOUND.store(argument, SeqCst);
        0
    }
    let stack = map(STACK);
    let top = STACK * PAGE - 32 - 4;
    word(stack + top).store(body as *const () as u32, SeqCst);
    word(stack + top + 4).store(4711, SeqCst);
    let arguments = CloneArgs {
        flags: LIKE_GLIBC.into(),
        child_tid: stack.into(),
        parent_tid: stack.into(),
        stack: stack.into(),
        stack_size: top.into(),
        ..CloneArgs::ZERO
    };
    // SAFETY: the stack is the thread's own, and its memory stays until it has ended.
    let tid = unsafe { suite_clone3(pointer(&arguments), SIZE) };
    assert!(tid > 0, "{tid}");
    Thread { tid, stack }.join();
    assert_eq!(FOUND.load(SeqCst), 4711);
}

fn fork_with(flags: u64, size: u32) -> Result<u32, Errno> {
    let arguments = CloneArgs { flags, exit_signal: SIGCHLD as u64, ..CloneArgs::ZERO };
    call!(clone3(input(&arguments), size))
}

pub fn a_process_may_begin_without_handlers() {
    extern "C" fn nothing(_: i32) {}
    // SAFETY: the handler does nothing.
    unsafe { set_action(SIGUSR1, Action::Handler(nothing), 0, SignalSet::EMPTY) }.expect("USR1");
    // SAFETY: as above.
    unsafe { set_action(SIGUSR2, Action::Ignore, 0, SignalSet::EMPTY) }.expect("USR2");
    let handlers = || {
        [SIGUSR1, SIGUSR2].map(|signal| {
            let mut found = Sigaction::ZERO;
            let none = UserPtr::NULL;
            call!(rt_sigaction(signal, none, output(&mut found), 8)).expect("rt_sigaction");
            found.handler
        })
    };
    let before = handlers();
    for (flags, expected) in [(0, before), (CLONE_CLEAR_SIGHAND, [SIG_DFL, SIG_IGN])] {
        let pid = fork_with(flags, SIZE).expect("clone3");
        if pid == 0 {
            sys::process::exit(i32::from(handlers() != expected));
        }
        assert_eq!(child::wait(pid.cast_signed()), Status::Exited(0));
    }
    assert_eq!(handlers(), before);
}

pub fn arguments_are_checked() {
    // Nothing behind the first page.
    let stack = map(2);
    unmap(stack + PAGE, 1);
    let good = CloneArgs { exit_signal: SIGCHLD as u64, ..CloneArgs::ZERO };
    let with = |change: fn(&mut CloneArgs)| {
        let mut arguments = good;
        change(&mut arguments);
        call!(clone3(input(&arguments), SIZE))
    };
    let refused: [fn(&mut CloneArgs); 11] = [
        |it| it.flags = SIGCHLD as u64,
        |it| it.flags = CLONE_DETACHED.into(),
        |it| it.flags = 1 << 40,
        |it| it.flags = CLONE_THREAD.into(),
        |it| it.flags = CLONE_SIGHAND.into(),
        |it| it.flags = CLONE_PARENT.into(),
        |it| it.flags = u64::from(CLONE_SIGHAND | CLONE_VM) | CLONE_CLEAR_SIGHAND,
        |it| it.exit_signal = 65,
        |it| it.exit_signal = 1 << 32,
        |it| it.stack = 0x1000_0000,
        |it| it.stack_size = 4096,
    ];
    for (index, change) in refused.into_iter().enumerate() {
        assert_eq!(with(change), Err(Errno::EINVAL), "{index}");
    }
    // Sizes: too small, too large, larger than known with and without something there.
    for (size, expected) in
        [(0, Errno::EINVAL), (CloneArgs::SIZE_VER0 - 1, Errno::EINVAL), (PAGE + 1, Errno::E2BIG)]
    {
        assert_eq!(fork_with(0, size), Err(expected));
    }
    let long = stack + PAGE - SIZE - 8;
    let place: UserMutPtr<CloneArgs> = UserMutPtr::new(long);
    // SAFETY: the end of a page of our own.
    unsafe { (place.address() as *mut CloneArgs).write_unaligned(good) };
    word(stack + PAGE - 8).store(1, SeqCst);
    let ask = |size| call!(clone3(UserPtr::new(long), size));
    assert_eq!(ask(SIZE + 8), Err(Errno::E2BIG));
    assert_eq!(call!(clone3(UserPtr::new(stack + PAGE - 8), SIZE)), Err(Errno::EFAULT));
    word(stack + PAGE - 8).store(0, SeqCst);
    let pid = ask(SIZE + 8).expect("clone3");
    if pid == 0 {
        sys::process::exit(3);
    }
    assert_eq!(child::wait(pid.cast_signed()), Status::Exited(3));
    let pid = fork_with(0, CloneArgs::SIZE_VER0).expect("clone3");
    if pid == 0 {
        sys::process::exit(4);
    }
    assert_eq!(child::wait(pid.cast_signed()), Status::Exited(4));
    unmap(stack, 1);
}
