//! A word read, written or counted up where nothing may be mapped, by any thread at any time.

use core::arch::global_asm;
use sys::abi::signal::{SIGBUS, SIGSEGV, Siginfo, SignalSet, Ucontext};
use sys::signal::{Action, set_action};

// Each does its access in one instruction, with the address in ECX, and returns what was there in
// EAX and 1 in EDX. The handler makes them go on at `contest_refused`, with `si_code` in EAX.
global_asm!(
    ".globl contest_load, contest_loads, contest_store, contest_stores",
    ".globl contest_add, contest_adds, contest_refused",
    "contest_load:",
    "mov ecx, [esp + 4]",
    "contest_loads:",
    "mov eax, [ecx]",
    "mov edx, 1",
    "ret",
    "contest_store:",
    "mov ecx, [esp + 4]",
    "mov eax, [esp + 8]",
    "contest_stores:",
    "mov [ecx], eax",
    "mov edx, 1",
    "ret",
    "contest_add:",
    "mov ecx, [esp + 4]",
    "mov eax, [esp + 8]",
    "contest_adds:",
    "lock xadd [ecx], eax",
    "mov edx, 1",
    "ret",
    "contest_refused:",
    "xor edx, edx",
    "ret",
);

unsafe extern "C" {
    fn contest_load(address: u32) -> u64;
    fn contest_loads();
    fn contest_store(address: u32, value: u32) -> u64;
    fn contest_stores();
    fn contest_add(address: u32, value: u32) -> u64;
    fn contest_adds();
    fn contest_refused();
}

/// What the word was, or why there was no access: `si_code`.
pub type Outcome = Result<u32, i32>;

fn outcome(registers: u64) -> Outcome {
    let value = registers as u32;
    if registers >> 32 != 0 { Ok(value) } else { Err(value.cast_signed()) }
}

extern "C" fn on_fault(signal: i32, info: &Siginfo, context: &mut Ucontext) {
    let registers = &mut context.mcontext;
    let accesses = [contest_loads, contest_stores, contest_adds]
        .map(|instruction: unsafe extern "C" fn()| instruction as usize as u32);
    assert!(accesses.contains(&registers.eip), "signal {signal} at {:#x}", registers.eip);
    assert_eq!(info.address(), registers.ecx, "signal {signal}, code {}", info.code);
    registers.eax = info.code.cast_unsigned();
    registers.eip = contest_refused as *const () as u32;
}

/// Lets accesses fault from now on.
pub fn expect_faults() {
    for signal in [SIGSEGV, SIGBUS] {
        // SAFETY: the handler changes the registers of the functions above only, as they expect.
        unsafe { set_action(signal, Action::InfoHandler(on_fault), 0, SignalSet::EMPTY) }
            .expect("rt_sigaction");
    }
}

/// Reads a word.
pub fn load(address: u32) -> Outcome {
    // SAFETY: nothing but the word is touched, and only if that is possible.
    outcome(unsafe { contest_load(address) })
}

/// Writes a word of the test's own memory.
pub fn store(address: u32, value: u32) -> Outcome {
    // SAFETY: as above; nothing else lies where the test's pages do.
    outcome(unsafe { contest_store(address, value) })
}

/// Adds 1 to a word of the test's own memory.
pub fn count(address: u32) -> Outcome {
    // SAFETY: as above.
    outcome(unsafe { contest_add(address, 1) })
}
