//! How a process finds its first port: that of the supervisor, who knows all others.

use super::handle::Holder;
use super::port::Port;
use crate::result::{Errno, Result};
use crate::sync::{Rank, SpinLock};
use abi::ipc::Rights;
use alloc::sync::Arc;

static SUPERVISOR: SpinLock<Option<Arc<Port>>> = SpinLock::new(Rank::Handles, None);

/// Names the supervisor's port.
pub fn set(port: Arc<Port>) {
    let old = SUPERVISOR.lock().replace(port);
    drop(old);
}

/// A handle for calling it, whose badge is the holder's process id. ENOENT if there is none.
pub fn connect(holder: &Holder, pid: u32) -> Result<u32> {
    let port = SUPERVISOR.lock().clone().ok_or(Errno::ENOENT)?;
    holder.give_port(port, Rights::CALL, pid)
}
