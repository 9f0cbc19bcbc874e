//! Accesses that may fault, and what the kernel said when they did.

use core::arch::asm;
use core::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use sys::abi::UserMutPtr;
use sys::abi::memory::{MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE};
use sys::abi::signal::{SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP, Siginfo, SignalSet, Ucontext};
use sys::signal::{Action, set_action};

/// Why an access failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The signal.
    pub signal: i32,
    /// `si_code`.
    pub code: i32,
    /// `si_addr`.
    pub address: u32,
}

// `guarded(function, argument)` calls the function and returns 0, or 1 if the handler below made
// the interrupted context go on at `guarded_recover`. The function runs with an aligned stack.
core::arch::global_asm!(
    ".globl guarded",
    "guarded:",
    "push ebp",
    "push ebx",
    "push esi",
    "push edi",
    "mov [{stack}], esp",
    "sub esp, 8",
    "push dword ptr [esp + 32]",
    "call [esp + 32]",
    "add esp, 12",
    "xor eax, eax",
    "jmp 2f",
    ".globl guarded_recover",
    "guarded_recover:",
    "mov esp, [{stack}]",
    "cld",
    "mov eax, 1",
    "2:",
    "pop edi",
    "pop esi",
    "pop ebx",
    "pop ebp",
    "ret",
    stack = sym STACK,
);

unsafe extern "C" {
    fn guarded(function: extern "C" fn(u32), argument: u32) -> u32;
    fn guarded_recover();
}

static STACK: AtomicU32 = AtomicU32::new(0);
static SIGNAL: AtomicI32 = AtomicI32::new(0);
static CODE: AtomicI32 = AtomicI32::new(0);
static ADDRESS: AtomicU32 = AtomicU32::new(0);

extern "C" fn on_fault(signal: i32, info: &Siginfo, context: &mut Ucontext) {
    SIGNAL.store(signal, Ordering::Relaxed);
    CODE.store(info.code, Ordering::Relaxed);
    ADDRESS.store(info.address(), Ordering::Relaxed);
    context.mcontext.eip = guarded_recover as *const () as u32;
    // Trap flag and alignment check, should the function have set them.
    context.mcontext.eflags &= !(0x100 | 0x4_0000);
}

/// Runs `work`, and what it calls [`guarded`] may fault.
fn with_handlers<R>(flags: u32, work: impl FnOnce() -> R) -> R {
    const SIGNALS: [i32; 5] = [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP];
    for signal in SIGNALS {
        // SAFETY: the handler only stores to atomics and leaves for `guarded_recover`, which
        // restores what the function may have changed.
        unsafe { set_action(signal, Action::InfoHandler(on_fault), flags, SignalSet::EMPTY) }
            .expect("rt_sigaction");
    }
    let result = work();
    for signal in SIGNALS {
        sys::signal::set_default(signal).expect("rt_sigaction");
    }
    result
}

fn call_guarded(function: extern "C" fn(u32), argument: u32) -> Result<(), Fault> {
    // SAFETY: the assembly above keeps the calling convention either way.
    if unsafe { guarded(function, argument) } == 0 {
        return Ok(());
    }
    Err(Fault {
        signal: SIGNAL.load(Ordering::Relaxed),
        code: CODE.load(Ordering::Relaxed),
        address: ADDRESS.load(Ordering::Relaxed),
    })
}

/// Calls `function`; what stopped it, if something did.
pub fn catch_with(flags: u32, function: extern "C" fn(u32), argument: u32) -> Result<(), Fault> {
    with_handlers(flags, || call_guarded(function, argument))
}

/// Calls `function` with many arguments: the first that `is_found`, by what stopped the call.
pub fn find(
    function: extern "C" fn(u32),
    mut arguments: impl Iterator<Item = u32>,
    is_found: impl Fn(Result<(), Fault>) -> bool,
) -> Option<u32> {
    with_handlers(0, || arguments.find(|argument| is_found(call_guarded(function, *argument))))
}

/// Calls `function`; what stopped it, if something did.
pub fn catch(function: extern "C" fn(u32), argument: u32) -> Result<(), Fault> {
    catch_with(0, function, argument)
}

