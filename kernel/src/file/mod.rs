//! Files: descriptors, open-file descriptions, the walk along paths, the kernel's own tree of
//! nodes and those of servers, pipes, sockets, devices, and the console until a server takes it over.
//!
//! ```text
//!  FileTable ──► File ──► Regular ──► Object      pages, shared with mmap
//!   (fd)    (offset, flags) │  Pipe, Socket, Epoll, Eventfd, Device, Terminal, …
//!                           └► Held ──► the tree   attributes, names; or
//!                              Served ──► a mount, a number: everything else the server knows
//! ```
//!
//! Locks, outermost first: a description's position, a file's turn to write (both sleep); then
//! tables, pipes and the console; then the tree.

mod access;
pub mod archive;
pub mod buffers;
pub mod caller;
pub mod console;
mod context;
mod copy_range;
mod description;
mod device;
pub mod directory;
pub mod epoll;
pub mod eventfd;
pub mod found;
mod kmsg;
#[cfg(feature = "ktest")]
pub mod ktest;
pub mod locks;
mod magic;
pub mod names;
pub mod namespace;
mod open;
mod open_regular;
mod operations;
mod other_locks;
mod pipe;
pub mod place;
pub mod poll;
pub mod random;
mod regular;
mod sendfile;
pub mod served;
pub mod signalfd;
pub mod socket;
pub mod status;
mod table;
pub mod timerfd;
pub mod tree;
mod whereabouts;

pub use access::Caller;
pub use context::FsContext;
pub use copy_range::copy_file_range;
pub use description::{File, Kind};
pub use open::{exec_open, may_read, open, open_memory};
pub use pipe::pipe;
pub use sendfile::sendfile;
pub use served::next_mount;
pub use table::FileTable;
pub use whereabouts::mount_path;
