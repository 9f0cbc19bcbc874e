//! One function per row of the tables in [`abi::syscall`], as thin as can be.
//!
//! They are unsafe because a call may write to, unmap or replace any memory its arguments name.

use abi::argument::Registers;
use abi::{UserMutPtr, UserPtr};
use core::arch::asm;
use core::sync::atomic::{AtomicPtr, Ordering::Relaxed};

/// The address of `value`, for the kernel to read.
pub fn pointer<T: ?Sized>(value: &T) -> u32 {
    core::ptr::from_ref(value).expose_provenance() as u32
}

/// The address of `value`, for the kernel to write.
pub fn pointer_mut<T: ?Sized>(value: &mut T) -> u32 {
    core::ptr::from_mut(value).expose_provenance() as u32
}

/// The address of `value` for the kernel to read.
pub fn input<T>(value: &T) -> UserPtr<T> {
    UserPtr::new(pointer(value))
}

/// The address of `value` for the kernel to write.
pub fn output<T>(value: &mut T) -> UserMutPtr<T> {
    UserMutPtr::new(pointer_mut(value))
}

// What the vDSO's entry does on a processor that has nothing better.
core::arch::global_asm!(
    ".globl folio_by_interrupt",
    ".hidden folio_by_interrupt",
    ".type folio_by_interrupt, @function",
    "folio_by_interrupt:",
    "int 0x80",
    "ret",
    ".size folio_by_interrupt, . - folio_by_interrupt",
);

unsafe extern "C" {
    fn folio_by_interrupt();
}

/// Where programs enter the kernel. It keeps all registers but EAX, and returns.
static ENTRY: AtomicPtr<()> = AtomicPtr::new(folio_by_interrupt as *mut ());

/// Enters the kernel through the vDSO from now on, if there is one.
pub(super) fn use_vdso() {
    if let Some(entry) = crate::env::auxiliary_value(abi::auxv::AT_SYSINFO) {
        ENTRY.store(core::ptr::without_provenance_mut(entry as usize), Relaxed);
    }
}

/// Set in the number of a call that is not Linux's but Folio's.
const FOLIO: u32 = 1 << 30;

/// Whether the child of a call shares its parent's stack, or begins with another: it must not
/// find its way back there.
const fn leaves_the_stack(number: u32) -> bool {
    const CLONE: u32 = 120;
    const VFORK: u32 = 190;
    const CLONE3: u32 = 435;
    matches!(number, CLONE | VFORK | CLONE3)
}

/// Makes a Linux call with the first `used` registers; EAX as it comes back.
///
/// # Safety
/// The memory that the arguments name must be the caller's to read, write or change as the call does
/// it.
#[inline(always)]
pub unsafe fn enter_linux(number: u32, registers: &Registers, used: usize) -> u32 {
    // SAFETY: the caller's promise.
    unsafe {
        match (leaves_the_stack(number), used <= 3) {
            (false, true) => call_3(number, registers),
            (false, false) => call_6(number, registers),
            (true, true) => interrupt_3(number, registers),
            (true, false) => interrupt_5(number, registers),
        }
    }
}

/// Makes a Folio call with the first `used` registers; EAX as it comes back.
///
/// # Safety
/// The memory that the arguments name must be the caller's to read, write or change as the call does
/// it.
#[inline(always)]
pub unsafe fn enter_folio(number: u32, registers: &Registers, used: usize) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { enter_linux(number | FOLIO, registers, used) }
}

#[inline(always)]
unsafe fn call_3(number: u32, registers: &Registers) -> u32 {
    let result;
    let [ebx, ecx, edx, ..] = *registers;
    // SAFETY: the kernel changes EAX and memory the caller answers for, nothing else.
    unsafe {
        asm!(
            "call {entry}",
            entry = in(reg) ENTRY.load(Relaxed),
            inlateout("eax") number => result,
            in("ebx") ebx,
            in("ecx") ecx,
            in("edx") edx,
        );
    }
    result
}

// ESI and EBP cannot be operands, and no register is left to carry them: EAX comes with the address
// of their values, of the entry and of the number.
#[inline(always)]
unsafe fn call_6(number: u32, registers: &Registers) -> u32 {
    let result;
    let [ebx, ecx, edx, esi, edi, ebp] = *registers;
    let rest = [number, esi, ebp, ENTRY.load(Relaxed).addr() as u32];
    // SAFETY: as above; ESI and EBP are restored, and `rest` outlives the reads.
    unsafe {
        asm!(
            "push esi",
            "push ebp",
            "push dword ptr [eax + 12]",
            "mov esi, [eax + 4]",
            "mov ebp, [eax + 8]",
            "mov eax, [eax]",
            "call dword ptr [esp]",
            "lea esp, [esp + 4]",
            "pop ebp",
            "pop esi",
            inlateout("eax") rest.as_ptr() => result,
            in("ebx") ebx,
            in("ecx") ecx,
            in("edx") edx,
            in("edi") edi,
        );
    }
    result
}

/// A call whose child comes back here too, perhaps on another stack.
#[inline(always)]
unsafe fn interrupt_3(number: u32, registers: &Registers) -> u32 {
    let result;
    let [ebx, ecx, edx, ..] = *registers;
    // SAFETY: as above.
    unsafe {
        asm!(
            "int 0x80",
            inlateout("eax") number => result,
            in("ebx") ebx,
            in("ecx") ecx,
            in("edx") edx,
            options(nostack),
        );
    }
    result
}

