//! Programs that break the machine's rules.

use crate::child;
use crate::fault::*;
use crate::harness::only_on_folio;
use crate::isolation::task_size;
use core::arch::asm;
use sys::abi::signal::*;
use sys::abi::{UserMutPtr, UserPtr};
use sys::syscall::input;
use sys::wait::Status;

tests![
    dividing_by_zero_is_sigfpe,
    invalid_instructions_are_sigill,
    breakpoints_are_sigtrap,
    the_overflow_trap_is_sigsegv,
    single_steps_are_sigtrap,
    a_step_into_the_kernel_is_sigtrap,
    stack_overflow_is_sigsegv,
    stack_overflow_can_be_handled_elsewhere,
    the_stack_grows_on_demand,
    far_below_the_stack_pointer_is_growth_too,
    the_stack_limit_is_obeyed,
    a_fault_in_the_handler_ends_the_process,
    a_blocked_fault_ends_the_process,
    others_go_on_after_a_crash,
    repeated_faults_are_handled_each_time,
    a_fault_inside_a_call_is_an_error_not_a_signal,
    misaligned_access_with_alignment_check_is_sigbus,
];

extern "C" fn divide_by_zero(_: u32) {
    // SAFETY: the fault is what the test wants.
    unsafe { asm!("xor ecx, ecx", "div ecx", out("eax") _, out("edx") _, out("ecx") _) }
}

extern "C" fn overflow_division(_: u32) {
    // SAFETY: the fault is what the test wants.
    unsafe {
        asm!("mov edx, 5", "mov ecx, 1", "div ecx", out("eax") _, out("edx") _, out("ecx") _);
    }
}

pub fn dividing_by_zero_is_sigfpe() {
    for function in [divide_by_zero, overflow_division] {
        let fault = catch(function, 0).expect_err("a fault");
        assert_eq!((fault.signal, fault.code), (SIGFPE, FPE_INTDIV));
        // The address is that of the instruction, a few bytes into the function.
        let start = function as *const () as u32;
        assert!((start..start + 64).contains(&fault.address), "{:#x}", fault.address);
    }
    let status = child::run(|| {
        divide_by_zero(0);
        0
    });
    assert_eq!(status, Status::Signaled(SIGFPE));
}

macro_rules! instructions {
    ($( $name:ident: $($line:literal),+; )*) => { $(
        extern "C" fn $name(_: u32) {
            // SAFETY: the fault is what the test wants; all registers a fault-free run would
            // change are given up.
            unsafe { asm!($($line),+, out("eax") _, out("ecx") _, out("edx") _) }
        }
    )* };
}

instructions! {
    not_an_instruction: "ud2";
    breakpoint: "int3";
    overflow_trap: "mov al, 127", "add al, 1", "into";
}

pub fn invalid_instructions_are_sigill() {
    let fault = catch(not_an_instruction, 0).expect_err("ud2");
    assert_eq!((fault.signal, fault.code), (SIGILL, ILL_ILLOPN));
    let start = not_an_instruction as *const () as u32;
    assert!((start..start + 64).contains(&fault.address));
}

pub fn breakpoints_are_sigtrap() {
    let fault = catch(breakpoint, 0).expect_err("int3");
    assert_eq!((fault.signal, fault.code), (SIGTRAP, SI_KERNEL));
}

pub fn the_overflow_trap_is_sigsegv() {
    let fault = catch(overflow_trap, 0).expect_err("into");
    assert_eq!(fault.signal, SIGSEGV);
}

pub fn single_steps_are_sigtrap() {
    extern "C" fn step(_: u32) {
        // SAFETY: sets the trap flag; the trap is what the test wants.
        unsafe { asm!("pushfd", "or dword ptr [esp], 0x100", "popfd", "nop", "nop") }
    }
    let fault = catch(step, 0).expect_err("a trap");
    assert_eq!((fault.signal, fault.code), (SIGTRAP, TRAP_TRACE));
}

/// The kernel swallows steps of its own entry code, but not those of programs that jump there.
pub fn a_step_into_the_kernel_is_sigtrap() {
    only_on_folio("TASK_SIZE of i386 (kcore::layout)");
    extern "C" fn step_to(address: u32) {
        // SAFETY: the trap behind the jump is what the test wants.
        unsafe { asm!("pushfd", "or dword ptr [esp], 0x100", "popfd", "jmp {}", in(reg) address) }
    }
    const MIB: u32 = 1 << 20;
    // The image begins 1 MiB above; its entry code is longer than a step of this walk.
    let places = (task_size() + MIB..task_size() + 2 * MIB).step_by(64);
    let is_lost = |stopped: Result<(), Fault>| stopped.err().map(|by| by.signal) != Some(SIGTRAP);
    assert_eq!(find(step_to, places, is_lost), None);
}

/// Calls itself until the stack ends.
#[inline(never)]
fn overflow(depth: u32) -> u32 {
    let mut frame = [depth; 256];
    core::hint::black_box(&mut frame);
    // Never so deep, but the compiler cannot know.
    if frame[5] == u32::MAX { 0 } else { overflow(depth + 1) + frame[3] }
}

