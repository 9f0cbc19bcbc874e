//! The upper halves of the vector registers, which only XSAVE saves.

use crate::child;
use core::arch::asm;
use core::arch::x86::{__cpuid, __cpuid_count};
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use core::time::Duration;
use sys::abi::signal::{SA_SIGINFO, SIGSEGV, SIGUSR1, Siginfo, SignalSet, Ucontext};
use sys::process;
use sys::signal::{Action, set_action};
use sys::wait::Status;

tests![
    upper_halves_survive_preemption,
    a_child_inherits_upper_halves,
    handlers_get_and_give_back_upper_halves,
    a_frame_without_its_marks_has_no_upper_halves,
    a_frame_the_processor_refuses_is_fatal,
];

type Vector = [u32; 8];

/// Whether programs may use AVX: the processor has it, and the kernel saves it.
fn is_there() -> bool {
    const OSXSAVE_AVX: u32 = 1 << 27 | 1 << 28;
    if __cpuid(1).ecx & OSXSAVE_AVX != OSXSAVE_AVX {
        return false;
    }
    let saved: u32;
    // SAFETY: the processor has the instruction.
    unsafe { asm!("xgetbv", in("ecx") 0, out("eax") saved, out("edx") _) };
    saved & 6 == 6
}

macro_rules! need_avx {
    () => {
        if !is_there() {
            skip!("no AVX");
        }
    };
}

fn vector(seed: u32) -> Vector {
    core::array::from_fn(|index| seed.wrapping_mul(index as u32 + 1))
}

/// Loads YMM0 and YMM7, spends a while, and stores them.
fn keep(seed: u32, rounds: u32) -> bool {
    let (first, last) = (vector(seed), vector(!seed));
    let mut kept = [[0; 8]; 2];
    // SAFETY: only these vectors are touched.
    unsafe {
        asm!(
            "vmovdqu ymm0, [{first}]",
            "vmovdqu ymm7, [{last}]",
            "2: dec {rounds}",
            "jnz 2b",
            "vmovdqu [{kept}], ymm0",
            "vmovdqu [{kept} + 32], ymm7",
            "vzeroupper",
            first = in(reg) &first, last = in(reg) &last, kept = in(reg) &mut kept,
            rounds = inout(reg) rounds => _,
            out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _,
            out("xmm4") _, out("xmm5") _, out("xmm6") _, out("xmm7") _,
        );
    }
    kept == [first, last]
}

pub fn upper_halves_survive_preemption() {
    need_avx!();
    let children: [i32; 3] = core::array::from_fn(|index| {
        child::start(|| {
            let limit = sys::time::now() + Duration::from_millis(300);
            while sys::time::now() < limit {
                if !keep(0x1001 * (index as u32 + 1), 100_000) {
                    return 1;
                }
            }
            0
        })
    });
    for pid in children {
        assert_eq!(child::wait(pid), Status::Exited(0));
    }
}

/// Loads YMM3, makes a call without memory of two arguments, and stores YMM3. The call's result.
fn across_call(value: &Vector, call: u32, arguments: [u32; 2]) -> (Vector, i32) {
    let mut kept = [0; 8];
    let result: i32;
    let [first, second] = arguments;
    // SAFETY: the call touches no memory; 32 bytes of our own are written; EBX is restored.
    unsafe {
        asm!(
            "vmovdqu ymm3, [{value}]",
            "xchg ebx, edx",
            "int 0x80",
            "xchg ebx, edx",
            "vmovdqu [{kept}], ymm3",
            "vzeroupper",
            value = in(reg) value, kept = in(reg) &mut kept,
            inout("eax") call => result, in("ecx") second, inout("edx") first => _,
            out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _,
            out("xmm4") _, out("xmm5") _, out("xmm6") _, out("xmm7") _,
        );
    }
    (kept, result)
}

pub fn a_child_inherits_upper_halves() {
    need_avx!();
    const FORK: u32 = 2;
    let value = vector(0x0bad_cafe);
    let (kept, pid) = across_call(&value, FORK, [0, 0]);
    if pid == 0 {
        process::exit(i32::from(kept != value));
    }
    assert!(pid > 0 && kept == value);
    assert_eq!(child::wait(pid), Status::Exited(0));
}

