//! Libraries' files, and their segments in memory.

use super::failure::Failure;
use alloc::vec::Vec;
use ld::{Layout, PAGE, Range, Segment};
use sys::Errno;
use sys::abi::UserStr;
use sys::abi::file::{O_CLOEXEC, O_RDONLY, S_IFMT, S_IFREG};
use sys::abi::memory::{
    MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, PROT_EXEC, PROT_NONE, PROT_READ, PROT_WRITE,
};
use sys::file::File;
use sys::io::Fd;
use sys::syscall::{linux, pointer};

/// Enough for the file header and fourteen program headers.
const HEAD: usize = 512;

/// A library's file, looked at.
#[derive(Debug)]
pub struct Opened {
    file: File,
    /// Which file it is: device and number. There may be several names.
    pub identity: (u64, u64),
    pub layout: Layout,
}

/// How a library is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Called {
    /// By its path.
    Path,
    /// By a name that is looked for in several folders.
    Name,
}

/// Opens the library at `path`. `None`: there is no such file, or it may not be seen and others may.
pub fn open(path: &[u8], called: Called) -> Result<Option<Opened>, Failure> {
    let mut terminated = Vec::with_capacity(path.len() + 1);
    terminated.extend_from_slice(path);
    terminated.push(0);
    let name = UserStr::new(pointer(terminated.as_slice()));
    // SAFETY: the kernel only reads the path.
    let file = match unsafe { linux::open(name, O_RDONLY | O_CLOEXEC, 0) } {
        Ok(fd) => File::from_fd(Fd(fd.cast_signed())),
        Err(Errno::ENOENT | Errno::ENOTDIR) => return Ok(None),
        Err(Errno::EACCES) if called == Called::Name => return Ok(None),
        Err(error) => return Err(Failure::of(path, error)),
    };
    let because = |error: Errno| Failure::of(path, error);
    let about = file.stat().map_err(because)?;
    if about.mode & S_IFMT != S_IFREG {
        return Err(Failure::of(path, "not a file"));
    }
    let mut head = [0; HEAD];
    let len = file.read(&mut head).map_err(because)?;
    let head = head.get(..len).unwrap_or_default();
    let layout = Layout::of_file(head, about.size.cast_unsigned())
        .map_err(|defect| Failure::of(path, defect))?;
    Ok(Some(Opened { file, identity: (about.dev, about.ino), layout }))
}

/// A library's memory, unmapped when dropped.
#[derive(Debug)]
pub struct Mapped {
    pages: Range,
    /// What was added to its addresses.
    pub bias: u32,
}

impl Opened {
    /// Maps the segments as one block: at its own addresses if it has some that are free.
    pub fn map(&self) -> Result<Mapped, Errno> {
        let span = self.layout.span();
        let segments = &self.layout.segments;
        let (first, others) = segments.split_first().ok_or(Errno::ENOEXEC)?;
        // SAFETY: without MAP_FIXED a new mapping replaces nothing.
        let start = unsafe {
            linux::mmap2(
                span.start,
                span.len,
                protection(first),
                MAP_PRIVATE,
                self.file.fd().0,
                first.offset / PAGE,
            )
        }?;
        let bias = start.wrapping_sub(span.start);
        let mapped = Mapped { pages: Range { start, len: span.len }, bias };
        let mut end = first.pages().end();
        mapped.zero_tail(first)?;
        for segment in others {
            let pages = segment.pages();
            if pages.start > end {
                mapped.replace(end, pages.start - end, PROT_NONE, None)?;
            }
            if segment.file_len > 0 {
                let len = segment.file().end() - pages.start;
                let from = Some((self.file.fd(), segment.offset / PAGE));
                mapped.replace(pages.start, len, protection(segment), from)?;
            }
            mapped.zero_tail(segment)?;
            end = pages.end();
        }
        Ok(mapped)
    }
}

impl Mapped {
    /// What comes behind the part of the segment that the file has.
    fn zero_tail(&self, segment: &Segment) -> Result<(), Errno> {
        let (start, end) = (segment.file().end(), segment.memory.end());
        if start == end {
            return Ok(());
        }
        let mut whole = segment.pages().start;
        if segment.file_len > 0 {
            whole = start.next_multiple_of(PAGE);
            let first = start.wrapping_add(self.bias) as *mut u8;
            // SAFETY: the rest of a page of a writable segment, where nothing else lies.
            unsafe { first.write_bytes(0, (whole.min(end) - start) as usize) };
        }
        if whole < end {
            self.replace(whole, end - whole, PROT_READ | PROT_WRITE, None)?;
        }
        Ok(())
    }

    /// Maps zeros or pages of a file at `start`, an address without the bias.
    fn replace(
        &self,
        start: u32,
        len: u32,
        protection: u32,
        from: Option<(Fd, u32)>,
    ) -> Result<(), Errno> {
        let (start, flags) = (start.wrapping_add(self.bias), MAP_PRIVATE | MAP_FIXED);
        let (fd, page, flags) = match from {
            Some((fd, page)) => (fd.0, page, flags),
            None => (-1, 0, flags | MAP_ANONYMOUS),
        };
        // SAFETY: part of the block, which is ours and nobody knows yet.
        unsafe { linux::mmap2(start, len, protection, flags, fd, page) }.map(drop)
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        // SAFETY: the block is ours; with the object everything ends that was borrowed from it.
        let _ = unsafe { linux::munmap(self.pages.start, self.pages.len) };
    }
}

fn protection(segment: &Segment) -> u32 {
    let write = if segment.access.write { PROT_WRITE } else { 0 };
    let execute = if segment.access.execute { PROT_EXEC } else { 0 };
    PROT_READ | write | execute
}

/// The bytes of the segments that are not written to.
///
/// # Safety
/// The segments are mapped with this bias, and stay as long as what is borrowed here is used. Who
/// cuts a file off that is mapped ends the program by SIGBUS, as everywhere.
pub unsafe fn constant_bytes(layout: &Layout, bias: u32) -> Vec<(u32, &'static [u8])> {
    let constant = layout.segments.iter().filter(|segment| !segment.access.write);
    // SAFETY: the caller's promise.
    constant.map(|segment| (segment.memory.start, unsafe { bytes(segment.file(), bias) })).collect()
}

/// # Safety
/// As above, and nobody writes to them meanwhile.
pub unsafe fn bytes(range: Range, bias: u32) -> &'static [u8] {
    let start = range.start.wrapping_add(bias) as *const u8;
    // SAFETY: the caller's promise.
    unsafe { core::slice::from_raw_parts(start, range.len as usize) }
}

/// Has the kernel hold that nobody writes to the object's RELRO pages any more.
pub fn protect_relro(layout: &Layout, bias: u32) -> Result<(), Errno> {
    let Some(relro) = layout.relro else { return Ok(()) };
    // SAFETY: the object is relocated; what it still writes lies elsewhere.
    unsafe { linux::mprotect(relro.start.wrapping_add(bias), relro.len, PROT_READ) }.map(drop)
}
