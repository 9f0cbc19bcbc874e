//! The rows of mmap.

use super::*;

#[test]
fn mmap_looks_at_the_length_first() {
    assert_eq!(map(args(1, 0, !0, 0)), Err(Errno::EINVAL));
    assert_eq!(map(args(0, !0, RW, PRIVATE)), Err(Errno::ENOMEM), "rounds to 0");
    assert_eq!(map(args(0, TASK_SIZE + 1, RW, PRIVATE)), Err(Errno::ENOMEM));
    assert_eq!(map(args(0, TASK_SIZE, RW, PRIVATE)), Err(Errno::ENOMEM));
    let far = MmapArgs { page_offset: !0, ..args(0, 4096, RW, PRIVATE) };
    assert_eq!(map(far), Err(Errno::EOVERFLOW));
    assert_eq!(map_file(MmapArgs { flags: 0, ..far }, file()), Err(Errno::EOVERFLOW));
}

#[test]
fn mmap_needs_one_kind_of_sharing() {
    assert_eq!(map(args(0, 1, RW, MAP_ANONYMOUS)), Err(Errno::EINVAL));
    assert_eq!(map(args(0, 1, RW, MAP_ANONYMOUS | MAP_SHARED_VALIDATE)), Err(Errno::EINVAL));
    assert_eq!(map_file(args(0, 1, RW, 4), file()), Err(Errno::EINVAL));
    assert_eq!(map(args(0, 1, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN)), Err(Errno::EINVAL));
    assert_eq!(map_file(args(0, 1, RW, MAP_PRIVATE | MAP_GROWSDOWN), file()), Err(Errno::EINVAL));
    let stack = map(args(0, 1, RW, PRIVATE | MAP_GROWSDOWN)).unwrap();
    assert!(stack.flags.contains(VmFlags::GROWSDOWN));
}

#[test]
fn mmap_fixed_is_exact() {
    let fixed = |address, length| map(args(address, length, RW, PRIVATE | MAP_FIXED));
    assert_eq!(fixed(0x20_0001, 4096), Err(Errno::EINVAL));
    assert_eq!(fixed(TASK_SIZE, 4096), Err(Errno::ENOMEM));
    assert_eq!(fixed(TASK_SIZE - 4096, 4097), Err(Errno::ENOMEM));
    assert_eq!(fixed(TASK_SIZE + 1, 4096), Err(Errno::ENOMEM), "before the alignment");
    assert_eq!(fixed(0xf000, 4096), Err(Errno::EPERM));
    assert_eq!(fixed(0, 4096), Err(Errno::EPERM));
    let privileged = Limits { raw_io: true, ..limits() };
    assert!(mmap(&args(0, 1, RW, PRIVATE | MAP_FIXED), None, &set_of(&[]), &privileged).is_ok());
    let over = fixed(0x18_0000, 0x10_0000).unwrap();
    assert_eq!((over.range, over.replaces), (pages(0x180, 0x280), true));
    let noreplace = |address| map(args(address, 1, RW, PRIVATE | MAP_FIXED_NOREPLACE));
    assert_eq!(noreplace(0x1f_f000), Err(Errno::EEXIST));
    assert_eq!(noreplace(0x1f_f001), Err(Errno::EINVAL));
    assert_eq!(noreplace(0x20_0000).unwrap().range, pages(0x200, 0x201));
}

#[test]
fn mmap_takes_hints_as_linux_does() {
    let at = |hint| map(args(hint, 4096, RW, PRIVATE)).unwrap().range.start().as_u32();
    assert_eq!(at(0), 0xb7fff);
    assert_eq!(at(0x123), 0xb7fff, "page 0 is no hint");
    assert_eq!(at(0x1234), 16, "raised to mmap_min_addr");
    assert_eq!(at(0x30_0fff), 0x300, "rounded down");
    assert_eq!(at(0x18_0000), 0xb7fff, "taken");
    assert_eq!(at(TASK_SIZE - 4096), 0xbffff);
    assert_eq!(at(TASK_SIZE), 0xb7fff);
}

