//! `fail-nth` and `make-it-fail`: what fails on purpose for a thread, in kernels with failpoints.

use super::Subject;
use crate::text::{Text, add};
use sys::abi::failpoint::{FAULT_THREAD_MARK, FAULT_THREAD_NTH};
use sys::node::Asker;
use sys::{Errno, Result};

/// How many opportunities are left until one fails; 0 if it has.
pub fn fail_nth(of: &Subject<'_>, text: &mut Text) -> Result<()> {
    add!(text, "{}\n", { of.faults()?.nth });
    Ok(())
}

/// Sets that. ERANGE: no 32 bits hold it.
pub fn set_fail_nth(of: &Subject<'_>, text: &[u8], _: &Asker) -> Result<()> {
    let nth = number(text.strip_suffix(b"\n").unwrap_or(text))?;
    of.set_faults(FAULT_THREAD_NTH, u32::try_from(nth).map_err(|_| Errno::ERANGE)?)
}

/// Whether machine-wide faults that ask for that happen to it.
pub fn make_it_fail(of: &Subject<'_>, text: &mut Text) -> Result<()> {
    add!(text, "{}\n", { of.faults()?.mark });
    Ok(())
}

/// Sets that. EPERM: only root may.
pub fn set_make_it_fail(of: &Subject<'_>, text: &[u8], asker: &Asker) -> Result<()> {
    if !asker.is_privileged() {
        return Err(Errno::EPERM);
    }
    match number(text.trim_ascii())? {
        mark @ (0 | 1) => of.set_faults(FAULT_THREAD_MARK, mark as u32),
        _ => Err(Errno::EINVAL),
    }
}

/// As Linux's `kstrtouint` reads it: octal behind a `0`, hexadecimal behind `0x`.
fn number(text: &[u8]) -> Result<u64> {
    let text = core::str::from_utf8(text).map_err(|_| Errno::EINVAL)?;
    let text = text.strip_prefix('+').unwrap_or(text);
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None if text.len() > 1 && text.starts_with('0') => (text, 8),
        None => (text, 10),
    };
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return Err(Errno::EINVAL);
    }
    u64::from_str_radix(digits, radix).map_err(|_| Errno::ERANGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_linux_does() {
        for (text, value) in
            [("0", 0), ("+7", 7), ("010", 8), ("0x1F", 31), ("4294967296", 1 << 32)]
        {
            assert_eq!(number(text.as_bytes()), Ok(value), "{text}");
        }
        for text in ["", "+", "-1", "0x", "08", "1 2", "x", "\u{e4}"] {
            assert_eq!(number(text.as_bytes()), Err(Errno::EINVAL), "{text}");
        }
        assert_eq!(number(b"99999999999999999999"), Err(Errno::ERANGE));
    }
}
