//! The console server: it drives COM1, on which programs' standard streams or a terminal lie.
//!
//! All the work is [`Driver`]'s, which the kernel's own driver shares. What is here decides when it
//! runs: when the kernel has [news](NEWS), when the port has [interrupted](INTERRUPT), and at each
//! heartbeat, as one of these may have been lost.

#![no_std]

use sys::abi::console::uart::{Registers, Uart};
use sys::abi::console::{Driver, Shared, Step};
use sys::ipc::{Caller, Message, Reply, Server};
use sys::{Errno, Result};

#[cfg(target_arch = "x86")]
pub mod machine;
#[cfg(test)]
mod tests;

/// The bit that the kernel sets when programs have written, read or commanded.
pub const NEWS: u32 = 1 << 0;
/// The bit that the port's interrupt sets.
pub const INTERRUPT: u32 = 1 << 1;

/// What the driver needs of the kernel.
pub trait Kernel {
    /// Looks at the driver's indexes.
    fn tell(&mut self);
    /// Signals the group in the foreground; `flush`: after forgetting input that was not read.
    fn signal(&mut self, signal: i32, flush: bool);
    /// Lets the next interrupt in.
    fn acknowledge(&mut self);
}

/// The server.
pub struct Console<'a, R, K> {
    driver: Driver<'a>,
    uart: Uart<R>,
    kernel: K,
}

impl<'a, R: Registers, K: Kernel> Console<'a, R, K> {
    /// Goes on where the last instance ended, whatever that did to the port.
    pub fn new(shared: &'a Shared, registers: R, kernel: K) -> Self {
        let mut uart = Uart::new(registers);
        uart.restore();
        Self { driver: Driver::new(shared), uart, kernel }
    }

    /// Works as long as there is something to do.
    fn run(&mut self) {
        loop {
            match self.driver.step(&mut self.uart) {
                Step::Progress => {}
                Step::Tell => self.kernel.tell(),
                Step::Signal { signal, flush } => self.kernel.signal(signal, flush),
                Step::Idle(wanted) => return self.uart.listen(wanted),
            }
        }
    }
}

impl<R: Registers, K: Kernel> Server for Console<'_, R, K> {
    /// Nobody has anything to ask.
    fn handle(&mut self, _: &Message, _: &mut Caller<'_>) -> Result<Reply> {
        Err(Errno::ENOSYS)
    }

    fn notified(&mut self, bits: u32) {
        self.run();
        if bits & INTERRUPT != 0 {
            self.kernel.acknowledge();
        }
    }
}
