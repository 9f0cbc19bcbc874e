//! A pipe: a ring of page buffers between writers and readers.
//!
//! A write that fits into the last page's free end is added there, any other starts a page; so
//! writes of up to PIPE_BUF bytes are never torn. The caller moves the bytes: it asks for the
//! next place, copies, and commits as much as it could copy.

use crate::addr::{PAGE_SIZE, Pfn};
use abi::errno::Errno;

/// Pages a pipe holds, and the most it can be set to hold.
pub const PIPE_PAGES: u32 = 16;
/// Writes up to this size are atomic.
pub const PIPE_BUF: u32 = PAGE_SIZE;

#[derive(Clone, Copy, Debug)]
struct Buffer {
    page: Pfn,
    offset: u16,
    len: u16,
}

/// Bytes in a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Piece {
    pub page: Pfn,
    pub offset: u32,
    pub len: u32,
}

/// What a reader does next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReadStep {
    /// Copy out, then [`Pipe::consume`].
    Copy(Piece),
    /// No writer is left.
    EndOfFile,
    /// Sleep until something is written, or EAGAIN.
    Wait,
}

/// What a writer does next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WriteStep {
    /// Copy in behind the last bytes, then [`Pipe::append`].
    Append(Piece),
    /// Copy this many bytes to the beginning of a page (from [`Pipe::take_spare`] or a new one),
    /// then [`Pipe::push`].
    NewPage { len: u32 },
    /// Sleep until something is read, or EAGAIN.
    Wait,
    /// EPIPE and SIGPIPE: no reader is left.
    Broken,
}

/// A pipe with its ends counted.
#[derive(Debug)]
pub struct Pipe {
    buffers: [Buffer; PIPE_PAGES as usize],
    first: u32,
    count: u32,
    capacity: u32,
    spare: Option<Pfn>,
    readers: u32,
    writers: u32,
}

impl Default for Pipe {
    fn default() -> Self {
        Self::new()
    }
}

impl Pipe {
    /// With one reader and one writer.
    pub const fn new() -> Self {
        let empty = Buffer { page: Pfn::new(0), offset: 0, len: 0 };
        Self {
            buffers: [empty; PIPE_PAGES as usize],
            first: 0,
            count: 0,
            capacity: PIPE_PAGES,
            spare: None,
            readers: 1,
            writers: 1,
        }
    }

    fn slot(&mut self, index: u32) -> &mut Buffer {
        &mut self.buffers[((self.first + index) % PIPE_PAGES) as usize]
    }

    fn last(&self) -> Option<Buffer> {
        let index = self.first + self.count.checked_sub(1)?;
        Some(self.buffers[(index % PIPE_PAGES) as usize])
    }

    /// For a reader that still wants `len` bytes.
    #[inline]
    pub fn read_step(&self, len: u32) -> ReadStep {
        if self.count == 0 {
            return if self.writers == 0 { ReadStep::EndOfFile } else { ReadStep::Wait };
        }
        let Buffer { page, offset, len: filled } = self.buffers[(self.first % PIPE_PAGES) as usize];
        let len = len.min(u32::from(filled));
        ReadStep::Copy(Piece { page, offset: u32::from(offset), len })
    }

    /// Removes `len` bytes of what [`read_step`](Self::read_step) gave. Returns a page to be
    /// freed.
    #[inline]
    pub fn consume(&mut self, len: u32) -> Option<Pfn> {
        if self.count == 0 {
            return None;
        }
        let buffer = self.slot(0);
        let len = len.min(u32::from(buffer.len)) as u16;
        buffer.offset += len;
        buffer.len -= len;
        if buffer.len > 0 {
            return None;
        }
        let page = buffer.page;
        self.first = (self.first + 1) % PIPE_PAGES;
        self.count -= 1;
        // One page stays for the next write.
        if self.spare.is_some() {
            return Some(page);
        }
        self.spare = Some(page);
        None
    }

    /// For a write of `total` bytes of which `done` are in the pipe already.
    #[inline]
    pub fn write_step(&self, total: u32, done: u32) -> WriteStep {
        if self.readers == 0 {
            return WriteStep::Broken;
        }
        // Only what does not fill a page goes behind other bytes, and only as a whole.
        let odd = total % PAGE_SIZE;
        if done == 0
            && odd != 0
            && let Some(Buffer { page, offset, len }) = self.last()
        {
            let end = u32::from(offset) + u32::from(len);
            if end + odd <= PAGE_SIZE {
                return WriteStep::Append(Piece { page, offset: end, len: odd });
            }
        }
        if self.count >= self.capacity {
            return WriteStep::Wait;
        }
        WriteStep::NewPage { len: total.saturating_sub(done).min(PAGE_SIZE) }
    }

