//! A child that is traced from its beginning.

use crate::child;
use crate::harness::only_on_folio;
use sys::Errno;
use sys::abi::trace::*;
use sys::file::File;
use sys::trace::Tracer;

pub const LINUX: u32 = 0x80;
pub const FOLIO: u32 = 0x81;
pub const GETPID: u32 = 20;
pub const KILL: u32 = 37;
pub const CLOSE: u32 = 6;
pub const WRITE: u32 = 4;
pub const FORK: u32 = 2;
pub const EXECVE: u32 = 11;
pub const EXIT_GROUP: u32 = 252;

pub fn folios_own() {
    only_on_folio("abi::trace");
}

/// A child that is traced and begins with `body` only then.
pub fn traced(options: u32, faults: u32, body: impl FnOnce() -> i32) -> (Tracer, i32) {
    folios_own();
    let tracer = Tracer::new(faults).expect("trace_create");
    let gate = Gate::new();
    let pid = child::start(|| {
        gate.pass();
        body()
    });
    tracer.attach(pid, options).expect("trace_attach");
    gate.open();
    (tracer, pid)
}

/// Where a child waits until it is to begin.
pub struct Gate(pub File, File);

impl Gate {
    pub fn new() -> Self {
        let (read, write) = sys::file::pipe().expect("pipe2");
        Self(read, write)
    }

    pub fn pass(&self) {
        assert_eq!(self.0.read(&mut [0]), Ok(1));
    }

    /// For one child.
    pub fn open(&self) {
        self.1.write_all(b"x").expect("write");
    }
}

/// Takes all events to the end; each is shown to `look` before its thread goes on.
pub fn watch(tracer: &Tracer, mut look: impl FnMut(&Event, What)) {
    loop {
        match tracer.next() {
            Ok(event) => {
                look(&event, event.what().expect("a known kind"));
                if event.waits() {
                    assert_eq!(tracer.resume(event.tid), Ok(()));
                }
            }
            Err(Errno::ECHILD) => return,
            Err(errno) => panic!("trace_next: {errno:?}"),
        }
    }
}

/// Whether an event is the beginning of this call.
pub fn enters(what: &What, number: u32) -> bool {
    matches!(what, What::CallEntered(call) if call.table == LINUX && call.number == number)
}

/// Takes events until the thread stands at the beginning of a call.
pub fn run_to(tracer: &Tracer, number: u32) -> Event {
    loop {
        let event = tracer.next().expect("trace_next");
        if event.what().is_some_and(|what| enters(&what, number)) {
            return event;
        }
        if event.waits() {
            tracer.resume(event.tid).expect("trace_resume");
        }
    }
}

/// A child that waits at a gate.
pub fn waiting() -> (i32, Gate) {
    let gate = Gate::new();
    let pid = child::start(|| {
        gate.pass();
        0
    });
    (pid, gate)
}
