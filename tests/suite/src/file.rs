//! Regular files in `/tmp`.

use crate::child;
use crate::fault::{PAGE, map, peek};
use crate::harness::only_on_folio;
use crate::scene::interrupt_waits;
use crate::scratch::{Scratch, numbered_file};
use sys::Errno;
use sys::abi::file::*;
use sys::abi::{UserMutPtr, UserPtr};
use sys::directory;
use sys::file::{self, File, SeekFrom};
use sys::path::CPath;
use sys::syscall::output;
use sys::wait::Status;

tests![
    what_was_written_is_read,
    overwriting_keeps_the_rest,
    exclusive_creation_refuses_what_exists,
    truncation_on_open_empties,
    appending_always_goes_to_the_end,
    an_unlinked_file_lives_until_closed,
    seeking_beyond_the_end_leaves_a_hole_of_zeros,
    seeking_counts_from_everywhere,
    sizes_can_be_set,
    access_mode_is_enforced,
    large_files_keep_every_page,
    many_read_into_memory_nobody_has_touched,
    reads_and_writes_across_pages,
    two_writers_through_one_description_do_not_overlap,
    a_write_that_fails_leaves_the_file_alone,
    a_reservation_that_a_signal_ends_is_undone,
    a_directory_cannot_be_read_or_written,
    negative_offsets_are_einval,
    a_memory_file_is_its_contents_after_many_resizes,
    space_can_be_reserved_and_given_back,
    a_file_without_a_name_can_get_one,
];

pub fn size(file: &File) -> i64 {
    file.stat().expect("fstat64").size
}

pub fn what_was_written_is_read() {
    let (name, file) = Scratch::file("rw", b"hello");
    assert_eq!(file.read(&mut [0; 4]), Ok(0));
    assert_eq!(file.seek(SeekFrom::Start(1)), Ok(1));
    let mut buffer = [0; 16];
    assert_eq!(file.read(&mut buffer), Ok(4));
    assert_eq!(&buffer[..4], b"ello");
    assert_eq!(file::read(name.as_str()).as_deref(), Ok(&b"hello"[..]));
}

pub fn overwriting_keeps_the_rest() {
    let (_name, file) = Scratch::file("over", b"0123456789");
    assert_eq!(file.write_at(b"ab", 3), Ok(2));
    let mut buffer = [0; 16];
    assert_eq!(file.read_at(&mut buffer, 0), Ok(10));
    assert_eq!(&buffer[..10], b"012ab56789");
}

pub fn exclusive_creation_refuses_what_exists() {
    let (name, _file) = Scratch::file("excl", b"");
    let again = File::open_with(name.as_str(), O_RDWR | O_CREAT | O_EXCL, 0o600);
    assert_eq!(again.err(), Some(Errno::EEXIST));
    assert!(File::open_with(name.as_str(), O_RDWR | O_CREAT, 0o600).is_ok());
}

pub fn truncation_on_open_empties() {
    let (name, file) = Scratch::file("trunc", b"contents");
    let writer = File::open_with(name.as_str(), O_WRONLY | O_TRUNC, 0).expect("open");
    assert_eq!((size(&file), size(&writer)), (0, 0));
}

pub fn appending_always_goes_to_the_end() {
    let (name, file) = Scratch::file("append", b"abc");
    let appender = File::open_with(name.as_str(), O_RDWR | O_APPEND, 0).expect("open");
    appender.seek(SeekFrom::Start(0)).expect("_llseek");
    assert_eq!(appender.write(b"de"), Ok(2));
    assert_eq!(appender.seek(SeekFrom::Current(0)), Ok(5));
    assert_eq!(file.write(b"fg"), Ok(2));
    assert_eq!(appender.write(b"h"), Ok(1));
    assert_eq!(file::read(name.as_str()).as_deref(), Ok(&b"abcfgh"[..]));
}