extern "C" fn load(address: u32) {
    peek(address);
}

extern "C" fn store(address: u32) {
    poke(address, 0x5a);
}

extern "C" fn jump(address: u32) {
    // SAFETY: either a `ret` lies there or the fault is what the test wants.
    unsafe { core::arch::asm!("call {}", in(reg) address, clobber_abi("C")) }
}

/// Reads a byte at `address`.
pub fn try_read(address: u32) -> Result<(), Fault> {
    catch(load, address)
}

/// Writes a byte at `address`.
pub fn try_write(address: u32) -> Result<(), Fault> {
    catch(store, address)
}

/// Executes at `address`, where there must be a `ret` if anything.
pub fn try_execute(address: u32) -> Result<(), Fault> {
    catch(jump, address)
}

/// The fault at `address` of an access where nothing is mapped.
pub fn not_mapped(address: u32) -> Result<(), Fault> {
    Err(Fault { signal: SIGSEGV, code: sys::abi::signal::SEGV_MAPERR, address })
}

/// The fault at `address` of an access that the protection forbids.
pub fn forbidden(address: u32) -> Result<(), Fault> {
    Err(Fault { signal: SIGSEGV, code: sys::abi::signal::SEGV_ACCERR, address })
}

/// The fault at `address` of an access beyond the end of a mapped file.
pub fn beyond_file(address: u32) -> Result<(), Fault> {
    Err(Fault { signal: SIGBUS, code: sys::abi::signal::BUS_ADRERR, address })
}

// In assembly, as Rust's own accesses may be to no address that is null or not aligned.

/// The byte at `address`.
pub fn peek(address: u32) -> u8 {
    let value;
    // SAFETY: the test mapped the address or wants the fault.
    unsafe { asm!("mov {}, [{}]", out(reg_byte) value, in(reg) address, options(nostack)) }
    value
}

/// Sets the byte at `address`.
pub fn poke(address: u32, value: u8) {
    // SAFETY: as above.
    unsafe { asm!("mov [{}], {}", in(reg) address, in(reg_byte) value, options(nostack)) }
}

/// The word at `address`.
pub fn peek_word(address: u32) -> u32 {
    let value;
    // SAFETY: as above.
    unsafe { asm!("mov {}, [{}]", out(reg) value, in(reg) address, options(nostack)) }
    value
}

/// Sets the word at `address`.
pub fn poke_word(address: u32, value: u32) {
    // SAFETY: as above.
    unsafe { asm!("mov [{}], {}", in(reg) address, in(reg) value, options(nostack)) }
}

/// Reading and writing.
pub const RW: u32 = PROT_READ | PROT_WRITE;
/// Private memory.
pub const PRIVATE: u32 = MAP_PRIVATE | MAP_ANONYMOUS;
/// Bytes in a page.
pub const PAGE: u32 = 4096;

/// Maps private memory of that many pages anywhere.
pub fn map(pages: u32) -> u32 {
    call!(mmap2(0, pages * PAGE, RW, PRIVATE, -1, 0)).expect("mmap2")
}

/// Maps pages of a file from page `offset` on.
pub fn map_file(
    file: &sys::file::File,
    pages: u32,
    protection: u32,
    flags: u32,
    offset: u32,
) -> u32 {
    call!(mmap2(0, pages * PAGE, protection, flags, file.fd().0, offset)).expect("mmap2")
}

/// Unmaps.
pub fn unmap(address: u32, pages: u32) {
    call!(munmap(address, pages * PAGE)).expect("munmap");
}

/// Whether every page of a range is mapped. (`mincore` fails with ENOMEM in a hole.)
pub fn is_mapped(address: u32, pages: u32) -> bool {
    let mut vector = [0u8; 256];
    assert!(pages as usize <= vector.len());
    let vector = UserMutPtr::new(sys::syscall::pointer_mut(&mut vector));
    call!(mincore(address, pages * PAGE, vector)).is_ok()
}

/// Pages no mapping has, found by mapping and unmapping them.
pub fn free_range(pages: u32) -> u32 {
    let address = call!(mmap2(0, pages * PAGE, 0, PRIVATE, -1, 0)).expect("mmap2");
    unmap(address, pages);
    address
}
