//! Regular files in `/tmp`.

use crate::child;
use crate::fault::{PAGE, map, peek};
use crate::harness::only_on_folio;
use crate::scene::interrupt_waits;
use crate::scratch::{Scratch, numbered_file};
use sys::Errno;
use sys::abi::file::*;
use sys::abi::time::Timespec;
use sys::abi::{UserMutPtr, UserPtr};
use sys::directory;
use sys::file::{self, File, SeekFrom};
use sys::path::CPath;
use sys::syscall::output;
use sys::wait::Status;

fn size(file: &File) -> i64 {
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

pub fn attributes_say_what_it_is() {
    let (name, file) = Scratch::file("stat", &[1; 5000]);
    let stat = file.stat().expect("fstat64");
    assert_eq!(stat.mode & S_IFMT, S_IFREG);
    assert_eq!(stat.mode & 0o777, 0o644);
    assert_eq!((stat.size, stat.nlink), (5000, 1));
    assert_eq!(call!(getuid32()), Ok(stat.uid));
    assert_eq!(stat.ino as u32, stat.ino32);
    assert_ne!(stat.ino, 0);
    assert!(stat.blocks >= 10);
    let by_name = file::stat(name.as_str()).expect("stat64");
    assert_eq!((by_name.ino, by_name.dev), (stat.ino, stat.dev));
    let mut old = Stat::default();
    assert_eq!(call!(fstat(file.fd().0, output(&mut old))), Ok(0));
    assert_eq!((old.size, u32::from(old.mode)), (5000, stat.mode));
}

pub fn statx_agrees_with_stat() {
    let (name, file) = Scratch::file("statx", &[1; 77]);
    let stat = file.stat().expect("fstat64");
    let mut statx = Statx::default();
    let path = CPath::new(name.as_str()).expect("a path");
    let result = call!(statx(AT_FDCWD, path.as_user(), 0, STATX_BASIC_STATS, output(&mut statx)));
    assert_eq!(result, Ok(0));
    assert_eq!(statx.mask & STATX_BASIC_STATS, STATX_BASIC_STATS);
    assert_eq!((statx.size, statx.ino), (77, stat.ino));
    assert_eq!((u32::from(statx.mode), statx.nlink), (stat.mode, 1));
    assert_eq!(statx.mtime.sec as u32, stat.mtime);
    // By descriptor and empty path.
    let empty = CPath::new("").expect("a path");
    let mut again = Statx::default();
    let flags = AT_EMPTY_PATH;
    let result = call!(statx(file.fd().0, empty.as_user(), flags, STATX_SIZE, output(&mut again)));
    assert_eq!(result, Ok(0));
    assert_eq!(again.size, 77);
    let none = call!(statx(file.fd().0, empty.as_user(), 0, STATX_SIZE, output(&mut again)));
    assert_eq!(none, Err(Errno::ENOENT));
    let mask = STATX_RESERVED;
    let bad = call!(statx(file.fd().0, empty.as_user(), flags, mask, output(&mut again)));
    assert_eq!(bad, Err(Errno::EINVAL));
}

pub fn fstatat_knows_the_empty_path() {
    let (_name, file) = Scratch::file("fstatat", &[1; 77]);
    let empty = CPath::new("").expect("a path");
    let mut stat = Stat64::default();
    let result = call!(fstatat64(file.fd().0, empty.as_user(), output(&mut stat), AT_EMPTY_PATH));
    assert_eq!(result, Ok(0));
    assert_eq!(stat.size, 77);
    let bad = call!(fstatat64(file.fd().0, empty.as_user(), output(&mut stat), 0x8000_0000));
    assert_eq!(bad, Err(Errno::EINVAL));
}

pub fn permission_bits_change() {
    let (name, file) = Scratch::file("chmod", &[]);
    let path = CPath::new(name.as_str()).expect("a path");
    assert_eq!(call!(chmod(path.as_user(), 0o711)), Ok(0));
    assert_eq!(file.stat().expect("fstat64").mode & 0o7777, 0o711);
    assert_eq!(call!(fchmod(file.fd().0, 0o600)), Ok(0));
    assert_eq!(file.stat().expect("fstat64").mode & 0o7777, 0o600);
    assert_eq!(call!(access(path.as_user(), R_OK | W_OK)), Ok(0));
    assert_eq!(call!(access(path.as_user(), X_OK)), Err(Errno::EACCES));
    assert_eq!(call!(access(path.as_user(), 8)), Err(Errno::EINVAL));
}

pub fn umask_takes_bits_from_new_files() {
    let old = call!(umask(0o027)).expect("umask");
    let scratch = Scratch::path("umask");
    let file = File::open_with(scratch.as_str(), O_RDWR | O_CREAT, 0o777).expect("open");
    assert_eq!(file.stat().expect("fstat64").mode & 0o777, 0o750);
    assert_eq!(call!(umask(old)), Ok(0o027));
}

pub fn times_can_be_set() {
    let (name, file) = Scratch::file("times", &[]);
    let path = CPath::new(name.as_str()).expect("a path");
    let times = [Timespec { sec: 1000, nsec: 5 }, Timespec { sec: 2000, nsec: 6 }];
    let set = |times: &[Timespec; 2]| {
        call!(utimensat(AT_FDCWD, path.as_user(), sys::syscall::input(times), 0))
    };
    assert_eq!(set(&times), Ok(0));
    let stat = file.stat().expect("fstat64");
    assert_eq!((stat.atime, stat.mtime), (1000, 2000));
    let omit = Timespec { sec: 0, nsec: sys::abi::time::UTIME_OMIT };
    assert_eq!(set(&[omit, Timespec { sec: 3000, nsec: 0 }]), Ok(0));
    let stat = file.stat().expect("fstat64");
    assert_eq!((stat.atime, stat.mtime), (1000, 3000));
    assert_eq!(set(&[Timespec { sec: 1, nsec: 1_000_000_000 }; 2]), Err(Errno::EINVAL));
    assert_eq!(call!(utimensat(AT_FDCWD, path.as_user(), UserPtr::NULL, 0)), Ok(0));
    assert!(file.stat().expect("fstat64").mtime > 3000);
}

pub fn writing_changes_the_time() {
    let (name, file) = Scratch::file("mtime", b"x");
    let path = CPath::new(name.as_str()).expect("a path");
    let old = [Timespec { sec: 1000, nsec: 0 }; 2];
    assert_eq!(call!(utimensat(AT_FDCWD, path.as_user(), sys::syscall::input(&old), 0)), Ok(0));
    file.write_all(b"y").expect("write");
    assert!(file.stat().expect("fstat64").mtime > 1000);
}

pub fn sendfile_copies() {
    let (_name, from) = Scratch::file("from", b"0123456789");
    let (to_name, to) = Scratch::file("to", b"");
    let mut offset = 2i64;
    let copied = call!(sendfile64(to.fd().0, from.fd().0, output(&mut offset), 5));
    assert_eq!((copied, offset), (Ok(5), 7));
    from.seek(SeekFrom::Start(8)).expect("_llseek");
    assert_eq!(call!(sendfile64(to.fd().0, from.fd().0, UserMutPtr::NULL, 100)), Ok(2));
    assert_eq!(file::read(to_name.as_str()).as_deref(), Ok(&b"2345689"[..]));
}

pub fn sendfile_to_its_own_source() {
    let contents: [u8; 10_000] = core::array::from_fn(|index| (index % 251) as u8);
    let (name, file) = Scratch::file("self", &contents);
    let this = file.fd().0;
    let twin = call!(dup(this)).expect("dup").cast_signed();
    for to in [this, twin] {
        file.seek(SeekFrom::Start(100)).expect("_llseek");
        // Each byte goes where it is, and the one position behind them.
        assert_eq!(call!(sendfile64(to, this, UserMutPtr::NULL, 9000)), Ok(9000));
        assert_eq!(file.seek(SeekFrom::Current(0)), Ok(9100));
        assert_eq!(call!(sendfile64(to, this, UserMutPtr::NULL, 9000)), Ok(900));
        assert_eq!(file.seek(SeekFrom::Current(0)), Ok(10_000));
        assert_eq!(file::read(name.as_str()).as_deref(), Ok(&contents[..]));
    }
    assert_eq!(call!(close(twin)), Ok(0));
    // From an offset of its own, it moves the position as a write does.
    file.seek(SeekFrom::Start(10_000)).expect("_llseek");
    let mut offset = 1i64;
    assert_eq!(call!(sendfile64(this, this, output(&mut offset), 3)), Ok(3));
    assert_eq!((offset, file.seek(SeekFrom::Current(0))), (4, Ok(10_003)));
    let mut tail = [0; 8];
    assert_eq!(file.read_at(&mut tail, 10_000), Ok(3));
    assert_eq!(&tail[..3], [1, 2, 3]);
}

pub fn sendfile_leaves_holes() {
    let (_name, from) = Scratch::file("holes", &[]);
    let (to_name, to) = Scratch::file("filled", b"");
    from.set_len(64 * 1024).expect("ftruncate64");
    let blocks = || from.stat().expect("fstat64").blocks;
    assert_eq!(blocks(), 0);
    from.write_at(&[7; 10], 20_000).expect("pwrite64");
    let before = blocks();
    assert_eq!(call!(sendfile64(to.fd().0, from.fd().0, UserMutPtr::NULL, 1 << 20)), Ok(64 * 1024));
    assert_eq!(blocks(), before);
    let copy = file::read(to_name.as_str()).expect("read");
    assert_eq!(copy.len(), 64 * 1024);
    let is_right =
        |(at, byte): (usize, &u8)| *byte == if (20_000..20_010).contains(&at) { 7 } else { 0 };
    assert!(copy.iter().enumerate().all(is_right));
}

pub fn sendfile_stops_where_its_offset_would_overflow() {
    let (_name, from) = Scratch::file("far", &[]);
    let (_to_name, to) = Scratch::file("near", b"");
    from.set_len(0x8000_0010).expect("ftruncate64");
    let mut offset = 0x7fff_fff0i32;
    let copied = call!(sendfile(to.fd().0, from.fd().0, output(&mut offset), 100));
    assert_eq!((copied, offset), (Ok(15), i32::MAX));
    let copied = call!(sendfile(to.fd().0, from.fd().0, output(&mut offset), 100));
    assert_eq!((copied, offset), (Err(Errno::EOVERFLOW), i32::MAX));
    assert_eq!(size(&to), 15);
}

fn copy_range(
    from: &File,
    from_offset: Option<&mut i64>,
    to: &File,
    to_offset: Option<&mut i64>,
    length: u32,
) -> Result<u32, Errno> {
    let place = |offset: Option<&mut i64>| offset.map_or(UserMutPtr::NULL, output);
    let (from_offset, to_offset) = (place(from_offset), place(to_offset));
    call!(copy_file_range(from.fd().0, from_offset, to.fd().0, to_offset, length, 0))
}

pub fn copy_file_range_copies() {
    let contents: [u8; 10_000] = core::array::from_fn(|index| (index % 251) as u8);
    let (_name, from) = Scratch::file("from", &contents);
    let (to_name, to) = Scratch::file("to", b"ab");
    let (mut start, mut target) = (9i64, 1i64);
    assert_eq!(copy_range(&from, Some(&mut start), &to, Some(&mut target), 9000), Ok(9000));
    assert_eq!((start, target), (9009, 9001));
    // Offsets of their own leave the positions.
    assert_eq!(from.seek(SeekFrom::Current(0)), Ok(10_000));
    assert_eq!(to.seek(SeekFrom::Current(0)), Ok(2));
    // Without them the positions move, and the end ends the copy.
    from.seek(SeekFrom::Start(9990)).expect("_llseek");
    to.seek(SeekFrom::End(0)).expect("_llseek");
    assert_eq!(copy_range(&from, None, &to, None, 100), Ok(10));
    assert_eq!(copy_range(&from, None, &to, None, 100), Ok(0));
    assert_eq!(from.seek(SeekFrom::Current(0)), Ok(10_000));
    assert_eq!(to.seek(SeekFrom::Current(0)), Ok(9011));
    let copy = file::read(to_name.as_str()).expect("read");
    assert_eq!((copy.len(), copy[0]), (9011, b'a'));
    assert_eq!(&copy[1..9001], &contents[9..9009]);
    assert_eq!(&copy[9001..], &contents[9990..]);
}

pub fn copy_file_range_within_a_file() {
    let (name, file) = Scratch::file("self", b"0123456789");
    let (mut start, mut target) = (0i64, 5i64);
    assert_eq!(
        copy_range(&file, Some(&mut start), &file, Some(&mut target), 6),
        Err(Errno::EINVAL)
    );
    assert_eq!(copy_range(&file, Some(&mut start), &file, Some(&mut target), 5), Ok(5));
    assert_eq!(file::read(name.as_str()).as_deref(), Ok(&b"0123401234"[..]));
    // Nothing overlaps what is beyond the end.
    let (mut start, mut target) = (10i64, 5i64);
    assert_eq!(copy_range(&file, Some(&mut start), &file, Some(&mut target), 6), Ok(0));
    assert_eq!((start, target), (10, 5));
}

pub fn copy_file_range_refuses() {
    let (name, file) = Scratch::file("refused", b"0123456789");
    let (_other, to) = Scratch::file("to", b"");
    let bad = |from: i32, to: i32, flags| {
        call!(copy_file_range(from, UserMutPtr::NULL, to, UserMutPtr::NULL, 1, flags))
    };
    let (this, other) = (file.fd().0, to.fd().0);
    assert_eq!(bad(-1, other, 0), Err(Errno::EBADF));
    assert_eq!(bad(this, 999, 0), Err(Errno::EBADF));
    assert_eq!(bad(this, other, 1), Err(Errno::EINVAL));
    let folder = File::open("/tmp").expect("a directory");
    assert_eq!(bad(folder.fd().0, other, 0), Err(Errno::EISDIR));
    let (read, write) = file::pipe().expect("pipe2");
    assert_eq!(bad(this, write.fd().0, 0), Err(Errno::EINVAL));
    assert_eq!(bad(read.fd().0, other, 0), Err(Errno::EINVAL));
    let read_only = File::open(name.as_str()).expect("open");
    assert_eq!(bad(other, read_only.fd().0, 0), Err(Errno::EBADF));
    let append = File::open_with(name.as_str(), O_WRONLY | O_APPEND, 0).expect("open");
    assert_eq!(bad(other, append.fd().0, 0), Err(Errno::EBADF));
    assert_eq!(bad(append.fd().0, other, 0), Err(Errno::EBADF));
    let (mut negative, mut zero) = (-1i64, 0i64);
    assert_eq!(
        copy_range(&file, Some(&mut negative), &to, Some(&mut zero), 1),
        Err(Errno::EOVERFLOW)
    );
    let mut negative = -100i64;
    assert_eq!(copy_range(&file, Some(&mut negative), &to, Some(&mut zero), 1), Err(Errno::EINVAL));
    assert_eq!(copy_range(&file, Some(&mut zero), &to, Some(&mut negative), 1), Err(Errno::EINVAL));
    let mut last = i64::MAX;
    let mut zero = 0i64;
    assert_eq!(copy_range(&file, Some(&mut zero), &to, Some(&mut last), 1), Err(Errno::EFBIG));
    assert_eq!(size(&to), 0);
}

pub fn file_system_figures_exist() {
    let (name, _file) = Scratch::file("statfs", b"");
    let path = CPath::new(name.as_str()).expect("a path");
    let mut figures = Statfs64::default();
    assert_eq!(call!(statfs64(path.as_user(), 84, output(&mut figures))), Ok(0));
    assert!(figures.bsize >= 512 && figures.namelen >= 255);
    assert_eq!(call!(statfs64(path.as_user(), 83, output(&mut figures))), Err(Errno::EINVAL));
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
