//! The kernel log: `log`'s macros, written to COM2.

use crate::arch::serial::{COM2, SerialPort};
use crate::sync::{IrqSpinLock, Rank};
use abi::console::uart::Uart;
use core::fmt::{self, Write};
use log::{LevelFilter, Log, Metadata, Record};

struct SerialLog;

struct Com2(Uart<SerialPort>);

// SAFETY: COM2 is the kernel's own; no server gets its ports.
static COM2_UART: IrqSpinLock<Com2> =
    IrqSpinLock::new(Rank::Log, Com2(Uart::new(unsafe { SerialPort::new(COM2) })));

static LOGGER: SerialLog = SerialLog;

pub fn initialise() {
    COM2_UART.lock().0.initialise();
    if log::set_logger(&LOGGER).is_ok() {
        log::set_max_level(LevelFilter::Info);
    }
}

impl Write for Com2 {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.send_all(text.as_bytes());
        Ok(())
    }
}

impl Log for SerialLog {
    fn enabled(&self, _: &Metadata) -> bool {
        true
    }

    fn log(&self, record: &Record) {
        let module = record.target();
        let module = module.strip_prefix("kernel::").unwrap_or(module);
        // The port takes everything.
        let _ = writeln!(&mut *COM2_UART.lock(), "{module}: {}", record.args());
    }

    fn flush(&self) {}
}

/// Writes text as it is: the results of tests.
pub fn write(text: fmt::Arguments) {
    // The port takes everything.
    let _ = COM2_UART.lock().write_fmt(text);
}

/// Writes past a lock that may be held for ever.
///
/// # Safety
/// No other code runs again.
pub unsafe fn panic_write(arguments: fmt::Arguments) {
    // SAFETY: the caller says that nobody else will use the port.
    unsafe { COM2_UART.force_unlock() };
    let _ = COM2_UART.lock().write_fmt(arguments);
}
