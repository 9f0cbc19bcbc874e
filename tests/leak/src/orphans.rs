//! Processes that a test left behind.

use crate::on_folio;
use sys::abi::process::WNOHANG;
use sys::abi::signal::SIGKILL;
use sys::abi::syscall::folio::ProcessStatistics;
use sys::process;
use sys::syscall::{folio, output};

/// Ends every child of this process, which has to adopt orphans to have all that its tests left
/// behind.
pub fn end_orphans() {
    while process::wait(-1, WNOHANG).is_ok_and(|ended| ended.is_some()) {}
    while on_folio()
        && let Some(child) = any_child()
    {
        let _ = process::kill(child, SIGKILL);
        let _ = process::wait(child, 0);
    }
}

/// A child of this process. Only Folio tells.
fn any_child() -> Option<i32> {
    let own = process::id();
    let mut entry = ProcessStatistics::default();
    loop {
        let (after, size) = (entry.pid, size_of::<ProcessStatistics>() as u32);
        // SAFETY: the entry is ours and that long.
        match unsafe { folio::processes(after, output(&mut entry), size) } {
            Ok(written) if written == size && entry.parent == own => return Some(entry.pid),
            Ok(written) if written == size => {}
            _ => return None,
        }
    }
}
