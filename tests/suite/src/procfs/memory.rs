//! The memory of a process.

use super::text::*;
use crate::child;
use crate::fault::*;
use crate::harness::only_on_folio;
use crate::scratch::Scratch;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use sys::abi::Errno;
use sys::abi::memory::*;
use sys::file::File;
use sys::wait::Status;

/// The line of `maps` for an area: what is behind the addresses.
fn map_line(maps: &str, start: u32, end: u32) -> &str {
    let range = format!("{start:08x}-{end:08x} ");
    maps.lines().find_map(|line| line.strip_prefix(&range)).unwrap_or_else(|| panic!("{range}"))
}

pub fn maps_has_what_was_mapped() {
    as_program(|| {
        let start = free_range(8) + PAGE;
        let fixed = PRIVATE | MAP_FIXED;
        assert_eq!(call!(mmap2(start, 2 * PAGE, RW, fixed, -1, 0)), Ok(start));
        let second = start + 3 * PAGE;
        let (scratch, opened) = Scratch::file("mapped", &[1; 8192]);
        let fd = opened.fd().0;
        let shared = MAP_SHARED | MAP_FIXED;
        assert_eq!(call!(mmap2(second, PAGE, PROT_READ, shared, fd, 1)), Ok(second));
        let maps = text("/proc/self/maps");
        assert!(map_line(&maps, start, start + 2 * PAGE).starts_with("rw-p 00000000 00:00 0"));
        let line = map_line(&maps, second, second + PAGE);
        let inode = opened.stat().expect("stat").ino;
        assert!(
            line.starts_with("r--s 00001000 ") && line.contains(&format!(" {inode} ")),
            "{line}"
        );
        assert!(line.ends_with(scratch.as_str()), "{line}");
        assert!(maps.lines().any(|line| line.ends_with(" [stack]")));
        let exe = sys::directory::read_link("/proc/self/exe").expect("exe");
        let exe = String::from_utf8_lossy(&exe).into_owned();
        assert!(maps.lines().next().is_some_and(|line| line.ends_with(&exe)), "{exe}");
        unmap(start, 4);
    });
}

pub fn smaps_counts_what_was_touched() {
    as_program(|| {
        let start = free_range(8) + PAGE;
        assert_eq!(call!(mmap2(start, 6 * PAGE, RW, PRIVATE | MAP_FIXED, -1, 0)), Ok(start));
        poke(start, 1);
        poke(start + 3 * PAGE, 1);
        let paragraph = |smaps: &str| {
            let range = format!("{start:08x}-{:08x} ", start + 6 * PAGE);
            let at = smaps.find(&range).expect("the area");
            String::from(&smaps[at..])
        };
        let own = paragraph(&text("/proc/self/smaps"));
        assert_eq!((number(&own, "Size"), number(&own, "Rss"), number(&own, "Pss")), (24, 8, 8));
        assert_eq!((number(&own, "Private_Dirty"), number(&own, "Anonymous")), (8, 8));
        // A child shares them, until it writes.
        let shared = child::run(|| {
            let both = paragraph(&text("/proc/self/smaps"));
            assert_eq!((number(&both, "Rss"), number(&both, "Pss")), (8, 4));
            assert_eq!((number(&both, "Shared_Dirty"), number(&both, "Private_Dirty")), (8, 0));
            0
        });
        assert_eq!(shared, Status::Exited(0));
        let pagemap = File::open("/proc/self/pagemap").expect("pagemap");
        let mut words = [0; 48];
        let offset = i64::from(start / PAGE) * 8;
        assert_eq!(pagemap.read_at(&mut words, offset), Ok(48));
        let present: Vec<bool> = words.chunks(8).map(|word| word[7] & 0x80 != 0).collect();
        assert_eq!(present, [true, false, false, true, false, false]);
        assert_eq!(pagemap.read_at(&mut words[..4], offset), Err(Errno::EINVAL));
        unmap(start, 6);
    });
}

pub fn locked_pages_are_counted() {
    only_on_folio("Linux counts later");
    as_program(|| {
        let locked = || number(&text("/proc/meminfo"), "Mlocked");
        let before = locked();
        let start = map(16);
        assert_eq!(call!(mlock(start, 16 * PAGE)), Ok(0));
        assert_eq!(locked(), before + 64);
        assert_eq!(number(&text("/proc/self/status"), "VmLck"), 64);
        // Only those that are there.
        let later = map(8);
        assert_eq!(call!(mlock2(later, 8 * PAGE, MLOCK_ONFAULT)), Ok(0));
        assert_eq!((locked(), peek(later + PAGE)), (before + 64, 0));
        poke(later, 1);
        poke(later + 5 * PAGE, 1);
        assert_eq!(locked(), before + 72);
        assert_eq!(number(&text("/proc/self/status"), "VmLck"), 96);
        unmap(start, 16);
        unmap(later, 8);
        assert_eq!(locked(), before);
    });
}