    /// Adds `len` bytes that were copied behind the last ones.
    #[inline]
    pub fn append(&mut self, len: u32) {
        if let Some(last) = self.count.checked_sub(1) {
            let buffer = self.slot(last);
            let room = PAGE_SIZE - u32::from(buffer.offset) - u32::from(buffer.len);
            debug_assert!(len <= room, "more than was asked for");
            buffer.len += len.min(room) as u16;
        }
    }

    /// Adds a page whose first `len` bytes were written; not empty.
    #[inline]
    pub fn push(&mut self, page: Pfn, len: u32) {
        debug_assert!(len > 0 && len <= PAGE_SIZE && self.count < PIPE_PAGES);
        let count = self.count;
        *self.slot(count) = Buffer { page, offset: 0, len: len.min(PAGE_SIZE) as u16 };
        self.count += 1;
    }

    /// A page kept from an earlier read. Give it back by [`keep_spare`](Self::keep_spare) if the
    /// copy into it failed.
    #[inline]
    pub fn take_spare(&mut self) -> Option<Pfn> {
        self.spare.take()
    }

    /// Keeps a page for the next write; returns it if there is one already.
    pub fn keep_spare(&mut self, page: Pfn) -> Option<Pfn> {
        match self.spare {
            None => {
                self.spare = Some(page);
                None
            }
            Some(_) => Some(page),
        }
    }

    /// Takes one page out, whatever it holds: when both ends are closed, until there is none.
    pub fn take_page(&mut self) -> Option<Pfn> {
        if let Some(page) = self.spare.take() {
            return Some(page);
        }
        let page = if self.count > 0 { Some(self.slot(0).page) } else { None };
        self.first = (self.first + 1) % PIPE_PAGES;
        self.count = self.count.saturating_sub(1);
        page
    }

    /// Bytes to be read (FIONREAD).
    pub fn len(&self) -> u32 {
        (0..self.count)
            .map(|index| u32::from(self.buffers[((self.first + index) % PIPE_PAGES) as usize].len))
            .sum()
    }

    /// Whether a reader would wait or see the end.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether `poll` says that nothing can be written. (A small write may still fit behind the
    /// last bytes.)
    #[inline]
    pub fn is_full(&self) -> bool {
        self.count >= self.capacity
    }

    /// In bytes.
    pub fn capacity(&self) -> u32 {
        self.capacity * PAGE_SIZE
    }

    /// F_SETPIPE_SZ: rounds up to a power of two of pages and returns the bytes. EINVAL for 0;
    /// EBUSY if more is in use; EPERM for more than [`PIPE_PAGES`].
    pub fn set_capacity(&mut self, bytes: u32) -> Result<u32, Errno> {
        let pages = bytes.div_ceil(PAGE_SIZE);
        if pages == 0 {
            return Err(Errno::EINVAL);
        }
        if pages > PIPE_PAGES {
            return Err(Errno::EPERM);
        }
        let pages = pages.next_power_of_two();
        if pages < self.count {
            return Err(Errno::EBUSY);
        }
        self.capacity = pages;
        Ok(self.capacity())
    }

    pub fn readers(&self) -> u32 {
        self.readers
    }

    pub fn writers(&self) -> u32 {
        self.writers
    }

    pub fn add_reader(&mut self) {
        self.readers += 1;
    }

    pub fn add_writer(&mut self) {
        self.writers += 1;
    }

    /// Says whether it was the last: then writers are woken to see EPIPE.
    pub fn remove_reader(&mut self) -> bool {
        self.readers = self.readers.saturating_sub(1);
        self.readers == 0
    }

    /// Says whether it was the last: then readers are woken to see the end.
    pub fn remove_writer(&mut self) -> bool {
        self.writers = self.writers.saturating_sub(1);
        self.writers == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, VecDeque};
    use std::vec::Vec;

    /// A pipe with its pages, moved as the kernel does.
    #[derive(Default)]
    struct Machine {
        pipe: Pipe,
        pages: BTreeMap<u32, Vec<u8>>,
        next_page: u32,
    }

    impl Machine {
        /// Returns the bytes written before it had to wait.
        fn write(&mut self, bytes: &[u8]) -> usize {
            let total = bytes.len() as u32;
            let mut done = 0;
            while done < total {
                let (page, offset, len) = match self.pipe.write_step(total, done) {
                    WriteStep::Append(piece) => (piece.page, piece.offset, piece.len),
                    WriteStep::NewPage { len } => {
                        let page = self.pipe.take_spare().unwrap_or_else(|| {
                            self.next_page += 1;
                            self.pages.insert(self.next_page, std::vec![0; 4096]);
                            Pfn::new(self.next_page)
                        });
                        (page, 0, len)
                    }
                    WriteStep::Wait | WriteStep::Broken => break,
                };
                let from = &bytes[done as usize..][..len as usize];
                let to = self.pages.get_mut(&page.as_u32()).unwrap();
                to[offset as usize..][..len as usize].copy_from_slice(from);
                if offset == 0 {
                    self.pipe.push(page, len)
                } else {
                    self.pipe.append(len)
                }
                done += len;
            }
            done as usize
        }

