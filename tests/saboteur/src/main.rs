//! `saboteur SERVER (WHAT FIRST COUNT NUMBER)…`: makes something in a server wrong, again and again, and
//! tells what becomes of it.
//!
//! A fault is a changed instruction or a changed word of one server's memory (crate `mutation`), or its
//! end or silence at a certain message. Then ordinary work is done with that server, with a time limit.
//! If the server has died of it, or hangs, the same work has to be possible again soon. The next fault
//! meets a new server.
//!
//! `WHAT` is `faults`, FIRST to FIRST + COUNT - 1 of seed NUMBER, or what happens at messages: at the
//! FIRSTth and then at each NUMBERth, at most COUNT times, `receiving`, `answering` or `hanging`. What
//! comes of it goes to the kernel's log, because one of the servers is the console's:
//!
//! ```text
//! servers: fault SERVER NUMBER KIND PLACE OUTCOME RECOVERY
//! servers: ok NAME
//! servers: not ok NAME: WHY
//! servers: over
//! ```
//!
//! - `NUMBER KIND PLACE`: which fault, what was changed (`mutation::Kind`) or happened, and the address
//!   of the change or `-`.
//! - `OUTCOME`: `none` if nothing was seen of it, `wrong` if an answer was an error or not true, `died`
//!   or `hung`.
//! - `RECOVERY`: of a server that died or hung, milliseconds until the work was done again; else `-`.
//!   `lost`: it never was, and this guest is of no use any more.

#![no_std]
#![no_main]

extern crate alloc;

mod campaign;
mod child;
mod client;
mod messages;
mod options;
mod place;
mod round;
mod scenarios;
mod service;
mod target;
mod teller;
mod witness;

sys::entry!(main);

fn main() -> i32 {
    campaign::run(sys::env::args().skip(1))
}
