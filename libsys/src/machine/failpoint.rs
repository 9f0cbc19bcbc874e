//! Having the kernel fail on request: contexts of faults, as [`abi::failpoint`] describes them.
//! Folio's own.

use crate::syscall::{failpoint as calls, input, output, pointer};
use crate::{Errno, Result};
use abi::UserPtr;
use abi::failpoint::{FaultPlan, FaultSite, FaultState};
use abi::memory::PAGE_SIZE;

/// What fails for whoever is in it. When it is dropped, nothing does any more.
#[derive(Debug)]
pub struct Context(u32);

impl Context {
    /// A context that nobody is in yet. (`fault_create`)
    ///
    /// ENOSYS: this kernel was built without failpoints. EINVAL: the plan has bits that mean nothing.
    /// EPERM: only root makes machine-wide ones. ENOSPC: there are too many contexts, or of processes
    /// that are not root's.
    pub fn new(plan: &FaultPlan) -> Result<Self> {
        // SAFETY: the call reads the plan only.
        unsafe { calls::fault_create(input(plan)) }.map(Self)
    }

    /// From now on the calling thread is in it, and what it starts: its threads, and its children if
    /// the plan says so. (`fault_enter`)
    ///
    /// EINVAL: the process that made it has ended.
    pub fn enter(&self) -> Result<()> {
        enter(self.0).map(drop)
    }

    /// What has happened in it. (`fault_state`)
    ///
    /// EINVAL: the process that made it has ended.
    pub fn state(&self) -> Result<FaultState> {
        let mut state = FaultState::default();
        // SAFETY: the call writes the state only.
        unsafe { calls::fault_state(self.0, output(&mut state), size_of::<FaultState>() as u32) }?;
        Ok(state)
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: the call touches no memory. It may be gone with the process that made it.
        let _ = unsafe { calls::fault_close(self.0) };
    }
}

/// The calling thread is in no context any more. (`fault_enter`)
///
/// ENOSYS: this kernel was built without failpoints.
pub fn leave() -> Result<()> {
    enter(0).map(drop)
}

/// Does something in which nothing fails on purpose, wherever the calling thread is. (`fault_enter`)
pub fn without_faults<R>(work: impl FnOnce() -> R) -> R {
    // A kernel without failpoints has no contexts to leave.
    let context = enter(0).unwrap_or(0);
    let result = work();
    let _ = enter(context);
    result
}

/// The context that the calling thread was in.
fn enter(context: u32) -> Result<u32> {
    // SAFETY: the call touches no memory.
    unsafe { calls::fault_enter(context) }
}

/// The places with failpoints, in the order of the catalogue in the kernel's image: none in a kernel
/// built without. (`fault_sites`)
pub fn sites() -> impl Iterator<Item = FaultSite> {
    (0..).map_while(|number| {
        let mut site = FaultSite::default();
        const SIZE: u32 = size_of::<FaultSite>() as u32;
        // SAFETY: the call writes the site only.
        let written = unsafe { calls::fault_sites(number, output(&mut site), SIZE) };
        (written == Ok(SIZE)).then_some(site)
    })
}

/// Changes a process's private memory, page by page, whatever rights it has there. Nobody else sees it.
/// (`fault_poke`)
///
/// ENOSYS: this kernel was built without failpoints. EPERM: this process is not root's. EACCES: others
/// share the memory. EFAULT: there is none; pages before that one are changed.
pub fn poke(pid: i32, address: u32, bytes: &[u8]) -> Result<()> {
    let (mut at, mut rest) = (address, bytes);
    while !rest.is_empty() {
        let room = (PAGE_SIZE - at % PAGE_SIZE) as usize;
        let (part, later) = rest.split_at(room.min(rest.len()));
        let (from, size) = (UserPtr::new(pointer(part)), part.len() as u32);
        // SAFETY: the kernel only reads the slice; what becomes of the other process is the caller's
        // wish.
        unsafe { calls::fault_poke(pid, at, from, size) }?;
        (at, rest) = (at.checked_add(size).ok_or(Errno::EFAULT)?, later);
    }
    Ok(())
}
