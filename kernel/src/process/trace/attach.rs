//! How tracing begins.

use super::tracee::Tracee;
use super::tracer::Tracer;
use crate::process::signal::SignalGuard;
use crate::process::table::{find, lock_family};
use crate::process::{CurrentThread, Thread, current, permission};
use crate::result::{Errno, Result};
use abi::trace::{TRACE_ALL, TRACE_CHILDREN, TRACE_FAULTS};
use alloc::sync::Arc;

/// Traces a thread, or all threads of its process.
pub fn attach(tracer: &Arc<Tracer>, tid: i32, options: u32) -> Result<()> {
    if options & !TRACE_ALL != 0 {
        return Err(Errno::EINVAL);
    }
    let process = {
        let family = lock_family();
        find(&family, tid)?.1.clone()
    };
    if core::ptr::eq(&*process, current().process()) {
        return Err(Errno::EPERM);
    }
    permission::may_change(&process)?;
    let thread = process.thread(tid.cast_unsigned()).ok_or(Errno::ESRCH)?;
    trace(tracer, &thread, options)?;
    if options & TRACE_CHILDREN == 0 {
        return Ok(());
    }
    // Whom a traced thread makes meanwhile is traced already.
    while let Some(other) = process.untraced_thread() {
        match trace(tracer, &other, options) {
            // It ended just now, or somebody was faster.
            Ok(()) | Err(Errno::ESRCH | Errno::EPERM) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

fn trace(tracer: &Arc<Tracer>, thread: &Arc<Thread>, options: u32) -> Result<()> {
    let tracee = new(tracer, thread, options, None)?;
    let mut guard = thread.process.lock_signals();
    // Whoever has left the list has told its end, if anybody wanted to know.
    let is_there = guard.threads().any(|other| Arc::ptr_eq(other, thread));
    let begun = match is_there {
        true => begin(&mut guard, thread, &tracee),
        false => Err(Errno::ESRCH),
    };
    drop(guard);
    if begun.is_err() {
        drop(tracer.remove(&tracee));
    }
    begun
}

fn new(
    tracer: &Arc<Tracer>,
    thread: &Arc<Thread>,
    options: u32,
    maker: Option<i32>,
) -> Result<Arc<Tracee>> {
    let tracee = Tracee::new(tracer.clone(), thread, options, maker);
    let tracee = Arc::try_new(tracee).map_err(|_| Errno::ENOMEM)?;
    tracer.add(tracee.clone())?;
    Ok(tracee)
}

fn begin(guard: &mut SignalGuard, thread: &Thread, tracee: &Arc<Tracee>) -> Result<()> {
    let place = &mut guard.with(thread).1.tracee;
    if place.is_some() {
        return Err(Errno::EPERM);
    }
    *place = Some(tracee.clone());
    thread.task.begin_tracing(tracee.options & TRACE_FAULTS != 0);
    Ok(())
}

/// The tracing of a thread that is being made by one whose children are traced too.
pub struct Follow(Option<Arc<Tracee>>);

impl Follow {
    /// The new thread has not started, and nobody knows it.
    #[inline]
    pub fn new(parent: &CurrentThread, thread: &Arc<Thread>) -> Result<Self> {
        if !parent.task.is_traced() {
            return Ok(Self(None));
        }
        Self::of_traced(parent, thread)
    }

    #[cold]
    fn of_traced(parent: &CurrentThread, thread: &Arc<Thread>) -> Result<Self> {
        let Some(by) = parent.tracee() else { return Ok(Self(None)) };
        if by.options & TRACE_CHILDREN == 0 {
            return Ok(Self(None));
        }
        let maker = parent.task.tid().cast_signed();
        match new(&by.tracer, thread, by.options, Some(maker)) {
            Ok(tracee) => Ok(Self(Some(tracee))),
            Err(Errno::ESRCH) => Ok(Self(None)),
            Err(errno) => Err(errno),
        }
    }

    /// The thread starts next.
    #[inline]
    pub fn begin(mut self, thread: &Arc<Thread>) {
        if let Some(tracee) = self.0.take() {
            follow(thread, tracee);
        }
    }
}

#[cold]
fn follow(thread: &Arc<Thread>, tracee: Arc<Tracee>) {
    if begin(&mut thread.process.lock_signals(), thread, &tracee).is_err() {
        drop(tracee.tracer.remove(&tracee));
    } else if tracee.tracer.is_closed() {
        // Meanwhile; whoever closed it may not have found the thread traced.
        tracee.let_go();
    }
}

impl Drop for Follow {
    fn drop(&mut self) {
        if let Some(tracee) = self.0.take() {
            drop(tracee.tracer.remove(&tracee));
        }
    }
}
