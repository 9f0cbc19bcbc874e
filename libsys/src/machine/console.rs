//! The console's line, for whoever drives it. What it is made of is said in [`abi::console`].

use crate::Result;
use crate::ipc::{Frames, Handle, Port};
use crate::syscall::ipc;
use abi::console::{SHARED_PAGES, Shared};

/// The right to drive the line.
#[derive(Debug, PartialEq, Eq)]
pub struct Line(pub Handle);

impl Line {
    /// For `init`: takes the line from the kernel, which gets it back when the last handle is closed.
    ///
    /// EPERM: this process is not `init`. EBUSY: somebody has it. (`console_create`)
    pub fn new() -> Result<Self> {
        // SAFETY: changes no memory.
        unsafe { ipc::console_create() }.map(|raw| Self(Handle::from_raw(raw)))
    }

    /// Maps the memory that is shared with the kernel, for good. (`console_frames`, `frames_map`)
    pub fn map(&self) -> Result<&'static Shared> {
        // SAFETY: changes no memory.
        let raw = unsafe { ipc::console_frames(self.0.raw()) }?;
        let mapped = Frames(Handle::from_raw(raw)).map(0, SHARED_PAGES, true)?;
        let start = mapped.as_mut_ptr();
        core::mem::forget(mapped);
        // SAFETY: that long, on a page, mapped for good, and all its words are atomic.
        Ok(unsafe { &*start.cast() })
    }

    /// The process behind `port` drives; `bits` of the port are set when there is news for it, and
    /// now. (`console_attach`)
    ///
    /// EPERM: lacks CONTROL, or the port's handle ATTACH or NOTIFY.
    pub fn attach(&self, port: &Port, bits: u32) -> Result<()> {
        // SAFETY: changes no memory.
        unsafe { ipc::console_attach(self.0.raw(), port.0.raw(), bits) }.map(drop)
    }

    /// Has the kernel look at the driver's indexes. (`console_tell`)
    pub fn tell(&self) -> Result<()> {
        // SAFETY: changes no memory of this program's.
        unsafe { ipc::console_tell(self.0.raw()) }.map(drop)
    }

    /// Signals the process group in the foreground; `flush`: after forgetting input that was not
    /// read. (`console_signal`)
    ///
    /// EINVAL: not SIGINT, SIGQUIT or SIGTSTP.
    pub fn signal(&self, signal: i32, flush: bool) -> Result<()> {
        // SAFETY: changes no memory.
        unsafe { ipc::console_signal(self.0.raw(), signal, u32::from(flush)) }.map(drop)
    }
}
