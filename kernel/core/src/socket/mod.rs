//! Sockets between processes of one machine: what waits to be received, who has shut what down, and
//! what sending, receiving and `poll` come to. Moving the bytes is the caller's.
//!
//! [`Pair`] is a connection, [`Backlog`] has those that wait to be accepted, [`Mailbox`] is a socket for
//! datagrams, [`Travellers`] are sockets in messages.

mod address;
mod backlog;
mod buffer;
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
pub use buffer::{DEFAULT_SIZE, SendBuffer, receive_buffer};
pub use mailbox::{Delivery, Mailbox};
pub use pair::{Pair, ReceiveStep, SendStep, Side, SocketKind};
pub use queue::{Head, Queue};
pub use travellers::{Mark, Traffic, Travellers};