#[test]
fn mmap_of_a_file_obeys_its_mode() {
    let shared_write = args(0, 1, RW, MAP_SHARED);
    let read_only = FileFacts { writable: false, ..file() };
    let map = map_file;
    assert_eq!(map(args(0, 1, RW, MAP_SHARED), read_only), Err(Errno::EACCES));
    let unreadable = FileFacts { readable: false, ..file() };
    assert_eq!(map(args(0, 1, 0, MAP_PRIVATE), unreadable), Err(Errno::EACCES));
    assert_eq!(map(shared_write, FileFacts { append_only: true, ..file() }), Err(Errno::EACCES));
    let no_exec = FileFacts { no_exec: true, ..file() };
    assert_eq!(map(args(0, 1, PROT_EXEC, MAP_PRIVATE), no_exec), Err(Errno::EPERM));
    assert!(!map(args(0, 1, RW, MAP_PRIVATE), no_exec).unwrap().flags.contains(VmFlags::MAYEXEC));
    assert_eq!(map(shared_write, FileFacts { mappable: false, ..file() }), Err(Errno::ENODEV));
    assert_eq!(map(shared_write, FileFacts { swap_area: true, ..file() }), Err(Errno::ETXTBSY));
    assert_eq!(map(shared_write, FileFacts { write_sealed: true, ..file() }), Err(Errno::EPERM));
    let directory = FileFacts { mappable: false, readable: false, ..file() };
    assert_eq!(map(args(0, 1, 0, MAP_PRIVATE), directory), Err(Errno::EACCES), "mode first");
    let flags = map(args(0, 1, PROT_READ, MAP_SHARED), read_only).unwrap().flags;
    let kept = VmFlags::MAYSHARE | VmFlags::READ | VmFlags::MAYREAD | VmFlags::MAYEXEC;
    assert_eq!(flags, kept, "MAYWRITE and SHARED are dropped");
}

#[test]
fn mmap_shared_validate_refuses_what_it_does_not_know() {
    let with = |more| map_file(args(0x1000_0000, 1, RW, MAP_SHARED_VALIDATE | more), file());
    assert_eq!(with(MAP_SYNC), Err(Errno::EOPNOTSUPP));
    assert_eq!(with(1 << 23), Err(Errno::EOPNOTSUPP));
    assert_eq!(with(MAP_FIXED_NOREPLACE), Err(Errno::EOPNOTSUPP));
    assert!(with(MAP_FIXED | MAP_POPULATE | MAP_NORESERVE).is_ok());
    assert!(map_file(args(0, 1, RW, MAP_SHARED | 1 << 23), file()).is_ok());
    assert_eq!(map_file(args(0, 1, RW, MAP_SHARED | MAP_HUGETLB), file()), Err(Errno::EINVAL));
    assert_eq!(map(args(0, 1, RW, PRIVATE | MAP_HUGETLB)), Err(Errno::ENOMEM));
}

#[test]
fn mmap_locked_is_limited() {
    let locked = args(0, 17 << 12, RW, PRIVATE | MAP_LOCKED);
    let with = |limits| mmap(&locked, None, &set_of(&[]), &limits);
    assert_eq!(with(Limits { memlock: 0, ..limits() }), Err(Errno::EPERM));
    assert_eq!(with(limits()), Err(Errno::EAGAIN));
    assert!(with(Limits { may_lock: true, ..limits() }).unwrap().populate);
    let future = Limits { def_flags: VmFlags::LOCKED, ..limits() };
    let plain = args(0, 17 << 12, RW, PRIVATE);
    assert_eq!(mmap(&plain, None, &set_of(&[]), &future), Err(Errno::EAGAIN));
    assert!(mmap(&args(0, 1, RW, PRIVATE), None, &set_of(&[]), &future).unwrap().populate);
    assert!(map(args(0, 1, RW, PRIVATE | MAP_POPULATE)).unwrap().populate);
    assert!(!map(args(0, 1, RW, PRIVATE | MAP_POPULATE | MAP_NONBLOCK)).unwrap().populate);
}

