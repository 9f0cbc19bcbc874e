//! The end of the machine, told to whoever started QEMU (`-device isa-debug-exit,iobase=0xf4`).

use x86::io::outb;

const PORT: u16 = 0xf4;

/// How the kernel ended. The program's exit status travels as a frame, not here.
#[derive(Clone, Copy)]
pub enum End {
    Orderly = 0,
    Panic = 1,
}

pub fn exit(end: End) -> ! {
    // SAFETY: a write to this port ends QEMU; without the device it does nothing.
    unsafe { outb(PORT, end as u8) };
    loop {
        super::interrupts::disable();
        // SAFETY: with interrupts off nothing runs after this.
        unsafe { core::arch::asm!("hlt", options(nomem, nostack)) };
    }
}
