//! Copies and ends of handles.

use crate::Result;
use crate::syscall::ipc;
use abi::ipc::Rights;

pub fn duplicate(handle: u32, rights: Rights) -> Result<u32> {
    // SAFETY: changes no memory.
    unsafe { ipc::handle_duplicate(handle, rights) }
}

pub fn mint(handle: u32, rights: Rights, badge: u32) -> Result<u32> {
    // SAFETY: changes no memory.
    unsafe { ipc::handle_mint(handle, rights, badge) }
}

pub fn revoke(handle: u32) -> Result<()> {
    // SAFETY: changes no memory of this program's.
    unsafe { ipc::handle_revoke(handle) }.map(drop)
}

pub fn close(handle: u32) {
    // SAFETY: changes no memory. A handle that is no more is closed.
    let _ = unsafe { ipc::handle_close(handle) };
}