        fn read(&mut self, len: usize) -> Vec<u8> {
            let mut bytes = Vec::new();
            while bytes.len() < len
                && let ReadStep::Copy(piece) = self.pipe.read_step((len - bytes.len()) as u32)
            {
                let page = &self.pages[&piece.page.as_u32()];
                bytes.extend(&page[piece.offset as usize..][..piece.len as usize]);
                if let Some(page) = self.pipe.consume(piece.len) {
                    self.pages.remove(&page.as_u32()).unwrap();
                }
            }
            bytes
        }
    }

    #[test]
    fn small_writes_share_a_page_and_full_ones_do_not() {
        let mut machine = Machine::default();
        machine.write(b"ab");
        machine.write(b"cde");
        assert_eq!(machine.pages.len(), 1);
        machine.write(&[1; 4096]);
        machine.write(&[2; 4094]);
        assert_eq!((machine.pages.len(), machine.pipe.len()), (3, 5 + 4096 + 4094));
        assert_eq!(machine.read(3), b"abc");
        assert_eq!(machine.write(&[3; 2]), 2);
        assert_eq!(machine.pages.len(), 3, "the last page had two bytes left");
    }

    #[test]
    fn a_write_up_to_pipe_buf_is_whole_or_waits() {
        let mut machine = Machine::default();
        for _ in 0..15 {
            machine.write(&[1; 4096]);
        }
        assert_eq!(machine.write(&[2; 3000]), 3000);
        assert!(machine.pipe.is_full());
        assert_eq!(machine.write(&[3; 1097]), 0, "one byte too many for the last page");
        assert_eq!(machine.write(&[3; 1096]), 1096);
        assert_eq!(machine.write(&[4; 1]), 0);
        assert_eq!(machine.read(usize::MAX).len(), 65536);
    }

    #[test]
    fn the_ends_decide_what_waiting_means() {
        let mut pipe = Pipe::new();
        assert_eq!(pipe.read_step(1), ReadStep::Wait);
        pipe.add_writer();
        assert!(!pipe.remove_writer() && pipe.remove_writer());
        assert_eq!(pipe.read_step(1), ReadStep::EndOfFile);
        assert!(pipe.remove_reader());
        assert_eq!(pipe.write_step(1, 0), WriteStep::Broken);
    }

    #[test]
    fn a_page_stays_for_the_next_write_and_all_come_back() {
        let mut machine = Machine::default();
        for _ in 0..100 {
            machine.write(b"ping");
            machine.read(4);
        }
        assert_eq!(machine.next_page, 1);
        machine.write(&[0; 10000]);
        let pages = core::iter::from_fn(|| machine.pipe.take_page()).count();
        assert_eq!(pages, machine.pages.len());
        assert_eq!(machine.pipe.keep_spare(Pfn::new(7)), None);
        assert_eq!(machine.pipe.keep_spare(Pfn::new(8)), Some(Pfn::new(8)));
    }

    #[test]
    fn the_capacity_is_a_power_of_two_of_pages() {
        let mut machine = Machine::default();
        assert_eq!(machine.pipe.set_capacity(0), Err(Errno::EINVAL));
        assert_eq!(machine.pipe.set_capacity(65537), Err(Errno::EPERM));
        assert_eq!(machine.pipe.set_capacity(9000), Ok(16384));
        assert_eq!(machine.write(&[1; 20000]), 16384);
        assert_eq!(machine.pipe.set_capacity(4096), Err(Errno::EBUSY));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn bytes_come_out_in_order_and_small_writes_are_not_torn(
            steps in prop::collection::vec(
                (any::<bool>(), prop_oneof![1usize..50, 4000usize..4200, 1usize..70000]), 1..40),
        ) {
            let mut machine = Machine::default();
            let mut model = VecDeque::<u8>::new();
            let mut counter = 0u8;
            for (write, len) in steps {
                if write {
                    let bytes: Vec<u8> = (0..len).map(|_| {
                        counter = counter.wrapping_mul(5).wrapping_add(7);
                        counter
                    }).collect();
                    let done = machine.write(&bytes);
                    prop_assert!(done == len || done == 0 || len > PIPE_BUF as usize);
                    prop_assert!(done == len || machine.pipe.is_full());
                    model.extend(&bytes[..done]);
                } else {
                    let expected: Vec<u8> = model.drain(..len.min(model.len())).collect();
                    prop_assert_eq!(machine.read(len), expected);
                }
                prop_assert_eq!(machine.pipe.len() as usize, model.len());
                prop_assert_eq!(machine.pipe.is_empty(), model.is_empty());
                prop_assert!(machine.pages.len() <= 17);
            }
        }
    }
}
