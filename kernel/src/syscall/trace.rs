//! Calls about tracing. What they mean is said in `abi::syscall::trace`.

use crate::mm::user;
use crate::process::current;
use crate::process::trace::{self, Tracer, TracerHandle};
use crate::result::Result;
use abi::UserMutPtr;
use abi::ipc::Rights;
use abi::trace::Event;
use alloc::sync::Arc;

/// The handle's object, which the caller keeps during the call.
fn tracer(handle: u32) -> Result<Arc<TracerHandle>> {
    current().process().ipc.object(handle, Rights::CONTROL)
}

pub fn trace_create(faults: u32) -> Result<u32> {
    let handle = TracerHandle::new(faults)?;
    current().process().ipc.give(handle)
}

pub fn trace_attach(handle: u32, tid: i32, options: u32) -> Result<u32> {
    trace::attach(&tracer(handle)?.tracer, tid, options).map(|()| 0)
}

pub fn trace_next(handle: u32, event: UserMutPtr<Event>) -> Result<u32> {
    let next = Tracer::next_event(&tracer(handle)?.tracer)?;
    user::write(event, &next).map(|()| 0)
}

pub fn trace_resume(handle: u32, tid: i32) -> Result<u32> {
    tracer(handle)?.tracer.resume(tid).map(|()| 0)
}
