//! Calls that do next to nothing, and a pipe to oneself.

use crate::meter::Meter;
use crate::processes::Pipe;
use crate::row::Row;
use sys::syscall::{enter_linux, linux};
use sys::{Errno, Result};

pub const ROWS: &[Row] = &[
    Row { name: "syscall_getppid", run: getppid },
    Row { name: "syscall_nosys", run: nosys },
    Row { name: "pipe_self", run: pipe_self },
];

fn getppid(meter: &mut Meter) -> Result<()> {
    let count = meter.count(10_000);
    meter.time(count, || {
        for _ in 0..count {
            // SAFETY: the call names no memory. It cannot fail.
            let _ = unsafe { linux::getppid() };
        }
    });
    Ok(())
}

/// A number no table has.
const NO_CALL: u32 = 0x7fff;

fn nosys(meter: &mut Meter) -> Result<()> {
    let count = meter.count(10_000);
    // SAFETY: there is no such call.
    let call = || unsafe { enter_linux(NO_CALL, &[0; 6], 0) };
    if sys::abi::errno::decode(call()) != Err(Errno::ENOSYS) {
        return Err(Errno::EINVAL);
    }
    meter.time(count, || {
        for _ in 0..count {
            call();
        }
    });
    Ok(())
}

fn pipe_self(meter: &mut Meter) -> Result<()> {
    let pipe = Pipe::new()?;
    let count = meter.count(5000);
    meter.time(count, || {
        (0..count).try_for_each(|_| {
            pipe.write()?;
            pipe.read().map(drop)
        })
    })
}
