//! What the kernel tells of processes: against what the test knows of itself and its children.

use crate::child;
use crate::fault::*;
use crate::harness::only_on_folio;
use crate::usage::program_is_present;
use alloc::vec::Vec;
use sys::abi::memory::*;
use sys::abi::signal::{SIG_BLOCK, SIGKILL, SIGUSR1, SIGUSR2, SignalSet};
use sys::abi::statistics::*;
use sys::abi::{Errno, UserMutPtr};
use sys::process;
use sys::statistics::{Asker, StatisticsRight};
use sys::wait::Status;

tests![
    a_process_is_described,
    what_is_not_known_is_not_told,
    only_init_hands_out_the_right,
    areas_are_those_that_were_mapped,
    programs_areas_have_their_file,
    pages_are_counted_by_what_they_are,
    sums_agree_with_each_other,
    peaks_stay,
    another_process_can_be_looked_at,
    signal_masks_are_told,
    descriptors_say_where_they_lead,
    tables_are_shown_as_ranges,
    the_machine_is_described,
    bad_addresses_are_refused,
    processes_may_end_meanwhile,
];

/// VM_READ, VM_WRITE and VM_SHARED.
const READ: u32 = 1;
const WRITE: u32 = 2;
const SHARED: u32 = 8;

fn of_self() -> (Asker, i32) {
    only_on_folio("abi::syscall::statistics");
    (Asker::OF_SELF, process::id())
}

fn with_right() -> StatisticsRight {
    only_on_folio("abi::syscall::statistics");
    StatisticsRight::new().expect("the right")
}

/// Private memory that no other area touches.
fn map_apart(pages: u32) -> u32 {
    let start = free_range(pages + 2) + PAGE;
    let flags = PRIVATE | MAP_FIXED;
    assert_eq!(call!(mmap2(start, pages * PAGE, RW, flags, -1, 0)), Ok(start));
    start
}

/// All areas of a process, asked for three at a time.
fn areas(asker: Asker, pid: i32) -> Vec<AreaStatistics> {
    let (mut all, mut from) = (Vec::new(), 0);
    loop {
        let mut some = [AreaStatistics::default(); 3];
        let count = asker.areas(pid, from, &mut some).expect("areas");
        all.extend_from_slice(&some[..count]);
        match some[..count].last() {
            Some(last) => from = last.end,
            None => return all,
        }
    }
}

fn words(asker: Asker, pid: i32, address: u32, pages: usize) -> Vec<u64> {
    let mut words = Vec::new();
    words.resize(pages, u64::MAX);
    assert_eq!(asker.page_words(pid, address / PAGE, &mut words), Ok(pages));
    words
}

pub fn a_process_is_described() {
    let (asker, pid) = of_self();
    let details = asker.details(pid).expect("details");
    assert_eq!({ details.pid }, pid);
    assert_eq!({ details.parent }, process::parent_id());
    assert_eq!({ details.group }, process::group());
    assert_eq!({ details.threads }, 1);
    assert_eq!({ details.state }, u32::from(b'R'));
    assert_eq!({ details.users }, [0; 4]);
    assert_eq!(details.name.split(|byte| *byte == 0).next(), Some(&b"suite"[..]));
    let space = details.space;
    assert!({ space.exists } == 1 && space.start_code < space.end_code);
    assert!(space.start_stack < space.start_arguments);
    assert_eq!(call!(brk(0)), Ok(space.end_heap));
    let old = call!(umask(0o27)).expect("umask");
    assert_eq!({ asker.details(pid).expect("details").umask }, 0o27);
    assert_eq!(call!(umask(old)), Ok(0o27));
}

pub fn what_is_not_known_is_not_told() {
    let (asker, pid) = of_self();
    let mut area = [AreaStatistics::default()];
    assert_eq!(asker.details(1), Err(Errno::EPERM));
    assert_eq!(asker.areas(1, 0, &mut area), Err(Errno::EPERM));
    let right = with_right();
    let asker = right.asker();
    assert!(asker.details(1).is_ok());
    assert_eq!(asker.details(-1), Err(Errno::ESRCH));
    assert_eq!(asker.details(0x7fff_fff0), Err(Errno::ESRCH));
    assert_eq!(asker.path(pid, 99, 0), Err(Errno::EINVAL));
    assert_eq!(asker.path(pid, PATH_DESCRIPTOR, 999), Err(Errno::ENOENT));
    assert_eq!(asker.area_usage(pid, 0x100), Err(Errno::ENOENT));
    let to = UserMutPtr::new(map(1));
    for wrong in [77, u32::MAX] {
        // SAFETY: it writes nothing.
        let result = unsafe { sys::syscall::statistics::process_details(wrong, pid, to, PAGE) };
        assert_eq!(result, Err(Errno::EBADF));
    }
}

