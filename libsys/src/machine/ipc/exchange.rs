//! The calls that messages are made of: all registers go in, all come out, and the rest lies in
//! the running thread's block.
//!
//! A program of one thread has one place for that; as soon as there are more, each finds its own by
//! GS. A signal handler that calls a server while its thread is about to would find the message
//! overwritten. Programs do not call servers from handlers.

use crate::ipc::Message;
use crate::syscall::{MessageRegisters, enter_message, ipc};
use crate::{Errno, Result, thread};
use abi::UserMutPtr;
use abi::ipc::{Block, Tag};
use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, AtomicU8, Ordering::Relaxed};

/// A thread's block.
#[derive(Debug)]
pub struct Messages {
    block: UnsafeCell<Block>,
    /// The kernel knows where it is.
    is_known: AtomicBool,
}

// SAFETY: only the thread that it belongs to looks at the block: see `own`.
unsafe impl Sync for Messages {}

impl Messages {
    pub const fn new() -> Self {
        let block = UnsafeCell::new(<Block as abi::Plain>::ZERO);
        Self { block, is_known: AtomicBool::new(false) }
    }
}

/// The first thread's.
static FIRST: Messages = Messages::new();

/// One thread, and the kernel does not know its block.
const NEW: u8 = 0;
/// One thread, and the kernel knows its block.
const KNOWN: u8 = 1;
/// Threads have been made.
const THREADS: u8 = 2;

static STATE: AtomicU8 = AtomicU8::new(NEW);

/// The first thread's messages, for what GS leads to.
pub fn first_messages() -> *const Messages {
    &raw const FIRST
}

/// Whether GS leads to a thread's messages.
pub fn has_threads() -> bool {
    STATE.load(Relaxed) == THREADS
}

/// GS does, from now on.
pub fn begin_threads() {
    STATE.store(THREADS, Relaxed);
}

#[inline]
fn own() -> *const Messages {
    // SAFETY: there are threads, and `thread::clone` wants each to have its memory.
    if has_threads() { unsafe { thread::messages() } } else { first_messages() }
}

/// The block, for what goes in or has come out. Nobody else uses it meanwhile.
pub fn with_block<R>(work: impl FnOnce(&mut Block) -> R) -> R {
    // SAFETY: it is the running thread's, `work` cannot get here again, and the kernel looks at the
    // block only in calls.
    work(unsafe { &mut *(*own()).block.get() })
}

/// Tells the kernel where the running thread's block is, unless it knows.
#[inline(never)]
fn introduce() -> Result<()> {
    // SAFETY: the thread's messages stay until it has ended.
    let own = unsafe { &*own() };
    if own.is_known.load(Relaxed) {
        return Ok(());
    }
    let address = own.block.get().expose_provenance() as u32;
    // SAFETY: the block is the kernel's during calls only.
    unsafe { ipc::message_block(UserMutPtr::new(address)) }?;
    own.is_known.store(true, Relaxed);
    if !has_threads() {
        STATE.store(KNOWN, Relaxed);
    }
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
    Message::received(label, tag.words(), first, |places| {
        with_block(|block| {
            places.iter_mut().zip(&block.words).for_each(|(place, word)| *place = *word);
        });
    })
}

/// Makes call `registers.eax`.
#[inline]
pub fn exchange(registers: &mut MessageRegisters) -> Result<u32> {
    if STATE.load(Relaxed) != KNOWN {
        introduce()?;
    }
    // SAFETY: the block is known, and nobody has a reference to it.
    abi::errno::decode(unsafe { enter_message(registers) })
}

/// For messages that cannot be sent.
pub fn length(bytes: &[u8]) -> Result<u32> {
    u32::try_from(bytes.len()).map_err(|_| Errno::E2BIG)
}
