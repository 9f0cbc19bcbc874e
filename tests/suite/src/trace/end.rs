//! The tracer goes.

use super::traced::*;
use crate::child;
use crate::fault::{map, poke_word};
use core::time::Duration;
use sys::abi::signal::*;
use sys::abi::trace::*;
use sys::process::kill;
use sys::time;
use sys::trace::Tracer;
use sys::wait::Status;

pub fn without_their_tracer_they_go_on() {
    // Once it stands still, and once it has an event that nobody took.
    for takes_event in [true, false] {
        let (tracer, pid) = traced(TRACE_ALL, 4, || {
            let child = child::start(|| {
                poke_word(map(1), 1);
                5
            });
            let Status::Exited(status) = child::wait(child) else { return 99 };
            status
        });
        if takes_event {
            run_to(&tracer, FORK);
        } else {
            time::sleep(Duration::from_millis(30));
        }
        drop(tracer);
        assert_eq!(child::wait(pid), Status::Exited(5));
    }
}

pub fn a_killed_tracer_lets_go() {
    folios_own();
    let (gate, stands) = (Gate::new(), Gate::new());
    let target = child::start(|| {
        gate.pass();
        let _ = call!(getpid());
        6
    });
    let tracer = child::start(|| {
        let tracer = Tracer::new(0).expect("trace_create");
        tracer.attach(target, TRACE_CALLS).expect("trace_attach");
        gate.open();
        run_to(&tracer, GETPID);
        stands.open();
        loop {
            time::sleep(Duration::from_secs(1));
        }
    });
    stands.pass();
    kill(tracer, SIGKILL).expect("kill");
    assert_eq!(child::wait(tracer), Status::Signaled(SIGKILL));
    assert_eq!(child::wait(target), Status::Exited(6));
}
