//! Writes to pages that a fork has shared.

use crate::meter::Meter;
use crate::pages::Pages;
use crate::processes::{Child, Pipe};
use crate::row::Row;
use sys::Result;

pub const ROWS: &[Row] = &[
    Row { name: "cow_copy_fault", run: copy_fault },
    Row { name: "cow_reuse_fault", run: reuse_fault },
];

/// 16 MiB.
const PAGES: u32 = 4 << 10;

/// The child still has the pages.
fn copy_fault(meter: &mut Meter) -> Result<()> {
    let count = meter.count(PAGES);
    let pages = Pages::anonymous(count)?;
    pages.write_all();
    let pipe = Pipe::new()?;
    let child = Child::fork(|| {
        pipe.close_writer();
        // Until the parent closes its end.
        i32::from(pipe.read() != Ok(0))
    })?;
    meter.time(count, || pages.write_all());
    pipe.close_writer();
    child.wait()
}

/// The child is gone.
fn reuse_fault(meter: &mut Meter) -> Result<()> {
    let count = meter.count(PAGES);
    let pages = Pages::anonymous(count)?;
    pages.write_all();
    Child::fork(|| 0)?.wait()?;
    meter.time(count, || pages.write_all());
    Ok(())
}