pub fn an_unlinked_file_lives_until_closed() {
    let (name, file) = Scratch::file("unlink", b"still here");
    directory::remove_file(name.as_str()).expect("unlink");
    assert_eq!(File::open(name.as_str()).err(), Some(Errno::ENOENT));
    let mut buffer = [0; 16];
    assert_eq!(file.read_at(&mut buffer, 0), Ok(10));
    assert_eq!(file.write_at(b"!", 10), Ok(1));
    assert_eq!(file.stat().expect("fstat64").nlink, 0);
    // A new file of that name is another one.
    let new = File::create(name.as_str()).expect("open");
    assert_ne!(new.stat().expect("fstat64").ino, file.stat().expect("fstat64").ino);
}

pub fn seeking_beyond_the_end_leaves_a_hole_of_zeros() {
    let (_name, file) = Scratch::file("hole", b"x");
    assert_eq!(file.seek(SeekFrom::End(9999)), Ok(10_000));
    assert_eq!(size(&file), 1);
    assert_eq!(file.read(&mut [0]), Ok(0));
    assert_eq!(file.write(b"y"), Ok(1));
    assert_eq!(size(&file), 10_001);
    let mut buffer = [1; 100];
    assert_eq!(file.read_at(&mut buffer, 5000), Ok(100));
    assert_eq!(buffer, [0; 100]);
}

pub fn seeking_counts_from_everywhere() {
    let (_name, file) = Scratch::file("seek", b"0123456789");
    assert_eq!(file.seek(SeekFrom::Start(4)), Ok(4));
    assert_eq!(file.seek(SeekFrom::Current(-3)), Ok(1));
    assert_eq!(file.seek(SeekFrom::End(-2)), Ok(8));
    assert_eq!(file.seek(SeekFrom::Current(-9)), Err(Errno::EINVAL));
    assert_eq!(file.seek(SeekFrom::Start(5 << 32)), Ok(5 << 32));
    assert_eq!(call!(lseek(file.fd().0, 3, SEEK_SET)), Ok(3));
    assert_eq!(call!(lseek(file.fd().0, 3, 99)), Err(Errno::EINVAL));
    assert_eq!(call!(lseek(-1, 0, SEEK_SET)), Err(Errno::EBADF));
    let mut result = 0i64;
    let bad = call!(_llseek(file.fd().0, 0, 0, output(&mut result), 99));
    assert_eq!(bad, Err(Errno::EINVAL));
}

pub fn sizes_can_be_set() {
    let (name, file) = Scratch::file("size", &[9; 6000]);
    file.set_len(5000).expect("ftruncate64");
    assert_eq!(size(&file), 5000);
    file.set_len(6000).expect("ftruncate64");
    let mut buffer = [1; 1000];
    assert_eq!(file.read_at(&mut buffer, 5000), Ok(1000));
    assert_eq!(buffer, [0; 1000]);
    assert_eq!(file.set_len(-1), Err(Errno::EINVAL));
    let path = CPath::new(name.as_str()).expect("a path");
    assert_eq!(call!(truncate64(path.as_user(), 3)), Ok(0));
    assert_eq!(size(&file), 3);
    let reader = File::open(name.as_str()).expect("open");
    assert_eq!(reader.set_len(0), Err(Errno::EINVAL));
    assert_eq!(call!(ftruncate(file.fd().0, 2)), Ok(0));
    assert_eq!(size(&file), 2);
}

pub fn access_mode_is_enforced() {
    let (name, _file) = Scratch::file("mode", b"x");
    let reader = File::open_with(name.as_str(), O_RDONLY, 0).expect("open");
    assert_eq!(reader.write(b"y"), Err(Errno::EBADF));
    let writer = File::open_with(name.as_str(), O_WRONLY, 0).expect("open");
    assert_eq!(writer.read(&mut [0]), Err(Errno::EBADF));
}

pub fn large_files_keep_every_page() {
    let (_name, file) = Scratch::file("large", &[]);
    let pages = 600u32;
    for page in 0..pages {
        file.write_all(&page.to_le_bytes()).expect("write");
        file.write_all(&[page as u8; 4092]).expect("write");
    }
    assert_eq!(size(&file), i64::from(pages) * 4096);
    let mut buffer = [0; 4096];
    for page in (0..pages).rev().step_by(13) {
        assert_eq!(file.read_at(&mut buffer, i64::from(page) * 4096), Ok(4096));
        assert_eq!(buffer[..4], page.to_le_bytes());
        assert!(buffer[4..].iter().all(|&byte| byte == page as u8));
    }
}

