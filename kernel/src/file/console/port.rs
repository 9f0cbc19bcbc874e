//! COM1, until a console server takes it over.
//!
//! Received bytes are taken from the port by its interrupt and wait here for the console's task.
//! What is sent goes out polled.

use crate::arch::serial::{COM1, COM1_LINE, FIFO_BYTES, Uart};
use crate::irq;
use crate::sync::{IrqSpinLock, Rank, WaitQueue};

/// Received bytes that wait at most. While they do, the port's own buffer fills and whoever sends
/// stops.
const WAITING: usize = 1024;

struct Port {
    uart: Uart,
    bytes: [u8; WAITING],
    first: usize,
    count: usize,
}

// SAFETY: until a server gets COM1's ports nobody else drives it.
static PORT: IrqSpinLock<Port> = IrqSpinLock::new(Rank::Device, unsafe {
    Port { uart: Uart::new(COM1), bytes: [0; WAITING], first: 0, count: 0 }
});

static ARRIVED: WaitQueue = WaitQueue::new();

/// Starts to receive.
pub fn start() {
    PORT.lock().uart.initialise();
    match irq::claim(COM1_LINE, |_, _| receive()) {
        Ok(()) => PORT.lock().uart.interrupt_on_receive(true),
        Err(_) => log::error!("COM1's interrupt line is taken: the console gets no input"),
    }
}

fn receive() {
    PORT.lock().fill();
    ARRIVED.wake_one();
}

impl Port {
    fn fill(&mut self) {
        while self.count < WAITING {
            let Some(byte) = self.uart.receive() else { return };
            if let Some(place) = self.bytes.get_mut((self.first + self.count) % WAITING) {
                *place = byte;
            }
            self.count += 1;
        }
        // The cause stands: `take` lets it raise the interrupt again.
        self.uart.interrupt_on_receive(false);
    }

    fn take(&mut self, to: &mut [u8]) -> usize {
        let was_full = self.count == WAITING;
        let mut taken = 0;
        for place in to.iter_mut().take(self.count) {
            *place = self.bytes.get(self.first).copied().unwrap_or_default();
            self.first = (self.first + 1) % WAITING;
            taken += 1;
        }
        self.count -= taken;
        if was_full && taken != 0 {
            self.uart.interrupt_on_receive(true);
        }
        taken
    }
}

/// Takes received bytes; sleeps until there are some.
pub fn take(to: &mut [u8]) -> usize {
    let mut taken = 0;
    ARRIVED.wait(|| {
        taken = PORT.lock().take(to);
        taken != 0
    });
    taken
}

/// Takes received bytes if there are some.
pub fn try_take(to: &mut [u8]) -> usize {
    let mut port = PORT.lock();
    // With interrupts off for long (a panic, the end) nobody else asks the port.
    port.fill();
    port.take(to)
}

/// Sends bytes, waiting for the port as long as it takes.
pub fn send(bytes: &[u8]) {
    for load in bytes.chunks(FIFO_BYTES) {
        PORT.lock().uart.send(load);
    }
}
