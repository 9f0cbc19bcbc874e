//! Threads with variables of their own, in a library that was there and in one that is opened.

use crate::{open, turn};
use core::arch::asm;
use core::sync::atomic::{AtomicU32, Ordering};
use sys::library::{Library, OpenError};
use sys::syscall::{linux, pointer};
use sys::{println, thread};

static LIBRARY: AtomicU32 = AtomicU32::new(0);
/// What the thread's third count came to.
static COUNTED: AtomicU32 = AtomicU32::new(0);

fn body() {
    tally::count();
    tally::count();
    COUNTED.store(tally::count(), Ordering::Relaxed);
    let library = LIBRARY.load(Ordering::Relaxed) as *const Library;
    // SAFETY: the other thread keeps it open until this one has ended.
    let library = unsafe { &*library };
    turn(library, &mut { *b"seventeen letters" }).expect("as in the other thread");
}

/// Each thread's count begins anew, and the process's goes on.
pub fn threads() -> Result<(), OpenError> {
    let library = open()?;
    LIBRARY.store(pointer(&library), Ordering::Relaxed);
    println!("this thread: {}", tally::count());
    turn(&library, &mut { *b"text" })?;
    for _ in 0..2 {
        thread::spawn(body).expect("clone").join();
        println!("that thread: {}", COUNTED.load(Ordering::Relaxed));
    }
    println!("this thread: {}", tally::count());
    println!("all: {}", tally::TOTAL.load(Ordering::Relaxed));
    Ok(())
}

/// The running thread's table, which begins with its length.
fn table() -> *const u32 {
    let table;
    // SAFETY: every thread has one, at GS:4.
    unsafe { asm!("mov {0}, gs:[4]", out(reg) table, options(nostack, readonly)) };
    table
}

/// A library that comes again and again needs no more room in threads' tables than once. A former
/// table stays as it was, for code that a signal has interrupted when it had found that.
pub fn modules() -> Result<(), OpenError> {
    let former = table();
    // SAFETY: the length and the program's library, which counts.
    let words = || unsafe { [former.read_volatile(), former.add(1).read_volatile()] };
    let before = words();
    for _ in 0..10 {
        turn(&open()?, &mut { *b"text" })?;
    }
    assert!(table() != former && words() == before, "{before:x?} is {:x?}", words());
    // SAFETY: the length.
    println!("{} modules", unsafe { table().read() });
    Ok(())
}

/// Lets others run until something has come true.
pub fn wait_for(condition: impl Fn() -> bool) {
    while !condition() {
        // SAFETY: changes no memory.
        let _ = unsafe { linux::sched_yield() };
    }
}
