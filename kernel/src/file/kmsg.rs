//! `/dev/kmsg`: a line for the kernel's log with each write.

use super::buffers::Source;
use crate::log;
use crate::result::{Errno, Result};
use core::fmt::{self, Display, Formatter, Write};

/// The longest line.
const MAX_LINE: usize = 1024;

/// EINVAL if the line is too long.
pub fn write(from: &mut Source) -> Result<usize> {
    let mut bytes = [0; MAX_LINE];
    let len = from.len();
    let line = bytes.get_mut(..len).ok_or(Errno::EINVAL)?;
    if from.copy_in(line) < len {
        return Err(Errno::EFAULT);
    }
    let line = without_level(line).trim_ascii_end();
    if !line.is_empty() {
        log::write(format_args!("{}\n", Printable(line)));
    }
    Ok(len)
}

/// Without `<N>`, the level and origin that Linux's syslog gives a line: this log has none.
fn without_level(line: &[u8]) -> &[u8] {
    let Some(rest) = line.strip_prefix(b"<") else { return line };
    match rest.iter().position(|byte| !byte.is_ascii_digit()) {
        Some(end @ 1..) => rest.get(end..).and_then(|rest| rest.strip_prefix(b">")),
        _ => None,
    }
    .unwrap_or(line)
}

/// A line in which nothing moves the cursor or starts another one.
struct Printable<'a>(&'a [u8]);

impl Display for Printable<'_> {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        for &byte in self.0 {
            match byte {
                b' '..=b'~' => f.write_char(char::from(byte))?,
                _ => write!(f, "\\x{byte:02x}")?,
            }
        }
        Ok(())
    }
}
