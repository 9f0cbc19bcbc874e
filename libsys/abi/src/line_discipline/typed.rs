//! Where the bytes are that were typed: memory that two sides share.

use super::queue::END_OF_FILE;
use core::sync::atomic::{AtomicU8, AtomicU32, Ordering::Relaxed};

/// One bit for each byte that was typed: it ends a line.
pub type Ends = [AtomicU32; Typed::SIZE as usize / 32];

/// A ring of bytes and the ends of lines among them. Positions run through all 32 bits. The device's
/// side writes from the position on that it has last published; readers read what lies before.
#[derive(Clone, Copy, Debug)]
pub struct Typed<'a> {
    bytes: &'a [AtomicU8],
    ends: &'a Ends,
}

impl<'a> Typed<'a> {
    /// As many bytes as Linux keeps.
    pub const SIZE: u32 = 4096;

    /// `bytes` are at least [`SIZE`](Self::SIZE).
    pub const fn new(bytes: &'a [AtomicU8], ends: &'a Ends) -> Self {
        Self { bytes, ends }
    }

    fn place(self, position: u32) -> Option<&'a AtomicU8> {
        self.bytes.get((position % Self::SIZE) as usize)
    }

    fn end_word(self, position: u32) -> (&'a AtomicU32, u32) {
        let index = position % Self::SIZE;
        (&self.ends[(index / 32) as usize], 1 << (index % 32))
    }

    pub(super) fn byte(self, position: u32) -> u8 {
        self.place(position).map_or(0, |place| place.load(Relaxed))
    }

    pub(super) fn put(self, position: u32, byte: u8, is_end: bool) {
        if let Some(place) = self.place(position) {
            place.store(byte, Relaxed);
        }
        let (word, bit) = self.end_word(position);
        let others = word.load(Relaxed) & !bit;
        word.store(if is_end { others | bit } else { others }, Relaxed);
    }

    pub(super) fn mark_end(self, position: u32) {
        let (word, bit) = self.end_word(position);
        word.store(word.load(Relaxed) | bit, Relaxed);
    }

    pub(super) fn clear_ends(self) {
        self.ends.iter().for_each(|word| word.store(0, Relaxed));
    }

    fn is_end(self, position: u32) -> bool {
        let (word, bit) = self.end_word(position);
        word.load(Relaxed) & bit != 0
    }

    fn is_end_of_file(self, position: u32) -> bool {
        self.is_end(position) && self.byte(position) == END_OF_FILE
    }

    /// Takes bytes that lie between two positions for a program: in canonical mode at most the rest
    /// of one line. Returns how many, and the position behind what was taken. 0 where there was
    /// something means end of file.
    pub fn take(self, start: u32, end: u32, is_canonical: bool, to: &mut [u8]) -> (usize, u32) {
        let (mut at, mut count) = (start, 0);
        while at != end {
            // An end of file right behind a read that got all it asked for goes with it.
            if is_canonical && self.is_end_of_file(at) {
                at = at.wrapping_add(1);
                break;
            }
            let Some(place) = to.get_mut(count) else { break };
            *place = self.byte(at);
            count += 1;
            let ends = is_canonical && self.is_end(at);
            at = at.wrapping_add(1);
            if ends {
                break;
            }
        }
        (count, at)
    }

    /// The bytes between two positions that FIONREAD reports: without those that only stand for an
    /// end of file.
    pub fn readable_bytes(self, start: u32, end: u32, is_canonical: bool) -> u32 {
        let len = end.wrapping_sub(start).min(Self::SIZE);
        if !is_canonical {
            return len;
        }
        let marks = (0..len).filter(|&at| self.is_end_of_file(start.wrapping_add(at))).count();
        len - marks as u32
    }
}
