//! Both ends of one stream: what may be sent, and what has arrived.
//!
//! Both are plain numbers, so that they can lie in memory which outlives the process that drives
//! the line.

use super::{Frame, MAX_PAYLOAD, Stream};

/// `a` is before `b` on the circle of offsets.
fn before(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) < 0
}

/// The sending end of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Sender {
    /// The offset of the next byte to send.
    pub next: u32,
    /// The receiver has every byte before this one.
    pub acknowledged: u32,
    /// Bytes before this one may be sent.
    pub limit: u32,
}

impl Sender {
    /// A stream whose receiver takes `credit` bytes before it says more.
    pub const fn new(credit: u32) -> Self {
        Self { next: 0, acknowledged: 0, limit: credit }
    }

    /// The next frame of a stream whose unsent bytes begin with `bytes`: `None` without bytes or
    /// without credit. After sending it, call [`Sender::sent`].
    pub fn frame<'a>(&self, stream: Stream, bytes: &'a [u8]) -> Option<Frame<'a>> {
        let credit = self.credit().min(MAX_PAYLOAD as u32) as usize;
        let (now, _) = bytes.split_at(bytes.len().min(credit));
        if now.is_empty() {
            return None;
        }
        Some(Frame::Data { stream, offset: self.next, bytes: now })
    }

    /// The same without regard to credits, for runs in which the receiver sends none.
    pub fn frame_unlimited<'a>(&self, stream: Stream, bytes: &'a [u8]) -> Option<Frame<'a>> {
        Self { limit: self.next.wrapping_add(MAX_PAYLOAD as u32), ..*self }.frame(stream, bytes)
    }

    /// The frame that ends the stream here.
    pub fn end(&self, stream: Stream) -> Frame<'static> {
        Frame::End { stream, offset: self.next }
    }

    /// How many bytes may be sent now.
    pub fn credit(&self) -> u32 {
        if before(self.next, self.limit) { self.limit.wrapping_sub(self.next) } else { 0 }
    }

    /// `count` more bytes are on the line.
    pub fn sent(&mut self, count: u32) {
        self.next = self.next.wrapping_add(count);
    }

    /// The receiver's word about this stream. Old news changes nothing.
    pub fn credited(&mut self, received: u32, limit: u32) {
        if before(self.acknowledged, received) && !before(self.next, received) {
            self.acknowledged = received;
        }
        if before(self.limit, limit) {
            self.limit = limit;
        }
    }
}

/// Bytes between `expected` and the frame's first byte are missing: the sender has to go back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The offset of the first missing byte.
    pub expected: u32,
}

/// The receiving end of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Receiver {
    /// The offset of the next byte to arrive.
    pub next: u32,
    /// Bytes before this one were allowed.
    pub limit: u32,
    /// The stream is complete.
    pub ended: bool,
}

impl Receiver {
    /// A stream whose sender was given `credit` bytes in advance.
    pub const fn new(credit: u32) -> Self {
        Self { next: 0, limit: credit, ended: false }
    }

    /// The part of a data frame that is new: all of it, its tail, or nothing if it is a repetition.
    /// Never more than `room` bytes, which a sender that respects its credit does not exceed; what
    /// is cut off counts as not arrived.
    pub fn data<'a>(&mut self, offset: u32, bytes: &'a [u8], room: usize) -> Result<&'a [u8], Gap> {
        if before(self.next, offset) {
            return Err(Gap { expected: self.next });
        }
        let known = self.next.wrapping_sub(offset) as usize;
        let new = bytes.get(known..).unwrap_or(&[]);
        if self.ended {
            return Ok(&[]);
        }
        let (new, _) = new.split_at(new.len().min(room));
        self.next = self.next.wrapping_add(new.len() as u32);
        Ok(new)
    }

    /// An end frame: true if the stream ends now, false if that was known.
    pub fn end(&mut self, offset: u32) -> Result<bool, Gap> {
        if before(self.next, offset) {
            return Err(Gap { expected: self.next });
        }
        let news = !self.ended && offset == self.next;
        self.ended |= news;
        Ok(news)
    }

    /// Allows `room` bytes more than have arrived. The frame to send, or `None` as long as the
    /// sender has at least half of that left.
    pub fn grant(&mut self, stream: Stream, room: u32) -> Option<Frame<'static>> {
        let left =
            if before(self.next, self.limit) { self.limit.wrapping_sub(self.next) } else { 0 };
        if self.ended || room <= left || left > room / 2 {
            return None;
        }
        self.limit = self.next.wrapping_add(room);
        Some(self.credit(stream))
    }

    /// The frame that says what has arrived and what is allowed; also the answer to a [`Gap`].
    pub fn credit(&self, stream: Stream) -> Frame<'static> {
        Frame::Credit { stream, received: self.next, limit: self.limit }
    }
}
