//! One test a row of the table of calls and errors.

mod any_words;
mod mmap;

use super::*;
use crate::addr::{PageRange, Vpn};
use crate::vma::{Backing, Edit, Placement, VmFlags, Vma, VmaSet};
use abi::errno::Errno;
use abi::memory::*;
use proptest::prelude::*;

const TASK_SIZE: u32 = 0xc000_0000;
const RW: u32 = PROT_READ | PROT_WRITE;
const PRIVATE: u32 = MAP_PRIVATE | MAP_ANONYMOUS;

/// Memory, or the file of this number.
#[derive(Clone, PartialEq, Debug)]
struct Back(u32);

impl Backing for Back {
    fn merges_with(&self, next: &Self) -> bool {
        self == next
    }

    fn is_anonymous(&self) -> bool {
        self.0 == 0
    }
}

fn limits() -> Limits {
    Limits {
        placement: Placement {
            lowest: Vpn::new(16),
            mmap_base: Vpn::new(0xb8000),
            task_size: Vpn::new(TASK_SIZE >> 12),
        },
        address_space: u32::MAX,
        data: u32::MAX,
        data_max: u32::MAX,
        memlock: 64 << 10,
        may_lock: false,
        raw_io: false,
        read_implies_exec: false,
        def_flags: VmFlags::empty(),
        commit: 1 << 20,
        strict_commit: false,
    }
}

fn file() -> FileFacts {
    FileFacts {
        readable: true,
        writable: true,
        append_only: false,
        no_exec: false,
        swap_area: false,
        mappable: true,
        write_sealed: false,
    }
}

fn pages(start: u32, end: u32) -> PageRange {
    PageRange::new(Vpn::new(start), Vpn::new(end)).unwrap()
}

const PLAIN: VmFlags = VmFlags::READ.union(VmFlags::WRITE).union(VmFlags::MAY);

fn set_of(areas: &[(u32, u32, VmFlags)]) -> VmaSet<Back> {
    let mut set = VmaSet::new();
    for &(start, end, flags) in areas {
        let back = Back(u32::from(flags.contains(VmFlags::MAYSHARE)));
        put(&mut set, Vma::new(pages(start, end), flags, start, back));
    }
    set
}

