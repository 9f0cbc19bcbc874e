//! COM1 and the kernel, by what the manifest grants.

use crate::{Console, INTERRUPT, Kernel, NEWS};
use core::convert::Infallible;
use core::sync::atomic::AtomicU32;
use sys::abi::console::uart::Registers;
use sys::console::Line;
use sys::ipc::{IoPorts, Irq};
use sys::{Result, eprintln, process, service};
use x86::io::{inb, outb};

const COM1: u16 = 0x3f8;
/// ^C reaches programs that never sleep.
const NICE: i32 = -10;

/// Serves until that fails.
pub fn run() -> i32 {
    let Err(error) = serve();
    eprintln!("console: {error}");
    1
}

fn serve() -> Result<Infallible> {
    let service = service::check_in()?;
    process::set_nice(NICE)?;
    let (irq, line) = (service.irq(0)?, service.console()?);
    let com1 = Com1::enable(service.io_ports(0)?)?;
    irq.attach(&service.port, INTERRUPT)?;
    line.attach(&service.port, NEWS)?;
    let mut server = Console::new(line.map()?, com1, Handles { line, irq });
    service.serve(NEWS | INTERRUPT, &["console"], &mut server)
}

/// COM1's registers.
struct Com1(IoPorts);

impl Com1 {
    /// By the right to use them.
    fn enable(ports: IoPorts) -> Result<Self> {
        ports.enable()?;
        Ok(Self(ports))
    }
}

impl Registers for Com1 {
    fn read(&mut self, register: u16) -> u8 {
        // SAFETY: the registers of a UART touch no memory.
        unsafe { inb(COM1 + register) }
    }

    fn read_into(&mut self, register: u16, place: &AtomicU32, tag: u32) {
        report(self.0.read_into(COM1 + register, place, tag));
    }

    fn write(&mut self, register: u16, value: u8) {
        // SAFETY: as above.
        unsafe { outb(COM1 + register, value) }
    }
}

/// The kernel, by the handles for the console and its interrupt.
struct Handles {
    line: Line,
    irq: Irq,
}

impl Kernel for Handles {
    fn tell(&mut self) {
        report(self.line.tell());
    }

    fn signal(&mut self, signal: i32, flush: bool) {
        report(self.line.signal(signal, flush));
    }

    fn acknowledge(&mut self) {
        report(self.irq.acknowledge());
    }
}

/// Nothing can be done about a kernel that refuses; the log says so.
fn report(result: Result<()>) {
    if let Err(error) = result {
        eprintln!("console: {error}");
    }
}
