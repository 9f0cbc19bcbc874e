//! The bytes that have arrived and are not read yet, with marks where lines end.

const SIZE: u32 = 4096;

/// A ring. Positions run freely; the low bits say where in the ring.
///
/// ```text
///   tail            complete              head
///    | lines, readable  | the line under edit |
/// ```
#[derive(Debug)]
#[repr(C)]
pub(super) struct Queue {
    bytes: [u8; SIZE as usize],
    /// A bit for each byte: it ends a line.
    ends: [u32; SIZE as usize / 32],
    head: u32,
    tail: u32,
    /// Everything before is a whole number of lines.
    complete: u32,
}

/// What stands in the queue for the end-of-file character.
pub(super) const END_OF_FILE: u8 = 0;

impl Queue {
    pub const fn new() -> Self {
        Self {
            bytes: [0; SIZE as usize],
            ends: [0; SIZE as usize / 32],
            head: 0,
            tail: 0,
            complete: 0,
        }
    }

    pub fn clear(&mut self) {
        self.ends = [0; SIZE as usize / 32];
        (self.head, self.tail, self.complete) = (0, 0, 0);
    }

    /// Bytes not read, whatever they are.
    pub const fn len(&self) -> u32 {
        let len = self.head.wrapping_sub(self.tail);
        // The state may come from memory that a dying server wrote.
        if len > SIZE { SIZE } else { len }
    }

    pub const fn is_full(&self) -> bool {
        self.len() >= SIZE
    }

    /// Whether all but the last place is taken, which is kept for the end of a line.
    pub const fn is_nearly_full(&self) -> bool {
        self.len() >= SIZE - 1
    }

    pub const fn has_line(&self) -> bool {
        self.complete != self.tail
    }

    /// Whether no line is under edit.
    pub const fn at_line_start(&self) -> bool {
        self.head == self.complete
    }

    /// Bytes a read may see.
    pub const fn readable(&self, canonical: bool) -> u32 {
        if canonical { self.complete.wrapping_sub(self.tail) } else { self.len() }
    }

    /// The same without the places that only stand for an end of file.
    pub fn readable_bytes(&self, canonical: bool) -> u32 {
        let len = self.readable(canonical).min(SIZE);
        if !canonical {
            return len;
        }
        let marks = (0..len).filter(|&at| self.is_end_of_file(self.tail.wrapping_add(at))).count();
        len - marks as u32
    }

    pub fn push(&mut self, byte: u8) {
        if !self.is_full() {
            let index = (self.head % SIZE) as usize;
            self.bytes[index] = byte;
            self.ends[index / 32] &= !(1 << (index % 32));
            self.head = self.head.wrapping_add(1);
        }
    }

    /// Ends the line under edit with `byte`.
    pub fn push_end(&mut self, byte: u8) {
        if self.is_full() {
            return;
        }
        self.push(byte);
        self.mark_end(self.head.wrapping_sub(1));
        self.complete = self.head;
    }

    /// Replaces the last byte: a line that is too long loses what comes last.
    pub fn drop_last(&mut self) {
        self.head = self.head.wrapping_sub(1);
    }

    /// The position behind the line under edit, and where it starts.
    pub const fn edited(&self) -> (u32, u32) {
        (self.head, self.complete)
    }

    /// Shortens the line under edit.
    pub fn set_head(&mut self, head: u32) {
        self.head = head;
    }

    pub const fn byte(&self, position: u32) -> u8 {
        self.bytes[(position % SIZE) as usize]
    }

    pub fn change_mode(&mut self, canonical: bool) {
        self.ends = [0; SIZE as usize / 32];
        if canonical && self.len() != 0 {
            self.mark_end(self.head.wrapping_sub(1));
            self.complete = self.head;
        } else {
            self.complete = self.tail;
        }
    }

    pub fn take(&mut self, to: &mut [u8]) -> usize {
        let count = (self.len() as usize).min(to.len());
        for (place, position) in to.iter_mut().zip(0u32..).take(count) {
            *place = self.byte(self.tail.wrapping_add(position));
        }
        self.tail = self.tail.wrapping_add(count as u32);
        self.complete = self.tail;
        count
    }

    pub fn take_line(&mut self, to: &mut [u8]) -> usize {
        let mut count = 0;
        while self.has_line() {
            let at = self.tail;
            // An end of file right behind a read that got all it asked for goes with it.
            if self.is_end_of_file(at) {
                self.step();
                break;
            }
            let Some(place) = to.get_mut(count) else { break };
            *place = self.byte(at);
            count += 1;
            let ends = self.is_end(at);
            self.step();
            if ends {
                break;
            }
        }
        count
    }

    fn step(&mut self) {
        let index = (self.tail % SIZE) as usize;
        self.ends[index / 32] &= !(1 << (index % 32));
        self.tail = self.tail.wrapping_add(1);
    }

    fn mark_end(&mut self, position: u32) {
        let index = (position % SIZE) as usize;
        self.ends[index / 32] |= 1 << (index % 32);
    }

    const fn is_end(&self, position: u32) -> bool {
        let index = (position % SIZE) as usize;
        self.ends[index / 32] & 1 << (index % 32) != 0
    }

    const fn is_end_of_file(&self, position: u32) -> bool {
        self.is_end(position) && self.byte(position) == END_OF_FILE
    }
}
