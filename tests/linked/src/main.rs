//! What the suite starts to see shared objects at work: `linked WHAT` does one thing and says how it
//! went.

#![no_std]
#![no_main]

extern crate alloc;

mod gate;
mod messages;
mod pick;
mod thread;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use sys::abi::process::{RLIMIT_AS, Rlimit};
use sys::library::{Library, OpenError};
use sys::syscall::{input, linux};
use sys::{env, eprintln, println};

sys::entry!(main);

type Filter = unsafe extern "C" fn(*mut u8, usize);

fn main() -> i32 {
    let done = match env::args().nth(1) {
        Some(b"order") => order(),
        Some(b"reopen") => reopen(),
        Some(b"own") => own(),
        Some(b"late") => late(),
        Some(b"bound") => bound(),
        Some(b"through") => through(),
        Some(b"first") => Ok(()),
        Some(b"last") => closed_at_the_end(),
        Some(b"resolver") => resolver(),
        Some(b"nested") => pick::nested(),
        Some(b"choosing") => pick::choosing(),
        Some(b"modules") => thread::modules(),
        Some(b"gate") => gate::open_waits(),
        Some(b"fork") => gate::fork_does_not(),
        Some(b"errors") => errors(),
        Some(b"threads") => thread::threads(),
        Some(b"text") => text(),
        Some(b"heap") => heap(),
        Some(b"messages") => {
            let Err(why) = messages::messages();
            panic!("{why}")
        }
        _ => {
            eprintln!("usage: linked WHAT, one of those that main.rs has");
            return 2;
        }
    };
    match done {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("{error}");
            1
        }
    }
}

/// Asks for memory when there is none.
fn heap() -> Result<(), OpenError> {
    let none = Rlimit { cur: 4096, max: 4096 };
    // SAFETY: the call reads the structure only.
    unsafe { linux::setrlimit(RLIMIT_AS, input(&none)) }.expect("setrlimit");
    drop(core::hint::black_box(Vec::<u8>::with_capacity(8 << 20)));
    Ok(())
}

fn open() -> Result<Library, OpenError> {
    // SAFETY: it wants nothing at its start, and says goodbye at its end.
    unsafe { Library::open("librot13.so") }
}

/// Has the library's function turn the letters of a text.
pub fn turn(library: &Library, text: &mut [u8]) -> Result<(), OpenError> {
    // SAFETY: the library has such a function.
    let filter = unsafe { library.get::<Filter>("filter") }?;
    // SAFETY: the text is ours, and that long.
    unsafe { filter(text.as_mut_ptr(), text.len()) };
    Ok(())
}

static LIBRARY_WAS_READY: AtomicBool = AtomicBool::new(false);

extern "C" fn first() {
    LIBRARY_WAS_READY.store(tally::is_ready(), Ordering::Relaxed);
    if env::args().nth(1) == Some(b"first") {
        let mut text = *b"Text";
        turn(&open().expect("a library of the system"), &mut text).expect("its function");
        println!("before main: {}", text.escape_ascii());
    }
}

extern "C" fn last() {
    if env::args().nth(1) == Some(b"order") {
        println!("the program ends");
    }
}

#[used]
#[unsafe(link_section = ".init_array")]
static FIRST: extern "C" fn() = first;

#[used]
#[unsafe(link_section = ".fini_array")]
static LAST: extern "C" fn() = last;

/// First functions run in the order of need, last ones the other way round.
fn order() -> Result<(), OpenError> {
    println!("the library came first: {}", LIBRARY_WAS_READY.load(Ordering::Relaxed));
    core::mem::forget(open()?);
    println!("main ends");
    Ok(())
}

/// A library is there while it is open, once however often it is.
fn reopen() -> Result<(), OpenError> {
    let place = |library: &Library| -> Result<u32, OpenError> {
        // SAFETY: only its address is used.
        let address = unsafe { library.get::<u32>("filter") }?;
        Ok(*address)
    };
    let kept = open()?;
    let first = place(&kept)?;
    for _ in 0..3 {
        let again = open()?;
        println!("the same: {}", place(&again)? == first);
    }
    drop(kept);
    for _ in 0..3 {
        let library = open()?;
        let mut text = *b"Text";
        turn(&library, &mut text)?;
        println!("{}", text.escape_ascii());
    }
    Ok(())
}

