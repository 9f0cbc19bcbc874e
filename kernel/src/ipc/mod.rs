//! Messages between processes: see `abi::ipc` for what programs see.
//!
//! [`port`] is the rendezvous. It moves words between slots and wakes tasks; what meets whom is
//! decided by `kcore::endpoint`. A call to a server that waits goes like this:
//!
//! ```text
//!  client                                     server
//!                                             receive: nothing there; sleeps
//!  call: copies its words into the server's
//!  slot, switches to the server at once  ───► copies them to its block; works
//!                                             reply_receive: copies its words into the
//!  copies them to its block             ◄───  client's slot, sleeps, switches to the client
//! ```
//!
//! Nothing is queued and nothing allocated on the way. The lower half (`port`, `slot`,
//! `notification`, `attachments`, `object`, `request`) knows nothing of processes and never touches
//! user memory except through what its callers hand it; the upper half serves system calls.

pub mod attachments;
pub mod call;
pub mod caller;
pub mod child;
mod exchange;
pub mod frames;
pub mod handle;
pub mod io_ports;
pub mod irq;
#[cfg(feature = "ktest")]
pub mod ktest;
pub mod lease;
mod notification;
pub mod object;
pub mod port;
#[cfg_attr(
    not(feature = "ktest"),
    expect(dead_code, reason = "page-outs send what waits for nobody")
)]
pub mod request;
pub mod server;
pub mod slot;
pub mod statistics_right;
pub mod supervisor;
