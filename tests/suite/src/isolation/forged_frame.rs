//! What a handler leaves in its frame for `sigreturn`.

use super::end::End;
use super::kernel_memory::task_size;
use super::table::Table;
use crate::fault::*;
use crate::harness::{is_emulated, on_folio, only_on_folio};
use core::arch::asm;
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering::Relaxed};
use sys::abi::signal::*;
use sys::process;
use sys::signal::{Action, set_action};

/// A change of a frame.
type Forge = fn(&mut Ucontext, u32);

static FORGE: AtomicPtr<()> = AtomicPtr::new(core::ptr::null_mut());
static VALUE: AtomicU32 = AtomicU32::new(0);

extern "C" fn forge(_: i32, _: &Siginfo, context: &mut Ucontext) {
    // SAFETY: a function of that type was stored there.
    let change = unsafe { core::mem::transmute::<*mut (), Forge>(FORGE.load(Relaxed)) };
    change(context, VALUE.load(Relaxed));
}

/// Comes back from a handler with a changed frame, if it comes back.
fn return_with(change: Forge, value: u32) {
    FORGE.store(change as *mut (), Relaxed);
    VALUE.store(value, Relaxed);
    // SAFETY: whatever comes of the change is what the test wants to see.
    unsafe { set_action(SIGUSR1, Action::InfoHandler(forge), 0, SignalSet::EMPTY) }
        .expect("rt_sigaction");
    process::kill(process::id(), SIGUSR1).expect("kill");
}

/// Whether this is anything but ring 3 with the flags of a program.
fn has_gained() -> bool {
    let (cs, ss, flags): (u32, u32, u32);
    // SAFETY: reads three registers.
    unsafe {
        asm!(
            "mov {0:e}, cs", "mov {1:e}, ss", "pushfd", "pop {2:e}",
            out(reg) cs, out(reg) ss, out(reg) flags,
        );
    }
    // IOPL, VM, and interrupts on.
    cs & 3 != 3 || ss & 3 != 3 || flags & 0x2_3200 != 0x200
}

fn returned(change: Forge, value: u32) -> End {
    return_with(change, value);
    has_gained().into()
}

/// Of the tables of both systems, and of no table.
const SELECTORS: [u32; 22] = [
    0, 3, 0x07, 0x10, 0x18, 0x23, 0x2b, 0x33, 0x43, 0x60, 0x63, 0x68, 0x6b, 0x70, 0x73, 0x78, 0x7b,
    0x80, 0x83, 0xf8, 0xfb, 0xffff,
];

const REGISTERS: [(&str, Forge); 6] = [
    ("CS", |context, value| context.mcontext.cs = value as u16),
    ("SS", |context, value| context.mcontext.ss = value as u16),
    ("DS", |context, value| context.mcontext.ds = value as u16),
    ("ES", |context, value| context.mcontext.es = value as u16),
    ("FS", |context, value| context.mcontext.fs = value as u16),
    ("GS", |context, value| context.mcontext.gs = value as u16),
];

const KILLED: End = End::Killed(SIGSEGV);

pub fn forged_frames_give_no_rights() {
    only_on_folio("TASK_SIZE of i386 (kcore::layout), and kernel/src/arch/i386/gdt.rs");
    let mut table = Table::default();
    for (register, change) in REGISTERS {
        for selector in SELECTORS {
            let attack = alloc::format!("return with {register} = {selector:#x}");
            let checked = "selectors are checked, RPL 3 is forced";
            // An empty segment is found out by IRET.
            let ends = [End::Nothing, KILLED, End::Killed(SIGILL)];
            table.any_of(&attack, checked, &ends, || returned(change, selector));
        }
    }
    for bit in (0..32).filter(|bit| *bit != TRAP_BIT) {
        let attack = alloc::format!("return with flag {bit} of EFLAGS turned over");
        let masked = "only a program's flags are taken";
        table.row(&attack, masked, End::Nothing, || {
            returned(|context, bit| context.mcontext.eflags ^= 1 << bit, bit)
        });
    }
    let start = task_size();
    let pages = "no user bit in the kernel's page tables";
    for (place, address) in super::kernel_memory::places() {
        table.row(&alloc::format!("return to {place}"), pages, KILLED, || {
            returned(|context, value| context.mcontext.eip = value, address)
        });
        table.row(&alloc::format!("return with ESP at {place}"), pages, KILLED, || {
            returned(|context, value| context.mcontext.esp = value, address)
        });
    }
    for frame in [8, start - 16, start, start + 0x10_2000, 0xffff_fff0] {
        let attack = alloc::format!("sigreturn and rt_sigreturn with a frame at {frame:#x}");
        table.row(&attack, "a bad frame is SIGSEGV", KILLED, || sigreturn(frame, 119));
        table.row(&attack, "a bad frame is SIGSEGV", KILLED, || sigreturn(frame, 173));
    }
    table.row("block SIGKILL by a frame", "SIGKILL is taken out", End::Killed(SIGKILL), || {
        let all = |context: &mut Ucontext, _| context.sigmask = SignalSet { bits: u64::MAX };
        return_with(all, 0);
        process::kill(process::id(), SIGKILL).expect("kill");
        End::Through(0)
    });
    for stack in [start, start + 0x10_2000, 0xffff_f000, start - 0x1000] {
        let attack = alloc::format!("have a frame written to a signal stack at {stack:#x}");
        table.row(&attack, "the copy is checked: SIGSEGV", KILLED, || {
            let alternate = Sigaltstack { sp: stack, flags: 0, size: 0x1000 };
            let set =
                call!(sigaltstack(sys::syscall::input(&alternate), sys::abi::UserMutPtr::NULL));
            set.expect("sigaltstack");
            extern "C" fn nothing(_: i32) {}
            // SAFETY: the handler does nothing.
            unsafe { set_action(SIGUSR2, Action::Handler(nothing), SA_ONSTACK, SignalSet::EMPTY) }
                .expect("rt_sigaction");
            process::kill(process::id(), SIGUSR2).expect("kill");
            End::Through(0)
        });
    }
    table.finish();
}

