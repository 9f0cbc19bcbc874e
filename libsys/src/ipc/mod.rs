//! Calling servers, and being one. What ports, leases and handles are is said in [`abi::ipc`].
//!
//! A server is a type that implements [`Server`], tested on any machine behind a [`Loopback`]; its
//! `main` gives it to [`serve`] with a port. A client calls a [`Connection`], which is a port or, in
//! a test, the loopback.
//!
//! ```
//! use libsys::ipc::{Call, Caller, Connection, Loopback, Message, Reply, Server};
//! use libsys::{Errno, Result};
//!
//! struct Counter(u32);
//!
//! impl Server for Counter {
//!     fn handle(&mut self, message: &Message, caller: &mut Caller<'_>) -> Result<Reply> {
//!         match message.label() {
//!             1 => {
//!                 self.0 += message.get(0);
//!                 Ok(Reply::new().word(self.0))
//!             }
//!             2 => {
//!                 let written = caller.write(0, 0, b"hello")?;
//!                 Ok(Reply::new().word(written as u32))
//!             }
//!             _ => Err(Errno::ENOSYS),
//!         }
//!     }
//! }
//!
//! let counter = Loopback::new(Counter(40));
//! let answer = counter.call(Call::new(1).word(2)).unwrap();
//! assert_eq!(answer.message.get(0), 42);
//!
//! let mut bytes = [0; 4];
//! let answer = counter.call(Call::new(2).lend_mut(&mut bytes)).unwrap();
//! assert_eq!((answer.message.get(0), &bytes), (4, b"hell"));
//! ```

mod client;
mod handle;
mod loopback;
mod message;
mod server;
#[cfg(test)]
mod tests;

pub use abi::ipc::{Level, Rights};
pub use client::{Answer, Call, Connection, Lease};
pub use handle::Handle;
pub use loopback::Loopback;
pub use message::Message;
pub use server::{Caller, Lender, Received, Reply, ReplyParts, Server, Token, Transport, serve};

#[cfg(target_arch = "x86")]
pub use crate::machine::ipc::{
    Child, Frames, IoPorts, Irq, MappedFrames, Port, ServedPort, mount, raise_level,
    set_supervisor, supervisor,
};