pub fn stack_overflow_is_sigsegv() {
    let status = child::run(|| overflow(0).cast_signed());
    assert_eq!(status, Status::Signaled(SIGSEGV));
}

pub fn stack_overflow_can_be_handled_elsewhere() {
    extern "C" fn run_out(_: u32) {
        core::hint::black_box(overflow(0));
    }
    let stack = map(8);
    let alternate = Sigaltstack { sp: stack, flags: 0, size: 8 * PAGE };
    assert_eq!(call!(sigaltstack(input(&alternate), UserMutPtr::NULL)), Ok(0));
    let fault = catch_with(SA_ONSTACK, run_out, 0).expect_err("a fault");
    assert_eq!(fault.signal, SIGSEGV);
    // And again: the first left nothing behind.
    let fault = catch_with(SA_ONSTACK, run_out, 0).expect_err("a fault");
    assert_eq!(fault.signal, SIGSEGV);
}

pub fn the_stack_grows_on_demand() {
    #[inline(never)]
    fn deep(depth: u32) -> u32 {
        let mut frame = [depth; 1024];
        core::hint::black_box(&mut frame);
        if depth == 0 { frame[5] } else { deep(depth - 1) + frame[7] }
    }
    // Some 2 MiB, page by page.
    assert_eq!(deep(500), (1..=500).sum());
}

pub fn far_below_the_stack_pointer_is_growth_too() {
    // Within the stack limit, any address of the stack's range is good since Linux 5.0.
    let here: u32;
    // SAFETY: reads ESP.
    unsafe { asm!("mov {0:e}, esp", out(reg) here) };
    let below = (here & !(PAGE - 1)) - (1 << 20);
    assert_eq!(try_write(below), Ok(()));
    assert_eq!(try_write(here - (512 << 20)), not_mapped(here - (512 << 20)));
}

pub fn the_stack_limit_is_obeyed() {
    use sys::abi::process::{RLIMIT_STACK, Rlimit};
    let status = child::run(|| {
        let limit = Rlimit { cur: 1 << 20, max: u32::MAX };
        assert_eq!(call!(setrlimit(RLIMIT_STACK, input(&limit))), Ok(0));
        let here: u32;
        // SAFETY: reads ESP.
        unsafe { asm!("mov {0:e}, esp", out(reg) here) };
        i32::from(try_write(here - (2 << 20)).is_ok())
    });
    assert_eq!(status, Status::Exited(0));
}

pub fn a_fault_in_the_handler_ends_the_process() {
    extern "C" fn fault_again(_: i32) {
        poke(16, 1);
    }
    let status = child::run(|| {
        let action = sys::signal::Action::Handler(fault_again);
        // SAFETY: the handler's fault is what the test wants.
        unsafe { sys::signal::set_action(SIGSEGV, action, 0, SignalSet::EMPTY) }
            .expect("rt_sigaction");
        poke(16, 1);
        0
    });
    assert_eq!(status, Status::Signaled(SIGSEGV));
}

pub fn a_blocked_fault_ends_the_process() {
    for ignored in [false, true] {
        let status = child::run(|| {
            if ignored {
                sys::signal::ignore(SIGSEGV).expect("rt_sigaction");
            } else {
                sys::signal::change_mask(SIG_BLOCK, SignalSet::of(SIGSEGV))
                    .expect("rt_sigprocmask");
            }
            poke(16, 1);
            0
        });
        assert_eq!(status, Status::Signaled(SIGSEGV));
    }
}

pub fn others_go_on_after_a_crash() {
    for _ in 0..30 {
        let pid = child::start(|| {
            poke(8, 1);
            0
        });
        assert_eq!(child::wait(pid), Status::Signaled(SIGSEGV));
    }
    let pid = child::start(|| 5);
    assert_eq!(child::wait(pid), Status::Exited(5));
}

pub fn repeated_faults_are_handled_each_time() {
    let page = map(1);
    assert_eq!(call!(mprotect(page, PAGE, 0)), Ok(0));
    for _ in 0..200 {
        assert_eq!(try_read(page), forbidden(page));
    }
}

pub fn a_fault_inside_a_call_is_an_error_not_a_signal() {
    let (read, write) = sys::file::pipe().expect("pipe2");
    write.write_all(b"x").expect("write");
    assert!(call!(read(read.fd().0, UserMutPtr::new(16), 1)).is_err());
    assert!(call!(write(write.fd().0, UserPtr::new(16), 1)).is_err());
}

/// EFLAGS.AC with CR0.AM faults in ring 3; Linux sets AM.
pub fn misaligned_access_with_alignment_check_is_sigbus() {
    if crate::harness::is_emulated() {
        skip!("QEMU's emulation has no alignment check");
    }
    extern "C" fn misaligned(address: u32) {
        // SAFETY: the trap is what the test wants.
        unsafe {
            asm!(
                "pushfd",
                "or dword ptr [esp], 0x40000",
                "popfd",
                "mov eax, [{0:e} + 1]",
                "pushfd",
                "and dword ptr [esp], 0xfffbffff",
                "popfd",
                in(reg) address,
                out("eax") _,
            );
        }
    }
    let fault = catch(misaligned, map(1)).expect_err("a fault");
    assert_eq!((fault.signal, fault.code), (SIGBUS, BUS_ADRALN));
}
