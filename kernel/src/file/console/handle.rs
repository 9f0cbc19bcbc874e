//! The console as a handle: whoever has it may drive the line.

use super::{driving, streams};
use crate::ipc::frames::Frames;
use crate::ipc::object::{Object, Revocations};
use crate::ipc::port::Port;
use crate::result::{Errno, Result};
use abi::signal::{SIGINT, SIGQUIT, SIGTSTP};
use alloc::sync::Arc;

pub struct ConsoleHandle {
    revocations: Revocations,
}

impl Object for ConsoleHandle {
    fn revocations(&self) -> &Revocations {
        &self.revocations
    }
}

impl ConsoleHandle {
    /// Takes the line from the kernel's own driver. EBUSY if there is a handle already.
    pub fn new() -> Result<Arc<Self>> {
        driving::give_away()?;
        // If there is no memory, dropping it gives the line back.
        Arc::try_new(Self { revocations: Revocations::new() }).map_err(|_| Errno::ENOMEM)
    }

    /// What `abi::console::Shared` describes.
    pub fn frames(&self) -> Arc<Frames> {
        streams().frames().clone()
    }

    /// The process behind `port` drives.
    pub fn attach(&self, port: Arc<Port>, bits: u32) -> Result<()> {
        driving::attach(port, bits)
    }

    /// The driver has news.
    pub fn tell(&self) {
        streams().tell();
    }

    /// Signals the group in the foreground. EINVAL for signals that no key sends.
    pub fn signal(&self, signal: i32, flush: bool) -> Result<()> {
        if ![SIGINT, SIGQUIT, SIGTSTP].contains(&signal) {
            return Err(Errno::EINVAL);
        }
        driving::signal(signal, flush);
        Ok(())
    }
}

impl Drop for ConsoleHandle {
    fn drop(&mut self) {
        driving::take_back();
    }
}
