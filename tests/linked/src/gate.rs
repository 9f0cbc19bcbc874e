//! A library whose first function waits at a gate, as long as nobody opens that.

use crate::thread::wait_for;
use crate::{open, turn};
use core::sync::atomic::{AtomicI32, AtomicPtr, Ordering::SeqCst};
use core::time::Duration;
use sys::library::{Library, OpenError};
use sys::process::{self, Fork};
use sys::thread::spawn;
use sys::{println, time};

/// The variables of `libgate.so`.
struct Gate {
    entered: &'static AtomicI32,
    open: &'static AtomicI32,
    passed: &'static AtomicI32,
}

impl Gate {
    fn find() -> Result<Self, OpenError> {
        // SAFETY: it has no first and last functions.
        let library = unsafe { Library::open("libgate.so") }?;
        // SAFETY: the library has such variables, and stays.
        let of = |name| unsafe { library.get::<&AtomicI32>(name) }.map(|place| *place);
        let gate = Self { entered: of("entered")?, open: of("gate")?, passed: of("passed")? };
        core::mem::forget(library);
        Ok(gate)
    }
}

fn opens_slowly() {
    // SAFETY: its first function only waits.
    core::mem::forget(unsafe { Library::open("libslow.so") }.expect("beside the gate"));
}

static OPEN: AtomicPtr<AtomicI32> = AtomicPtr::new(core::ptr::null_mut());

fn opens_the_gate() {
    time::sleep(Duration::from_millis(20));
    // SAFETY: the gate's variable, which stays.
    unsafe { &*OPEN.load(SeqCst) }.store(1, SeqCst);
}

/// Who opens what another thread is opening waits until it is initialised.
pub fn open_waits() -> Result<(), OpenError> {
    let gate = Gate::find()?;
    OPEN.store(core::ptr::from_ref(gate.open).cast_mut(), SeqCst);
    let slow = spawn(opens_slowly).expect("clone");
    wait_for(|| gate.entered.load(SeqCst) == 1);
    let opener = spawn(opens_the_gate).expect("clone");
    // SAFETY: as above.
    let library = unsafe { Library::open("libslow.so") }?;
    println!("initialised: {}", gate.passed.load(SeqCst) == 1);
    slow.join();
    opener.join();
    drop(library);
    Ok(())
}

/// The child of a process one thread of which opens a library does not wait for that.
pub fn fork_does_not() -> Result<(), OpenError> {
    let gate = Gate::find()?;
    let slow = spawn(opens_slowly).expect("clone");
    wait_for(|| gate.entered.load(SeqCst) == 1);
    match process::fork().expect("fork") {
        Fork::Child => {
            let mut text = *b"Text";
            turn(&open()?, &mut text)?;
            println!("the child: {}", text.escape_ascii());
            process::exit(0)
        }
        Fork::Parent(child) => {
            println!("{:?}", process::wait(child, 0).expect("wait4").expect("a child").1);
        }
    }
    gate.open.store(1, SeqCst);
    slow.join();
    println!("the parent: {}", gate.passed.load(SeqCst));
    Ok(())
}
