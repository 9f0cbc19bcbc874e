//! Answering for files: what `read`, `stat` and so on find below a directory that a server is mounted
//! on. The messages are those of [`abi::node`].
//!
//! A server is a type that implements [`FileSystem`]; [`Files`] makes a [`Server`](crate::ipc::Server)
//! of it, which a [`Loopback`](crate::ipc::Loopback) tests on any machine. Where it is mounted its
//! manifest says: `mount /proc`.
//!
//! ```
//! use libsys::abi::file::{DT_REG, S_IFDIR, S_IFREG};
//! use libsys::node::{Asker, Attributes, Entries, FileSystem, Output, ROOT};
//! use libsys::{Errno, Result};
//!
//! /// One file, `hello`.
//! struct Hello;
//!
//! const HELLO: u64 = 2;
//!
//! impl FileSystem for Hello {
//!     fn look_up(&mut self, directory: u64, name: &[u8], _: &Asker) -> Result<u64> {
//!         if (directory, name) == (ROOT, b"hello") { Ok(HELLO) } else { Err(Errno::ENOENT) }
//!     }
//!
//!     fn attributes(&mut self, node: u64, _: &Asker) -> Result<Attributes> {
//!         let mode = if node == ROOT { S_IFDIR | 0o555 } else { S_IFREG | 0o444 };
//!         Ok(Attributes { ino: node, mode, nlink: 1, ..Attributes::default() })
//!     }
//!
//!     fn parent(&mut self, _: u64) -> Result<u64> {
//!         Ok(ROOT)
//!     }
//!
//!     fn path(&mut self, _: u64) -> Result<Vec<u8>> {
//!         Ok(b"/hello".to_vec())
//!     }
//!
//!     fn read(&mut self, _: u64, offset: u64, to: &mut Output<'_>, _: &Asker) -> Result<()> {
//!         to.write_from(b"Hello\n", offset)
//!     }
//!
//!     fn read_directory(
//!         &mut self, _: u64, position: u64, entries: &mut Entries, _: &Asker,
//!     ) -> Result<()> {
//!         if position == 0 {
//!             entries.add(b"hello", HELLO, DT_REG, 1);
//!         }
//!         Ok(())
//!     }
//! }
//! ```

mod asker;
mod dispatch;
mod entries;
mod file_system;
mod output;
#[cfg(test)]
mod tests;

pub use abi::node::{
    Attributes, Changes, NODE_CONTROLS_FAULTS, NODE_HAS_SIZE, NODE_IS_OPENED, Object, ROOT,
};
pub use asker::Asker;
pub use dispatch::Files;
pub use entries::Entries;
pub use file_system::{FileSystem, Target};
pub use output::{Input, Output};
