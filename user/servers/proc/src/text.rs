//! The text of a file while it is written.

use alloc::vec::Vec;
use core::fmt::{self, Write};

/// Bytes, most of them ASCII. Names may be any.
#[derive(Default)]
pub struct Text(Vec<u8>);

impl Text {
    /// Nothing yet.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// What has been written.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// How much has been written.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Adds what `format_args!` says.
    pub fn add(&mut self, what: fmt::Arguments<'_>) {
        // Writing to memory does not fail.
        let _ = self.write_fmt(what);
    }

    /// Adds bytes as they are.
    pub fn add_bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Adds a path as Linux does it: what would look like an end of line becomes an octal number.
    pub fn add_name(&mut self, name: &[u8], escaped: &[u8]) {
        for &byte in name {
            if escaped.contains(&byte) {
                self.add(format_args!("\\{byte:03o}"));
            } else {
                self.0.push(byte);
            }
        }
    }

    /// Adds blanks until the line that began at `start` has `width` columns.
    pub fn pad(&mut self, start: usize, width: usize) {
        let wanted = start + width;
        if self.0.len() < wanted {
            self.0.resize(wanted, b' ');
        }
    }

    /// Forgets the first `count` bytes.
    pub fn discard(&mut self, count: usize) {
        if count >= self.0.len() {
            self.0 = Vec::new();
        } else {
            self.0.drain(..count);
        }
    }

    /// Bytes of memory it takes.
    pub fn capacity(&self) -> usize {
        self.0.capacity()
    }
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// Adds to a [`Text`] what the arguments of `format!` say.
macro_rules! add {
    ($text:expr, $($what:tt)*) => { $text.add(format_args!($($what)*)) };
}
pub(crate) use add;

/// A name that is padded with zeros.
pub fn name_of(padded: &[u8; 16]) -> &[u8] {
    padded.split(|byte| *byte == 0).next().unwrap_or_default()
}