pub fn only_init_hands_out_the_right() {
    only_on_folio("abi::syscall::statistics");
    let ended = child::run(|| {
        sys::ipc::raise_level(sys::ipc::Level::PROGRAM).expect("level");
        assert_eq!(StatisticsRight::new().err(), Some(Errno::EPERM));
        0
    });
    assert_eq!(ended, Status::Exited(0));
}

pub fn areas_are_those_that_were_mapped() {
    let (asker, pid) = of_self();
    let heap = call!(brk(0)).expect("brk");
    assert_eq!(call!(brk(heap + PAGE)), Ok(heap + PAGE));
    let start = map_apart(7);
    unmap(start + 2 * PAGE, 5);
    let shared = MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED;
    let third = start + 3 * PAGE;
    assert_eq!(call!(mmap2(third, 4 * PAGE, PROT_READ, shared, -1, 0)), Ok(third));
    let all = areas(asker, pid);
    assert!(all.is_sorted_by(|one, next| one.end <= next.start && one.start < one.end));
    let at = |address: u32| *all.iter().find(|area| area.start == address).expect("an area");
    let private = at(start);
    assert_eq!((private.end, private.flags & 0xf), (start + 2 * PAGE, READ | WRITE));
    assert_eq!(({ private.inode }, { private.kind }), (0, AREA_PLAIN));
    let shared = at(third);
    assert_eq!((shared.end, shared.flags & 0xf), (third + 4 * PAGE, READ | SHARED));
    assert_eq!({ shared.kind }, AREA_SHARED);
    for kind in [AREA_HEAP, AREA_STACK] {
        assert_eq!(all.iter().filter(|area| area.kind == kind).count(), 1, "kind {kind}");
    }
    let total: u32 = all.iter().map(|area| (area.end - area.start) / PAGE).sum();
    assert_eq!(total, asker.details(pid).expect("details").space.total);
    unmap(start, 7);
    assert_eq!(call!(brk(heap)), Ok(heap));
}

pub fn programs_areas_have_their_file() {
    let (asker, pid) = of_self();
    let code = (programs_areas_have_their_file as fn()) as usize as u32;
    let path = asker.path(pid, PATH_EXECUTABLE, 0).expect("its path");
    assert!(path.starts_with(b"/") && path.ends_with(b"suite"));
    assert_eq!(asker.path(pid, PATH_AREA, code), Ok(path.clone()));
    let area = areas(asker, pid).into_iter().find(|area| (area.start..area.end).contains(&code));
    let area = area.expect("code");
    let stat = sys::file::stat(&path).expect("stat");
    assert_eq!({ area.inode }, stat.ino);
    assert_eq!(asker.path(pid, PATH_AREA, map(1)), Err(Errno::ENOENT));
}

pub fn pages_are_counted_by_what_they_are() {
    let (asker, pid) = of_self();
    let start = map_apart(8);
    let _ = peek(start);
    poke(start + PAGE, 1);
    poke(start + 5 * PAGE, 1);
    let page = u64::from(PAGE);
    let usage = asker.area_usage(pid, start + 3 * PAGE).expect("usage");
    assert_eq!({ usage.resident }, 2 * page, "the zero page is nobody's");
    assert_eq!(({ usage.anonymous }, { usage.private_dirty }), (2 * page, 2 * page));
    assert_eq!(({ usage.proportional }, { usage.shared_dirty }), ((2 * page) << 12, 0));
    let words = words(asker, pid, start, 8);
    let present: Vec<bool> = words.iter().map(|word| word & PAGE_PRESENT != 0).collect();
    assert_eq!(present, [true, true, false, false, false, true, false, false]);
    assert_eq!(words[1] & (PAGE_FILE | PAGE_EXCLUSIVE), PAGE_EXCLUSIVE);
    let shared = child::run(|| {
        let usage = Asker::OF_SELF.area_usage(process::id(), start).expect("usage");
        assert_eq!(({ usage.private_dirty }, { usage.shared_dirty }), (0, 2 * page));
        assert_eq!({ usage.proportional }, page << 12);
        let mut words = [0; 2];
        let first = start / PAGE;
        assert_eq!(Asker::OF_SELF.page_words(process::id(), first, &mut words), Ok(2));
        assert_eq!(words[1] & (PAGE_PRESENT | PAGE_FILE | PAGE_EXCLUSIVE), PAGE_PRESENT);
        poke(start + PAGE, 2);
        let usage = Asker::OF_SELF.area_usage(process::id(), start).expect("usage");
        assert_eq!(({ usage.private_dirty }, { usage.shared_dirty }), (page, page));
        0
    });
    assert_eq!(shared, Status::Exited(0));
    unmap(start, 8);
}

