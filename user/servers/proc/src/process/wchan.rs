//! `wchan`: what a thread waits in.

use super::Subject;
use crate::text::{Text, add};
use sys::Result;
use sys::abi::syscall::names;

const LINUX_CALL: u32 = 0x80;
const FOLIO_CALL: u32 = 0x81;

/// Writes the name of the system call in which the thread sleeps, 0 if it does not; without an end of
/// line. The kernel has no names for its own functions.
pub fn wchan(of: &Subject<'_>, text: &mut Text) -> Result<()> {
    let thread = of.thread()?.filter(|thread| of.may_look && thread.entry != 0);
    match thread.map(|thread| (thread.entry, thread.call)) {
        None => add!(text, "0"),
        Some((LINUX_CALL, number)) => match names::name(number) {
            Some(name) => add!(text, "sys_{name}"),
            None => add!(text, "sys_{number}"),
        },
        Some((FOLIO_CALL, number)) => add!(text, "folio_{number}"),
        Some((vector, _)) => add!(text, "exception_{vector}"),
    }
    Ok(())
}
