//! Copies from file to file in the kernel: `sendfile`, `copy_file_range`.

use crate::file::size;
use crate::scratch::Scratch;
use sys::Errno;
use sys::abi::UserMutPtr;
use sys::abi::file::*;
use sys::file::{self, File, SeekFrom};
use sys::syscall::output;

tests![
    sendfile_copies,
    sendfile_to_its_own_source,
    sendfile_leaves_holes,
    sendfile_stops_where_its_offset_would_overflow,
    copy_file_range_copies,
    copy_file_range_within_a_file,
    copy_file_range_refuses,
];

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
