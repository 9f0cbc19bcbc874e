//! `interrupts`: how often each line has interrupted.

use crate::Kernel;
use crate::text::{Text, add};
use sys::Result;

/// What has a fixed line; drivers are named by nobody.
const NAMES: [(usize, &str); 3] = [(0, "timer"), (2, "cascade"), (4, "ttyS0")];

/// Writes a line for each that ever did.
pub fn interrupts(kernel: &dyn Kernel, text: &mut Text) -> Result<()> {
    let machine = kernel.machine()?;
    text.add_bytes(b"           CPU0       \n");
    for (line, count) in machine.interrupts.into_iter().enumerate().filter(|it| it.1 != 0) {
        let name = NAMES.iter().find(|row| row.0 == line).map_or("", |row| row.1);
        add!(text, "{line:3}: {count:10}    XT-PIC      {name}\n");
    }
    Ok(())
}
