//! The looking itself.

mod heartbeats;
mod orphans;
mod residents;
mod snapshot;

pub use heartbeats::await_heartbeats;
pub use orphans::end_orphans;
pub use snapshot::Snapshot;

use sys::abi::process::Utsname;
use sys::syscall::{linux, output};

/// Whether the kernel below is Folio's: no other has these calls.
pub fn on_folio() -> bool {
    let mut name = Utsname::default();
    // SAFETY: the call writes the name only.
    let named = unsafe { linux::uname(output(&mut name)) }.is_ok();
    named && name.sysname.starts_with(b"Folio\0") || name.version.starts_with(b"Folio")
}
