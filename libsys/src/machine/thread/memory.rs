//! What each thread has for itself, and how it finds that.

use crate::library::{self, Linker};
use crate::machine::ipc::{self, Messages};
use crate::syscall::{linux, output};
use crate::{Errno, Result};
use abi::memory::PAGE_SIZE;
use abi::process::{USER_DESC_LIMIT_IN_PAGES, USER_DESC_SEG_32BIT, USER_DESC_USEABLE, UserDesc};
use alloc::boxed::Box;
use core::arch::asm;
use core::mem::offset_of;
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::{AtomicPtr, Ordering::Relaxed};

/// What GS leads to, as far as this library cares. In a program with shared objects the dynamic
/// linker has made it, and knows what lies between.
#[repr(C)]
#[derive(Debug)]
struct Control {
    /// Its own address.
    own: AtomicPtr<Control>,
    _linkers: [u32; 6],
    messages: AtomicPtr<Messages>,
}

const _: () = assert!(offset_of!(Control, messages) == Linker::MESSAGES);

impl Control {
    const fn new() -> Self {
        Self {
            own: AtomicPtr::new(null_mut()),
            _linkers: [0; 6],
            messages: AtomicPtr::new(null_mut()),
        }
    }
}

/// The first thread's, if no linker has made one.
static FIRST: Control = Control::new();

/// The memory that a thread has for itself: where its messages are, and its thread-local variables.
///
/// [`spawn`](super::spawn) makes it. Who makes a thread by [`clone`](super::clone) makes this first
/// and gives it the descriptor, with `CLONE_SETTLS`; dropped when the thread has ended.
#[derive(Debug)]
pub struct ThreadMemory {
    pointer: u32,
    is_linkers: bool,
    own: NonNull<Own>,
}

#[derive(Debug)]
struct Own {
    control: Control,
    messages: Messages,
}

// SAFETY: nobody looks at what is behind `own` but the thread that it was made for.
unsafe impl Send for ThreadMemory {}
// SAFETY: as above.
unsafe impl Sync for ThreadMemory {}

impl ThreadMemory {
    /// As every thread's begins. From now on GS is this library's, or the dynamic linker's, in the
    /// running thread too: without a linker, what it led to before stays as it was, and is not
    /// found by GS any more. A thread that changes its GS makes no threads and calls no server.
    ///
    /// ESRCH: all the entries for it are taken. (`set_thread_area`)
    pub fn new() -> Result<Self> {
        if !ipc::has_threads() {
            begin()?;
        }
        let own = Own { control: Control::new(), messages: Messages::new() };
        let own = NonNull::from(Box::leak(Box::new(own)));
        // SAFETY: made above.
        let Own { control, messages } = unsafe { own.as_ref() };
        control.own.store(core::ptr::from_ref(control).cast_mut(), Relaxed);
        let linkers = library::create_thread();
        // SAFETY: the linker's have this word.
        let place = linkers.map_or(control, |pointer| unsafe { &*(pointer as *const Control) });
        place.messages.store(core::ptr::from_ref(messages).cast_mut(), Relaxed);
        let pointer = core::ptr::from_ref(place).expose_provenance() as u32;
        Ok(Self { pointer, is_linkers: linkers.is_some(), own })
    }

    /// For `clone` to give the thread its GS, in the entry that the running thread uses.
    pub fn descriptor(&self) -> UserDesc {
        descriptor(selector() >> 3, self.pointer)
    }
}

impl Drop for ThreadMemory {
    fn drop(&mut self) {
        if self.is_linkers {
            // SAFETY: from `create_thread`; the thread has ended.
            unsafe { library::destroy_thread(self.pointer) };
        }
        // SAFETY: `new` has made it by a box; the thread has ended.
        drop(unsafe { Box::from_raw(self.own.as_ptr()) });
    }
}

/// Lets the running thread, which is the first one, find its messages like those to come.
fn begin() -> Result<()> {
    if !library::has_linker() {
        let own = core::ptr::from_ref(&FIRST);
        FIRST.own.store(own.cast_mut(), Relaxed);
        // SAFETY: whoever has made it something else is told that it is this library's now.
        unsafe { set_pointer(own.expose_provenance() as u32) }?;
    }
    let messages = ipc::first_messages();
    // SAFETY: GS leads to a `Control`.
    unsafe {
        asm!(
            "mov gs:[{place}], {messages}",
            place = const Linker::MESSAGES,
            messages = in(reg) messages,
            options(nostack, preserves_flags),
        );
    }
    ipc::begin_threads();
    Ok(())
}

/// Where the running thread's messages are.
///
/// # Safety
/// A [`ThreadMemory`] has been made, and who made this thread gave it one.
#[inline]
pub(crate) unsafe fn messages() -> *const Messages {
    let messages;
    // SAFETY: GS leads to a `Control`.
    unsafe {
        asm!(
            "mov {messages}, gs:[{place}]",
            place = const Linker::MESSAGES,
            messages = out(reg) messages,
            options(nostack, preserves_flags, readonly),
        );
    }
    messages
}

/// Gives the running thread its thread pointer in GS, in an entry that is free.
///
/// # Safety
/// Nobody in this thread needs the GS that was, and whoever uses it from now on finds there what it
/// expects.
#[doc(hidden)]
pub unsafe fn set_pointer(pointer: u32) -> Result<()> {
    let mut descriptor = descriptor(u32::MAX, pointer);
    // SAFETY: the descriptor is ours.
    unsafe { linux::set_thread_area(output(&mut descriptor)) }?;
    let selector = u16::try_from(descriptor.entry_number * 8 + 3).map_err(|_| Errno::EINVAL)?;
    // SAFETY: the caller's promise.
    unsafe { asm!("mov gs, {0:x}", in(reg) selector, options(nostack, preserves_flags)) };
    Ok(())
}

fn descriptor(entry_number: u32, base_addr: u32) -> UserDesc {
    UserDesc {
        entry_number,
        base_addr,
        limit: u32::MAX / PAGE_SIZE,
        flags: USER_DESC_SEG_32BIT | USER_DESC_LIMIT_IN_PAGES | USER_DESC_USEABLE,
    }
}

/// GS.
fn selector() -> u32 {
    let selector: u32;
    // SAFETY: reads a register.
    unsafe { asm!("mov {}, gs", out(reg) selector, options(nomem, nostack, preserves_flags)) };
    selector & 0xffff
}
