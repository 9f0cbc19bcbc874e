//! What the linker does for a program that runs: [`sys::library`] calls these.

use super::failure::Failure;
use super::linker::{self, Address, LINKER};
use super::{functions, thread};
use sys::library::{Linker, Message};

/// For the program to find at its start.
pub static FUNCTIONS: Linker =
    Linker { open, symbol, close, finish, create_thread, destroy_thread };

/// # Safety
/// `name` has `len` bytes; what the library's first functions do is up to the caller.
unsafe extern "C" fn open(name: *const u8, len: u32, message: &mut Message) -> u32 {
    // SAFETY: the caller's promise.
    let name = unsafe { core::slice::from_raw_parts(name, len as usize) };
    let opened = LINKER.lock().open(name);
    match opened {
        Ok((index, order)) => {
            linker::initialise(&order, || LINKER.lock());
            index as u32
        }
        Err(failure) => {
            tell(&failure, message);
            Linker::FAILED
        }
    }
}

/// # Safety
/// `library` is open, and `name` has `len` bytes.
unsafe extern "C" fn symbol(library: u32, name: *const u8, len: u32, message: &mut Message) -> u32 {
    // SAFETY: the caller's promise.
    let name = unsafe { core::slice::from_raw_parts(name, len as usize) };
    let found = LINKER.lock().symbol(library as usize, name);
    match found {
        Ok(Some(Address::Plain(address))) => address,
        Ok(Some(Address::Resolver(resolver))) => {
            // SAFETY: code of the object, which says that it is such a function.
            let resolver: extern "C" fn() -> u32 =
                unsafe { core::mem::transmute(resolver as usize) };
            resolver()
        }
        // SAFETY: a module of an open object, and an offset in it.
        Ok(Some(Address::ThreadLocal(place))) => unsafe { thread::tls_get_addr(&place) },
        Ok(None) => {
            tell(&Failure::of(name, "nobody defines this symbol"), message);
            Linker::FAILED
        }
        Err(failure) => {
            tell(&failure, message);
            Linker::FAILED
        }
    }
}

/// # Safety
/// `library` is open, and with the last use nobody uses it any more.
unsafe extern "C" fn close(library: u32) {
    let ends = LINKER.lock().close(library as usize);
    for index in &ends {
        finalise(*index);
    }
    let mut linker = LINKER.lock();
    for index in ends {
        linker.forget(index);
    }
}

/// Everybody's last functions, in the order that is the reverse of their first ones.
pub extern "C" fn finish() {
    let all = LINKER.lock().initialised();
    for index in all.into_iter().rev() {
        finalise(index);
    }
}

/// Runs an object's last functions, if its first ones have run and this was not done.
fn finalise(index: usize) {
    let mut linker = LINKER.lock();
    let object = &raw const linker.get(index).object;
    if linker.end_initialised(index) {
        drop(linker);
        // SAFETY: its place does not change, and it is mapped until `forget`.
        functions::finalise(unsafe { &*object });
    }
}

extern "C" fn create_thread() -> u32 {
    let mut linker = LINKER.lock();
    if linker.threads.needed() { linker.threads.create() } else { 0 }
}

/// # Safety
/// `pointer` comes from `create_thread`, and that thread has ended.
unsafe extern "C" fn destroy_thread(pointer: u32) {
    if pointer != 0 {
        // SAFETY: the caller's promise.
        unsafe { LINKER.lock().threads.destroy(pointer) };
    }
}

fn tell(failure: &Failure, message: &mut Message) {
    let len = failure.message().len().min(message.text.len());
    message.text[..len].copy_from_slice(&failure.message()[..len]);
    message.len = len as u32;
}
