//! Threads.
//!
//! ```no_run
//! # fn main() -> sys::Result<()> {
//! let thread = sys::thread::spawn(|| sys::println!("from another thread"))?;
//! thread.join();
//! # Ok(()) }
//! ```

mod memory;

pub(crate) use memory::messages;
pub use memory::{ThreadMemory, set_pointer};

use crate::Result;
use crate::memory::Mapping;
use crate::syscall::{linux, pointer};
use abi::memory::PROT_NONE;
use abi::process::*;
use abi::{UserMutPtr, UserPtr};
use alloc::boxed::Box;
use core::arch::global_asm;
use core::sync::atomic::{AtomicU32, Ordering::Acquire};

global_asm!(
    ".globl folio_clone",
    ".hidden folio_clone",
    "folio_clone:",
    "push ebx",
    "push esi",
    "push edi",
    "mov ebx, [esp + 16]",
    "mov ecx, [esp + 20]",
    "mov edx, [esp + 24]",
    "mov esi, [esp + 28]",
    "mov edi, [esp + 32]",
    "mov eax, 120",
    "int 0x80",
    "test eax, eax",
    "jz 2f",
    "pop edi",
    "pop esi",
    "pop ebx",
    "ret",
    "2:",
    "xor ebp, ebp",
    "pop eax",
    "call eax",
    "mov ebx, eax",
    "mov eax, 1",
    "int 0x80",
    "ud2",
);

unsafe extern "C" {
    fn folio_clone(flags: u32, stack: u32, parent_tid: u32, tls: u32, child_tid: u32) -> u32;
}

/// Makes a thread or a process that calls the function whose address `stack` points to, with what
/// lies behind that as its arguments, and ends with what it returns; the new one's id. (`clone`)
///
/// # Safety
/// The stack must be the new one's alone, if both share memory, until it has ended, and so must be
/// what `flags` has the kernel write to. Sixteen divides the address of the first argument. One that
/// goes on beside this thread in the same memory calls no server, unless it is given a
/// [`ThreadMemory`].
pub unsafe fn clone(
    flags: u32,
    stack: u32,
    parent_tid: u32,
    tls: u32,
    child_tid: u32,
) -> Result<i32> {
    // SAFETY: the caller's promise.
    let result = unsafe { folio_clone(flags, stack, parent_tid, tls, child_tid) };
    abi::errno::decode(result).map(u32::cast_signed)
}

const FLAGS: u32 = CLONE_VM
    | CLONE_FS
    | CLONE_FILES
    | CLONE_SIGHAND
    | CLONE_THREAD
    | CLONE_SYSVSEM
    | CLONE_SETTLS
    | CLONE_CHILD_CLEARTID;

/// Bytes of a thread's stack. Pages nobody touches cost nothing.
const STACK_LEN: u32 = 256 << 10;

/// Bytes below it, where nobody may write: too deep a recursion is SIGSEGV, and harms nobody.
const GUARD_LEN: u32 = 4096;

/// A thread of this process. Whoever drops it waits for its end.
#[derive(Debug)]
pub struct Thread {
    id: i32,
    /// The kernel writes 0 at its end, and wakes who waits.
    running: Box<AtomicU32>,
    _stack: Mapping,
    _memory: ThreadMemory,
}

const RUNNING: u32 = 1;

type Body = Box<dyn FnOnce() + Send>;

/// Starts a thread that calls the function. (`clone`)
///
/// EAGAIN: too many threads. ENOMEM: no memory for its stack.
pub fn spawn(body: impl FnOnce() + Send + 'static) -> Result<Thread> {
    let running = Box::new(AtomicU32::new(RUNNING));
    let stack = Mapping::anonymous(GUARD_LEN + STACK_LEN)?;
    // SAFETY: nobody has a reference into what has just been mapped.
    unsafe { linux::mprotect(stack.address(), GUARD_LEN, PROT_NONE) }?;
    let memory = ThreadMemory::new()?;
    let descriptor = memory.descriptor();
    let body: *mut Body = Box::into_raw(Box::new(Box::new(body)));
    let top = stack.address() + stack.length() - 36;
    // SAFETY: the words lie in the stack, which is the thread's own until it has ended, as the rest.
    let started = unsafe {
        (top as *mut [u32; 2]).write([call as *const () as u32, body as u32]);
        clone(FLAGS, top, 0, pointer(&descriptor), pointer(&*running))
    };
    match started {
        Ok(id) => Ok(Thread { id, running, _stack: stack, _memory: memory }),
        Err(error) => {
            // SAFETY: made above, and nobody has it.
            drop(unsafe { Box::from_raw(body) });
            Err(error)
        }
    }
}

extern "C" fn call(body: *mut Body) -> i32 {
    // SAFETY: `spawn` made it for this thread.
    let body = unsafe { Box::from_raw(body) };
    body();
    0
}

impl Thread {
    /// The thread's id.
    pub fn id(&self) -> i32 {
        self.id
    }

    /// Waits until the thread has ended. (`futex`)
    pub fn join(self) {}
}

impl Drop for Thread {
    fn drop(&mut self) {
        while self.running.load(Acquire) == RUNNING {
            let (place, null) = (UserMutPtr::new(pointer(&*self.running)), UserMutPtr::NULL);
            // SAFETY: the word stays until the thread has ended. What the kernel wakes is not private.
            let _ = unsafe { linux::futex(place, FUTEX_WAIT, RUNNING, UserPtr::NULL, null, 0) };
        }
    }
}
