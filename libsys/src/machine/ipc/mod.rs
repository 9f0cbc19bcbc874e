//! Ports and what else has handles, by `int 0x81`.

mod exchange;
pub(crate) mod handle;
mod objects;
mod port;

pub(crate) use exchange::{Messages, begin_threads, first_messages, has_threads};
pub use objects::{Child, Frames, IoPorts, Irq, MappedFrames};
pub use port::{Port, ServedPort, mount, raise_level, set_supervisor, supervisor};
