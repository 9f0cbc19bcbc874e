//! Processes that a test left behind.

use super::on_folio;
use super::residents::processes;
use sys::abi::process::WNOHANG;
use sys::abi::signal::SIGKILL;
use sys::process;

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
    processes().find(|process| process.parent == own).map(|process| process.pid)
}