pub fn sums_agree_with_each_other() {
    let (asker, pid) = of_self();
    let shared = MAP_SHARED | MAP_ANONYMOUS;
    let start = call!(mmap2(0, 5 * PAGE, RW, shared, -1, 0)).expect("mmap2");
    (0..3).for_each(|page| poke(start + page * PAGE, 1));
    let usage = asker.area_usage(pid, start).expect("usage");
    assert_eq!({ usage.proportional_shared }, (3 * u64::from(PAGE)) << 12);
    program_is_present();
    let (mut resident, mut anonymous) = (0, 0);
    for area in areas(asker, pid) {
        let usage = asker.area_usage(pid, area.start).expect("usage");
        let parts = [usage.shared_clean, usage.shared_dirty, usage.private_clean];
        assert_eq!({ usage.resident }, parts.iter().sum::<u64>() + usage.private_dirty);
        resident += usage.resident;
        anonymous += usage.anonymous;
    }
    // Asking may touch a page of the stack.
    let space = asker.details(pid).expect("details").space;
    let pages = |bytes: u64| (bytes / u64::from(PAGE)) as u32;
    let rss = space.resident_private + space.resident_file + space.resident_shared;
    assert!((pages(resident)..=pages(resident) + 1).contains(&rss), "{rss}");
    assert!((pages(anonymous)..=pages(anonymous) + 1).contains(&{ space.resident_private }));
    assert!(space.peak_resident >= rss && space.peak_total >= space.total);
    assert!(space.resident_shared >= 3);
    unmap(start, 5);
}

pub fn peaks_stay() {
    let (asker, pid) = of_self();
    let start = map(300);
    (0..300).for_each(|page| poke(start + page * PAGE, 1));
    let high = asker.details(pid).expect("details").space;
    unmap(start, 300);
    let low = asker.details(pid).expect("details").space;
    assert_eq!({ low.total }, high.total - 300);
    assert!(low.peak_total >= high.total && low.resident_private <= high.resident_private - 300);
    assert!(low.peak_resident >= high.resident_private);
}

pub fn another_process_can_be_looked_at() {
    let right = with_right();
    let asker = right.asker();
    let start = map(2);
    poke_word(start, 0x1111_1111);
    let (read, write) = sys::file::pipe().expect("pipe");
    let pid = child::start(|| {
        poke_word(start, 0x2222_2222);
        assert_eq!(write.write(b"x"), Ok(1));
        loop {
            call!(pause()).ok();
        }
    });
    assert_eq!(read.read(&mut [0]), Ok(1));
    let mut bytes = [0; 8];
    assert_eq!(asker.memory_of(pid, start, &mut bytes), Ok(8));
    assert_eq!(bytes, [0x22, 0x22, 0x22, 0x22, 0, 0, 0, 0]);
    assert_eq!(asker.memory_of(process::id(), start, &mut bytes), Ok(8));
    assert_eq!(bytes[0], 0x11);
    // To the end of what is mapped, and no further.
    let hole = free_range(1);
    assert_eq!(asker.memory_of(pid, hole, &mut bytes), Err(Errno::EFAULT));
    assert_eq!(asker.memory_of(pid, 0xc000_0000, &mut bytes), Err(Errno::EFAULT));
    let mut threads = [ThreadStatistics::default(); 4];
    assert_eq!(asker.threads(pid, 0, &mut threads), Ok(1));
    let [thread, ..] = threads;
    assert_eq!(({ thread.tid }, { thread.call }), (pid, 29), "pause");
    assert_eq!(({ thread.state }, { thread.entry }), (u32::from(b'S'), 0x80));
    process::kill(pid, SIGKILL).expect("kill");
    loop {
        // A zombie still has its name, and nothing else.
        let details = asker.details(pid).expect("details");
        if details.state == u32::from(b'Z') {
            assert_eq!({ details.space.exists }, 0);
            assert_eq!(details.name[..5], *b"suite");
            break;
        }
        call!(sched_yield()).ok();
    }
    assert_eq!(asker.areas(pid, 0, &mut [AreaStatistics::default()]), Err(Errno::ESRCH));
    assert_eq!(asker.threads(pid, 0, &mut threads), Ok(0));
    assert_eq!(child::wait(pid), Status::Signaled(SIGKILL));
    assert_eq!(asker.details(pid), Err(Errno::ESRCH));
    unmap(start, 2);
}

