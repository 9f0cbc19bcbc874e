//! System calls: `abi`'s tables expanded to a match, one handler a row.
//!
//! A handler takes the arguments as the table types them and returns a value or an `Errno`. A row
//! without a handler does not compile.

mod dispatch;

pub use dispatch::linux_call;
