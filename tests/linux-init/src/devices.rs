//! Device files, the serial line, and the machine's end.

use core::arch::asm;
use sys::abi::file::{O_NOCTTY, O_RDWR, S_IFCHR};
use sys::abi::frame::{Exit, Frame, put};
use sys::abi::terminal::{CLOCAL, CREAD, CS8};
use sys::file::File;
use sys::path::CPath;
use sys::syscall::{enter_linux, linux};
use sys::terminal::{attributes, set_attributes};
use sys::{Errno, Result};

/// The line of the host.
const SERIAL: &str = "/dev/ttyS0";

/// What Folio has in `/dev`, and the line.
const DEVICES: [(&str, u32, u32); 5] = [
    (SERIAL, 4, 64),
    ("/dev/null", 1, 3),
    ("/dev/zero", 1, 5),
    ("/dev/full", 1, 7),
    ("/dev/urandom", 1, 9),
];

/// Makes the device files that programs expect, for everybody.
pub fn make() -> Result<()> {
    // SAFETY: the call names no memory. It cannot fail.
    let mask = unsafe { linux::umask(0) }?;
    for (path, major, minor) in DEVICES {
        let path = CPath::new(path)?;
        // SAFETY: the kernel only reads the path.
        match unsafe { linux::mknod(path.as_user(), S_IFCHR | 0o666, major << 8 | minor) } {
            Ok(_) | Err(Errno::EEXIST) => {}
            Err(error) => return Err(error),
        }
    }
    // SAFETY: as above.
    unsafe { linux::umask(mask) }.map(drop)
}

/// Opens the line, which passes every byte as it is.
pub fn open_serial() -> Result<File> {
    let serial = File::open_with(SERIAL, O_RDWR | O_NOCTTY, 0)?;
    let mut raw = attributes(serial.fd())?;
    (raw.iflag, raw.oflag, raw.lflag) = (0, 0, 0);
    raw.cflag |= CS8 | CREAD | CLOCAL;
    set_attributes(serial.fd(), &raw)?;
    Ok(serial)
}

/// Tells the host how the program ended, and stops the machine in the way Folio does.
pub fn power_off(exit: Exit) -> ! {
    if let Ok(serial) = open_serial() {
        let mut frame = [0; 32];
        let mut length = 0;
        put(&Frame::Exit(exit), |byte| {
            if let Some(place) = frame.get_mut(length) {
                *place = byte;
                length += 1;
            }
        });
        // Without an exit frame the host reports a failure.
        let _ = serial.write_all(frame.get(..length).unwrap_or(&[]));
        // Setting them again waits until everything has been sent.
        let _ = attributes(serial.fd()).and_then(|raw| set_attributes(serial.fd(), &raw));
    }
    const IOPERM: u32 = 101;
    const DEBUG_EXIT: u32 = 0xf4;
    // SAFETY: the port belongs to nobody.
    unsafe {
        enter_linux(IOPERM, &[DEBUG_EXIT, 1, 1, 0, 0, 0], 3);
    }
    // SAFETY: QEMU ends. Without permission the process does, and Linux panics and restarts.
    unsafe { asm!("out dx, al", in("dx") DEBUG_EXIT as u16, in("al") 0_u8) };
    loop {
        core::hint::spin_loop();
    }
}
