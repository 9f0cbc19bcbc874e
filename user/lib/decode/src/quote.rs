//! Bytes between quotation marks.

use alloc::string::String;
use core::fmt::Write;

/// Bytes of a buffer that are shown.
pub const SHOWN: usize = 32;

/// The bytes with escapes as C has them; `cut` says that more follow.
pub fn quoted(bytes: &[u8], cut: bool, to: &mut String) {
    to.push('"');
    for (place, &byte) in bytes.iter().enumerate() {
        match byte {
            b'"' => to.push_str("\\\""),
            b'\\' => to.push_str("\\\\"),
            b'\n' => to.push_str("\\n"),
            b'\t' => to.push_str("\\t"),
            b'\r' => to.push_str("\\r"),
            0x0b => to.push_str("\\v"),
            0x0c => to.push_str("\\f"),
            b' '..=b'~' => to.push(char::from(byte)),
            _ => {
                // A digit that follows must not be taken for one of the number's.
                let digit_follows = bytes.get(place + 1).is_some_and(|next| next.is_ascii_digit());
                let _ = match digit_follows {
                    true => write!(to, "\\{byte:03o}"),
                    false => write!(to, "\\{byte:o}"),
                };
            }
        }
    }
    to.push('"');
    if cut {
        to.push_str("...");
    }
}

/// The beginning of a buffer.
pub fn buffer(bytes: &[u8], to: &mut String) {
    match bytes.split_at_checked(SHOWN) {
        Some((shown, rest)) if !rest.is_empty() => quoted(shown, true, to),
        _ => quoted(bytes, false, to),
    }
}
