//! Memory of the program whose `read` or `write` it is.

use crate::Result;
use crate::ipc::Caller;

/// Where the bytes of a `read` go.
pub struct Output<'a> {
    pub(super) caller: &'a Caller<'a>,
    pub(super) length: u32,
    pub(super) done: u32,
    pub(super) file: u32,
}

impl Output<'_> {
    /// Through which open file it is read: reads with the same number belong together.
    pub const fn file(&self) -> u32 {
        self.file
    }

    /// Bytes there is room for.
    pub const fn room(&self) -> usize {
        (self.length - self.done) as usize
    }

    /// Bytes written so far.
    pub const fn written(&self) -> usize {
        self.done as usize
    }

    /// Writes as much as there is room for.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let bytes = bytes.get(..self.room()).unwrap_or(bytes);
        if !bytes.is_empty() {
            self.done += self.caller.write(0, self.done, bytes)? as u32;
        }
        Ok(())
    }

    /// Writes from byte `offset` on of `contents`, which is all there is.
    pub fn write_from(&mut self, contents: &[u8], offset: u64) -> Result<()> {
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        self.write(contents.get(offset..).unwrap_or_default())
    }
}

/// Where the bytes of a `write` are.
pub struct Input<'a> {
    pub(super) caller: &'a Caller<'a>,
    pub(super) length: u32,
}

impl Input<'_> {
    /// How many there are.
    pub const fn len(&self) -> usize {
        self.length as usize
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Copies bytes from `offset` on; returns how many.
    pub fn read(&self, offset: u32, bytes: &mut [u8]) -> Result<usize> {
        self.caller.read(0, offset, bytes)
    }
}
