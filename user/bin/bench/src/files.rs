//! A file in the page cache: faults and reads.

use crate::meter::Meter;
use crate::pages::{Pages, RW};
use crate::row::Row;
use sys::abi::file::O_RDONLY;
use sys::abi::memory::*;
use sys::abi::{UserMutPtr, UserStr};
use sys::path::CPath;
use sys::syscall::linux;
use sys::{Errno, Result, env};

pub const ROWS: &[Row] = &[
    Row { name: "file_read_fault_seq", run: |meter| read_fault(meter, 1) },
    Row { name: "file_read_fault_64k", run: |meter| read_fault(meter, 16) },
    Row { name: "file_cow_fault", run: cow_fault },
    Row { name: "file_populate", run: populate },
    Row { name: "read_4k", run: |meter| read(meter, 1) },
    Row { name: "read_64k", run: |meter| read(meter, 16) },
];

/// Pages of the file that rows use: 16 MiB.
const PAGES: u32 = 4 << 10;

/// The data file, open and in the page cache.
struct Data {
    fd: i32,
}

impl Data {
    /// Opens what the variable `BENCH_DATA` names.
    fn open() -> Result<Self> {
        let path = CPath::new(env::var(b"BENCH_DATA").unwrap_or(b"/bench.data"))?;
        let path = UserStr::new(sys::syscall::pointer(path.as_bytes_with_nul()));
        // SAFETY: the kernel only reads the path.
        let fd = unsafe { linux::open(path, O_RDONLY, 0) }?;
        let data = Self { fd: fd.cast_signed() };
        let buffer = Pages::anonymous(16)?;
        for chunk in 0..PAGES / buffer.count {
            data.read_at(&buffer, chunk * buffer.length())?;
        }
        Ok(data)
    }

    /// Fills the buffer from `offset` on.
    #[inline(always)]
    fn read_at(&self, buffer: &Pages, offset: u32) -> Result<()> {
        let (address, length) = (UserMutPtr::new(buffer.address), buffer.length());
        // SAFETY: the buffer is mapped and nothing else uses it.
        let count = unsafe { linux::pread64(self.fd, address, length, offset.into()) }?;
        if count == length { Ok(()) } else { Err(Errno::EIO) }
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        // SAFETY: the descriptor is ours. Nothing was written, so nothing can fail.
        let _ = unsafe { linux::close(self.fd) };
    }
}

/// Reads one page in `step`.
fn read_fault(meter: &mut Meter, step: u32) -> Result<()> {
    let data = Data::open()?;
    for _ in 0..meter.count(8) {
        let pages = Pages::map(PAGES, PROT_READ, MAP_PRIVATE, data.fd)?;
        meter.time(PAGES / step, || {
            let mut page = 0;
            while page < PAGES {
                pages.read(page);
                page += step;
            }
        });
    }
    Ok(())
}

fn cow_fault(meter: &mut Meter) -> Result<()> {
    let data = Data::open()?;
    for _ in 0..meter.count(8) {
        let pages = Pages::map(PAGES, RW, MAP_PRIVATE, data.fd)?;
        meter.time(PAGES, || pages.write_all());
    }
    Ok(())
}

fn populate(meter: &mut Meter) -> Result<()> {
    let data = Data::open()?;
    for _ in 0..meter.count(8) {
        let flags = MAP_PRIVATE | MAP_POPULATE;
        meter.time(PAGES, || Pages::map(PAGES, PROT_READ, flags, data.fd))?;
    }
    Ok(())
}

fn read(meter: &mut Meter, pages: u32) -> Result<()> {
    let data = Data::open()?;
    let buffer = Pages::anonymous(pages)?;
    buffer.write_all();
    let count = meter.count(1000);
    meter.time(count, || (0..count).try_for_each(|_| data.read_at(&buffer, 0)))
}
