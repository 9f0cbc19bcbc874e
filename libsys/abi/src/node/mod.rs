//! What the kernel asks of servers that answer for files.
//!
//! A server's port is mounted on a directory. From there on the server answers for *nodes*, which it
//! numbers as it likes; [`ROOT`] is the directory that is mounted. Descriptors, offsets and the walk
//! across mounts are the kernel's. A number should mean the same to the next instance of a server that
//! died: the kernel goes on using it.
//!
//! Every message says who asks ([`Asker`]). Its label says what, its leases lie in the kernel's memory
//! or, for `Read` and `Write`, in that of the program:
//!
//! | request | lease 0 | lease 1 | words of the reply |
//! |---|---|---|---|
//! | `LookUp` | the path | [`Attributes`] to fill in | [`Found`] |
//! | `Parent` | | | the node, 2 words |
//! | `Path` | place for the path, from the root | | its length |
//! | `Attributes` | [`Attributes`] to fill in | | |
//! | `SetAttributes` | [`Changes`] | | |
//! | `Open` | | | |
//! | `Read` | place for the bytes | | how many |
//! | `Write` | the bytes | | how many |
//! | `ReadDirectory` | place for [`Dirent64`](crate::file::Dirent64)s | | how many bytes |
//! | `ReadLink` | place for the text | | [`Link`] |
//! | `Figures` | [`Statfs64`](crate::file::Statfs64) to fill in | | |
//!
//! The last lease of `LookUp` holds the asker's supplementary groups, 32 bits each.
//!
//! The label of a reply is 0 or an error number, which the program gets. A reply that makes no sense is
//! EIO for the program.
//!
//! All of these may be done twice, so a program whose server died waits for the next one: reads and
//! writes name their offset. Reads also name the open file, so that a server whose texts change can show
//! each reader one; that a file is closed, nobody says.
//!
//! Labels from 32 on are for what disk filesystems need besides: names that come and go (`mkdir`,
//! `unlink`, `rename`…), pages that the kernel keeps, `fsync`, and nodes that are open without a name.

mod asker;
mod attributes;
mod reply;
mod request;
#[cfg(test)]
mod tests;

pub use asker::Asker;
pub use attributes::{
    Attributes, CHANGE_ACCESSED, CHANGE_GROUP, CHANGE_MODE, CHANGE_MODIFIED, CHANGE_SIZE,
    CHANGE_USER, Changes, NODE_CONTROLS_FAULTS, NODE_HAS_SIZE, NODE_IS_OPENED,
};
pub use reply::{Found, Link, Object};
pub use request::{Encoded, Request};

/// The directory that is mounted.
pub const ROOT: u64 = 1;
