//! A pair of connected sockets: what waits to be received at each end, who has shut what down, and
//! what sending, receiving and `poll` come to. Moving the bytes is the caller's.

mod events;
mod pair;
mod queue;

#[cfg(test)]
mod tests;

pub use pair::{Pair, ReceiveStep, SendStep, Side, SocketKind};
pub use queue::{Head, Queue};

/// Bytes of memory that may wait for the other end to receive them.
pub const SEND_BUFFER: u32 = 212_992;
/// The most a stream hands over in one piece.
pub const STREAM_PIECE: u32 = 32 * 1024;
