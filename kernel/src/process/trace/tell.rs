//! What the running thread tells, if it is traced.

use super::tracee::Tracee;
use crate::process::{CurrentThread, current};
use crate::task::work;
use abi::signal::Siginfo;
use abi::trace::{Call, TRACE_CALLS, What};
use alloc::sync::Arc;
use kcore::signal::Info;

impl CurrentThread {
    pub(super) fn tracee(&self) -> Option<Arc<Tracee>> {
        self.process().lock_signals().with(self).1.tracee.clone()
    }
}

fn tell(what: &What) {
    if let Some(tracee) = current().tracee() {
        tracee.tell(what);
    }
}

/// Before a call. `false` if it does not take place, because the thread has to end.
pub fn call_entered(call: &Call) -> bool {
    tell_call(&What::CallEntered(*call));
    current().task.work() & work::KILL == 0
}

/// After a call.
pub fn call_left(call: &Call) {
    tell_call(&What::CallLeft(*call));
}

fn tell_call(what: &What) {
    if let Some(tracee) = current().tracee()
        && tracee.options & TRACE_CALLS != 0
    {
        tracee.tell(what);
    }
}

/// A signal takes effect, or is ignored.
#[cold]
pub fn signal(info: &Info) {
    let mut all =
        Siginfo { signo: info.signal, errno: info.errno, code: info.code, fields: [0; 29] };
    let mut fields = all.fields;
    for (to, from) in fields.iter_mut().zip(info.fields) {
        *to = from;
    }
    all.fields = fields;
    tell(&What::Signal(all));
}

/// A signal of the running instruction's that ends the process without being delivered.
#[cold]
pub fn force_signal(thread: &CurrentThread, info: &Info) {
    if thread.task.is_traced() {
        signal(info);
    }
}

/// The process is about to stop.
#[cold]
pub fn stopped(signal: i32) {
    tell(&What::Stopped { signal });
}

/// The first step of a thread that is traced because its maker is.
#[cold]
pub fn started() {
    if let Some(tracee) = current().tracee()
        && let Some(by) = tracee.maker
    {
        tracee.tell(&What::Started { by });
    }
}

/// The thread executes another program.
#[cold]
pub fn executed() {
    if let Some(tracee) = current().tracee() {
        tracee.tell(&What::Executed { former: tracee.tid() });
    }
}

/// The thread has ended; its process knows it no more.
#[cold]
pub fn ended(thread: &CurrentThread, status: i32) {
    let tracee = thread.process().lock_signals().with(thread).1.tracee.take();
    thread.task.end_tracing();
    if let Some(tracee) = tracee {
        tracee.tell_end(status);
    }
}
