//! What the linker does for a program that runs: [`sys::library`] calls these.

use super::failure::Failure;
use super::linker::{LINKER, TURN};
use super::symbols::Address;
use super::turn::{self, Taken};
use super::{functions, memory, tls_address};
use sys::abi::errno;
use sys::library::{Linker, Message};
use sys::syscall::linux;

/// For the program to find at its start.
pub static FUNCTIONS: Linker =
    Linker { open, symbol, close, finish, fork, create_thread, destroy_thread };

/// # Safety
/// `name` has `len` bytes; what the library's first functions do is up to the caller.
unsafe extern "C" fn open(name: *const u8, len: u32, message: &mut Message) -> u32 {
    // SAFETY: the caller's promise.
    let name = unsafe { core::slice::from_raw_parts(name, len as usize) };
    let turn = TURN.take();
    let opened = open_in_turn(name);
    end(turn);
    match opened {
        Ok(index) => index as u32,
        Err(failure) => tell(failure, message),
    }
}

fn open_in_turn(name: &[u8]) -> Result<usize, Failure> {
    let (index, base) = {
        let mut linker = LINKER.lock();
        let base = linker.to_begin.len();
        (linker.open(name)?, base)
    };
    if let Err(failure) = functions::settle() {
        LINKER.lock().to_begin.truncate(base);
        close_in_turn(index);
        return Err(failure);
    }
    functions::initialise(base);
    Ok(index)
}

/// # Safety
/// `library` is open, and `name` has `len` bytes.
unsafe extern "C" fn symbol(library: u32, name: *const u8, len: u32, message: &mut Message) -> u32 {
    // SAFETY: the caller's promise.
    let name = unsafe { core::slice::from_raw_parts(name, len as usize) };
    let found = {
        let linker = LINKER.lock();
        let found = linker.symbol(library as usize, name);
        found.and_then(|found| found.ok_or_else(|| Failure::of(name, "nobody defines this symbol")))
    };
    match found {
        Ok(Address::Plain(address)) => address,
        Ok(Address::Resolver(resolver)) => memory::resolve(resolver),
        // SAFETY: a module of an open object, and an offset in it.
        Ok(Address::ThreadLocal(place)) => unsafe { tls_address::tls_get_addr(&place) },
        Err(failure) => tell(failure, message),
    }
}

/// # Safety
/// `library` is open, and with the last use nobody uses it any more.
unsafe extern "C" fn close(library: u32) {
    let turn = TURN.take();
    close_in_turn(library as usize);
    end(turn);
}

fn close_in_turn(index: usize) {
    let base = LINKER.lock().release(index);
    functions::finalise(base);
}

/// Everybody's last functions, in the order that is the reverse of their first ones.
pub extern "C" fn finish() {
    let _turn = TURN.take();
    functions::finish();
}

/// Copies the process; EAX as the system call answers. No other thread is in the middle of anything
/// here, for which the child would wait in vain.
extern "C" fn fork() -> u32 {
    let parent = turn::caller();
    let mut linker = LINKER.lock();
    // SAFETY: the call names no memory; the lock is this thread's in both processes.
    let pid = unsafe { linux::fork() };
    if pid == Ok(0) && !TURN.inherit(parent) {
        linker.abandon();
    }
    errno::encode(pid)
}

extern "C" fn create_thread() -> u32 {
    LINKER.lock().threads.create()
}

/// # Safety
/// `pointer` comes from `create_thread`, and that thread has ended.
unsafe extern "C" fn destroy_thread(pointer: u32) {
    // SAFETY: the caller's promise.
    unsafe { LINKER.lock().threads.destroy(pointer) };
}

/// Unmaps what was closed, if no function of an object is left that may have called for it.
fn end(turn: Taken<'_>) {
    if turn.is_outermost() {
        LINKER.lock().forget_ended();
    }
}

/// Writes the message and answers that there is one.
fn tell(failure: Failure, message: &mut Message) -> u32 {
    // For the heap, which the failure goes back to.
    let _linker = LINKER.lock();
    let len = failure.message().len().min(message.text.len());
    message.text[..len].copy_from_slice(&failure.message()[..len]);
    message.len = len as u32;
    drop(failure);
    Linker::FAILED
}
