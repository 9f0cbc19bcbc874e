//! Why a program cannot run, or a library not be opened.

use alloc::vec::Vec;
use core::fmt::{self, Display, Write};

/// The message, which names what is wrong.
#[derive(Debug)]
pub struct Failure(Vec<u8>);

impl Failure {
    /// `PATH: WHY`.
    pub fn of(path: &[u8], why: impl Display) -> Self {
        Self::new(format_args!("{}: {why}", path.escape_ascii()))
    }

    pub fn new(message: fmt::Arguments<'_>) -> Self {
        struct Text(Vec<u8>);
        impl Write for Text {
            fn write_str(&mut self, text: &str) -> fmt::Result {
                self.0.extend_from_slice(text.as_bytes());
                Ok(())
            }
        }
        let mut text = Text(Vec::new());
        // Writing to it does not fail.
        let _ = text.write_fmt(message);
        Self(text.0)
    }

    pub fn message(&self) -> &[u8] {
        &self.0
    }
}
