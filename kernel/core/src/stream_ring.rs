//! A ring of bytes between the kernel and a server that may die or lie.
//!
//! The bytes and two running indexes lie in frames that both map. The kernel has its own copy of
//! the indexes and believes the server's only after checking: an index may move forward, and not
//! past the other one. So a server can spoil its own data but never make the kernel read or write
//! outside the ring, and the next instance goes on where the last believable one stopped.
//!
//! Indexes run through all 32 bits; the ring's size is a power of two.
//!
//! The order that loses no wake-up, on both sides: write your index, then (after a full barrier)
//! read the other's. The kernel notifies if the ring was empty ([`OutputRing::must_notify`]); the
//! server looks once more before it sleeps.

use crate::addr::PAGE_SIZE;

/// The server wrote an index that cannot be: it is to be killed, its index is not believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BadIndex;

/// A run of bytes in one page of the ring.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RingPiece {
    pub page: u32,
    pub offset: u32,
    pub len: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Indexes {
    size: u32,
    /// Where the next byte goes.
    produced: u32,
    /// Where the next byte comes from.
    consumed: u32,
}

impl Indexes {
    const fn new(pages: u32) -> Self {
        let pages = if pages == 0 { 1 } else { pages };
        Self { size: pages.next_power_of_two() * PAGE_SIZE, produced: 0, consumed: 0 }
    }

    const fn filled(&self) -> u32 {
        self.produced.wrapping_sub(self.consumed)
    }

    /// Up to `len` bytes from `index` that lie in one page.
    const fn piece(&self, index: u32, len: u32) -> RingPiece {
        let at = index % self.size;
        let offset = at % PAGE_SIZE;
        let room = PAGE_SIZE - offset;
        RingPiece { page: at / PAGE_SIZE, offset, len: if len < room { len } else { room } }
    }
}

/// The kernel writes, the server reads: output to the console.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OutputRing(Indexes);

impl OutputRing {
    /// `pages` is a power of two.
    pub const fn new(pages: u32) -> Self {
        Self(Indexes::new(pages))
    }

    /// Believes the server's index, or not. Returns how many bytes have become free.
    #[inline]
    pub fn observe(&mut self, consumed: u32) -> Result<u32, BadIndex> {
        let freed = consumed.wrapping_sub(self.0.consumed);
        if freed > self.0.filled() {
            return Err(BadIndex);
        }
        self.0.consumed = consumed;
        Ok(freed)
    }

    /// Free bytes, as far as observed.
    pub const fn space(&self) -> u32 {
        self.0.size - self.0.filled()
    }

    /// Bytes the server has yet to take.
    pub const fn filled(&self) -> u32 {
        self.0.filled()
    }

    /// Where the first of `len` bytes go. Copy them, [`commit`](Self::commit), ask again. `None`
    /// if there is no space.
    #[inline]
    pub fn next_piece(&self, len: u32) -> Option<RingPiece> {
        let len = len.min(self.space());
        (len > 0).then(|| self.0.piece(self.0.produced, len))
    }

    /// Counts bytes that were copied. They are the server's once [`produced`](Self::produced) is
    /// in the shared frame.
    #[inline]
    pub fn commit(&mut self, len: u32) {
        debug_assert!(len <= self.space(), "more than there was space for");
        self.0.produced = self.0.produced.wrapping_add(len.min(self.space()));
    }

    /// The kernel's index, for the shared frame.
    pub const fn produced(&self) -> u32 {
        self.0.produced
    }

    /// The server's index as last believed: what a new instance finds in the shared frame.
    pub const fn consumed(&self) -> u32 {
        self.0.consumed
    }

    /// Whether the server may be asleep: it had taken everything there was before the last
    /// `written` bytes. To be asked after the index was published and the server's observed.
    #[inline]
    pub const fn must_notify(&self, written: u32) -> bool {
        written > 0 && self.0.filled() == written
    }
}

/// The server writes, the kernel reads: input from the console.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InputRing(Indexes);

impl InputRing {
    /// `pages` is a power of two.
    pub const fn new(pages: u32) -> Self {
        Self(Indexes::new(pages))
    }

    /// Believes the server's index, or not. Returns how many bytes are new.
    #[inline]
    pub fn observe(&mut self, produced: u32) -> Result<u32, BadIndex> {
        let new = produced.wrapping_sub(self.0.produced);
        if new > self.0.size - self.0.filled() {
            return Err(BadIndex);
        }
        self.0.produced = produced;
        Ok(new)
    }

    /// Bytes to be read, as far as observed.
    pub const fn filled(&self) -> u32 {
        self.0.filled()
    }

    /// Where up to `len` bytes are. Copy them, [`commit`](Self::commit), ask again. `None` if
    /// there is nothing.
    #[inline]
    pub fn next_piece(&self, len: u32) -> Option<RingPiece> {
        let len = len.min(self.0.filled());
        (len > 0).then(|| self.0.piece(self.0.consumed, len))
    }

    /// Counts bytes that were copied. Their place is the server's once
    /// [`consumed`](Self::consumed) is in the shared frame.
    #[inline]
    pub fn commit(&mut self, len: u32) {
        debug_assert!(len <= self.0.filled(), "more than there was");
        self.0.consumed = self.0.consumed.wrapping_add(len.min(self.0.filled()));
    }

    /// The kernel's index, for the shared frame.
    pub const fn consumed(&self) -> u32 {
        self.0.consumed
    }

    /// The server's index as last believed: where a new instance goes on.
    pub const fn produced(&self) -> u32 {
        self.0.produced
    }

