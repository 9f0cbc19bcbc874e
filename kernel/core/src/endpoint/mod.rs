//! A port: where callers and the threads of a server meet.
//!
//! ```text
//!            call                    recv                     reply
//!   Idle ───────────► Queued ─────────────────► Received ─────────────► Idle
//!     ▲                 │ ▲                        │
//!     └── cancel, kill ─┘ └── server died, RETRY ──┤
//!     └──────────────── server died, kill ─────────┘
//! ```
//!
//! One object, one protocol, no other queue than the blocked callers themselves. The port belongs
//! to the supervisor, not to the server: callers meet the next instance. Calls only go down in
//! level, so no cycle of waiting can form.
//!
//! Nothing here moves a word or wakes a task: a verb changes the state and says what to do. No
//! verb allocates; all take constant time but for a call that finds callers of lower priority
//! queued, and for the death of a server, which takes a step per caller.

mod client;
mod exchange;
mod port;
#[cfg(test)]
mod tests;

pub use abi::ipc::Level;
pub use client::{CallKind, Client, ClientState, Clients, OnServerDeath, ReplyToken};
pub use port::{
    CallOutcome, CancelOutcome, Endpoint, Interrupt, Orphan, ReceiveOutcome, Rendezvous,
};
