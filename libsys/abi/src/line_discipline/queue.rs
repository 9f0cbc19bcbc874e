//! The bytes that were typed and are not read yet, with marks where lines end.

use super::Typed;

/// A ring. Positions run freely; the low bits say where in the ring.
///
/// ```text
///   tail            complete              head
///    | lines, readable  | the line under edit |
/// ```
///
/// In raw mode there is no line under edit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Queue<'a> {
    typed: Typed<'a>,
    pub head: u32,
    /// Readers may have everything before.
    pub complete: u32,
    /// Readers have had everything before.
    pub tail: u32,
}

/// What stands in the queue for the end-of-file character.
pub(super) const END_OF_FILE: u8 = 0;

impl<'a> Queue<'a> {
    pub const fn new(typed: Typed<'a>) -> Self {
        Self { typed, head: 0, complete: 0, tail: 0 }
    }

    /// Goes on from positions that may come from a dying process: they are made to fit.
    pub fn resume(typed: Typed<'a>, head: u32, complete: u32, tail: u32) -> Self {
        let readable = complete.wrapping_sub(tail).min(Typed::SIZE);
        let complete = tail.wrapping_add(readable);
        let edited = head.wrapping_sub(complete);
        let head = if edited <= Typed::SIZE - readable { head } else { complete };
        Self { typed, head, complete, tail }
    }

    /// Bytes not read, whatever they are.
    const fn len(&self) -> u32 {
        self.head.wrapping_sub(self.tail)
    }

    pub const fn is_full(&self) -> bool {
        self.len() >= Typed::SIZE
    }

    /// Whether all but the last place is taken, which is kept for the end of a line.
    pub const fn is_nearly_full(&self) -> bool {
        self.len() >= Typed::SIZE - 1
    }

    /// Whether there is something to read.
    pub const fn is_readable(&self) -> bool {
        self.complete != self.tail
    }

    /// Whether no line is under edit.
    pub const fn at_line_start(&self) -> bool {
        self.head == self.complete
    }

    /// Adds to the line under edit.
    pub fn push(&mut self, byte: u8) {
        if !self.is_full() {
            self.typed.put(self.head, byte, false);
            self.head = self.head.wrapping_add(1);
        }
    }

    /// Ends the line under edit with `byte`.
    pub fn push_end(&mut self, byte: u8) {
        if !self.is_full() {
            self.typed.put(self.head, byte, true);
            self.head = self.head.wrapping_add(1);
            self.complete = self.head;
        }
    }

    /// Lets readers have everything.
    pub fn publish(&mut self) {
        self.complete = self.head;
    }

    /// Replaces the last byte: a line that is too long loses what comes last.
    pub fn drop_last(&mut self) {
        self.head = self.head.wrapping_sub(1);
    }

    /// Forgets the line under edit.
    pub fn drop_line(&mut self) {
        self.head = self.complete;
    }

    /// The position behind the line under edit, and where it starts.
    pub const fn edited(&self) -> (u32, u32) {
        (self.head, self.complete)
    }

    /// Shortens the line under edit.
    pub fn set_head(&mut self, head: u32) {
        self.head = head;
    }

    pub fn byte(&self, position: u32) -> u8 {
        self.typed.byte(position)
    }

    /// Leaving canonical mode makes an unfinished line readable, entering it turns everything unread
    /// into a line.
    pub fn change_mode(&mut self, canonical: bool) {
        self.typed.clear_ends();
        if canonical && self.len() != 0 {
            self.typed.mark_end(self.head.wrapping_sub(1));
        }
        self.publish();
    }
}