pub fn signal_masks_are_told() {
    let (asker, pid) = of_self();
    let before = asker.details(pid).expect("details");
    let (usr1, usr2) = (SignalSet::of(SIGUSR1), SignalSet::of(SIGUSR2));
    sys::signal::change_mask(SIG_BLOCK, usr1).expect("mask");
    sys::signal::ignore(SIGUSR2).expect("ignore");
    process::kill(pid, SIGUSR1).expect("kill");
    let details = asker.details(pid).expect("details");
    let mut threads = [ThreadStatistics::default()];
    assert_eq!(asker.threads(pid, 0, &mut threads), Ok(1));
    assert_eq!({ threads[0].blocked } & usr1.bits, usr1.bits);
    assert_eq!({ details.pending }, usr1.bits);
    assert_eq!({ details.ignored }, before.ignored | usr2.bits);
    assert_eq!({ details.caught }, { before.caught });
    assert_eq!(sys::signal::wait(usr1), Ok(SIGUSR1));
}

pub fn descriptors_say_where_they_lead() {
    let (asker, pid) = of_self();
    let path = crate::scratch::Scratch::path("where");
    let file = sys::file::File::create(path.as_str()).expect("a file");
    file.write_all(b"12345").expect("write");
    let (read, _write) = sys::file::pipe().expect("pipe");
    let fd = |file: &sys::file::File| file.fd().0.cast_unsigned();
    let name = |fd: u32| asker.path(pid, PATH_DESCRIPTOR, fd).expect("a path");
    assert_eq!(name(fd(&file)), path.as_str().as_bytes());
    let inode = read.stat().expect("stat").ino;
    assert_eq!(name(fd(&read)), alloc::format!("pipe:[{inode}]").as_bytes());
    let mut entry = [DescriptorStatistics::default()];
    assert_eq!(asker.descriptors(pid, fd(&file), &mut entry), Ok(1));
    assert_eq!(({ entry[0].number }, { entry[0].position }), (fd(&file), 5));
    assert_eq!({ entry[0].inode }, file.stat().expect("stat").ino);
    assert_eq!(asker.descriptors(pid, 1000, &mut entry), Ok(0));
    drop(path);
    assert!(name(fd(&file)).ends_with(b" (deleted)"));
    assert_eq!(asker.path(pid, PATH_WORKING, 0), Ok(b"/".to_vec()));
    assert_eq!(asker.path(pid, PATH_ROOT, 0), Ok(b"/".to_vec()));
}

pub fn tables_are_shown_as_ranges() {
    let right = with_right();
    let asker = right.asker();
    let pid = process::id();
    let start = map_apart(5);
    [0, 1, 3].into_iter().for_each(|page| poke(start + page * PAGE, 1));
    let mut ranges = [TableRange::default(); 2];
    assert_eq!(asker.table_ranges(pid, start, &mut ranges), Ok(2));
    let shown =
        ranges.map(|range| (range.start, range.pages, range.flags & (TABLE_USER | TABLE_WRITE)));
    let flags = TABLE_USER | TABLE_WRITE;
    assert_eq!(shown, [(start, 2, flags), (start + 3 * PAGE, 1, flags)]);
    let frame = words(asker, pid, start, 1)[0] & PAGE_FRAME;
    assert_eq!(u64::from(ranges[0].frame), frame);
    unmap(start, 5);
    // The kernel's: in order, none for programs, and the direct map begins at PAGE_OFFSET.
    let (mut from, mut seen, mut pages) = (0, 0, 0);
    loop {
        let mut some = [TableRange::default(); 16];
        let count = asker.table_ranges(0, from, &mut some).expect("ranges");
        for range in &some[..count] {
            assert!(range.start >= from && range.flags & TABLE_USER == 0);
            pages += range.pages;
            from = range.start.wrapping_add(range.pages * PAGE);
        }
        seen += count;
        if count < some.len() || from == 0 {
            break;
        }
    }
    assert!(seen > 4 && pages > 4096, "{seen} ranges of {pages} pages");
    assert_eq!(Asker::OF_SELF.table_ranges(0, 0, &mut ranges), Err(Errno::EBADF));
    let mut stacks = [VmallocArea::default(); 64];
    let count = asker.vmalloc_areas(0, &mut stacks).expect("vmalloc");
    let stacks = stacks[..count].iter().filter(|area| area.kind == VMALLOC_STACK).count();
    assert!(stacks >= 2, "{stacks}");
    let mut slots = [KmapSlotStatistics::default(); 8];
    let count = asker.kmap_slots(0, &mut slots).expect("kmap");
    assert!(slots[..count].is_sorted_by(|one, next| one.slot < next.slot));
}

