//! Libraries that are opened while the program runs, as `dlopen` does it.
//!
//! Only in programs that are linked with `libsys.so`: the dynamic linker does the work. A library
//! is looked for by the rules of a program's own libraries, unless its name has a slash. What it
//! needs is opened with it. Its symbols are its own: other libraries do not find them.
//!
//! One thread at a time opens and closes libraries, and runs what they want run first and last; such
//! a function may open and close others, and must not wait for another thread that does.
//!
//! ```no_run
//! # fn main() -> Result<(), sys::library::OpenError> {
//! // SAFETY: the library wants nothing done at its start, and has such a function.
//! let (library, double) = unsafe {
//!     let library = sys::library::Library::open("libdouble.so")?;
//!     let double = *library.get::<extern "C" fn(i32) -> i32>("double")?;
//!     (library, double)
//! };
//! assert_eq!(double(21), 42);
//! # Ok(()) }
//! ```

use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use core::ops::Deref;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

/// The linker of this process, or null in a program without one.
static LINKER: AtomicPtr<Linker> = AtomicPtr::new(ptr::null_mut());

/// The functions of the dynamic linker. Programs use [`Library`].
#[doc(hidden)]
#[repr(C)]
#[derive(Debug)]
pub struct Linker {
    pub open: unsafe extern "C" fn(*const u8, u32, &mut Message) -> u32,
    pub symbol: unsafe extern "C" fn(u32, *const u8, u32, &mut Message) -> u32,
    pub close: unsafe extern "C" fn(u32),
    pub finish: extern "C" fn(),
    pub fork: extern "C" fn() -> u32,
    pub create_thread: extern "C" fn() -> u32,
    pub destroy_thread: unsafe extern "C" fn(u32),
}

impl Linker {
    /// What `open` and `symbol` answer if they cannot, with the reason in the message.
    pub const FAILED: u32 = u32::MAX;
    /// Where behind a thread pointer libsys keeps a word of its own, which is 0 at first.
    pub const MESSAGES: usize = 0x1c;
}

/// Why something could not be opened, from the linker.
#[doc(hidden)]
#[repr(C)]
#[derive(Debug)]
pub struct Message {
    pub text: [u8; 252],
    pub len: u32,
}

/// # Safety
/// Null or the linker's functions.
pub(super) unsafe fn remember(linker: *const Linker) {
    LINKER.store(linker.cast_mut(), Ordering::Relaxed);
}

fn linker() -> Option<&'static Linker> {
    // SAFETY: `remember` was told so.
    unsafe { LINKER.load(Ordering::Relaxed).as_ref() }
}

/// Runs what libraries want run at the program's end. The end of `main` does it.
pub(super) fn finish() {
    if let Some(linker) = linker() {
        (linker.finish)();
    }
}

/// Copies the process. (`fork`)
pub(super) fn fork() -> crate::Result<u32> {
    match linker() {
        Some(linker) => abi::errno::decode((linker.fork)()),
        // SAFETY: the call names no memory; only the running thread goes on twice.
        None => unsafe { crate::syscall::linux::fork() },
    }
}

/// Whether GS is a linker's.
pub(super) fn has_linker() -> bool {
    linker().is_some()
}

/// The thread pointer of one thread more. `None`: there is no linker, and no thread-local variable.
pub(super) fn create_thread() -> Option<u32> {
    Some((linker()?.create_thread)())
}

/// # Safety
/// The pointer is from `create_thread`, and nobody uses it any more.
pub(super) unsafe fn destroy_thread(pointer: u32) {
    if let Some(linker) = linker() {
        // SAFETY: the caller's promise.
        unsafe { (linker.destroy_thread)(pointer) };
    }
}

/// Why a library could not be opened, or has no such symbol: a message that names it.
#[derive(Clone, PartialEq, Eq)]
pub struct OpenError(Vec<u8>);

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.escape_ascii().fmt(f)
    }
}

impl fmt::Debug for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An open library. With the last of them that means the same library, its last functions run and
/// it is unmapped, and so is what only it needed.
#[derive(Debug)]
pub struct Library {
    number: u32,
}

impl Library {
    /// Opens the library of this name, or finds it open; its first functions run.
    ///
    /// # Safety
    /// The library's first and last functions must be sound to call here.
    pub unsafe fn open(name: impl AsRef<[u8]>) -> Result<Self, OpenError> {
        let linker = linker().ok_or_else(no_linker)?;
        let name = name.as_ref();
        // SAFETY: the name is that long; the caller's promise.
        let number =
            ask(|message| unsafe { (linker.open)(name.as_ptr(), name.len() as u32, message) })?;
        Ok(Self { number })
    }

    /// What the library, or one that it needs, defines by this name: a function or a variable.
    ///
    /// # Safety
    /// `T` must be a pointer to what it is. (A reference of any lifetime is one.)
    pub unsafe fn get<T: Copy>(&self, name: impl AsRef<[u8]>) -> Result<Symbol<'_, T>, OpenError> {
        const { assert!(size_of::<T>() == size_of::<u32>(), "a pointer") };
        let linker = linker().ok_or_else(no_linker)?;
        let name = name.as_ref();
        // SAFETY: the library is open, and the name is that long.
        let address = ask(|message| unsafe {
            (linker.symbol)(self.number, name.as_ptr(), name.len() as u32, message)
        })?;
        // SAFETY: as big, and the caller says that it is such a pointer.
        let value = unsafe { core::mem::transmute_copy(&address) };
        Ok(Symbol { value, library: PhantomData })
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        if let Some(linker) = linker() {
            // SAFETY: it is open; every symbol's borrow of it has ended.
            unsafe { (linker.close)(self.number) };
        }
    }
}

/// A pointer into a library, which stays open as long.
#[derive(Clone, Copy, Debug)]
pub struct Symbol<'library, T> {
    value: T,
    library: PhantomData<&'library Library>,
}

impl<T> Deref for Symbol<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

fn ask(call: impl FnOnce(&mut Message) -> u32) -> Result<u32, OpenError> {
    let mut message = Message { text: [0; 252], len: 0 };
    match call(&mut message) {
        Linker::FAILED => {
            Err(OpenError(message.text.get(..message.len as usize).unwrap_or_default().to_vec()))
        }
        answer => Ok(answer),
    }
}

fn no_linker() -> OpenError {
    OpenError(b"this program is linked without shared objects".to_vec())
}
