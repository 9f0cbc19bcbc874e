//! The memory calls. `kcore::memory_call` checks arguments in Linux's order, `mm` does the work.

use crate::file::File;
use crate::mm::map::MapFile;
use crate::mm::user;
use crate::process::current;
use crate::result::{Errno, Result};
use abi::{UserMutPtr, UserPtr};
use alloc::sync::Arc;
use kcore::addr::{PAGE_SIZE, PageRange};
use kcore::memory_call::{FileFacts, MmapArgs, old_mmap_page_offset};

/// Bytes of a residency vector written at a time.
const RESIDENCY: usize = 256;

/// A descriptor as mmap sees it.
fn map_file(fd: i32, args: &MmapArgs) -> Result<MapFile> {
    let file: Arc<File> = current().files().get(fd)?;
    let (readable, writable) = file.access();
    let end = u64::from(args.page_offset) * u64::from(PAGE_SIZE) + u64::from(args.length);
    let object = file.mapping(end)?;
    let facts = FileFacts {
        readable,
        writable,
        append_only: false,
        no_exec: false,
        swap_area: false,
        mappable: object.is_some(),
        write_sealed: false,
    };
    Ok(MapFile { facts, object, file })
}

pub fn mmap2(
    address: u32,
    length: u32,
    prot: u32,
    flags: u32,
    fd: i32,
    page_offset: u32,
) -> Result<u32> {
    let args = MmapArgs { address, length, prot, flags, page_offset };
    let file = if args.needs_file() { Some(map_file(fd, &args)?) } else { None };
    current().mm().mmap(&args, file.as_ref())
}

pub fn mmap(arguments: UserPtr<[u32; 6]>) -> Result<u32> {
    let [address, length, prot, flags, fd, offset] = user::read(arguments)?;
    let page_offset = old_mmap_page_offset(offset)?;
    mmap2(address, length, prot, flags, fd.cast_signed(), page_offset)
}

pub fn munmap(address: u32, length: u32) -> Result<u32> {
    current().mm().munmap(address, length).map(|()| 0)
}

pub fn mprotect(address: u32, length: u32, prot: u32) -> Result<u32> {
    current().mm().mprotect(address, length, prot).map(|()| 0)
}

pub fn mremap(
    address: u32,
    old_length: u32,
    new_length: u32,
    flags: u32,
    new_address: u32,
) -> Result<u32> {
    let thread = current();
    let mm = thread.mm();
    let landing = mm.landing();
    let start = mm.mremap(address, old_length, new_length, flags, new_address)?;
    if mm.landing() != landing {
        // The way back of this very call has moved.
        thread.with_frame(|frame| {
            if frame.eip == landing {
                frame.eip = mm.landing();
            }
        });
    }
    Ok(start)
}

pub fn brk(address: u32) -> Result<u32> {
    Ok(current().mm().brk(address))
}

pub fn madvise(address: u32, length: u32, advice: i32) -> Result<u32> {
    current().mm().madvise(address, length, advice).map(|()| 0)
}

pub fn msync(address: u32, length: u32, flags: u32) -> Result<u32> {
    current().mm().msync(address, length, flags).map(|()| 0)
}

pub fn mincore(address: u32, length: u32, vector: UserMutPtr<u8>) -> Result<u32> {
    let mm = current().mm();
    let mut left = mm.mincore_range(address, length, vector.address())?;
    let mut to = vector;
    while !left.is_empty() {
        let mut residency = [0; RESIDENCY];
        let count = left.len().min(RESIDENCY as u32);
        let step = PageRange::with_len(left.start(), count).ok_or(Errno::ENOMEM)?;
        let bytes = residency.get_mut(..count as usize).ok_or(Errno::ENOMEM)?;
        let done = mm.mincore(step, bytes)?;
        user::write_bytes(to, bytes.get(..done as usize).unwrap_or_default())?;
        to = to.checked_add(done).ok_or(Errno::EFAULT)?;
        let next = left.start().checked_add(done).ok_or(Errno::ENOMEM)?;
        left = PageRange::new(next, left.end()).ok_or(Errno::ENOMEM)?;
    }
    Ok(0)
}

pub fn mlock(address: u32, length: u32) -> Result<u32> {
    current().mm().mlock(address, length).map(|()| 0)
}

pub fn mlock2(address: u32, length: u32, flags: u32) -> Result<u32> {
    current().mm().mlock2(address, length, flags).map(|()| 0)
}

pub fn munlock(address: u32, length: u32) -> Result<u32> {
    current().mm().munlock(address, length).map(|()| 0)
}

pub fn mlockall(flags: u32) -> Result<u32> {
    current().mm().mlockall(flags).map(|()| 0)
}

pub fn munlockall() -> Result<u32> {
    current().mm().munlockall();
    Ok(0)
}
