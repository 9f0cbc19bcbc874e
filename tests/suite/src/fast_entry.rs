//! The way into the kernel that AT_SYSINFO names.

use crate::child;
use crate::fault::*;
use crate::fuzz::Random;
use crate::harness::only_on_folio;
use crate::scene::wait_bounded;
use crate::scratch;
use crate::thread_area;
use core::arch::asm;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use sys::Errno;
use sys::abi::Plain;
use sys::abi::UserMutPtr;
use sys::abi::auxv::AT_SYSINFO;
use sys::abi::memory::*;
use sys::abi::signal::*;
use sys::abi::time::{ITIMER_REAL, Itimerval, Timespec, Timeval};
use sys::env;
use sys::process;
use sys::signal::{Action, set_action};
use sys::syscall::{input, pointer, pointer_mut};
use sys::wait::Status;

tests![
    all_registers_but_eax_are_kept,
    six_arguments_arrive,
    errors_and_unknown_calls_are_told,
    data_segments_may_be_anything,
    a_single_stepped_call_arrives_and_returns,
    a_signal_lets_a_call_go_on_or_end,
    a_stopped_sleep_goes_on,
    a_bad_stack_ends_in_sigsegv,
    random_registers_harm_nobody,
];

const READ: u32 = 3;
const GETPPID: u32 = 64;
const NANOSLEEP: u32 = 162;
const MMAP2: u32 = 192;

fn entry() -> u32 {
    env::auxiliary_value(AT_SYSINFO).expect("AT_SYSINFO")
}

/// EAX, EBX, ECX, EDX, ESI, EDI, EBP, EFLAGS.
type Registers = [u32; 8];

// `enter_with(registers, entry)` loads them, calls `entry`, and stores them.
core::arch::global_asm!(
    ".globl enter_with",
    "enter_with:",
    "push ebp",
    "push ebx",
    "push esi",
    "push edi",
    "mov eax, [esp + 20]",
    "push dword ptr [esp + 24]",
    "mov ebx, [eax + 4]",
    "mov ecx, [eax + 8]",
    "mov edx, [eax + 12]",
    "mov esi, [eax + 16]",
    "mov edi, [eax + 20]",
    "mov ebp, [eax + 24]",
    "push dword ptr [eax + 28]",
    "mov eax, [eax]",
    "popfd",
    "call dword ptr [esp]",
    "pushfd",
    "push eax",
    "mov eax, [esp + 32]",
    "mov [eax + 4], ebx",
    "mov [eax + 8], ecx",
    "mov [eax + 12], edx",
    "mov [eax + 16], esi",
    "mov [eax + 20], edi",
    "mov [eax + 24], ebp",
    "pop dword ptr [eax]",
    "pop dword ptr [eax + 28]",
    "push 2",
    "popfd",
    "add esp, 4",
    "pop edi",
    "pop esi",
    "pop ebx",
    "pop ebp",
    "ret",
    // The same by the instruction that is always there.
    ".globl enter_by_interrupt",
    "enter_by_interrupt:",
    "int 0x80",
    "ret",
);

unsafe extern "C" {
    fn enter_with(registers: *mut Registers, entry: u32);
    fn enter_by_interrupt();
}

/// Makes a call by `entry`; EAX as it comes back.
fn enter(entry: u32, number: u32, arguments: [u32; 6]) -> u32 {
    const PLAIN: u32 = 2;
    let [ebx, ecx, edx, esi, edi, ebp] = arguments;
    let mut registers = [number, ebx, ecx, edx, esi, edi, ebp, PLAIN];
    // SAFETY: the tests name memory of their own.
    unsafe { enter_with(&mut registers, entry) };
    registers[0]
}

/// Both ways.
fn entries() -> [u32; 2] {
    [entry(), enter_by_interrupt as *const () as u32]
}

pub fn all_registers_but_eax_are_kept() {
    // Carry, parity, zero, sign, direction, overflow; alignment checks.
    for flags in [2, 0xc7 | 0x800, 2 | 0x400, 2 | 0x4_0000] {
        let before = [GETPPID, 11, 22, 33, 44, 55, 66, flags];
        let mut after = before;
        // SAFETY: the call touches no memory.
        unsafe { enter_with(&mut after, entry()) };
        assert_eq!(after[1..7], before[1..7]);
        // Interrupts are enabled, which POPFD cannot change.
        assert_eq!(after[7] & !0x200, flags, "{flags:#x}");
        assert_eq!(after[0], process::parent_id().cast_unsigned());
    }
}

