//! `personality`: of Linux's flags, only READ_IMPLIES_EXEC changes anything here.

use super::CurrentThread;

/// Every readable mapping is executable.
pub const READ_IMPLIES_EXEC: u32 = 0x040_0000;

/// Replaces the personality; it binds mappings made from now on. Returns the former one.
pub fn set_personality(thread: &CurrentThread, personality: u32) -> u32 {
    thread.mm().layout.write().limits.read_implies_exec = personality & READ_IMPLIES_EXEC != 0;
    thread.process().set_personality(personality)
}