/// What a frame says at byte 464 of its image.
static WORDS: [AtomicU32; 5] = [const { AtomicU32::new(0) }; 5];
static MARK: AtomicU32 = AtomicU32::new(0);
/// What to store into a word of the image before the handler returns; 0 for nothing.
static CHANGE_AT: AtomicU32 = AtomicU32::new(0);
static CHANGE_TO: AtomicU32 = AtomicU32::new(0);

const HEADER: u32 = 512;

extern "C" fn look(_: i32, _: &Siginfo, context: &mut Ucontext) {
    let image = { context.mcontext }.fpstate + 112;
    // SAFETY: the frame's image, as the kernel stored it.
    let word = |at: u32| unsafe { &*((image + at) as *const AtomicU32) };
    for (index, place) in (0..).zip(&WORDS) {
        place.store(word(464 + 4 * index).load(SeqCst), SeqCst);
    }
    MARK.store(word(WORDS[4].load(SeqCst)).load(SeqCst), SeqCst);
    let at = CHANGE_AT.load(SeqCst);
    if at != 0 {
        word(at).store(CHANGE_TO.load(SeqCst), SeqCst);
    }
    // SAFETY: what the program had is in the frame.
    unsafe {
        asm!("vzeroall",
            out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _,
            out("xmm4") _, out("xmm5") _, out("xmm6") _, out("xmm7") _);
    }
}

/// Across a signal to this process whose handler changes a word of the image.
fn across_signal(value: &Vector, at: u32, to: u32) -> Vector {
    const KILL: u32 = 37;
    // SAFETY: the handler only looks at its frame.
    unsafe { set_action(SIGUSR1, Action::InfoHandler(look), SA_SIGINFO, SignalSet::EMPTY) }
        .expect("rt_sigaction");
    CHANGE_AT.store(at, SeqCst);
    CHANGE_TO.store(to, SeqCst);
    let arguments = [process::id().cast_unsigned(), SIGUSR1.cast_unsigned()];
    let (kept, result) = across_call(value, KILL, arguments);
    assert_eq!(result, 0);
    kept
}

/// Where the standard form has the upper half of YMM3.
fn upper_half() -> u32 {
    __cpuid_count(0xd, 2).ebx + 16 * 3
}

pub fn handlers_get_and_give_back_upper_halves() {
    need_avx!();
    let value = vector(0x1234_5679);
    assert_eq!(across_signal(&value, 0, 0), value);
    let words = WORDS.each_ref().map(|word| word.load(SeqCst));
    let [magic, total, components, _, bytes] = words;
    assert_eq!((magic, MARK.load(SeqCst)), (0x4650_5853, 0x4650_5845));
    assert_eq!((total, components & 7), (bytes + 4 + 112, 7));
    assert!(bytes >= 832);
    let mut changed = value;
    changed[4] = 42;
    assert_eq!(across_signal(&value, upper_half(), 42), changed);
}

pub fn a_frame_without_its_marks_has_no_upper_halves() {
    need_avx!();
    let value = vector(0x7654_3211);
    let [a, b, c, d, ..] = value;
    let lower = [a, b, c, d, 0, 0, 0, 0];
    // The first mark, a size that cannot be, and components without AVX.
    for (at, to) in [(464, 0), (480, 12), (472, 3)] {
        assert_eq!(across_signal(&value, at, to), lower, "{at}");
    }
}

pub fn a_frame_the_processor_refuses_is_fatal() {
    need_avx!();
    // An unknown component, the compacted form, a reserved word.
    for (at, to) in [(HEADER + 4, 1 << 30), (HEADER + 12, 1 << 31), (HEADER + 16, 1)] {
        let status = child::run(|| i32::from(across_signal(&vector(3), at, to) == [0; 8]));
        assert_eq!(status, Status::Signaled(SIGSEGV), "{at}");
    }
}