pub fn six_arguments_arrive() {
    let file = scratch::numbered_file(3);
    let fd = file.fd().0.cast_unsigned();
    let start = enter(entry(), MMAP2, [0, PAGE, PROT_READ, MAP_PRIVATE, fd, 2]);
    assert_eq!(start % PAGE, 0, "mmap2: {}", start.cast_signed());
    assert_eq!(peek(start), 3);
    unmap(start, 1);
}

pub fn errors_and_unknown_calls_are_told() {
    let bad = enter(entry(), READ, [99, 0, 0, 0, 0, 0]);
    assert_eq!(bad, Errno::EBADF.number().cast_signed().wrapping_neg() as u32);
    for number in [222, 511, 512, 0x3fff_ffff, 0x8000_0000] {
        assert_eq!(enter(entry(), number, [0; 6]).cast_signed(), -38, "{number}");
    }
}

pub fn data_segments_may_be_anything() {
    let mut area = thread_area::descriptor(u32::MAX, 0x1000_0000);
    assert_eq!(thread_area::set(&mut area), Ok(0));
    for selector in [area.entry_number << 3 | 3, 0] {
        let (mut ds, mut es) = (selector, selector);
        let result: u32;
        // SAFETY: no memory is reached by DS and ES before they are again what they were, like SS.
        unsafe {
            asm!(
                "mov ds, {ds:e}",
                "mov es, {es:e}",
                "call {entry}",
                "mov {ds:e}, ds",
                "mov {es:e}, es",
                "mov {entry:e}, ss",
                "mov ds, {entry:e}",
                "mov es, {entry:e}",
                ds = inout(reg) ds,
                es = inout(reg) es,
                entry = inout(reg) entry() => _,
                inlateout("eax") GETPPID => result,
            );
        }
        assert_eq!((ds & 0xffff, es & 0xffff), (selector, selector));
        assert_eq!(result, process::parent_id().cast_unsigned());
    }
}

static STEPS: AtomicU32 = AtomicU32::new(0);

pub fn a_single_stepped_call_arrives_and_returns() {
    extern "C" fn count(_: i32) {
        STEPS.fetch_add(1, Relaxed);
    }
    // SAFETY: the handler only counts.
    unsafe { set_action(SIGTRAP, Action::Handler(count), 0, SignalSet::EMPTY) }.expect("handler");
    for entry in entries() {
        STEPS.store(0, Relaxed);
        let mut registers = [GETPPID, 1, 2, 3, 4, 5, 6, 2 | 0x100];
        // SAFETY: the call touches no memory.
        unsafe { enter_with(&mut registers, entry) };
        assert_eq!(registers[..7], [process::parent_id().cast_unsigned(), 1, 2, 3, 4, 5, 6]);
        assert!(registers[7] & 0x100 != 0, "steps went on");
        // What it takes to store the registers alone is more.
        assert!(STEPS.load(Relaxed) > 10, "{} steps", STEPS.load(Relaxed));
    }
    sys::signal::set_default(SIGTRAP).expect("default");
}

pub fn a_signal_lets_a_call_go_on_or_end() {
    extern "C" fn nothing(_: i32) {}
    for entry in entries() {
        for (flags, wanted) in [(SA_RESTART, 1), (0, -Errno::EINTR.number().cast_signed())] {
            // SAFETY: the handler does nothing.
            unsafe { set_action(SIGUSR1, Action::Handler(nothing), flags, SignalSet::EMPTY) }
                .expect("handler");
            let mut ends = [0; 2];
            assert_eq!(call!(pipe(sys::syscall::output(&mut ends))), Ok(0));
            let parent = process::id();
            let disturber = child::start(|| {
                let pause = core::time::Duration::from_millis(50);
                sys::time::sleep(pause);
                let _ = process::kill(parent, SIGUSR1);
                sys::time::sleep(pause);
                sys::io::Fd(ends[1]).write(b"x").map_or(1, |_| 0)
            });
            let mut byte = 0_u8;
            let fd = ends[0].cast_unsigned();
            let result = enter(entry, READ, [fd, pointer_mut(&mut byte), 1, 44, 55, 66]);
            assert_eq!(i32::from(result as i16), i32::from(wanted), "flags {flags:#x}");
            assert_eq!(child::wait(disturber), Status::Exited(0));
            for end in ends {
                assert_eq!(call!(close(end)), Ok(0));
            }
        }
    }
    sys::signal::set_default(SIGUSR1).expect("default");
}

