//! mmap2 and the old mmap.

use super::Limits;
use super::limits::{mapped_pages, page_align};
use crate::addr::{PAGE_SHIFT, PAGE_SIZE, PageRange};
use crate::vma::{Backing, MAX_MAP_COUNT, VmFlags, VmaSet};
use abi::errno::Errno;
use abi::memory::*;

/// The words of mmap2 but the descriptor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MmapArgs {
    pub address: u32,
    pub length: u32,
    pub prot: u32,
    pub flags: u32,
    /// In pages.
    pub page_offset: u32,
}

impl MmapArgs {
    /// Whether the descriptor counts. A bad one is EBADF before anything else is looked at.
    pub const fn needs_file(&self) -> bool {
        self.flags & MAP_ANONYMOUS == 0
    }
}

/// What mmap asks of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FileFacts {
    /// Opened for reading, for writing.
    pub readable: bool,
    pub writable: bool,
    pub append_only: bool,
    /// Its mount forbids execution.
    pub no_exec: bool,
    pub swap_area: bool,
    /// It has pages.
    pub mappable: bool,
    /// A memfd sealed against writing.
    pub write_sealed: bool,
}

/// What a new area's pages come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    Anonymous,
    /// A new memory object of the mapping's length.
    SharedAnonymous,
    File,
}

/// A mapping that may be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mapping {
    pub range: PageRange,
    pub flags: VmFlags,
    pub pgoff: u32,
    pub source: Source,
    /// What lies in `range` is unmapped first.
    pub replaces: bool,
    /// Pages to charge to the commit limit: to the area, which has ACCOUNT, or to the new object.
    pub charge: u32,
    pub populate: bool,
}

/// Flags old enough to be ignored with plain MAP_SHARED; the bits from 26 up are the size of huge
/// pages, of which 2 MiB and 1 GiB have names.
const LEGACY_FLAGS: u32 = MAP_SHARED
    | MAP_PRIVATE
    | MAP_FIXED
    | MAP_ANONYMOUS
    | MAP_DENYWRITE
    | MAP_EXECUTABLE
    | MAP_GROWSDOWN
    | MAP_LOCKED
    | MAP_NORESERVE
    | MAP_POPULATE
    | MAP_NONBLOCK
    | MAP_STACK
    | MAP_HUGETLB
    | MAP_32BIT
    | 21 << 26
    | 30 << 26;
const MAP_32BIT: u32 = 0x40;

/// The old call's offset is in bytes.
pub const fn old_mmap_page_offset(offset: u32) -> Result<u32, Errno> {
    if offset.is_multiple_of(PAGE_SIZE) { Ok(offset >> PAGE_SHIFT) } else { Err(Errno::EINVAL) }
}