/// The same with up to five arguments.
#[inline(always)]
unsafe fn interrupt_5(number: u32, registers: &Registers) -> u32 {
    let result;
    let [ebx, ecx, edx, esi, edi, _] = *registers;
    let rest = [number, esi];
    // SAFETY: as above.
    unsafe {
        asm!(
            "push esi",
            "mov esi, [eax + 4]",
            "mov eax, [eax]",
            "int 0x80",
            "pop esi",
            inlateout("eax") rest.as_ptr() => result,
            in("ebx") ebx,
            in("ecx") ecx,
            in("edx") edx,
            in("edi") edi,
        );
    }
    result
}

/// The numbers of `for_each_message_call!`.
pub mod message_number {
    macro_rules! numbers {
        ($( $(#[$doc:meta])* $number:literal $name:ident($($argument:ident: $kind:ty),*); )*) => { $(
            $(#[$doc])*
            #[allow(non_upper_case_globals, reason = "named as the rows")]
            pub const $name: u32 = $number;
        )* };
    }
    abi::for_each_message_call!(numbers);
}

/// What goes into a call of `for_each_message_call!`, and what comes out.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct MessageRegisters {
    /// The number of the call; 0 or an error.
    pub eax: u32,
    /// A handle or token; a token.
    pub ebx: u32,
    /// A tag.
    pub ecx: u32,
    /// Word 0.
    pub edx: u32,
    /// Word 1.
    pub esi: u32,
    /// Word 2.
    pub edi: u32,
    /// Word 3.
    pub ebp: u32,
}

/// Makes a call of [`abi::for_each_message_call!`] with all registers; EAX as it comes back, which
/// `registers` holds too.
///
/// # Safety
/// The thread's block of messages, and what leases in it name, must be the caller's to read and
/// write.
#[inline]
pub unsafe fn enter_message(registers: &mut MessageRegisters) -> u32 {
    // SAFETY: the kernel changes registers, which are all saved or stated here, and memory the
    // caller answers for. ESI and EBP cannot be operands. On the way back every register has a
    // value to keep, so EBP goes to the stack while it holds the address of the others' places.
    unsafe {
        asm!(
            "push ebp",
            "push esi",
            "push eax",
            "push eax",
            "mov ebx, [eax + 4]",
            "mov ecx, [eax + 8]",
            "mov edx, [eax + 12]",
            "mov esi, [eax + 16]",
            "mov edi, [eax + 20]",
            "mov ebp, [eax + 24]",
            "mov eax, [eax]",
            "int 0x81",
            "mov [esp], ebp",
            "mov ebp, [esp + 4]",
            "mov [ebp], eax",
            "mov [ebp + 4], ebx",
            "mov [ebp + 8], ecx",
            "mov [ebp + 12], edx",
            "mov [ebp + 16], esi",
            "mov [ebp + 20], edi",
            "pop edx",
            "mov [ebp + 24], edx",
            "pop edx",
            "pop esi",
            "pop ebp",
            inout("eax") core::ptr::from_mut(registers) => _,
            out("ebx") _,
            out("ecx") _,
            out("edx") _,
            out("edi") _,
        );
    }
    registers.eax
}

/// A function for each row, which enters the kernel by what a module calls `enter` and has its
/// arguments encoded by what it calls `Encode`.
macro_rules! stubs {
    ($( $(#[$doc:meta])* $number:literal $name:ident($($argument:ident: $kind:ty),*); )*) => { $(
        $(#[$doc])*
        ///
        /// # Safety
        /// The memory that the arguments name must be the caller's to read, write or change as the
        /// call does it.
        #[inline]
        pub unsafe fn $name($($argument: $kind),*) -> crate::Result<u32> {
            const USED: usize = 0 $( + <$kind as Encode>::REGISTERS )*;
            const { assert!(USED <= 6) };
            #[allow(unused_mut, reason = "calls without arguments")]
            let (mut registers, mut first): (Registers, usize) = ([0; 6], 0);
            $(
                Encode::encode($argument, &mut registers, first);
                first += <$kind as Encode>::REGISTERS;
            )*
            debug_assert!(first == USED);
            // SAFETY: the caller's promise.
            abi::errno::decode(unsafe { enter($number, &registers, USED) })
        }
    )* };
}

/// Linux's calls.
pub mod linux {
    use super::enter_linux as enter;
    use abi::syscall::linux::kinds::{Argument as Encode, *};

    abi::for_each_linux_call!(stubs);
    abi::for_each_linux_call_to_come!(stubs);
}

/// Folio's calls. On Linux they end the program by SIGSEGV.
pub mod folio {
    use super::enter_folio as enter;
    use abi::syscall::folio::kinds::{Argument as Encode, *};

    abi::for_each_folio_call!(stubs);
}

/// Folio's calls about messages and handles.
pub mod ipc {
    use super::enter_folio as enter;
    use abi::syscall::ipc::kinds::{CheckedArgument as Encode, *};

    abi::for_each_ipc_call!(stubs);
}

/// Folio's calls about fault injection.
pub mod failpoint {
    use super::enter_folio as enter;
    use abi::syscall::failpoint::kinds::{Argument as Encode, *};

    abi::for_each_failpoint_call!(stubs);
}

/// Folio's calls about what the kernel knows.
pub mod statistics {
    use super::enter_folio as enter;
    use abi::syscall::statistics::kinds::{CheckedArgument as Encode, *};

    abi::for_each_statistics_call!(stubs);
}

/// Folio's calls about tracing.
pub mod trace {
    use super::enter_folio as enter;
    use abi::syscall::trace::kinds::{Argument as Encode, *};

    abi::for_each_trace_call!(stubs);
}