pub fn reads_and_writes_across_pages() {
    let (_name, file) = Scratch::file("across", &[0; 3 * 4096]);
    let pattern: [u8; 5000] = core::array::from_fn(|index| index as u8);
    assert_eq!(file.write_at(&pattern, 3000), Ok(5000));
    let mut buffer = [0; 5000];
    assert_eq!(file.read_at(&mut buffer, 3000), Ok(5000));
    assert!(buffer == pattern);
    assert_eq!(file.read_at(&mut buffer, 3 * 4096 - 10), Ok(10));
}

pub fn two_writers_through_one_description_do_not_overlap() {
    let (name, file) = Scratch::file("writers", &[]);
    let pid = child::start(|| {
        for _ in 0..200 {
            file.write_all(b"cccc\n").expect("write");
        }
        0
    });
    for _ in 0..200 {
        file.write_all(b"pppp\n").expect("write");
    }
    assert_eq!(child::wait(pid), Status::Exited(0));
    let text = file::read(name.as_str()).expect("read");
    assert_eq!(text.len(), 2000);
    assert!(text.chunks(5).all(|line| line == b"cccc\n" || line == b"pppp\n"));
}

pub fn a_directory_cannot_be_read_or_written() {
    let folder = Scratch::directory("dir");
    let file = File::open(folder.as_str()).expect("open");
    assert_eq!(file.read(&mut [0; 4]), Err(Errno::EISDIR));
    let writing = File::open_with(folder.as_str(), O_RDWR, 0);
    assert_eq!(writing.err(), Some(Errno::EISDIR));
    let creating = File::open_with(folder.as_str(), O_RDONLY | O_CREAT, 0o600);
    assert_eq!(creating.err(), Some(Errno::EISDIR));
}

pub fn negative_offsets_are_einval() {
    let (_name, file) = Scratch::file("offset", b"x");
    assert_eq!(file.read_at(&mut [0], -1), Err(Errno::EINVAL));
    assert_eq!(file.write_at(b"x", i64::MIN), Err(Errno::EINVAL));
}

pub fn a_memory_file_is_its_contents_after_many_resizes() {
    let (_name, file) = Scratch::file("resize", &[]);
    for round in 1..40i64 {
        let length = round * 977 % 20_000;
        file.set_len(length).expect("ftruncate64");
        file.write_at(&[round as u8], length).expect("pwrite64");
        let mut byte = [0];
        assert_eq!(file.read_at(&mut byte, length), Ok(1));
        assert_eq!((byte[0], size(&file)), (round as u8, length + 1));
    }
}

pub fn space_can_be_reserved_and_given_back() {
    let (_name, file) = Scratch::file("fallocate", b"0123456789");
    let allocate = |mode, offset, length| call!(fallocate(file.fd().0, mode, offset, length));
    assert_eq!(allocate(0, 4096, 4096), Ok(0));
    assert_eq!((size(&file), { file.stat().expect("fstat64").blocks }), (8192, 16));
    assert_eq!(allocate(FALLOC_FL_KEEP_SIZE, 0, 100_000), Ok(0));
    assert_eq!(size(&file), 8192);
    assert_eq!(file.write_at(&[7; 8192], 0), Ok(8192));
    assert_eq!(allocate(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 10, 4096), Ok(0));
    let mut bytes = [1; 8192];
    assert_eq!(file.read_at(&mut bytes, 0), Ok(8192));
    assert!(bytes[..10].iter().chain(&bytes[4106..]).all(|&byte| byte == 7));
    assert!(bytes[10..4106].iter().all(|&byte| byte == 0));
    assert_eq!(allocate(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 0, 4096), Ok(0));
    assert_eq!(file.read_at(&mut bytes[..4096], 0), Ok(4096));
    assert!(bytes[..4096].iter().all(|&byte| byte == 0));

    assert_eq!(allocate(0, -1, 1), Err(Errno::EINVAL));
    assert_eq!(allocate(0, 0, 0), Err(Errno::EINVAL));
    assert_eq!(allocate(FALLOC_FL_PUNCH_HOLE, 0, 1), Err(Errno::EOPNOTSUPP));
    assert_eq!(allocate(0, i64::MAX, 1), Err(Errno::EFBIG));
    assert_eq!(call!(fallocate(999, 0, 0, 1)), Err(Errno::EBADF));
}