/// The mapping that `args` ask for. `file` is the open file if `args` need one.
pub fn mmap<B: Backing>(
    args: &MmapArgs,
    file: Option<&FileFacts>,
    set: &VmaSet<B>,
    limits: &Limits,
) -> Result<Mapping, Errno> {
    if args.flags & MAP_HUGETLB != 0 {
        // There is no pool of huge pages, and no file is made of them.
        return Err(if file.is_some() { Errno::EINVAL } else { Errno::ENOMEM });
    }
    if args.length == 0 {
        return Err(Errno::EINVAL);
    }
    let mut prot = args.prot;
    let no_exec = file.is_some_and(|file| file.no_exec);
    if prot & PROT_READ != 0 && limits.read_implies_exec && !no_exec {
        prot |= PROT_EXEC;
    }
    let noreplace = args.flags & MAP_FIXED_NOREPLACE != 0;
    let fixed = noreplace || args.flags & MAP_FIXED != 0;
    let address = if fixed { args.address } else { raise_hint(args.address, limits) };
    let pages = page_align(args.length) >> PAGE_SHIFT;
    if pages == 0 {
        return Err(Errno::ENOMEM);
    }
    if args.page_offset.checked_add(pages).is_none() {
        return Err(Errno::EOVERFLOW);
    }
    if set.len() > MAX_MAP_COUNT {
        return Err(Errno::ENOMEM);
    }
    let range = limits.unmapped_area(set, address, pages, fixed)?;
    let (mapped, charged) = if fixed { mapped_pages(set, range) } else { (0, 0) };
    if noreplace && mapped != 0 {
        return Err(Errno::EEXIST);
    }
    let mut flags = VmFlags::from_prot(prot) | VmFlags::MAY | limits.def_flags;
    flags.set(VmFlags::GROWSDOWN, args.flags & MAP_GROWSDOWN != 0);
    if args.flags & MAP_LOCKED != 0 {
        if !limits.can_lock() {
            return Err(Errno::EPERM);
        }
        flags |= VmFlags::LOCKED;
    }
    limits.check_locked(set.account(), flags, pages)?;
    let (flags, source) = match file {
        Some(file) => (file_flags(args, prot, file, flags)?, Source::File),
        None => memory_flags(args, flags)?,
    };
    let mut flags = flags;
    if args.flags & MAP_NORESERVE != 0 && !limits.strict_commit {
        flags |= VmFlags::NORESERVE;
    }
    if !limits.may_expand(set.account(), flags, pages, mapped) {
        return Err(Errno::ENOMEM);
    }
    let private = flags & (VmFlags::WRITE | VmFlags::SHARED | VmFlags::NORESERVE) == VmFlags::WRITE;
    let object = source == Source::SharedAnonymous && !flags.contains(VmFlags::NORESERVE);
    let charge = if private || object { pages } else { 0 };
    if charge > limits.commit.saturating_add(charged) {
        return Err(Errno::ENOMEM);
    }
    flags.set(VmFlags::ACCOUNT, private);
    if flags.contains(VmFlags::SHARED) && file.is_some_and(|file| file.write_sealed) {
        return Err(Errno::EPERM);
    }
    let pgoff = match source {
        Source::File => args.page_offset,
        Source::Anonymous => range.start().as_u32(),
        Source::SharedAnonymous => 0,
    };
    let lock_now = flags & (VmFlags::LOCKED | VmFlags::LOCKONFAULT) == VmFlags::LOCKED;
    let populate = lock_now || args.flags & (MAP_POPULATE | MAP_NONBLOCK) == MAP_POPULATE;
    Ok(Mapping { range, flags, pgoff, source, replaces: mapped != 0, charge, populate })
}

/// A hint is rounded down, and up to the lowest address programs may use.
fn raise_hint(address: u32, limits: &Limits) -> u32 {
    let hint = address & !(PAGE_SIZE - 1);
    let lowest = limits.placement.lowest.as_u32() << PAGE_SHIFT;
    if hint != 0 && hint < lowest { lowest } else { hint }
}

fn file_flags(
    args: &MmapArgs,
    prot: u32,
    file: &FileFacts,
    flags: VmFlags,
) -> Result<VmFlags, Errno> {
    let mut flags = flags;
    match args.flags & MAP_TYPE {
        kind @ (MAP_SHARED | MAP_SHARED_VALIDATE) => {
            if kind == MAP_SHARED_VALIDATE && args.flags & !LEGACY_FLAGS & !MAP_TYPE != 0 {
                return Err(Errno::EOPNOTSUPP);
            }
            if prot & PROT_WRITE != 0 {
                if !file.writable {
                    return Err(Errno::EACCES);
                }
                if file.swap_area {
                    return Err(Errno::ETXTBSY);
                }
            }
            if file.append_only && file.writable {
                return Err(Errno::EACCES);
            }
            flags |= VmFlags::SHARED | VmFlags::MAYSHARE;
            if !file.writable {
                flags -= VmFlags::MAYWRITE | VmFlags::SHARED;
            }
        }
        MAP_PRIVATE => {}
        _ => return Err(Errno::EINVAL),
    }
    if !file.readable {
        return Err(Errno::EACCES);
    }
    if file.no_exec {
        if flags.contains(VmFlags::EXEC) {
            return Err(Errno::EPERM);
        }
        flags -= VmFlags::MAYEXEC;
    }
    if !file.mappable {
        return Err(Errno::ENODEV);
    }
    if flags.contains(VmFlags::GROWSDOWN) {
        return Err(Errno::EINVAL);
    }
    Ok(flags)
}

fn memory_flags(args: &MmapArgs, flags: VmFlags) -> Result<(VmFlags, Source), Errno> {
    match args.flags & MAP_TYPE {
        MAP_SHARED if flags.contains(VmFlags::GROWSDOWN) => Err(Errno::EINVAL),
        MAP_SHARED => Ok((flags | VmFlags::SHARED | VmFlags::MAYSHARE, Source::SharedAnonymous)),
        MAP_PRIVATE => Ok((flags, Source::Anonymous)),
        _ => Err(Errno::EINVAL),
    }
}
