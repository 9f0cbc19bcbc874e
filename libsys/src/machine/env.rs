//! What the program was started with: arguments, environment, auxiliary vector.
//!
//! All of it stays where the kernel put it, on the stack, as long as the program runs.

use core::ffi::CStr;
use core::sync::atomic::{AtomicPtr, Ordering};

/// Address of the argument count. Set once, before `main`.
static STACK: AtomicPtr<u32> = AtomicPtr::new(core::ptr::null_mut());

/// Says where the kernel has put all of it.
///
/// # Safety
/// `stack` points to the argument count, and nobody writes there.
#[doc(hidden)]
pub unsafe fn remember(stack: *const u32) {
    STACK.store(stack.cast_mut(), Ordering::Relaxed);
}

/// An iterator over strings that a null pointer ends.
#[derive(Clone)]
pub struct Strings {
    next: *const u32,
}

impl Iterator for Strings {
    type Item = &'static [u8];

    fn next(&mut self) -> Option<Self::Item> {
        // SAFETY: the vector ends with a null pointer, behind which `next` never goes.
        let address = unsafe { self.next.read() };
        if address == 0 {
            return None;
        }
        // SAFETY: see above; this was not the null pointer.
        self.next = unsafe { self.next.add(1) };
        // SAFETY: the kernel put a string with a zero byte there, and nobody writes to it.
        let string = unsafe { CStr::from_ptr(address as *const _) };
        Some(string.to_bytes())
    }
}

fn strings_at(index: usize) -> Strings {
    let stack = STACK.load(Ordering::Relaxed);
    // SAFETY: count, arguments, null, environment, null lie there in this order.
    Strings { next: unsafe { stack.add(index) } }
}

/// How many arguments there are, the program's name included.
pub fn arg_count() -> usize {
    // SAFETY: the kernel put the count there.
    unsafe { STACK.load(Ordering::Relaxed).read() as usize }
}

/// The arguments, the program's name first.
pub fn args() -> Strings {
    strings_at(1)
}

/// Address of the vector of arguments, for `execve` of the same ones.
pub fn argv() -> u32 {
    strings_at(1).next.addr() as u32
}

/// The name the program was started by, or `?` without one.
pub fn program() -> &'static str {
    args().next().and_then(|name| core::str::from_utf8(name).ok()).unwrap_or("?")
}

/// The environment as `NAME=VALUE`.
pub fn vars() -> Strings {
    strings_at(arg_count() + 2)
}

/// Address of the environment's vector, to hand on to `execve`.
pub fn envp() -> u32 {
    vars().next.addr() as u32
}

/// The value of a variable.
pub fn var(name: &[u8]) -> Option<&'static [u8]> {
    vars().find_map(|entry| entry.strip_prefix(name)?.strip_prefix(b"="))
}

/// An iterator over pairs of id and value.
#[derive(Clone)]
pub struct AuxiliaryVector {
    next: *const u32,
}

impl Iterator for AuxiliaryVector {
    type Item = (u32, u32);

    fn next(&mut self) -> Option<Self::Item> {
        // SAFETY: the vector ends with the id AT_NULL, behind which `next` never goes.
        let (id, value) = unsafe { (self.next.read(), self.next.add(1).read()) };
        if id == abi::auxv::AT_NULL {
            return None;
        }
        // SAFETY: see above; this was not the last pair.
        self.next = unsafe { self.next.add(2) };
        Some((id, value))
    }
}

/// The auxiliary vector, `AT_NULL` excluded.
pub fn auxiliary_vector() -> AuxiliaryVector {
    let mut vars = vars();
    vars.by_ref().for_each(drop);
    // SAFETY: `next` points to the null pointer that ends the environment; the vector follows it.
    AuxiliaryVector { next: unsafe { vars.next.add(1) } }
}

/// The value of one entry of the auxiliary vector, `AT_*`.
pub fn auxiliary_value(id: u32) -> Option<u32> {
    auxiliary_vector().find_map(|(found, value)| (found == id).then_some(value))
}
