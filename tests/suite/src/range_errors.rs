//! What the memory calls refuse, and with which error.
//!
//! Every row also holds for Linux of 64 bits running a 32-bit program, unless it is in a test that
//! only runs on Folio.

use crate::fault::*;
use crate::scratch::{Scratch, numbered_file};
use sys::Result;
use sys::abi::file::{O_APPEND, O_RDONLY, O_RDWR, O_WRONLY};
use sys::abi::memory::*;
use sys::abi::process::{RLIMIT_MEMLOCK, Rlimit};
use sys::abi::{Errno, UserMutPtr};
use sys::file::File;
use sys::syscall::{input, pointer_mut};

tests![
    mmap2_errors,
    munmap_errors,
    mprotect_errors,
    mremap_errors,
    madvise_errors,
    msync_errors,
    mincore_errors,
    privilege_ends_with_the_user,
    errors_at_the_end_of_user_space,
];

/// A row: what is wrong, what came, what should.
type Row = (&'static str, Result<u32>, Result<u32>);

fn check(rows: &[Row]) {
    for (what, got, wanted) in rows {
        assert_eq!(got, wanted, "{what}");
    }
}

/// First address no user mapping may have, on Folio's three splits and on a 64-bit host.
const FAR: u32 = 0xffff_f000;

pub fn mmap2_errors() {
    let mmap2 = |address, length, protection, flags, fd, offset| {
        call!(mmap2(address, length, protection, flags, fd, offset))
    };
    let file = numbered_file(1);
    let fd = file.fd().0;
    let (name, _keep) = Scratch::file("mmap2", &[1; 4096]);
    let open = |flags| File::open_with(name.as_str(), flags, 0).expect("open");
    let (reader, writer, appender) = (open(O_RDONLY), open(O_WRONLY), open(O_RDWR | O_APPEND));
    let (pipe, _end) = sys::file::pipe().expect("pipe2");
    let mapped = map(2);
    let fixed = PRIVATE | MAP_FIXED;
    check(&[
        ("bad fd", mmap2(0, PAGE, RW, MAP_PRIVATE, -1, 0), Err(Errno::EBADF)),
        ("bad fd before length", mmap2(0, 0, RW, MAP_PRIVATE, 999, 0), Err(Errno::EBADF)),
        ("length 0", mmap2(0, 0, RW, PRIVATE, -1, 0), Err(Errno::EINVAL)),
        ("length 0 of a file", mmap2(0, 0, RW, MAP_PRIVATE, fd, 0), Err(Errno::EINVAL)),
        ("length rounds to 0", mmap2(0, 0xffff_f001, RW, PRIVATE, -1, 0), Err(Errno::ENOMEM)),
        ("length over all", mmap2(0, 0xffff_f000, RW, PRIVATE, -1, 0), Err(Errno::ENOMEM)),
        ("neither kind", mmap2(0, PAGE, RW, MAP_ANONYMOUS, -1, 0), Err(Errno::EINVAL)),
        ("neither kind of a file", mmap2(0, PAGE, RW, 0, fd, 0), Err(Errno::EINVAL)),
        ("no such kind", mmap2(0, PAGE, RW, MAP_ANONYMOUS | 4, -1, 0), Err(Errno::EINVAL)),
        ("fixed misaligned", mmap2(mapped + 1, PAGE, RW, fixed, -1, 0), Err(Errno::EINVAL)),
        ("fixed too high", mmap2(FAR, PAGE, RW, fixed, -1, 0), Err(Errno::ENOMEM)),
        ("fixed wraps", mmap2(0x8000_0000, 0x9000_0000, RW, fixed, -1, 0), Err(Errno::ENOMEM)),
        (
            "not readable",
            mmap2(0, PAGE, PROT_READ, MAP_PRIVATE, writer.fd().0, 0),
            Err(Errno::EACCES),
        ),
        (
            "not readable, PROT_NONE",
            mmap2(0, PAGE, 0, MAP_SHARED, writer.fd().0, 0),
            Err(Errno::EACCES),
        ),
        ("not writable", mmap2(0, PAGE, RW, MAP_SHARED, reader.fd().0, 0), Err(Errno::EACCES)),
        (
            "append only is an inode's",
            mmap2(0, PAGE, RW, MAP_SHARED, appender.fd().0, 0).map(drop).map(|()| 0),
            Ok(0),
        ),
        (
            "no mmap operation",
            mmap2(0, PAGE, PROT_READ, MAP_PRIVATE, pipe.fd().0, 0),
            Err(Errno::ENODEV),
        ),
        (
            "grows down and shared",
            mmap2(0, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0),
            Err(Errno::EINVAL),
        ),
        (
            "grows down and file",
            mmap2(0, PAGE, RW, MAP_PRIVATE | MAP_GROWSDOWN, fd, 0),
            Err(Errno::EINVAL),
        ),
        (
            "validated unknown flag",
            mmap2(0, PAGE, PROT_READ, MAP_SHARED_VALIDATE | 0x200_0000, fd, 0),
            Err(Errno::EOPNOTSUPP),
        ),
        (
            "no replacement",
            mmap2(mapped, PAGE, RW, PRIVATE | MAP_FIXED_NOREPLACE, -1, 0),
            Err(Errno::EEXIST),
        ),
    ]);
}

pub fn munmap_errors() {
    let start = map(2);
    let munmap = |address, length| call!(munmap(address, length));
    check(&[
        ("misaligned", munmap(start + 1, PAGE), Err(Errno::EINVAL)),
        ("length 0", munmap(start, 0), Err(Errno::EINVAL)),
        ("misaligned and length 0", munmap(start + 1, 0), Err(Errno::EINVAL)),
        ("length rounds to 0", munmap(start, 0xffff_f001), Err(Errno::EINVAL)),
        ("beyond the end", munmap(start, 0xffff_f000), Err(Errno::EINVAL)),
        ("starts beyond the end", munmap(FAR, PAGE), Err(Errno::EINVAL)),
        ("nothing there", munmap(PAGE * 16, PAGE), Ok(0)),
    ]);
    assert!(is_mapped(start, 2), "refused calls change nothing");
}

pub fn mprotect_errors() {
    let start = map(3);
    unmap(start + 2 * PAGE, 1);
    let mprotect = |address, length, protection| call!(mprotect(address, length, protection));
    check(&[
        ("misaligned", mprotect(start + 1, PAGE, RW), Err(Errno::EINVAL)),
        ("length 0", mprotect(start, 0, RW), Ok(0)),
        ("length 0 in a hole", mprotect(PAGE * 16, 0, RW), Ok(0)),
        ("unknown right", mprotect(start, PAGE, 0x10), Err(Errno::EINVAL)),
        ("both grow", mprotect(start, PAGE, PROT_GROWSDOWN | PROT_GROWSUP), Err(Errno::EINVAL)),
        ("grows down elsewhere", mprotect(start, PAGE, PROT_GROWSDOWN), Err(Errno::EINVAL)),
        ("wraps", mprotect(start, 0xffff_f000, RW), Err(Errno::ENOMEM)),
        ("hole", mprotect(start + 2 * PAGE, PAGE, RW), Err(Errno::ENOMEM)),
        ("hole at the end", mprotect(start, 3 * PAGE, RW), Err(Errno::ENOMEM)),
        ("semaphores", mprotect(start, PAGE, RW | PROT_SEM), Ok(0)),
    ]);
    poke(start, 1);
}

pub fn mremap_errors() {
    // The region ends there, whatever lies behind it.
    let start = map(5);
    unmap(start + 4 * PAGE, 1);
    let hole = free_range(1);
    let target = free_range(8);
    let mremap = |address, old, new, flags, to| call!(mremap(address, old, new, flags, to));
    let fixed = MREMAP_MAYMOVE | MREMAP_FIXED;
    let keep = MREMAP_MAYMOVE | MREMAP_DONTUNMAP;
    check(&[
        ("unknown flag", mremap(start, PAGE, PAGE, 8, 0), Err(Errno::EINVAL)),
        (
            "fixed but may not move",
            mremap(start, PAGE, PAGE, MREMAP_FIXED, target),
            Err(Errno::EINVAL),
        ),
        ("misaligned", mremap(start + 1, PAGE, PAGE, 0, 0), Err(Errno::EINVAL)),
        ("new length 0", mremap(start, PAGE, 0, 0, 0), Err(Errno::EINVAL)),
        ("old length 0, private", mremap(start, 0, PAGE, MREMAP_MAYMOVE, 0), Err(Errno::EINVAL)),
        ("target misaligned", mremap(start, PAGE, PAGE, fixed, target + 1), Err(Errno::EINVAL)),
        ("target too high", mremap(start, PAGE, PAGE, fixed, FAR), Err(Errno::EINVAL)),
        (
            "target overlaps",
            mremap(start, 2 * PAGE, 2 * PAGE, fixed, start + PAGE),
            Err(Errno::EINVAL),
        ),
        (
            "overlaps the target",
            mremap(start + PAGE, 2 * PAGE, 2 * PAGE, fixed, start),
            Err(Errno::EINVAL),
        ),
        ("not mapped", mremap(hole, PAGE, 2 * PAGE, MREMAP_MAYMOVE, 0), Err(Errno::EFAULT)),
        (
            "crosses the end of the region",
            mremap(start + 3 * PAGE, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE, 0),
            Err(Errno::EFAULT),
        ),
        (
            "new length over all",
            mremap(start, PAGE, 0xffff_f000, MREMAP_MAYMOVE, 0),
            // Linux looks for a place until 6.16, and at the length first since.
            Err(if crate::harness::on_folio() { Errno::ENOMEM } else { Errno::EINVAL }),
        ),
        (
            "kept but may not move",
            mremap(start, PAGE, PAGE, MREMAP_DONTUNMAP, 0),
            Err(Errno::EINVAL),
        ),
        ("kept and grown", mremap(start, PAGE, 2 * PAGE, keep, 0), Err(Errno::EINVAL)),
        ("cannot grow in place", mremap(start, PAGE, 2 * PAGE, 0, 0), Err(Errno::ENOMEM)),
    ]);
    assert!(is_mapped(start, 4), "refused calls change nothing");
}

pub fn madvise_errors() {
    let start = map(3);
    poke(start + 2 * PAGE, 1);
    let file = numbered_file(1);
    let private = map_file(&file, 1, RW, MAP_PRIVATE, 0);
    let madvise = |address, length, advice| call!(madvise(address, length, advice));
    check(&[
        ("misaligned", madvise(start + 1, PAGE, MADV_NORMAL), Err(Errno::EINVAL)),
        ("unknown advice", madvise(start, PAGE, 0x7777), Err(Errno::EINVAL)),
        ("unknown advice, length 0", madvise(start, 0, -1), Err(Errno::EINVAL)),
        ("length 0", madvise(start, 0, MADV_DONTNEED), Ok(0)),
        ("hole", madvise(free_range(1), PAGE, MADV_DONTNEED), Err(Errno::ENOMEM)),
        ("free of a file", madvise(private, PAGE, MADV_FREE), Err(Errno::EINVAL)),
        ("remove without a file", madvise(start, PAGE, MADV_REMOVE), Err(Errno::EINVAL)),
        ("remove of a private file", madvise(private, PAGE, MADV_REMOVE), Err(Errno::EACCES)),
        ("normal", madvise(start, PAGE, MADV_NORMAL), Ok(0)),
        ("random", madvise(start, PAGE, MADV_RANDOM), Ok(0)),
        ("sequential", madvise(start, PAGE, MADV_SEQUENTIAL), Ok(0)),
        ("will need of a file", madvise(private, PAGE, MADV_WILLNEED), Ok(0)),
        ("do not fork", madvise(start, PAGE, MADV_DONTFORK), Ok(0)),
        ("do fork", madvise(start, PAGE, MADV_DOFORK), Ok(0)),
        ("cold", madvise(start, PAGE, MADV_COLD), Ok(0)),
        ("free", madvise(start, PAGE, MADV_FREE), Ok(0)),
        ("populate", madvise(start, PAGE, MADV_POPULATE_WRITE), Ok(0)),
    ]);
    // A hole is passed over, then reported.
    unmap(start + PAGE, 1);
    assert_eq!(madvise(start, 3 * PAGE, MADV_DONTNEED), Err(Errno::ENOMEM));
    // Populating stops there.
    assert_eq!(madvise(start, 3 * PAGE, MADV_POPULATE_WRITE), Err(Errno::ENOMEM));
    let mut vector = [7u8; 2];
    let residency = |vector: &mut [u8; 2], page| {
        call!(mincore(start + page * PAGE, PAGE, UserMutPtr::new(pointer_mut(vector))))
    };
    assert_eq!((residency(&mut vector, 0), vector[0]), (Ok(0), 1));
    assert_eq!((residency(&mut vector, 2), vector[0]), (Ok(0), 0));
    assert_eq!(peek(start + 2 * PAGE), 0);
}

pub fn msync_errors() {
    let start = map(3);
    unmap(start + PAGE, 1);
    let msync = |address, length, flags| call!(msync(address, length, flags));
    check(&[
        ("misaligned", msync(start + 1, PAGE, MS_SYNC), Err(Errno::EINVAL)),
        ("unknown flag", msync(start, PAGE, 8), Err(Errno::EINVAL)),
        ("both ways", msync(start, PAGE, MS_SYNC | MS_ASYNC), Err(Errno::EINVAL)),
        ("length 0", msync(start, 0, MS_SYNC), Ok(0)),
        ("wraps", msync(start, 0xffff_f000, MS_SYNC), Err(Errno::ENOMEM)),
        ("hole", msync(start + PAGE, PAGE, MS_SYNC), Err(Errno::ENOMEM)),
        ("hole inside", msync(start, 3 * PAGE, MS_ASYNC), Err(Errno::ENOMEM)),
        ("private memory", msync(start, PAGE, MS_SYNC), Ok(0)),
        ("no way at all", msync(start, PAGE, 0), Ok(0)),
        ("invalidate", msync(start, PAGE, MS_INVALIDATE), Ok(0)),
    ]);
}

pub fn mincore_errors() {
    let start = map(3);
    unmap(start + 2 * PAGE, 1);
    let mut vector = [0u8; 8];
    let good = UserMutPtr::new(pointer_mut(&mut vector));
    let mincore = |address, length, vector| call!(mincore(address, length, vector));
    check(&[
        ("misaligned", mincore(start + 1, PAGE, good), Err(Errno::EINVAL)),
        ("hole", mincore(start + 2 * PAGE, PAGE, good), Err(Errno::ENOMEM)),
        ("hole at the end", mincore(start, 3 * PAGE, good), Err(Errno::ENOMEM)),
        ("length 0", mincore(start, 0, good), Ok(0)),
        ("bad vector", mincore(start, PAGE, UserMutPtr::new(8)), Err(Errno::EFAULT)),
        ("wraps", mincore(start, 0xffff_ffff, good), Err(Errno::ENOMEM)),
    ]);
    poke(start, 1);
    vector = [7; 8];
    let good = UserMutPtr::new(pointer_mut(&mut vector));
    check(&[("hole at the end", mincore(start, 3 * PAGE, good), Err(Errno::ENOMEM))]);
    assert_eq!(vector, [1, 0, 7, 7, 7, 7, 7, 7], "what lies before the hole is told");
}

/// What root may, and nobody else: page 0, and locking without limit.
pub fn privilege_ends_with_the_user() {
    crate::harness::only_as_root();
    let start = map(4);
    let limit = Rlimit { cur: PAGE, max: PAGE };
    call!(setrlimit(RLIMIT_MEMLOCK, input(&limit))).expect("setrlimit");
    assert_eq!(call!(mlock(start, 4 * PAGE)), Ok(0));
    call!(munlock(start, 4 * PAGE)).expect("munlock");
    call!(setuid32(65_534)).expect("setuid32");
    check(&[
        ("page 0", call!(mmap2(0, PAGE, RW, PRIVATE | MAP_FIXED, -1, 0)), Err(Errno::EPERM)),
        ("lock too much", call!(mlock(start, 4 * PAGE)), Err(Errno::ENOMEM)),
        ("lock enough", call!(mlock(start, PAGE)), Ok(0)),
    ]);
}

/// These limits lie at TASK_SIZE of i386, below that of a 64-bit kernel.
pub fn errors_at_the_end_of_user_space() {
    crate::harness::only_on_folio("TASK_SIZE of i386 (kcore::layout)");
    let end = 0xc000_0000;
    let start = map(1);
    let fixed = MREMAP_MAYMOVE | MREMAP_FIXED;
    let file = numbered_file(1);
    let wrapping = call!(mmap2(0, 2 * PAGE, RW, MAP_PRIVATE, file.fd().0, u32::MAX));
    check(&[
        ("offset wraps", wrapping, Err(Errno::EOVERFLOW)),
        (
            "fixed past the end",
            call!(mmap2(end, PAGE, RW, PRIVATE | MAP_FIXED, -1, 0)),
            Err(Errno::ENOMEM),
        ),
        ("longer than all", call!(mmap2(0, end + PAGE, RW, PRIVATE, -1, 0)), Err(Errno::ENOMEM)),
        ("unmap past the end", call!(munmap(end - PAGE, 2 * PAGE)), Err(Errno::EINVAL)),
        ("move past the end", call!(mremap(start, PAGE, PAGE, fixed, end)), Err(Errno::EINVAL)),
        ("protect past the end", call!(mprotect(end, PAGE, RW)), Err(Errno::ENOMEM)),
        (
            "length of advice wraps",
            call!(madvise(start, 0xffff_ffff, MADV_NORMAL)),
            Err(Errno::EINVAL),
        ),
        (
            "end of advice wraps",
            call!(madvise(start, 0xffff_f000, MADV_NORMAL)),
            Err(Errno::EINVAL),
        ),
        // Root has CAP_SYS_RAWIO.
        ("page 0", call!(mmap2(0, PAGE, RW, PRIVATE | MAP_FIXED, -1, 0)), Ok(0)),
    ]);
    unmap(0, 1);
}