/// What the program is linked with stays, whoever opens and closes it besides.
fn own() -> Result<(), OpenError> {
    for name in ["libtally.so", "libsys.so"] {
        // SAFETY: its first functions have run.
        drop(unsafe { Library::open(name) }?);
    }
    println!("this thread: {}", tally::count());
    Ok(())
}

/// A library calls a function that is bound only then, when one that it was opened with is gone.
fn late() -> Result<(), OpenError> {
    // SAFETY: these libraries have no first and last functions.
    let [outer, inner] = ["libouter.so", "libinner.so"].map(|name| unsafe { Library::open(name) });
    let inner = inner?;
    drop(outer?);
    // SAFETY: the library has such a function.
    let late = unsafe { inner.get::<extern "C" fn() -> i32>("late") }?;
    println!("{}", late());
    Ok(())
}

/// Twice: a library that was opened with another one calls a function of that, which was closed.
fn bound() -> Result<(), OpenError> {
    for _ in 0..2 {
        // SAFETY: these libraries have no first and last functions.
        let [definer, inner] =
            ["libdefiner.so", "libinner.so"].map(|name| unsafe { Library::open(name) });
        let inner = inner?;
        // SAFETY: the library has such a function.
        let late = unsafe { inner.get::<extern "C" fn() -> i32>("late") }?;
        if env::args().nth(2) == Some(b"before") {
            println!("{}", late());
        }
        drop(definer?);
        println!("{}", late());
        println!("{}", late());
    }
    Ok(())
}

/// Which of two libraries of a name another one finds.
fn through() -> Result<(), OpenError> {
    // SAFETY: these libraries have no first and last functions.
    let library = unsafe { Library::open(env::args().nth(2).unwrap_or_default()) }?;
    // SAFETY: the library has such a function.
    let through = unsafe { library.get::<extern "C" fn() -> i32>("through") }?;
    println!("{}", through());
    Ok(())
}

static OPEN: AtomicPtr<Library> = AtomicPtr::new(core::ptr::null_mut());

extern "C" fn closes() {
    println!("a last function closes a library");
    // SAFETY: `closed_at_the_end` made it of a box, and this runs once.
    drop(unsafe { Box::from_raw(OPEN.load(Ordering::Relaxed)) });
    println!("and goes on");
}

/// At the program's end a last function closes a library that was there before.
fn closed_at_the_end() -> Result<(), OpenError> {
    OPEN.store(Box::into_raw(Box::new(open()?)), Ordering::Relaxed);
    // SAFETY: its last function calls the one that is set here.
    let closer = unsafe { Library::open("libcloser.so") }?;
    // SAFETY: the library has such a variable.
    let at_end = unsafe { closer.get::<*mut extern "C" fn()>("at_end") }?;
    // SAFETY: nobody else uses it now.
    unsafe { at_end.write(closes) };
    core::mem::forget(closer);
    Ok(())
}

/// What chooses a library's function calls one that is bound only then.
fn resolver() -> Result<(), OpenError> {
    // SAFETY: the library has no first and last functions.
    let library = unsafe { Library::open("libchoice.so") }?;
    for name in ["by_table", "by_call", "by_thread", "picked"] {
        // SAFETY: the library has such functions.
        let function = unsafe { library.get::<extern "C" fn() -> i32>(name) }?;
        println!("{}", function());
    }
    Ok(())
}

/// What cannot be opened is named, and leaves the program as it was.
fn errors() -> Result<(), OpenError> {
    // SAFETY: nothing of it runs.
    println!("{}", unsafe { Library::open("libnone.so") }.unwrap_err());
    // SAFETY: nothing of it runs.
    println!("{}", unsafe { Library::open("/boot/args") }.unwrap_err());
    let library = open()?;
    // SAFETY: it is not used.
    println!("{}", unsafe { library.get::<u32>("filters") }.unwrap_err());
    let mut text = *b"Text";
    turn(&library, &mut text)?;
    println!("{}", text.escape_ascii());
    Ok(())
}

/// Writes to its library's text, which nobody may.
fn text() -> Result<(), OpenError> {
    let place = tally::count as *const () as *mut u8;
    // SAFETY: not sound; the signal that follows is what is asked for.
    unsafe { place.write_volatile(0xc3) };
    Ok(())
}
