//! Files of the kernel's own tree.

use crate::faults::files::{self, Made};
use crate::faults::{Outcome, whole};
use sys::abi::file::*;
use sys::abi::time::Timespec;
use sys::abi::{UserMutPtr, UserPtr};
use sys::file::{self, File};
use sys::path::CPath;
use sys::syscall::{input, output, pointer, pointer_mut};

pub fn a_file_is_written_and_read() -> Outcome {
    let (_name, file) = Made::file("written")?;
    let text = [7; 9000];
    let written = file.write_at(&text, 0)?;
    let mut found = [0; 9000];
    let read = file.read_at(&mut found, 0)?;
    assert!(read <= written && found[..read] == text[..read]);
    assert!(file.stat()?.size >= written as i64);
    whole(written, text.len())?;
    whole(read, written)
}

pub fn several_buffers_go_at_once() -> Outcome {
    let (_name, file) = Made::file("vectors")?;
    let (one, two) = ([1u8; 5000], [2u8; 300]);
    let vector = [&one[..], &two[..]]
        .map(|part| Iovec { base: UserMutPtr::new(pointer(part)), len: part.len() as u32 });
    let vector = UserPtr::new(pointer(&vector));
    let written = call!(writev(file.fd().0, vector, 2))?;
    let behind = call!(pwritev(file.fd().0, vector, 2, 5300))?;
    whole(behind as usize, 5300)?;
    let (mut first, mut second) = ([0u8; 4990], [0u8; 20]);
    let parts = [pointer_mut(&mut first), pointer_mut(&mut second)].map(UserMutPtr::new);
    let vector = [Iovec { base: parts[0], len: 4990 }, Iovec { base: parts[1], len: 20 }];
    let read = call!(preadv(file.fd().0, UserPtr::new(pointer(&vector)), 2, 0))?;
    whole(written as usize, 5300)?;
    whole(read as usize, 5010)?;
    assert!(first == [1; 4990] && second[..10] == [1; 10] && second[10..] == [2; 10]);
    Ok(())
}

pub fn a_file_is_cut_and_filled() -> Outcome {
    let (name, file) = Made::file("cut")?;
    file.write_all(&[9; 12_000])?;
    file.set_len(5000)?;
    file.set_len(10_000)?;
    let mut bytes = [1; 6000];
    let read = file.read_at(&mut bytes, 4000)?;
    assert!(
        bytes[..read].iter().zip(4000..).all(|(byte, at)| *byte == if at < 5000 { 9 } else { 0 })
    );
    whole(read, bytes.len())?;
    call!(fallocate(file.fd().0, 0, 0, 20_000))?;
    assert_eq!(file.stat()?.size, 20_000);
    let hole = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    call!(fallocate(file.fd().0, hole, 0, 4096))?;
    let path = CPath::new(name.as_str())?;
    call!(truncate64(path.as_user(), 4100))?;
    let read = file.read_at(&mut bytes, 0)?;
    assert!(
        read <= 4100
            && bytes[..read].iter().zip(0..).all(|(b, at)| *b == if at < 4096 { 0 } else { 9 })
    );
    whole(read, 4100)
}

pub fn bytes_are_copied_from_file_to_file() -> Outcome {
    let (_one, from) = Made::file("from")?;
    let (_two, to) = Made::file("to")?;
    from.write_all(&[5; 9000])?;
    let mut offset = 100i64;
    let sent = call!(sendfile64(to.fd().0, from.fd().0, output(&mut offset), 8000))?;
    assert_eq!(offset, 100 + i64::from(sent));
    let null = UserMutPtr::NULL;
    let (mut start, length) = (0i64, 4000);
    let copied =
        call!(copy_file_range(from.fd().0, output(&mut start), to.fd().0, null, length, 0))?;
    assert_eq!(to.stat()?.size, i64::from(sent + copied));
    let mut bytes = [0; 9000];
    let read = to.read_at(&mut bytes, 0)?;
    assert!(bytes[..read].iter().all(|byte| *byte == 5));
    whole(sent as usize, 8000)?;
    whole(copied as usize, 4000)?;
    whole(read, bytes.len())
}

pub fn a_file_is_found_by_a_long_way() -> Outcome {
    assert!(file::stat("/../bin/./../bin/hello")?.size > 0);
    let mut bytes = [0; 4];
    assert_eq!(File::open("/bin/hello")?.read(&mut bytes)?, 4);
    assert_eq!(&bytes, b"\x7fELF");
    Ok(())
}

pub fn attributes_change() -> Outcome {
    let (name, file) = Made::file("attributes")?;
    let path = CPath::new(name.as_str())?;
    call!(chmod(path.as_user(), 0o600))?;
    call!(chown32(path.as_user(), 5, 6))?;
    let times = [Timespec { sec: 1000, nsec: 5 }, Timespec { sec: 2000, nsec: 6 }];
    call!(utimensat(AT_FDCWD, path.as_user(), input(&times), 0))?;
    let mut statx = Statx::default();
    call!(statx(AT_FDCWD, path.as_user(), 0, STATX_BASIC_STATS, output(&mut statx)))?;
    assert_eq!((u32::from(statx.mode) & 0o777, statx.uid, statx.gid), (0o600, 5, 6));
    assert_eq!((statx.mtime.sec, file.stat()?.atime), (2000, 1000));
    call!(faccessat(AT_FDCWD, path.as_user(), R_OK | W_OK))?;
    let mut figures = Statfs64::default();
    call!(statfs64(path.as_user(), size_of::<Statfs64>() as u32, output(&mut figures)))?;
    assert_eq!({ figures.bsize }, 4096);
    Ok(())
}

pub fn devices_are_read_and_written() -> Outcome {
    let zero = File::open("/dev/zero")?;
    let mut bytes = [7; 5000];
    let read = zero.read(&mut bytes)?;
    assert!(bytes[..read].iter().all(|byte| *byte == 0));
    whole(read, bytes.len())?;
    let full = File::open_with("/dev/full", O_WRONLY, 0)?;
    match full.write(b"x") {
        Err(sys::Errno::ENOSPC) => {}
        other => return Err(other.expect_err("it is full").into()),
    }
    let null = File::open_with("/dev/null", O_RDWR, 0)?;
    assert_eq!((null.write(b"gone")?, null.read(&mut bytes)?), (4, 0));
    whole(File::open("/dev/urandom")?.read(&mut bytes)?, bytes.len())
}

pub fn a_file_without_a_way_is_not_made() -> Outcome {
    match File::create(files::path("none/inside")) {
        Err(sys::Errno::ENOENT) => Ok(()),
        other => Err(other.expect_err("no such directory").into()),
    }
}