    /// Forgets what is there (TCIFLUSH).
    pub fn discard(&mut self) {
        self.0.consumed = self.0.produced;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;
    use std::vec;
    use std::vec::Vec;

    /// The shared frames.
    struct Shared {
        bytes: Vec<u8>,
        produced: u32,
        consumed: u32,
    }

    fn shared(pages: u32) -> Shared {
        Shared { bytes: vec![0; (pages * PAGE_SIZE) as usize], produced: 0, consumed: 0 }
    }

    fn place(piece: RingPiece) -> core::ops::Range<usize> {
        let start = (piece.page * PAGE_SIZE + piece.offset) as usize;
        start..start + piece.len as usize
    }

    impl Shared {
        /// The kernel's write; says how much went in and whether it notified.
        fn write(&mut self, ring: &mut OutputRing, bytes: &[u8]) -> (usize, bool) {
            ring.observe(self.consumed).unwrap();
            let mut done = 0;
            while let Some(piece) = ring.next_piece((bytes.len() - done) as u32) {
                self.bytes[place(piece)].copy_from_slice(&bytes[done..][..piece.len as usize]);
                ring.commit(piece.len);
                done += piece.len as usize;
            }
            self.produced = ring.produced();
            ring.observe(self.consumed).unwrap();
            (done, ring.must_notify(done as u32))
        }

        /// The server's read.
        fn serve(&mut self, len: usize) -> Vec<u8> {
            let filled = self.produced.wrapping_sub(self.consumed) as usize;
            let bytes = (0..len.min(filled)).map(|at| {
                self.bytes[self.consumed.wrapping_add(at as u32) as usize % self.bytes.len()]
            });
            let bytes: Vec<u8> = bytes.collect();
            self.consumed = self.consumed.wrapping_add(bytes.len() as u32);
            bytes
        }
    }

    #[test]
    fn the_server_is_woken_once_for_a_burst() {
        let (mut shared, mut ring) = (shared(8), OutputRing::new(8));
        assert_eq!(shared.write(&mut ring, b"first"), (5, true));
        assert_eq!(shared.write(&mut ring, b"second"), (6, false));
        assert_eq!(shared.serve(100), b"firstsecond");
        assert_eq!(shared.write(&mut ring, b"third"), (5, true));
        assert_eq!(shared.write(&mut ring, &[7; 40000]), (32768 - 5, false));
        assert_eq!(ring.space(), 0);
        assert_eq!(shared.write(&mut ring, b"more"), (0, false));
    }

    #[test]
    fn an_index_that_cannot_be_is_not_believed() {
        let (mut shared, mut ring) = (shared(8), OutputRing::new(8));
        shared.write(&mut ring, b"0123456789");
        assert_eq!(ring.observe(4), Ok(4));
        for bad in [3, 11, u32::MAX, 1 << 31, 4 + 32768] {
            assert_eq!(ring.observe(bad), Err(BadIndex), "{bad}");
        }
        assert_eq!((ring.consumed(), ring.produced()), (4, 10), "the next instance goes on here");

        let mut input = InputRing::new(1);
        assert_eq!(input.observe(4097), Err(BadIndex));
        assert_eq!(input.observe(4096), Ok(4096));
        assert_eq!(input.observe(4095), Err(BadIndex));
        input.commit(input.next_piece(10).unwrap().len);
        assert_eq!(input.filled(), 4086);
        assert_eq!(input.observe(4106), Ok(10));
        input.discard();
        assert_eq!((input.next_piece(1), input.consumed()), (None, 4106));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_byte_is_lost_or_doubled_over_deaths_and_the_end_of_32_bits(
            steps in prop::collection::vec((0u8..5, 0usize..9000), 1..60),
        ) {
            let (mut shared, mut ring) = (shared(2), OutputRing::new(2));
            let start = u32::MAX - 10_000;
            (ring.0.produced, ring.0.consumed) = (start, start);
            (shared.produced, shared.consumed) = (start, start);
            let (mut model, mut next, mut asleep) = (VecDeque::new(), 0u8, true);
            for (verb, len) in steps {
                match verb {
                    0..3 => {
                        let bytes: Vec<u8> = (0..len).map(|_| {
                            next = next.wrapping_mul(3).wrapping_add(1);
                            next
                        }).collect();
                        let (done, notified) = shared.write(&mut ring, &bytes);
                        prop_assert_eq!(done, len.min(8192 - model.len()));
                        prop_assert!(notified || !asleep || done == 0, "a sleeper was not woken");
                        asleep &= !notified;
                        model.extend(&bytes[..done]);
                    }
                    3 => {
                        let expected: Vec<u8> = model.drain(..len.min(model.len())).collect();
                        prop_assert_eq!(shared.serve(len), expected);
                        asleep = model.is_empty();
                    }
                    _ => {
                        // It dies scribbling over its index; the next one gets the believed one.
                        let scribble = (len as u32).wrapping_mul(0x9e37_79b9);
                        let believed = shared.consumed;
                        ring.observe(believed).unwrap();
                        if ring.observe(scribble).is_err() {
                            prop_assert_eq!(ring.consumed(), believed);
                        } else {
                            // Believable, so those bytes count as taken.
                            let taken = scribble.wrapping_sub(believed) as usize;
                            model.drain(..taken);
                        }
                        (shared.produced, shared.consumed) = (ring.produced(), ring.consumed());
                        asleep = model.is_empty();
                    }
                }
                prop_assert_eq!(ring.0.produced.wrapping_sub(shared.consumed) as usize, model.len());
            }
        }
    }
}