pub fn the_machine_is_described() {
    only_on_folio("abi::syscall::statistics");
    let before = Asker::OF_SELF.machine().expect("machine");
    assert_eq!(child::run(|| 0), Status::Exited(0));
    let _ = peek(map(1));
    let after = Asker::OF_SELF.machine().expect("machine");
    assert_eq!({ after.forks }, before.forks + 1);
    assert!(after.monotonic > before.monotonic && after.minor_faults > before.minor_faults);
    assert!(after.runnable >= 1 && after.switches > before.switches);
    let memory = Asker::OF_SELF.memory().expect("memory");
    for zone in memory.zones {
        let blocks: u32 = (0u32..).zip(zone.free_blocks).map(|(order, count)| count << order).sum();
        assert_eq!(blocks + zone.at_hand, { zone.free });
        assert!(zone.free <= zone.managed && zone.managed <= zone.present);
        assert!(zone.present <= zone.spanned && zone.at_hand <= zone.hand_high);
    }
    assert!(
        memory.mapped > 0 && memory.committed > 0 && memory.vmalloc_free < memory.vmalloc_total
    );
}

pub fn bad_addresses_are_refused() {
    let right = with_right();
    let raw = right.0.raw();
    let pid = process::id();
    for bad in [8, 0xffff_f000, free_range(2) + PAGE] {
        macro_rules! refused {
            ($name:ident($($before:expr),*), $size:expr) => {
                // SAFETY: there is nothing to be written.
                let result = unsafe {
                    sys::syscall::statistics::$name($($before,)* UserMutPtr::new(bad), $size)
                };
                assert_eq!(result, Err(Errno::EFAULT), stringify!($name));
            };
        }
        refused!(machine_statistics(), 64);
        refused!(memory_statistics(), 64);
        refused!(process_details(raw, pid), 64);
        refused!(threads(raw, pid, 0), 4096);
        refused!(areas(raw, pid, 0), 4096);
        refused!(area_usage(raw, pid, areas(right.asker(), pid)[0].start), 4096);
        refused!(page_words(raw, pid, 0x100), 4096);
        refused!(process_memory(raw, pid, areas(right.asker(), pid)[0].start), 16);
        refused!(descriptors(raw, pid, 0), 4096);
        refused!(process_path(raw, pid, PATH_ROOT, 0), 16);
        refused!(table_ranges(raw, pid, 0), 4096);
        refused!(table_ranges(raw, 0, 0), 4096);
        refused!(vmalloc_areas(raw, 0), 4096);
        refused!(command_line(), 16);
    }
    let mut area = AreaStatistics::default();
    let to = sys::syscall::output(&mut area);
    // SAFETY: nothing fits.
    assert_eq!(unsafe { sys::syscall::statistics::areas(raw, pid, 0, to, 8) }, Ok(0));
}

/// Asks of processes that are ending at that moment.
pub fn processes_may_end_meanwhile() {
    let right = with_right();
    let asker = right.asker();
    for round in 0..40 {
        let start = map(64);
        let pid = child::start(|| {
            (0..64).for_each(|page| poke(start + page * PAGE, 1));
            for _ in 0..round {
                call!(sched_yield()).ok();
            }
            0
        });
        let gone = |errno: Errno| assert!(matches!(errno, Errno::ESRCH | Errno::ENOENT), "{errno}");
        loop {
            match asker.details(pid).expect("not waited for").state {
                state if state == u32::from(b'Z') => break,
                _ => call!(sched_yield()).ok(),
            };
            let mut some = [AreaStatistics::default(); 4];
            asker.areas(pid, 0, &mut some).map(drop).unwrap_or_else(gone);
            asker.area_usage(pid, start).map(drop).unwrap_or_else(gone);
            asker.page_words(pid, start / PAGE, &mut [0; 64]).map(drop).unwrap_or_else(gone);
            asker.path(pid, PATH_WORKING, 0).map(drop).unwrap_or_else(gone);
            let mut entries = [DescriptorStatistics::default(); 4];
            asker.descriptors(pid, 0, &mut entries).map(drop).unwrap_or_else(gone);
            let mut ranges = [TableRange::default(); 4];
            asker.table_ranges(pid, 0, &mut ranges).map(drop).unwrap_or_else(gone);
        }
        assert_eq!(child::wait(pid), Status::Exited(0));
        unmap(start, 64);
    }
}
