//! Bytes on their way to the device.

use super::Device;
use crate::frame::{Frame, MAX_ENCODED, put};

#[derive(Debug)]
pub(super) struct Outgoing {
    bytes: [u8; MAX_ENCODED],
    len: usize,
    sent: usize,
}

impl Outgoing {
    pub const CAPACITY: usize = MAX_ENCODED;

    pub const fn new() -> Self {
        Self { bytes: [0; MAX_ENCODED], len: 0, sent: 0 }
    }

    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub const fn len(&self) -> usize {
        self.len
    }

    /// One byte more; what does not fit is lost.
    pub fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.len) {
            *place = byte;
            self.len += 1;
        }
    }

    /// One frame more. Returns how many of its data bytes went in.
    pub fn frame(&mut self, frame: &Frame) -> u32 {
        put(frame, |byte| self.push(byte)) as u32
    }

    /// Sends as much as the device takes. Whether that was all.
    pub fn send(&mut self, device: &mut impl Device) -> bool {
        let rest = self.bytes.get(self.sent..self.len).unwrap_or_default();
        self.sent += device.send(rest);
        if self.sent < self.len {
            return false;
        }
        (self.len, self.sent) = (0, 0);
        true
    }
}
