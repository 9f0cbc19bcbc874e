//! What was sent and not yet received, oldest first.

use alloc::collections::VecDeque;

#[derive(Debug)]
struct Queued<P> {
    packet: P,
    /// Bytes received of it.
    start: u32,
    len: u32,
    /// Memory it takes.
    charge: u32,
}

/// A packet in the queue as far as it has not been received.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Head<P> {
    pub packet: P,
    /// Where its first byte not yet received is, and how many there are.
    pub start: u32,
    pub len: u32,
}

/// Packets on their way to one socket.
#[derive(Debug)]
pub struct Queue<P> {
    packets: VecDeque<Queued<P>>,
    bytes: u32,
    charge: u32,
}

impl<P> Default for Queue<P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P> Queue<P> {
    pub const fn new() -> Self {
        Self { packets: VecDeque::new(), bytes: 0, charge: 0 }
    }

    pub fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    pub fn len(&self) -> usize {
        self.packets.len()
    }

    /// Oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &P> {
        self.packets.iter().map(|queued| &queued.packet)
    }

    /// Bytes in all packets.
    pub fn bytes(&self) -> u32 {
        self.bytes
    }

    /// Memory that all packets take.
    pub fn charge(&self) -> u32 {
        self.charge
    }

    /// Room for one more packet; `false` without memory.
    pub fn reserve(&mut self) -> bool {
        self.packets.try_reserve(1).is_ok()
    }

    /// Adds a packet, for which there is room.
    pub fn push(&mut self, packet: P, len: u32, charge: u32) {
        self.bytes += len;
        self.charge += charge;
        self.packets.push_back(Queued { packet, start: 0, len, charge });
    }

    /// Receives `count` bytes of the oldest packet, which goes when none are left.
    pub fn consume(&mut self, count: u32) -> Option<P> {
        let first = self.packets.front_mut()?;
        let count = count.min(first.len);
        first.start += count;
        first.len -= count;
        self.bytes -= count;
        if first.len == 0 { self.pop() } else { None }
    }

    /// Takes the oldest packet, received or not.
    pub fn pop(&mut self) -> Option<P> {
        let Queued { packet, len, charge, .. } = self.packets.pop_front()?;
        self.bytes -= len;
        self.charge -= charge;
        Some(packet)
    }
}

impl<P: Clone> Queue<P> {
    /// The packet in that place.
    pub fn get(&self, place: usize) -> Option<Head<P>> {
        let Queued { packet, start, len, .. } = self.packets.get(place)?;
        Some(Head { packet: packet.clone(), start: *start, len: *len })
    }
}
