//! What the machine costs without the kernel: the same on every system.

use crate::meter::{Meter, ticks};
use crate::pages::Pages;
use crate::row::Row;
use core::arch::asm;
use sys::Result;

pub const ROWS: &[Row] = &[
    Row { name: "rdtsc", run: rdtsc },
    Row { name: "user_stosl_4k", run: stosl },
    Row { name: "user_movsl_4k", run: movsl },
    Row { name: "touch_present", run: touch_present },
];

fn rdtsc(meter: &mut Meter) -> Result<()> {
    let count = meter.count(10_000);
    meter.time(count, || {
        for _ in 0..count {
            ticks();
        }
    });
    Ok(())
}

fn stosl(meter: &mut Meter) -> Result<()> {
    let page = Pages::anonymous(1)?;
    let count = meter.count(1000);
    page.write(0);
    meter.time(count, || {
        for _ in 0..count {
            // SAFETY: fills the page.
            unsafe {
                asm!("rep stosd", inout("edi") page.address => _, inout("ecx") 1024 => _,
                     in("eax") 0, options(nostack));
            }
        }
    });
    Ok(())
}

fn movsl(meter: &mut Meter) -> Result<()> {
    let pages = Pages::anonymous(2)?;
    let count = meter.count(1000);
    pages.write_all();
    let source = pages.address;
    meter.time(count, || {
        for _ in 0..count {
            // SAFETY: copies the first page to the second. LLVM keeps ESI for itself.
            unsafe {
                asm!("xchg esi, eax", "rep movsd", "mov esi, eax",
                     inout("eax") source => _, inout("edi") pages.page(1) => _,
                     inout("ecx") 1024 => _, options(nostack));
            }
        }
    });
    Ok(())
}

fn touch_present(meter: &mut Meter) -> Result<()> {
    let count = meter.count(1024);
    let pages = Pages::anonymous(count)?;
    pages.write_all();
    meter.time(count, || pages.write_all());
    Ok(())
}
