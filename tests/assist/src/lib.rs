//! What tests ask of the server that misbehaves on request.
//!
//! Each request is the label of a call. Its name goes for what the server does; where that is
//! followed by an answer, word 0 of the answer says what is told here.

#![no_std]

/// Instance, process id, level-independent badge of the caller.
pub const WHO: u16 = 1;
/// Ends with the status in word 0, unless the instance is above word 1: then as [`WHO`].
pub const EXIT: u16 = 2;
/// As [`EXIT`], but by a fault.
pub const CRASH: u16 = 3;
/// As [`EXIT`], but never ends nor answers.
pub const HANG: u16 = 4;
/// Answers calls, but no heartbeat from now on.
pub const BE_SILENT: u16 = 5;
/// Tries replies that are none. How many the kernel took.
pub const REPLY_WRONGLY: u16 = 6;
/// Tries handles that it was not given. How many calls it could make with them.
pub const FORGE: u16 = 7;
/// Asks the supervisor for what the manifest does not grant. How much it got.
pub const DEMAND: u16 = 8;
/// Takes memory and handles and forgets them: so many pages, and so many handles of each kind.
pub const LEAK: u16 = 9;
/// Registers its second name.
pub const REGISTER_LATE: u16 = 10;
/// How many servers have used the service's frames.
pub const COUNT: u16 = 11;
