//! What `stat` shows of files, and changing it.

use crate::scratch::Scratch;
use sys::Errno;
use sys::abi::UserPtr;
use sys::abi::file::*;
use sys::abi::time::Timespec;
use sys::file::{self, File};
use sys::path::CPath;
use sys::syscall::output;

tests![
    attributes_say_what_it_is,
    statx_agrees_with_stat,
    fstatat_knows_the_empty_path,
    permission_bits_change,
    umask_takes_bits_from_new_files,
    times_can_be_set,
    writing_changes_the_time,
    file_system_figures_exist,
];

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

pub fn file_system_figures_exist() {
    let (name, _file) = Scratch::file("statfs", b"");
    let path = CPath::new(name.as_str()).expect("a path");
    let mut figures = Statfs64::default();
    assert_eq!(call!(statfs64(path.as_user(), 84, output(&mut figures))), Ok(0));
    assert!(figures.bsize >= 512 && figures.namelen >= 255);
    assert_eq!(call!(statfs64(path.as_user(), 83, output(&mut figures))), Err(Errno::EINVAL));
}
