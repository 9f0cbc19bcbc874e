//! The calls that messages are made of: all registers go in, all come out, and the rest lies in
//! this process's block.
//!
//! The block is one for the whole process: a signal handler that calls a server while the program
//! is about to would find its message overwritten. Programs do not call servers from handlers.

use crate::syscall::ipc;
use crate::{Errno, Result};
use abi::UserMutPtr;
use abi::ipc::{Block, MAX_WORDS, Tag};
use core::arch::asm;
use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// The numbers of `for_each_message_call!`.
pub mod number {
    macro_rules! numbers {
        ($( $(#[$doc:meta])* $number:literal $name:ident($($argument:ident: $kind:ty),*); )*) => { $(
            #[allow(non_upper_case_globals, reason = "named as the rows")]
            pub const $name: u32 = $number;
        )* };
    }
    abi::for_each_message_call!(numbers);
}

/// What goes in and comes out.
#[repr(C)]
pub struct Registers {
    pub eax: u32,
    pub ebx: u32,
    pub ecx: u32,
    pub edx: u32,
    pub esi: u32,
    pub edi: u32,
    pub ebp: u32,
}

pub type Words = [u32; MAX_WORDS as usize];

struct SharedBlock(UnsafeCell<Block>);

// SAFETY: a program has one thread.
unsafe impl Sync for SharedBlock {}

static BLOCK: SharedBlock = SharedBlock(UnsafeCell::new(<Block as abi::Plain>::ZERO));
static IS_KNOWN: AtomicBool = AtomicBool::new(false);

/// The block, for what goes in or has come out. Nobody else uses it meanwhile.
pub fn with_block<R>(work: impl FnOnce(&mut Block) -> R) -> R {
    // SAFETY: a program has one thread, `work` cannot get here again, and the kernel looks at the
    // block only in calls.
    work(unsafe { &mut *BLOCK.0.get() })
}

/// Tells the kernel where the block is, once.
pub fn introduce() -> Result<()> {
    if IS_KNOWN.load(Relaxed) {
        return Ok(());
    }
    let address = BLOCK.0.get().expose_provenance() as u32;
    // SAFETY: the block is the kernel's during calls only.
    unsafe { ipc::message_block(UserMutPtr::new(address)) }?;
    IS_KNOWN.store(true, Relaxed);
    Ok(())
}

/// Puts a message into registers and block.
#[inline]
pub fn load(registers: &mut Registers, tag: Tag, words: &Words) {
    let [w0, w1, w2, w3, rest @ ..] = words;
    (registers.edx, registers.esi, registers.edi, registers.ebp) = (*w0, *w1, *w2, *w3);
    registers.ecx = tag.raw();
    if tag.words() > 4 {
        with_block(|block| block.words = *rest);
    }
}

/// The message that came out.
#[inline]
pub fn unload(registers: &Registers) -> (Tag, Words) {
    let tag = Tag::from_raw(registers.ecx);
    let mut words = [0; MAX_WORDS as usize];
    let [w0, w1, w2, w3, rest @ ..] = &mut words;
    (*w0, *w1, *w2, *w3) = (registers.edx, registers.esi, registers.edi, registers.ebp);
    if tag.words() > 4 {
        *rest = with_block(|block| block.words);
    }
    (tag, words)
}

/// Makes call `registers.eax`.
///
/// EFAULT cannot come of the block, which is this program's own.
#[inline]
pub fn exchange(registers: &mut Registers) -> Result<u32> {
    introduce()?;
    // SAFETY: the kernel changes registers, which all are saved or stated, and the block. All but
    // EBP and ESI may be operands. On the way back every register has a value to keep, so EBP goes
    // to the stack while it holds the address of the others' places.
    unsafe {
        asm!(
            "push ebp",
            "push esi",
            "push eax",
            "sub esp, 4",
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
            "pop eax",
            "mov [ebp + 24], eax",
            "add esp, 4",
            "pop esi",
            "pop ebp",
            inout("eax") core::ptr::from_mut(registers) => _,
            out("ebx") _,
            out("ecx") _,
            out("edx") _,
            out("edi") _,
        );
    }
    abi::errno::decode(registers.eax)
}

/// For messages that cannot be sent.
pub fn length(bytes: &[u8]) -> Result<u32> {
    u32::try_from(bytes.len()).map_err(|_| Errno::E2BIG)
}
