//! What a privileged process would do to who tests, and to the devices they talk through, is not done.

use crate::place::{TEXT, TEXT_PAGE};
use crate::step::{Made, Value};

/// An I/O port that a machine of today does nothing about.
const UNUSED_PORT: u32 = 0x80;
/// A directory of its own, by [`TEXTS`](crate::place::TEXTS).
const OWN_DIRECTORY: Value = Value::Number(TEXT_PAGE + TEXT);
const EVERYBODY: Value = Value::Number(u32::MAX);
const NOBODY: Value = Value::Number(0x7fff_ffff);

/// Changes what would reach others.
pub fn tame(made: &mut Made, name: &str) {
    let registers = &mut made.registers;
    match name {
        // Who tests is one of them.
        "kill" | "rt_sigqueueinfo" if registers[0] == EVERYBODY => registers[0] = NOBODY,
        // All of one user's processes.
        "setpriority" if registers[0] == Value::Number(2) => registers[0] = Value::Number(0),
        // What is read from a device's port is lost to its driver.
        "io_ports_create" => registers[..2].copy_from_slice(&[UNUSED_PORT, 1].map(Value::Number)),
        // A driver whose interrupts another one has waits for ever.
        "irq_create" => registers[0] = Value::Number(u32::MAX),
        // Others must find what lies there.
        "mount" | "mount_port" => registers[1] = OWN_DIRECTORY,
        "umount" | "umount2" => registers[0] = OWN_DIRECTORY,
        _ => {}
    }
}
