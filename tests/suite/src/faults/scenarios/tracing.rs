//! Watching another process.

use crate::faults::{Outcome, child, ended_well, join, wait};
use sys::Errno;
use sys::abi::trace::{TRACE_CALLS, TRACE_CHILDREN};
use sys::trace::Tracer;

pub fn calls_of_a_child_are_watched() -> Outcome {
    let (gate, key) = sys::file::pipe()?;
    let tracer = Tracer::new(4)?;
    let pid = child(|| {
        gate.read(&mut [0])?;
        let _ = call!(getpid());
        join(child(|| Ok(()))?)
    })?;
    tracer.attach(pid, TRACE_CALLS | TRACE_CHILDREN)?;
    key.write_all(b"x")?;
    let mut told = 0;
    loop {
        match tracer.next() {
            Ok(event) => {
                told += 1;
                if event.waits() {
                    // Somebody may have ended it.
                    let _ = tracer.resume(event.tid);
                }
            }
            Err(Errno::ECHILD) => break,
            Err(errno) => return Err(errno.into()),
        }
    }
    join(pid)?;
    assert!(told > 4);
    Ok(())
}

pub fn a_program_is_started_to_be_watched() -> Outcome {
    let tracer = Tracer::new(0)?;
    let pid = tracer.start(b"/bin/sleep", &[b"sleep", b"0"], TRACE_CALLS)?;
    drop(tracer);
    ended_well(wait(pid)?, || "it says nothing here".into())
}