pub fn a_file_without_a_name_can_get_one() {
    let file = File::open_with("/tmp", O_RDWR | O_TMPFILE, 0o600).expect("open");
    file.write_all(b"nameless").expect("write");
    assert_eq!({ file.stat().expect("fstat64").nlink }, 0);
    let name = Scratch::path("named");
    let path = CPath::new(name.as_str()).expect("a path");
    let empty = CPath::new("").expect("a path");
    let link = |file: &File| {
        call!(linkat(file.fd().0, empty.as_user(), AT_FDCWD, path.as_user(), AT_EMPTY_PATH))
    };
    // Only root may do that by descriptor.
    if call!(geteuid32()) == Ok(0) {
        assert_eq!(link(&file), Ok(0));
        assert_eq!(file::read(name.as_str()).as_deref(), Ok(&b"nameless"[..]));
    }
    let refused = File::open_with("/tmp", O_RDONLY | O_TMPFILE, 0o600).err();
    assert_eq!(refused, Some(Errno::EINVAL));
}

/// Each page of the buffers comes only when the copy has begun; more readers at once than a small
/// kmap pool has slots.
pub fn many_read_into_memory_nobody_has_touched() {
    const PAGES: u8 = 32;
    const BYTES: u32 = PAGES as u32 * PAGE;
    let file = numbered_file(PAGES);
    let readers: [i32; 12] = core::array::from_fn(|_| {
        child::start(|| {
            let buffer = map(u32::from(PAGES) + 1) + 1;
            assert_eq!(call!(pread64(file.fd().0, UserMutPtr::new(buffer), BYTES, 0)), Ok(BYTES));
            for offset in 0..BYTES {
                assert_eq!(peek(buffer + offset), (offset / PAGE) as u8 + 1, "byte {offset}");
            }
            0
        })
    });
    assert!(readers.into_iter().all(|pid| child::wait(pid) == Status::Exited(0)));
}

pub fn a_write_that_fails_leaves_the_file_alone() {
    only_on_folio("Linux 6.1, generic_perform_write; what the host has in its place may differ");
    let (_name, file) = Scratch::file("no-write", b"0123456789");
    let state = || {
        let stat = file.stat().expect("fstat64");
        ({ stat.size }, { stat.blocks })
    };
    let before = state();
    for offset in [4, 4096, 1 << 20] {
        assert_eq!(call!(pwrite64(file.fd().0, UserPtr::new(16), 10, offset)), Err(Errno::EFAULT));
        assert_eq!(state(), before, "at {offset}");
    }
}

pub fn a_reservation_that_a_signal_ends_is_undone() {
    only_on_folio("Linux 6.1, shmem_fallocate; what the host has in its place may differ");
    const LENGTH: i64 = 32 << 20;
    let (_name, file) = Scratch::file("interrupted", b"");
    assert_eq!(file.write_at(&[7; 4096], 8192), Ok(4096));
    let state = || {
        let stat = file.stat().expect("fstat64");
        ({ stat.size }, { stat.blocks })
    };
    let before = state();
    interrupt_waits();
    for mode in [0, FALLOC_FL_KEEP_SIZE] {
        let reserve = || {
            // Beyond the end nothing but what is reserved here.
            file.set_len(before.0).expect("ftruncate64");
            if mode == FALLOC_FL_KEEP_SIZE {
                file.set_len(LENGTH).expect("ftruncate64");
            }
            call!(fallocate(file.fd().0, mode, 0, LENGTH))
        };
        // On a busy host the signal may be late.
        let ended = (0..50).map(|_| reserve()).find(Result::is_err);
        assert_eq!(ended, Some(Err(Errno::EINTR)));
        assert_eq!(state().1, before.1);
    }
    assert_eq!(state().0, LENGTH);
    let mut byte = [0];
    assert_eq!((file.read_at(&mut byte, 8192), byte), (Ok(1), [7]));
}
