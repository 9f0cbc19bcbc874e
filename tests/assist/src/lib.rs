//! What tests ask of the server that misbehaves on request.
//!
//! Each request is the label of a call. "The instance" and the like are the words of the answer.

#![no_std]

pub mod files;

/// The instance, the process id, and the badge by which the server knows the caller.
pub const WHO: u16 = 1;
/// Ends with the status in word 0, unless the instance is above word 1: then as [`WHO`].
pub const EXIT: u16 = 2;
/// As [`EXIT`], but by a fault.
pub const CRASH: u16 = 3;
/// As [`EXIT`], but never ends nor answers.
pub const HANG: u16 = 4;
/// Answers calls, but no heartbeat from now on. As [`WHO`].
pub const BE_SILENT: u16 = 5;
/// Tries replies that are none. The number of those that the kernel took.
pub const REPLY_WRONGLY: u16 = 6;
/// Tries handles that it was not given. The number of calls that it could make with them.
pub const FORGE: u16 = 7;
/// Asks the supervisor for what the manifest does not grant. The number of things it got.
pub const DEMAND: u16 = 8;
/// Takes memory and handles and forgets them: as many of each as word 0 says. As [`WHO`].
pub const LEAK: u16 = 9;
/// Registers its second name.
pub const REGISTER_LATE: u16 = 10;
/// The number of servers that have used the service's frames.
pub const COUNT: u16 = 11;
/// Has the kernel read from the service's I/O port, which is [`IO_PORT`], and from others: the results,
/// as system calls return them. First that of a read that stores [`READ_TAG`], then what it stored;
/// then those of the port behind, of a word that is not aligned, of no memory, of the kernel's.
pub const READ_PORT: u16 = 12;

/// Of the keyboard controller; a read changes nothing.
pub const IO_PORT: u16 = 0x61;
/// Above the byte that was read.
pub const READ_TAG: u32 = 0x0012_3400;