#[test]
fn mmap_is_bounded_by_limits_and_overcommit() {
    let set = set_of(&[(0x100, 0x200, PLAIN | VmFlags::ACCOUNT)]);
    let with = |args: MmapArgs, limits| mmap(&args, None, &set, &limits);
    let small = Limits { address_space: 0x101 << 12, ..limits() };
    assert!(with(args(0, 4096, RW, PRIVATE), small).is_ok());
    assert_eq!(with(args(0, 4097, RW, PRIVATE), small), Err(Errno::ENOMEM));
    assert!(with(args(0x10_0000, 0x10_1000, RW, PRIVATE | MAP_FIXED), small).is_ok());
    let no_data = Limits { data: 0, data_max: 4096, ..limits() };
    assert_eq!(with(args(0, 1, RW, PRIVATE), no_data), Err(Errno::ENOMEM));
    assert!(with(args(0, 1, PROT_READ, PRIVATE), no_data).is_ok());
    let poor = Limits { commit: 1, ..limits() };
    let big = |flags| args(0, 8192, RW, flags);
    assert_eq!(with(big(PRIVATE), poor), Err(Errno::ENOMEM));
    assert_eq!(with(big(MAP_SHARED | MAP_ANONYMOUS), poor), Err(Errno::ENOMEM));
    assert!(with(args(0, 8192, PROT_READ, PRIVATE), poor).is_ok());
    let unreserved = with(big(PRIVATE | MAP_NORESERVE), poor).unwrap();
    assert_eq!((unreserved.charge, unreserved.flags.contains(VmFlags::NORESERVE)), (0, true));
    let strict = Limits { strict_commit: true, ..poor };
    assert_eq!(with(big(PRIVATE | MAP_NORESERVE), strict), Err(Errno::ENOMEM));
    let over = args(0x10_0000, 0x10_1000, RW, PRIVATE | MAP_FIXED);
    assert_eq!(with(over, poor).unwrap().charge, 0x101, "what goes away counts");
}

#[test]
fn mmap_stops_past_the_map_limit() {
    let mut set = VmaSet::new();
    for n in 0..=crate::vma::MAX_MAP_COUNT {
        let start = 16 + 2 * n;
        put(&mut set, Vma::new(pages(start, start + 1), PLAIN, start, Back(0)));
    }
    let found = mmap(&args(0, 1, RW, PRIVATE), None, &set, &limits());
    assert_eq!(found, Err(Errno::ENOMEM));
}

#[test]
fn mmap_sets_flags_and_offsets() {
    let memory = map(args(0, 1, PROT_READ, PRIVATE)).unwrap();
    assert_eq!(memory.flags, VmFlags::READ | VmFlags::MAY);
    assert_eq!((memory.pgoff, memory.source), (0xb7fff, Source::Anonymous));
    let written = map(args(0, 1, RW, PRIVATE)).unwrap();
    assert_eq!((written.flags, written.charge), (PLAIN | VmFlags::ACCOUNT, 1));
    let shared = MmapArgs { page_offset: 9, ..args(0, 1, RW, MAP_SHARED | MAP_ANONYMOUS) };
    let shared = map(shared).unwrap();
    assert_eq!(shared.flags, PLAIN | VmFlags::SHARED | VmFlags::MAYSHARE);
    assert_eq!((shared.pgoff, shared.source, shared.charge), (0, Source::SharedAnonymous, 1));
    let private = MmapArgs { page_offset: 9, ..args(0, 1, PROT_READ, MAP_PRIVATE) };
    let of_file = map_file(private, file()).unwrap();
    assert_eq!((of_file.pgoff, of_file.source, of_file.charge), (9, Source::File, 0));
    let personality = Limits { read_implies_exec: true, ..limits() };
    let exec = |args, file: Option<&FileFacts>| {
        mmap(&args, file, &set_of(&[]), &personality).unwrap().flags.contains(VmFlags::EXEC)
    };
    assert!(exec(args(0, 1, PROT_READ, PRIVATE), None));
    assert!(!exec(args(0, 1, PROT_WRITE, PRIVATE), None));
    let no_exec = FileFacts { no_exec: true, ..file() };
    assert!(!exec(args(0, 1, PROT_READ, MAP_PRIVATE), Some(&no_exec)));
}

#[test]
fn old_mmap_wants_whole_pages() {
    assert_eq!(old_mmap_page_offset(0x3000), Ok(3));
    assert_eq!(old_mmap_page_offset(0x3001), Err(Errno::EINVAL));
}
