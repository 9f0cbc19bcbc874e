//! A library with functions that are picked when it is loaded, by one that calls back.

use crate::thread::wait_for;
use core::sync::atomic::{AtomicBool, Ordering::SeqCst};
use sys::library::{Library, OpenError};
use sys::println;
use sys::process::{self, Fork};
use sys::thread::spawn;

type Number = extern "C" fn() -> i32;

/// Says what is to be called when a function of `libpick.so` is picked.
fn call_at_pick(function: extern "C" fn()) -> Result<(), OpenError> {
    // SAFETY: it has no first and last functions.
    let library = unsafe { Library::open("libgate.so") }?;
    // SAFETY: the library has such a variable.
    let at_pick = unsafe { library.get::<*mut extern "C" fn()>("at_pick") }?;
    // SAFETY: nobody else uses it now.
    unsafe { at_pick.write(function) };
    core::mem::forget(library);
    Ok(())
}

/// What a function of a library answers; the library stays open.
fn answer(library: &str, function: &str) -> Result<i32, OpenError> {
    // SAFETY: these libraries have no first and last functions.
    let library = unsafe { Library::open(library) }?;
    // SAFETY: the library has such a function.
    let number = unsafe { library.get::<Number>(function) }?();
    core::mem::forget(library);
    Ok(number)
}

static OPENED: AtomicBool = AtomicBool::new(false);

extern "C" fn opens_another() {
    let number = answer("libinner.so", "late").expect("beside the other");
    if !OPENED.swap(true, SeqCst) {
        println!("inner: {number}");
    }
}

/// What picks a function opens another library, when nothing of its own is protected yet.
pub fn nested() -> Result<(), OpenError> {
    call_at_pick(opens_another)?;
    println!("picked: {}", answer("libpick.so", "by_table")?);
    Ok(())
}

static PICKING: AtomicBool = AtomicBool::new(false);
static MAY_PICK: AtomicBool = AtomicBool::new(false);

extern "C" fn waits() {
    PICKING.store(true, SeqCst);
    wait_for(|| MAY_PICK.load(SeqCst));
}

fn opens_slowly() {
    answer("libpick.so", "by_table").expect("a library that can be opened");
}

/// The child of a process one thread of which is picking a function picks it itself.
pub fn choosing() -> Result<(), OpenError> {
    call_at_pick(waits)?;
    let slow = spawn(opens_slowly).expect("clone");
    wait_for(|| PICKING.load(SeqCst));
    let fork = process::fork().expect("fork");
    MAY_PICK.store(true, SeqCst);
    match fork {
        Fork::Child => {
            println!("the child: {}", answer("libpick.so", "by_table")?);
            process::exit(0)
        }
        Fork::Parent(child) => {
            println!("{:?}", process::wait(child, 0).expect("wait4").expect("a child").1);
        }
    }
    slow.join();
    println!("the parent: {}", answer("libpick.so", "by_table")?);
    Ok(())
}
