//! How tracing begins.

use super::tracee::Tracee;
use super::tracer::Tracer;
use crate::process::signal::{SignalGuard, ThreadSignals};
use crate::process::table::{find, lock_family};
use crate::process::{CurrentThread, Thread, current, permission};
use crate::result::{Errno, Result};
use abi::trace::{TRACE_ALL, TRACE_CHILDREN, TRACE_FAULTS};
use alloc::sync::Arc;
use alloc::vec::Vec;

/// Traces a thread, or all threads of its process; if one of them cannot be traced, nobody is.
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
    let choice = Choice { tracer, tid, all: options & TRACE_CHILDREN != 0 };
    let mut tracees = Vec::new();
    loop {
        let mut guard = process.lock_signals();
        let count = choice.count(&mut guard)?;
        if count <= tracees.len() {
            return choice.begin(&mut guard, count, &mut tracees);
        }
        drop(guard);
        reserve(&mut tracees, count, tracer, options)?;
    }
}

/// Makes tracees until there are so many.
fn reserve(
    tracees: &mut Vec<Arc<Tracee>>,
    count: usize,
    tracer: &Arc<Tracer>,
    options: u32,
) -> Result<()> {
    tracees.try_reserve(count - tracees.len()).map_err(|_| Errno::ENOMEM)?;
    while tracees.len() < count {
        let tracee = Tracee::new(tracer.clone(), options, None);
        tracees.push(Arc::try_new(tracee).map_err(|_| Errno::ENOMEM)?);
    }
    Ok(())
}

/// Which threads of a process are to be traced.
struct Choice<'a> {
    tracer: &'a Arc<Tracer>,
    tid: i32,
    /// Not only that one.
    all: bool,
}

impl Choice<'_> {
    fn names(&self, thread: &Thread) -> bool {
        thread.tid().cast_signed() == self.tid
    }

    /// Whether a thread begins to be traced. EPERM: it should, but it is traced already.
    fn takes(&self, thread: &Thread, own: &ThreadSignals) -> Result<bool> {
        let is_named = self.names(thread);
        match &own.tracee {
            _ if !is_named && !self.all => Ok(false),
            None => Ok(true),
            Some(tracee) if !is_named && Arc::ptr_eq(&tracee.tracer, self.tracer) => Ok(false),
            Some(_) => Err(Errno::EPERM),
        }
    }

    /// How many begin to be traced. ESRCH: the one that is named has ended.
    fn count(&self, guard: &mut SignalGuard) -> Result<usize> {
        let (mut is_there, mut count) = (false, Ok(0));
        guard.each_thread(|thread, own| {
            is_there |= self.names(thread);
            count = count.and_then(|count| Ok(count + usize::from(self.takes(thread, own)?)));
        });
        if is_there { count } else { Err(Errno::ESRCH) }
    }

    /// Traces them, for whom there are tracees: all, or nobody if that fails.
    fn begin(
        &self,
        guard: &mut SignalGuard,
        count: usize,
        tracees: &mut Vec<Arc<Tracee>>,
    ) -> Result<()> {
        let mut room = self.tracer.reserve(count)?;
        guard.each_thread(|thread, own| {
            if self.takes(thread, own) == Ok(true)
                && let Some(tracee) = tracees.pop()
            {
                tracee.bind(thread);
                begin(thread, own, &tracee);
                room.add(tracee);
            }
        });
        Ok(())
    }
}

fn new(
    tracer: &Arc<Tracer>,
    thread: &Arc<Thread>,
    options: u32,
    maker: Option<i32>,
) -> Result<Arc<Tracee>> {
    let tracee = Tracee::new(tracer.clone(), options, maker);
    let tracee = Arc::try_new(tracee).map_err(|_| Errno::ENOMEM)?;
    tracee.bind(thread);
    tracer.reserve(1)?.add(tracee.clone());
    Ok(tracee)
}

fn begin(thread: &Thread, own: &mut ThreadSignals, tracee: &Arc<Tracee>) {
    own.tracee = Some(tracee.clone());
    thread.task.begin_tracing(tracee.options & TRACE_FAULTS != 0);
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
    let mut guard = thread.process.lock_signals();
    let own = guard.with(thread).1;
    let is_untraced = own.tracee.is_none();
    if is_untraced {
        begin(thread, own, &tracee);
    }
    drop(guard);
    if !is_untraced {
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
