//! Calls that do next to nothing, and a pipe to oneself.

use crate::meter::Meter;
use crate::processes::Pipe;
use crate::row::Row;
use core::arch::asm;
use sys::syscall::linux;
use sys::{Errno, Result};

pub const ROWS: &[Row] = &[
    Row { name: "syscall_getppid", run: getppid },
    Row { name: "sysenter_getppid", run: sysenter },
    Row { name: "syscall_nosys", run: nosys },
    Row { name: "pipe_self", run: pipe_self },
];

/// A call without arguments by `int 0x80`.
#[inline(always)]
fn interrupt(number: u32) -> u32 {
    let result;
    // SAFETY: the calls of this file name no memory.
    unsafe { asm!("int 0x80", inlateout("eax") number => result, options(nostack)) };
    result
}

fn getppid(meter: &mut Meter) -> Result<()> {
    const GETPPID: u32 = 64;
    let count = meter.count(10_000);
    meter.time(count, || {
        for _ in 0..count {
            interrupt(GETPPID);
        }
    });
    Ok(())
}

/// The same call by the kernel's own code in the program, which knows the best way.
fn sysenter(meter: &mut Meter) -> Result<()> {
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
    if sys::abi::errno::decode(interrupt(NO_CALL)) != Err(Errno::ENOSYS) {
        return Err(Errno::EINVAL);
    }
    meter.time(count, || {
        for _ in 0..count {
            interrupt(NO_CALL);
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
