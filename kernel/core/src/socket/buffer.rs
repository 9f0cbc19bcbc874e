//! How much a socket may have on its way: SO_SNDBUF, SO_RCVBUF.

/// What a program may ask for without privilege, and what a socket has at first.
pub const DEFAULT_SIZE: u32 = 212_992;
/// The most a stream hands over in one piece.
pub const STREAM_PIECE: u32 = 32 * 1024;
/// A packet of 2048 bytes with what Linux keeps about it.
const SMALL_PACKET: u32 = 2304;

/// Memory for what was sent and nobody has received.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SendBuffer(u32);

/// Twice what was asked for: Linux's half is for what it keeps about packets.
fn doubled(asked: u32) -> u32 {
    asked.min(i32::MAX as u32 / 2) * 2
}

/// The size of the buffer for what is received, when a program asks for one.
#[must_use]
pub fn receive_buffer(asked: u32) -> u32 {
    doubled(asked).max(SMALL_PACKET)
}

impl SendBuffer {
    pub const DEFAULT: Self = Self(DEFAULT_SIZE);

    /// When a program asks for one.
    #[must_use]
    pub fn of(asked: u32) -> Self {
        Self(doubled(asked).max(2 * SMALL_PACKET))
    }

    #[must_use]
    pub const fn size(self) -> u32 {
        self.0
    }

    /// Bytes of the longest message.
    #[must_use]
    pub const fn longest_message(self) -> u32 {
        self.0 - 32
    }

    /// Bytes a stream hands over in one piece.
    pub(super) fn piece(self) -> u32 {
        (self.0 / 2 - 64).min(STREAM_PIECE)
    }

    /// Whether who has so much on its way has to wait.
    #[must_use]
    pub const fn is_full(self, outstanding: u32) -> bool {
        outstanding >= self.0
    }

    /// Whether most of it is free.
    #[must_use]
    pub const fn is_writable(self, outstanding: u32) -> bool {
        outstanding <= self.0 / 4
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_doubled_between_bounds() {
        let sizes = [0, 2304, 2305, 100_000, u32::MAX].map(|asked| SendBuffer::of(asked).size());
        assert_eq!(sizes, [4608, 4608, 4610, 200_000, i32::MAX as u32 - 1]);
        assert_eq!([0, 1152, 1153].map(receive_buffer), [2304, 2304, 2306]);
    }

    #[test]
    fn a_small_buffer_takes_small_pieces() {
        let (small, usual) = (SendBuffer::of(0), SendBuffer::DEFAULT);
        assert_eq!((small.piece(), usual.piece()), (2240, STREAM_PIECE));
        assert_eq!((small.longest_message(), usual.longest_message()), (4576, 212_960));
        assert!(small.is_full(4608) && !small.is_full(4607) && !usual.is_full(4608));
        assert!(small.is_writable(1152) && !small.is_writable(1153));
    }
}