/// Single steps end the program.
const TRAP_BIT: u32 = 8;

fn sigreturn(frame: u32, number: u32) -> End {
    // SAFETY: nothing returns from here.
    unsafe {
        asm!(
            "mov esp, {0}", "mov eax, {1}", "int 0x80", "ud2",
            in(reg) frame, in(reg) number, options(noreturn)
        )
    }
}

/// Bytes of the FPU's part of a frame before FXSAVE's.
const FSAVE: u32 = 112;
const MXCSR: u32 = FSAVE + 24;
/// What the kernel says of the image.
const SOFTWARE: u32 = FSAVE + 464;
const HEADER: u32 = FSAVE + 512;

/// Changes a word of the FPU's part.
fn at(context: &Ucontext, offset: u32, value: u32) {
    poke_word(context.mcontext.fpstate + offset, value);
}

const FPU: [(&str, Forge); 11] = [
    ("every bit of MXCSR", |context, _| at(context, MXCSR, u32::MAX)),
    ("x87 state of ones", |context, _| (0..28).for_each(|word| at(context, word * 4, u32::MAX))),
    ("an image of ones", |context, _| {
        (FSAVE..SOFTWARE).step_by(4).for_each(|offset| at(context, offset, u32::MAX));
    }),
    ("every component present", |context, _| {
        at(context, HEADER, u32::MAX);
        at(context, HEADER + 4, u32::MAX);
    }),
    ("a compacted image", |context, _| at(context, HEADER + 12, 1 << 31)),
    ("reserved bits of the header", |context, _| at(context, HEADER + 16, 1)),
    ("an image that says it is huge", |context, _| {
        at(context, SOFTWARE + 4, u32::MAX);
        at(context, SOFTWARE + 16, u32::MAX);
    }),
    ("an image that says it is tiny", |context, _| at(context, SOFTWARE + 16, 0)),
    ("an image with no mark", |context, _| at(context, SOFTWARE, 0)),
    ("an address that is not aligned", |context, _| context.mcontext.fpstate += 4),
    ("no image", |context, _| context.mcontext.fpstate = 0),
];

fn mxcsr_is_bad() -> bool {
    let mut mxcsr = 0_u32;
    // SAFETY: stores a word.
    unsafe { asm!("stmxcsr [{}]", in(reg) &raw mut mxcsr) };
    // The emulated processor takes them all, as it has no use for them.
    !is_emulated() && mxcsr & 0xfffc_0000 != 0
}

pub fn forged_fpu_states_hurt_nobody() {
    let mut table = Table::default();
    let checked = "what the processor refuses is found before, or by a fault that is expected";
    for (name, change) in FPU {
        table.any_of(
            &alloc::format!("return with {name}"),
            checked,
            &[End::Nothing, KILLED],
            || {
                return_with(change, 0);
                mxcsr_is_bad().into()
            },
        );
    }
    if on_folio() {
        let start = task_size();
        for address in [8, start - 112, start - 512, start, start + 0x10_2000, 0xffff_ff90] {
            let attack = alloc::format!("return with an FPU image at {address:#x}");
            table.row(&attack, "the image is read as the program's memory", KILLED, || {
                return_with(|context, value| context.mcontext.fpstate = value, address);
                mxcsr_is_bad().into()
            });
        }
    }
    table.finish();
}