fn put(set: &mut VmaSet<Back>, vma: Vma<Back>) {
    set.insert(vma, &mut |_: Edit<'_, Back>| {}).unwrap();
}

fn args(address: u32, length: u32, prot: u32, flags: u32) -> MmapArgs {
    MmapArgs { address, length, prot, flags, page_offset: 0 }
}

fn map(args: MmapArgs) -> Result<Mapping, Errno> {
    mmap(&args, None, &set_of(&[(0x100, 0x200, PLAIN)]), &limits())
}

fn map_file(args: MmapArgs, file: FileFacts) -> Result<Mapping, Errno> {
    mmap(&args, Some(&file), &set_of(&[]), &limits())
}

#[test]
fn munmap_row() {
    let unmap = |start, length| munmap(start, length, &limits());
    assert_eq!(unmap(0x1001, 1), Err(Errno::EINVAL));
    assert_eq!(unmap(0x1000, 0), Err(Errno::EINVAL));
    assert_eq!(unmap(TASK_SIZE - 4096, 4097), Err(Errno::EINVAL));
    assert_eq!(unmap(TASK_SIZE + 4096, 1), Err(Errno::EINVAL));
    assert_eq!(unmap(0, !0), Err(Errno::EINVAL));
    assert_eq!(unmap(0x1000, 4097), Ok(pages(1, 3)));
    assert_eq!(unmap(0, TASK_SIZE), Ok(pages(0, TASK_SIZE >> 12)));
}

#[test]
fn mprotect_row() {
    let stack = PLAIN | VmFlags::GROWSDOWN;
    let set = set_of(&[(0x100, 0x110, PLAIN), (0x200, 0x210, stack)]);
    let protect = |start, length, prot| mprotect(start, length, prot, &set);
    let both = PROT_GROWSDOWN | PROT_GROWSUP;
    assert_eq!(protect(0x10_0000, 0, both), Err(Errno::EINVAL));
    assert_eq!(protect(0x10_0001, 0, 0), Err(Errno::EINVAL));
    assert_eq!(protect(0x10_0000, 0, 0x80), Ok(None), "length 0 hides an unknown right");
    assert_eq!(protect(0x10_0000, !0, 0x80), Err(Errno::ENOMEM), "and so does a wrap");
    assert_eq!(protect(0xffff_f000, 4096, 0), Err(Errno::ENOMEM));
    assert_eq!(protect(0x10_0000, 1, 0x80), Err(Errno::EINVAL));
    assert_eq!(protect(0x30_0000, 1, 0), Err(Errno::ENOMEM));
    assert_eq!(protect(0xf_f000, 8192, 0), Err(Errno::ENOMEM), "starts in a hole");
    assert_eq!(protect(0x10_0000, 1, PROT_GROWSDOWN), Err(Errno::EINVAL), "no stack");
    assert_eq!(protect(0x11_0000, 4096, PROT_GROWSDOWN), Err(Errno::ENOMEM));
    assert_eq!(protect(0x20_0000, 4096, PROT_GROWSUP), Err(Errno::EINVAL));
    let down = protect(0x20_8000, 4096, PROT_READ | PROT_GROWSDOWN).unwrap().unwrap();
    assert_eq!(down, Protect { range: pages(0x200, 0x209), prot: PROT_READ });
    let sem = protect(0x10_0000, 0x20_0000, PROT_READ | PROT_SEM).unwrap().unwrap();
    assert_eq!(sem.range, pages(0x100, 0x300));
}

#[test]
fn mprotect_of_a_piece_stays_within_what_the_area_may() {
    let read_file = VmFlags::READ | VmFlags::MAYREAD | VmFlags::MAYEXEC | VmFlags::MAYSHARE;
    let vma = |flags| Vma::new(pages(0x100, 0x110), flags, 0, Back(0));
    let set = set_of(&[(0x100, 0x110, PLAIN)]);
    let piece = pages(0x100, 0x104);
    let with = |flags, prot, limits: &Limits| {
        protect_piece(&vma(flags), piece, prot, set.account(), limits)
    };
    assert_eq!(with(read_file, RW, &limits()), Err(Errno::EACCES));
    let exec = with(read_file, PROT_EXEC, &limits()).unwrap();
    assert_eq!(exec, (read_file ^ (VmFlags::READ | VmFlags::EXEC), 0));
    let fresh = VmFlags::READ | VmFlags::MAY;
    let charged = PLAIN | VmFlags::ACCOUNT;
    assert_eq!(with(fresh, RW, &limits()), Ok((charged, 4)));
    assert_eq!(with(charged, PROT_READ, &limits()), Ok((fresh | VmFlags::ACCOUNT, 0)));
    assert_eq!(with(fresh | VmFlags::ACCOUNT, RW, &limits()), Ok((charged, 0)));
    assert_eq!(with(fresh, RW, &Limits { commit: 3, ..limits() }), Err(Errno::ENOMEM));
    let data = Limits { data: 0x12 << 12, ..limits() };
    assert_eq!(with(fresh, RW, &data), Err(Errno::ENOMEM));
    let personality = Limits { read_implies_exec: true, ..limits() };
    assert_eq!(with(fresh, PROT_READ, &personality), Ok((fresh | VmFlags::EXEC, 0)));
    let no_exec = fresh - VmFlags::MAYEXEC;
    assert_eq!(with(no_exec, PROT_READ, &personality), Ok((no_exec, 0)));
}

#[test]
fn mremap_row() {
    let shared = PLAIN | VmFlags::SHARED | VmFlags::MAYSHARE;
    let set = set_of(&[
        (0x100, 0x110, PLAIN | VmFlags::ACCOUNT),
        (0x120, 0x130, PLAIN | VmFlags::DONTEXPAND),
        (0x200, 0x210, shared),
        (0x300, 0x310, PLAIN | VmFlags::LOCKED),
    ]);
    let remap = |old: u32, old_pages: u32, new_pages: u32, flags, new: u32| {
        let (old_length, new_length) = (old_pages << 12, new_pages << 12);
        mremap(old << 12, old_length, new_length, flags, new << 12, &set, &limits())
    };
    let raw = |address, old_length, new_length, flags, new| {
        mremap(address, old_length, new_length, flags, new, &set, &limits())
    };
    const MAY: u32 = MREMAP_MAYMOVE;
    const FIXED: u32 = MAY | MREMAP_FIXED;
    const KEEP: u32 = MAY | MREMAP_DONTUNMAP;
    assert_eq!(remap(0x100, 1, 1, 8, 0), Err(Errno::EINVAL));
    assert_eq!(remap(0x100, 1, 1, MREMAP_FIXED, 0), Err(Errno::EINVAL));
    assert_eq!(remap(0x100, 1, 2, KEEP, 0), Err(Errno::EINVAL), "equal lengths");
    assert_eq!(remap(0x100, 1, 1, MREMAP_DONTUNMAP, 0), Err(Errno::EINVAL));
    assert_eq!(raw(0x10_0001, 4096, 4096, 0, 0), Err(Errno::EINVAL));
    assert_eq!(remap(0x100, 1, 0, 0, 0), Err(Errno::EINVAL));
    assert_eq!(raw(0x10_0000, 4096, !0, 0, 0), Err(Errno::EINVAL), "rounds to 0");
    assert_eq!(remap(0x110, 1, 2, 0, 0), Err(Errno::EFAULT), "not mapped");
    assert_eq!(remap(0x10f, 2, 3, MAY, 0), Err(Errno::EFAULT), "crosses the end");
    assert_eq!(remap(0x100, 0, 1, MAY, 0), Err(Errno::EINVAL), "private");
    assert_eq!(remap(0x120, 1, 2, MAY, 0), Err(Errno::EFAULT), "DONTEXPAND");
    assert_eq!(remap(0x120, 1, 1, KEEP, 0), Err(Errno::EINVAL));
    assert_eq!(remap(0x300, 0x10, 0x11, MAY, 0), Err(Errno::EAGAIN), "locked");
    assert_eq!(remap(0x108, 8, 0x20, 0, 0), Err(Errno::ENOMEM), "no room");
    assert_eq!(remap(0x100, 1, 2, 0, 0), Err(Errno::ENOMEM), "not at the end");
    assert_eq!(remap(0x100, 4, 4, FIXED, 0x103), Err(Errno::EINVAL), "overlap");
    assert_eq!(raw(0x10_0000, 4096, 4096, FIXED, 0x50_0001), Err(Errno::EINVAL));
    assert!(remap(0x100, 1, 1, FIXED, 0xbffff).is_ok());
    assert_eq!(remap(0x100, 1, 2, FIXED, 0xbffff), Err(Errno::EINVAL));
    assert_eq!(remap(0x100, 1, 1, FIXED, 1), Err(Errno::EPERM));

    assert_eq!(remap(0x100, 4, 2, 0, 0), Ok(Remap::Shrink { tail: pages(0x102, 0x104) }));
    assert_eq!(remap(0x100, 4, 4, 0, 0), Ok(Remap::Shrink { tail: PageRange::default() }));
    assert_eq!(remap(0x100, 0xfffff, 1, 0, 0), Err(Errno::EINVAL));
    let (id, _) = set.containing(Vpn::new(0x100)).unwrap();
    let grown = Remap::Grow { id, end: Vpn::new(0x120), charge: 16 };
    assert_eq!(remap(0x100, 16, 32, 0, 0), Ok(grown));
    let moved = |from, to, clear, keep, charge| {
        Ok(Remap::Move { from, to, clear, tail: None, keep, charge })
    };
    let (from, to) = (pages(0x108, 0x110), pages(0xb7fdf, 0xb8000));
    assert_eq!(remap(0x108, 8, 0x21, MAY, 0), moved(from, to, None, false, 0x21));
    let to = pages(0x208, 0x210);
    assert_eq!(remap(0x108, 8, 8, FIXED, 0x208), moved(from, to, Some(to), false, 8));
    let to = pages(0x400, 0x408);
    assert_eq!(remap(0x108, 8, 8, KEEP, 0x400), moved(from, to, None, true, 8));
    let (from, to) = (pages(0x204, 0x204), pages(0xb7ffc, 0xb8000));
    assert_eq!(remap(0x204, 0, 4, MAY, 0), moved(from, to, None, true, 0));
    let tail = Some(pages(0x103, 0x105));
    let shrunk = remap(0x101, 4, 2, FIXED, 0x500).unwrap();
    let (from, to) = (pages(0x101, 0x103), pages(0x500, 0x502));
    assert_eq!(shrunk, Remap::Move { from, to, clear: Some(to), tail, keep: false, charge: 2 });

    let few = Limits { address_space: 0x41 << 12, ..limits() };
    let bounded =
        |new_pages: u32, flags| mremap(0x10_0000, 16 << 12, new_pages << 12, flags, 0, &set, &few);
    assert_eq!(bounded(18, MAY), Err(Errno::ENOMEM));
    assert!(bounded(17, MAY).is_ok());
    assert_eq!(bounded(16, KEEP), Err(Errno::ENOMEM));
    let poor = Limits { commit: 0, ..limits() };
    let unpaid = mremap(0x10_0000, 16 << 12, 17 << 12, 0, 0, &set, &poor);
    assert_eq!(unpaid, Err(Errno::ENOMEM));
}

#[test]
fn mremap_keeps_four_areas_below_the_limit() {
    let mut set = VmaSet::new();
    for n in 0..crate::vma::MAX_MAP_COUNT - 3 {
        let start = 16 + 2 * n;
        put(&mut set, Vma::new(pages(start, start + 1), PLAIN, start, Back(0)));
    }
    let moved = mremap(16 << 12, 4096, 3 << 12, MREMAP_MAYMOVE, 0, &set, &limits());
    assert_eq!(moved, Err(Errno::ENOMEM));
    let fixed = MREMAP_MAYMOVE | MREMAP_FIXED;
    let moved = mremap(16 << 12, 4096, 4096, fixed, 0x8000_0000, &set, &limits());
    assert_eq!(moved, Err(Errno::ENOMEM));
    assert!(mremap(16 << 12, 4096, 4096, 0, 0, &set, &limits()).is_ok());
}

#[test]
fn brk_row() {
    let stack = PLAIN | VmFlags::GROWSDOWN;
    let set = set_of(&[(0x900, 0x904, PLAIN), (0x980, 0x990, PLAIN), (0x2000, 0x2010, stack)]);
    let of =
        Break { start_data: 0x80_0000, end_data: 0x80_4000, start_brk: 0x90_0000, brk: 0x90_3800 };
    let ask = |to| brk(to, &of, &set, &limits());
    let flags = PLAIN | VmFlags::ACCOUNT;
    assert_eq!(ask(0), Brk::Refused);
    assert_eq!(ask(0x8f_ffff), Brk::Refused);
    assert_eq!(ask(0x90_3001), Brk::Within);
    assert_eq!(ask(0x90_4000), Brk::Within);
    assert_eq!(ask(0x90_4001), Brk::Grow { range: pages(0x904, 0x905), flags });
    assert_eq!(ask(0x90_1000), Brk::Shrink(pages(0x901, 0x904)));
    assert_eq!(ask(0x97_f000), Brk::Grow { range: pages(0x904, 0x97f), flags });
    assert_eq!(ask(0x97_f001), Brk::Refused, "a page stays free");
    assert_eq!(ask(!0), Brk::Refused);
    assert_eq!(ask(0xffff_f000), Brk::Refused);
    let heap = |brk_at: u32, to| brk(to, &Break { brk: brk_at, ..of }, &set, &limits());
    assert_eq!(heap(0x99_0000, 0x1ef_f000), Brk::Grow { range: pages(0x990, 0x1eff), flags });
    assert_eq!(heap(0x99_0000, 0x1ef_f001), Brk::Refused, "the guard gap");
    assert_eq!(heap(0x97_0000, 0x96_0000), Brk::Refused, "the heap is gone");
    assert_eq!(heap(TASK_SIZE - 4096, TASK_SIZE + 1), Brk::Refused);
    let with = |limits: Limits, to| brk(to, &of, &set, &limits);
    let data = Limits { data: 0x9000, ..limits() };
    assert_eq!(with(data, 0x90_5001), Brk::Refused);
    assert_eq!(with(Limits { commit: 0, ..limits() }, 0x90_5000), Brk::Refused);
    assert_eq!(with(Limits { address_space: 0, ..limits() }, 0x90_5000), Brk::Refused);
    let locked = Limits { def_flags: VmFlags::LOCKED, ..limits() };
    assert_eq!(with(locked, 0x91_4001), Brk::Refused);
    let range = pages(0x904, 0x914);
    assert_eq!(with(locked, 0x91_4000), Brk::Grow { range, flags: flags | VmFlags::LOCKED });
}

#[test]
fn madvise_row() {
    let check = |start, length, advice| madvise(start, length, advice, false);
    assert_eq!(check(1, 0, 5), Err(Errno::EINVAL), "unknown");
    assert_eq!(check(1, 0, MADV_NORMAL), Err(Errno::EINVAL));
    assert_eq!(check(0x1000, !0, MADV_NORMAL), Err(Errno::EINVAL));
    assert_eq!(check(0xffff_f000, 4096, MADV_NORMAL), Err(Errno::EINVAL));
    assert_eq!(check(0x1000, 0, MADV_HWPOISON), Ok(None));
    assert_eq!(check(0x1000, 1, MADV_HWPOISON), Err(Errno::EPERM));
    for unknown in [-1, 5, 7, 25, 99, 102] {
        assert_eq!(check(0x1000, 1, unknown), Err(Errno::EINVAL));
    }
    assert_eq!(check(0x1000, 4097, MADV_DONTNEED).unwrap().unwrap().range, pages(1, 3));

    let step = |advice, flags, object: bool| {
        let advice = check(0x1000, 1, advice).unwrap().unwrap();
        advise_piece(advice, flags, !object, object)
    };
    use AdviceStep::*;
    let shared = PLAIN | VmFlags::SHARED;
    let locked = PLAIN | VmFlags::LOCKED;
    let frames = PLAIN | VmFlags::PFNMAP;
    let device = PLAIN | VmFlags::IO;
    for (advice, flags, object, expected) in [
        (MADV_NORMAL, PLAIN, false, Ok(Nothing)),
        (MADV_NORMAL, PLAIN | VmFlags::SEQ_READ, false, Ok(SetFlags(PLAIN))),
        (MADV_RANDOM, PLAIN, true, Ok(SetFlags(PLAIN | VmFlags::RAND_READ))),
        (MADV_SEQUENTIAL, PLAIN, true, Ok(SetFlags(PLAIN | VmFlags::SEQ_READ))),
        (MADV_WILLNEED, PLAIN, true, Ok(WillNeed)),
        (MADV_DONTNEED, PLAIN, false, Ok(Zap)),
        (MADV_DONTNEED, locked, false, Err(Errno::EINVAL)),
        (MADV_DONTNEED, frames, false, Err(Errno::EINVAL)),
        (24, locked, false, Ok(Zap)),
        (MADV_FREE, PLAIN, false, Ok(Free)),
        (MADV_FREE, PLAIN, true, Err(Errno::EINVAL)),
        (MADV_FREE, locked, false, Err(Errno::EINVAL)),
        (MADV_REMOVE, PLAIN, false, Err(Errno::EINVAL)),
        (MADV_REMOVE, shared | VmFlags::LOCKED, true, Err(Errno::EINVAL)),
        (MADV_REMOVE, PLAIN, true, Err(Errno::EACCES)),
        (MADV_REMOVE, shared, true, Ok(Remove)),
        (MADV_DONTFORK, PLAIN, false, Ok(SetFlags(PLAIN | VmFlags::DONTCOPY))),
        (MADV_DOFORK, PLAIN | VmFlags::DONTCOPY, false, Ok(SetFlags(PLAIN))),
        (MADV_DOFORK, device, false, Err(Errno::EINVAL)),
        (MADV_MERGEABLE, PLAIN, false, Ok(Nothing)),
        (MADV_HUGEPAGE, PLAIN, false, Ok(Nothing)),
        (MADV_HUGEPAGE, device, false, Err(Errno::EINVAL)),
        (MADV_DONTDUMP, PLAIN, false, Ok(SetFlags(PLAIN | VmFlags::DONTDUMP))),
        (MADV_DODUMP, frames, false, Err(Errno::EINVAL)),
        (MADV_WIPEONFORK, PLAIN, false, Ok(SetFlags(PLAIN | VmFlags::WIPEONFORK))),
        (MADV_WIPEONFORK, PLAIN, true, Err(Errno::EINVAL)),
        (MADV_KEEPONFORK, PLAIN | VmFlags::WIPEONFORK, false, Ok(SetFlags(PLAIN))),
        (MADV_COLD, PLAIN, false, Ok(Cold)),
        (MADV_PAGEOUT, locked, false, Err(Errno::EINVAL)),
        (MADV_PAGEOUT, PLAIN, false, Ok(PageOut)),
        (MADV_POPULATE_READ, PLAIN, false, Ok(Populate { write: false })),
        (MADV_POPULATE_WRITE, PLAIN - VmFlags::WRITE, false, Err(Errno::EINVAL)),
        (MADV_POPULATE_WRITE, frames, false, Err(Errno::EINVAL)),
    ] {
        assert_eq!(step(advice, flags, object), expected, "{advice} {flags:?}");
    }
}

#[test]
fn msync_row() {
    assert_eq!(msync(0x1000, 1, 8), Err(Errno::EINVAL));
    assert_eq!(msync(0x1001, 1, 0), Err(Errno::EINVAL));
    assert_eq!(msync(0x1000, 1, MS_ASYNC | MS_SYNC), Err(Errno::EINVAL));
    assert_eq!(msync(0xffff_f000, 4096, 0), Err(Errno::ENOMEM));
    assert_eq!(msync(0x1000, 0, 0), Ok(None));
    assert_eq!(msync(0x1000, !0, 0), Ok(None), "the length wraps to 0");
    let sync = |flags| msync(0x1000, 1, flags).unwrap().unwrap();
    assert!(sync(MS_ASYNC).stops_at_holes() && !sync(MS_SYNC).stops_at_holes());
    let locked = VmFlags::SHARED | VmFlags::LOCKED;
    assert_eq!(sync_piece(&sync(MS_INVALIDATE), locked, true), Err(Errno::EBUSY));
    assert_eq!(sync_piece(&sync(MS_SYNC), locked, true), Ok(SyncStep::Write));
    assert_eq!(sync_piece(&sync(MS_SYNC), PLAIN, true), Ok(SyncStep::Nothing));
    assert_eq!(sync_piece(&sync(MS_ASYNC), locked, true), Ok(SyncStep::Nothing));
}

#[test]
fn mincore_row() {
    let check = |start, length, vector| mincore(start, length, vector, &limits());
    assert_eq!(check(0x1001, 1, 0), Err(Errno::EINVAL));
    assert_eq!(check(TASK_SIZE - 4096, 4097, 0), Err(Errno::ENOMEM));
    assert_eq!(check(0x1000, !0, 0), Err(Errno::ENOMEM));
    assert_eq!(check(0x1000, 8192, TASK_SIZE - 1), Err(Errno::EFAULT));
    assert_eq!(check(0x1000, 4097, TASK_SIZE - 2), Ok(pages(1, 3)));
}

#[test]
fn mlock_row() {
    let set = set_of(&[(0x100, 0x108, PLAIN | VmFlags::LOCKED), (0x108, 0x200, PLAIN)]);
    let lock = |start, length, limits: Limits| mlock(start, length, &set, &limits);
    assert_eq!(mlock2(0, 0, 2, &set, &limits()), Err(Errno::EINVAL));
    assert_eq!(lock(0, 0, Limits { memlock: 0, ..limits() }), Err(Errno::EPERM));
    let whole = |start, end, flags| Ok(Lock { range: pages(start, end), flags });
    assert_eq!(lock(0x1801, 4096, limits()), whole(1, 3, VmFlags::LOCKED));
    assert_eq!(lock(0x10_0000, 0x1_0000, limits()), whole(0x100, 0x110, VmFlags::LOCKED));
    assert_eq!(lock(0x10_0000, 0x1_1000, limits()), Err(Errno::ENOMEM));
    assert_eq!(lock(0x11_0000, 0x9000, limits()), Err(Errno::ENOMEM));
    let free = Limits { may_lock: true, ..limits() };
    assert!(lock(0x11_0000, 0x9000, free).is_ok());
    assert_eq!(lock(0xffff_f000, 0x1000, free), Err(Errno::EINVAL));
    let on_fault = VmFlags::LOCKED | VmFlags::LOCKONFAULT;
    assert_eq!(mlock2(0x1000, 1, 1, &set, &limits()), whole(1, 2, on_fault));
    assert_eq!(munlock(0x1fff, 2), whole(1, 3, VmFlags::empty()));
    assert_eq!(munlock(0xffff_f000, 4096), Err(Errno::EINVAL));

    assert_eq!(lock_flags(PLAIN, VmFlags::LOCKED), Some(PLAIN | VmFlags::LOCKED));
    assert_eq!(lock_flags(PLAIN | on_fault, VmFlags::LOCKED), Some(PLAIN | VmFlags::LOCKED));
    assert_eq!(lock_flags(PLAIN, VmFlags::empty()), None);
    assert_eq!(lock_flags(PLAIN | VmFlags::IO, VmFlags::LOCKED), None);
}

#[test]
fn mlockall_row() {
    let all = |flags, total, limits: Limits| mlockall(flags, total, &limits);
    for bad in [0, 8, MCL_ONFAULT] {
        assert_eq!(all(bad, 0, limits()), Err(Errno::EINVAL));
    }
    assert_eq!(all(MCL_CURRENT, 0, Limits { memlock: 0, ..limits() }), Err(Errno::EPERM));
    assert_eq!(all(MCL_CURRENT, 17, limits()), Err(Errno::ENOMEM));
    assert!(all(MCL_FUTURE, 17, limits()).is_ok());
    let locked = VmFlags::LOCKED;
    let current = LockAll { def_flags: VmFlags::empty(), current: Some(locked), populate: true };
    assert_eq!(all(MCL_CURRENT, 16, limits()), Ok(current));
    let on_fault = locked | VmFlags::LOCKONFAULT;
    let future = LockAll { def_flags: on_fault, current: None, populate: false };
    assert_eq!(all(MCL_FUTURE | MCL_ONFAULT, 16, limits()), Ok(future));
}

#[test]
fn overcommit_has_three_modes() {
    let commit = |mode| Commit { mode, memory: 1000, swap: 100, ratio: 50, reserve: 10 };
    assert_eq!(commit(Overcommit::Guess).grants(5000), 1100);
    assert_eq!(commit(Overcommit::Always).grants(5000), u32::MAX);
    assert_eq!(commit(Overcommit::Never).grants(90), 500);
    assert_eq!(commit(Overcommit::Never).grants(5000), 0);
}

#[test]
fn pieces_name_areas_and_holes() {
    let set = set_of(&[(10, 20, PLAIN), (20, 30, PLAIN - VmFlags::WRITE), (40, 50, PLAIN)]);
    let walk = |start, end| {
        let mut pieces = Pieces::new(pages(start, end));
        core::iter::from_fn(|| pieces.next(&set))
            .map(|piece| match piece {
                Piece::Area { range, .. } => (range.start().as_u32(), range.end().as_u32()),
                Piece::Hole => (0, 0),
            })
            .collect::<std::vec::Vec<_>>()
    };
    assert_eq!(walk(12, 25), [(12, 20), (20, 25)]);
    assert_eq!(walk(5, 45), [(0, 0), (10, 20), (20, 30), (0, 0), (40, 45)]);
    assert_eq!(walk(45, 60), [(45, 50), (0, 0)]);
    assert_eq!(walk(30, 40), [(0, 0)]);
    assert_eq!(walk(12, 12), []);
}
