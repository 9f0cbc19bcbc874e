//! Sockets between processes of one machine: what waits to be received, who has shut what down, and
//! what sending, receiving and `poll` come to. Moving the bytes is the caller's.
//!
//! [`Pair`] is a connection, [`Backlog`] has those that wait to be accepted, [`Mailbox`] is a socket for
//! datagrams, [`Travellers`] are sockets in messages.

mod address;
mod backlog;
mod events;
mod mailbox;
mod pair;
mod queue;
mod spread;
mod travellers;

#[cfg(test)]
mod tests;

pub use address::{Name, automatic, length, parse};
pub use backlog::{Admission, Backlog};
pub use mailbox::{Delivery, Mailbox};
pub use pair::{Pair, ReceiveStep, SendStep, Side, SocketKind};
pub use queue::{Head, Queue};
pub use travellers::{Mark, Traffic, Travellers};

/// Bytes of memory that may wait for the other end to receive them.
pub const SEND_BUFFER: u32 = 212_992;
/// Bytes of the longest message.
pub const MAX_MESSAGE: u32 = SEND_BUFFER - 32;
/// The most a stream hands over in one piece.
pub const STREAM_PIECE: u32 = 32 * 1024;
