//! `version`, `filesystems`, `devices`, `tty/drivers`: what things are called.

use crate::Kernel;
use crate::text::{Text, add};
use sys::Result;

/// A field of `utsname`.
pub fn field(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// Writes the system's line.
pub fn version(kernel: &dyn Kernel, text: &mut Text) -> Result<()> {
    let names = kernel.names()?;
    text.add_bytes(field(&names.sysname));
    text.add_bytes(b" version ");
    text.add_bytes(field(&names.release));
    text.add_bytes(b" ");
    text.add_bytes(field(&names.version));
    text.add_bytes(b"\n");
    Ok(())
}

/// Writes what the kernel was started with.
pub fn command_line(kernel: &dyn Kernel, text: &mut Text) -> Result<()> {
    text.add_bytes(&kernel.command_line()?);
    text.add_bytes(b"\n");
    Ok(())
}

/// Writes the disks and their parts, of which the kernel knows none: then there is no heading either.
pub fn partitions(_: &dyn Kernel, _: &mut Text) -> Result<()> {
    Ok(())
}

/// Writes the places that pages can be swapped to: none.
pub fn swaps(_: &dyn Kernel, text: &mut Text) -> Result<()> {
    text.add_bytes(b"Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
    Ok(())
}

/// Writes the kinds of file systems.
pub fn filesystems(_: &dyn Kernel, text: &mut Text) -> Result<()> {
    text.add_bytes(b"nodev\trootfs\nnodev\ttmpfs\nnodev\tproc\nnodev\tpipefs\nnodev\tsockfs\n");
    Ok(())
}

/// Writes the kinds of devices.
pub fn devices(_: &dyn Kernel, text: &mut Text) -> Result<()> {
    text.add_bytes(b"Character devices:\n  1 mem\n  5 /dev/tty\n  5 /dev/console\n");
    text.add_bytes(b"\nBlock devices:\n");
    Ok(())
}

/// Writes the drivers of terminals.
pub fn tty_drivers(_: &dyn Kernel, text: &mut Text) -> Result<()> {
    for (path, minor, kind) in
        [("/dev/tty", 0, "system:/dev/tty"), ("/dev/console", 1, "system:console")]
    {
        add!(text, "{path:<20} {path:<13} {:3} {minor:7} {kind}\n", 5);
    }
    Ok(())
}
