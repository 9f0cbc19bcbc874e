//! What a call returned.

use abi::errno::{Errno, decode};
use alloc::string::String;
use core::fmt::Write;

/// Numbers the kernel returns to itself, and what becomes of the call. Handlers decide which.
const RESTARTS: [(u16, &str); 4] = [
    (512, "ERESTARTSYS (To be restarted if SA_RESTART is set)"),
    (513, "ERESTARTNOINTR (To be restarted)"),
    (514, "ERESTARTNOHAND (To be restarted if no handler)"),
    (516, "ERESTART_RESTARTBLOCK (Interrupted by signal)"),
];

/// The value, unless it is an error.
pub fn value(eax: u32) -> Option<u32> {
    decode(eax).ok()
}

/// Whether the call failed, a restart not counted.
pub fn is_error(eax: u32) -> bool {
    decode(eax).is_err_and(|errno| restart(errno).is_none())
}

/// Whether a signal came, and the call may go on.
pub fn is_restart(eax: u32) -> bool {
    decode(eax).is_err_and(|errno| restart(errno).is_some())
}

fn restart(errno: Errno) -> Option<&'static str> {
    RESTARTS.iter().find(|(number, _)| *number == errno.number()).map(|(_, text)| *text)
}

/// What stands behind the equals sign.
pub fn show(call: &str, eax: u32, to: &mut String) {
    let _ = match decode(eax) {
        Err(errno) => match restart(errno) {
            Some(text) => write!(to, "? {text}"),
            None => write!(to, "-1 {errno:?} ({errno})"),
        },
        Ok(value) => match call {
            "mmap" | "mmap2" | "mremap" | "brk" | "frames_map" => write!(to, "{value:#x}"),
            "umask" => write!(to, "0{value:03o}"),
            "fcntl64" | "fcntl" if value > 255 => write!(to, "{value:#x}"),
            _ => write!(to, "{}", value.cast_signed()),
        },
    };
}