pub fn a_stopped_sleep_goes_on() {
    for entry in entries() {
        let sleeper = child::start(|| {
            let time = Timespec { sec: 0, nsec: 150_000_000 };
            let result = enter(entry, NANOSLEEP, [pointer(&time), 0, 3, 4, 5, 6]);
            result.cast_signed()
        });
        let pause = core::time::Duration::from_millis(30);
        for signal in [SIGSTOP, SIGCONT] {
            sys::time::sleep(pause);
            process::kill(sleeper, signal).expect("kill");
        }
        assert_eq!(child::wait(sleeper), Status::Exited(0));
    }
}

/// SYSENTER with a stack pointer of one's own.
extern "C" fn enter_on(stack: u32) {
    // SAFETY: the way back is on that stack; without one there is a fault, and the test's handler
    // has another stack.
    unsafe {
        asm!("push ebp", "mov ebp, ecx", "sysenter", "pop ebp", in("ecx") stack,
            inlateout("eax") GETPPID => _, lateout("edx") _)
    }
}

pub fn a_bad_stack_ends_in_sigsegv() {
    only_on_folio("a 64-bit Linux has other instructions in its vDSO");
    let alternate = Sigaltstack { sp: map(8), flags: 0, size: 8 * PAGE };
    assert_eq!(call!(sigaltstack(input(&alternate), UserMutPtr::NULL)), Ok(0));
    let hidden = map(1);
    assert_eq!(call!(mprotect(hidden, PAGE, PROT_NONE)), Ok(0));
    for stack in [0, 4, hidden, hidden + PAGE - 2, 0xf800_0000, u32::MAX - 7, u32::MAX - 1] {
        let fault = catch_with(SA_ONSTACK, enter_on, stack).expect_err("a fault");
        assert_eq!(fault.signal, SIGSEGV, "{stack:#x}");
    }
    unmap(hidden, 1);
}

/// SYSENTER with such EAX, EBX, ECX, EDX, ESI, EDI, EBP and flags.
fn enter_wildly(registers: Registers) -> ! {
    // SAFETY: no way leads back, and the process is there for nothing else.
    unsafe {
        asm!(
            "push dword ptr [eax + 28]",
            "popfd",
            "mov ebx, [eax + 4]",
            "mov ecx, [eax + 8]",
            "mov edx, [eax + 12]",
            "mov esi, [eax + 16]",
            "mov edi, [eax + 20]",
            "mov ebp, [eax + 24]",
            "mov eax, [eax]",
            "sysenter",
            in("eax") registers.as_ptr(),
            options(noreturn),
        )
    }
}

pub fn random_registers_harm_nobody() {
    only_on_folio("a 64-bit Linux has other instructions in its vDSO");
    // Reading, asking, and what is no call: nothing that would end somebody else.
    const NUMBERS: [u32; 8] = [READ, 20, GETPPID, NANOSLEEP, MMAP2, 222, 511, u32::MAX];
    // All that a program may set but NT, which is fuzzed apart.
    const FLAGS: u32 = 0x4_0cd5;
    let mut random = Random(0x5e5e_57a2);
    for round in 0..150_u32 {
        let mut registers: Registers = core::array::from_fn(|_| random.next());
        registers[0] = match round % 4 {
            0 => random.next() | 1 << 31,
            _ => NUMBERS[random.below(NUMBERS.len() as u32) as usize],
        };
        registers[7] = registers[7] & FLAGS | 2 | (round % 3 / 2) << 8 | (round % 5 / 4) << 14;
        let here = 0_u32;
        if round % 2 == 0 {
            registers[6] = pointer(&here) & !0xfff | registers[6] & 0xffc;
        }
        let pid = child::start(|| {
            let _ = process::set_group(0, 0);
            let timer = Itimerval { value: Timeval { sec: 1, usec: 0 }, ..Itimerval::ZERO };
            let _ = call!(setitimer(ITIMER_REAL, input(&timer), UserMutPtr::NULL));
            enter_wildly(registers)
        });
        let status = wait_bounded(pid, 10);
        assert!(matches!(status, Status::Signaled(_) | Status::Exited(_)), "{status:?}");
    }
}
