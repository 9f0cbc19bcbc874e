//! The calls that messages are made of: all registers go in, all come out, and the rest lies in
//! this process's block.
//!
//! The block is one for the whole process: a signal handler that calls a server while the program
//! is about to would find its message overwritten. Programs do not call servers from handlers.

use crate::ipc::Message;
use crate::syscall::{MessageRegisters, enter_message, ipc};
use crate::{Errno, Result};
use abi::UserMutPtr;
use abi::ipc::{Block, Tag};
use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

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

/// Registers for call `number`, with `ebx`.
#[inline]
pub const fn registers(number: u32, ebx: u32) -> MessageRegisters {
    MessageRegisters { eax: number, ebx, ecx: 0, edx: 0, esi: 0, edi: 0, ebp: 0 }
}

/// Puts a message into registers and block.
#[inline]
pub fn load(registers: &mut MessageRegisters, tag: Tag, message: &Message) {
    let [w0, w1, w2, w3, rest @ ..] = message.places();
    (registers.edx, registers.esi, registers.edi, registers.ebp) = (*w0, *w1, *w2, *w3);
    registers.ecx = tag.raw();
    if tag.words() > 4 {
        with_block(|block| block.words = *rest);
    }
}

/// The message that came out.
#[inline]
pub fn unload(registers: &MessageRegisters, tag: Tag, label: u16) -> Message {
    let first = [registers.edx, registers.esi, registers.edi, registers.ebp];
    with_block(|block| Message::received(label, tag.words(), first, &block.words))
}

/// Makes call `registers.eax`.
#[inline]
pub fn exchange(registers: &mut MessageRegisters) -> Result<u32> {
    introduce()?;
    // SAFETY: the block is known, and nobody has a reference to it.
    abi::errno::decode(unsafe { enter_message(registers) })
}

/// For messages that cannot be sent.
pub fn length(bytes: &[u8]) -> Result<u32> {
    u32::try_from(bytes.len()).map_err(|_| Errno::E2BIG)
}
