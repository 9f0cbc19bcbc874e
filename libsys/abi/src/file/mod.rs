//! Files: attributes, directory entries, flags.

mod device;
mod directory_entry;
mod event;
mod fallocate;
mod fcntl;
mod lock;
mod mode;
mod mount;
mod open;
mod path;
mod stat;
mod statfs;
mod statx;
mod transfer;

pub use device::*;
pub use directory_entry::*;
pub use event::*;
pub use fallocate::*;
pub use fcntl::*;
pub use lock::*;
pub use mode::*;
pub use mount::*;
pub use open::*;
pub use path::*;
pub use stat::*;
pub use statfs::*;
pub use statx::*;
pub use transfer::*;
