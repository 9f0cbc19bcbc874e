//! What may not be done with the server's files, and what can be done with all.

use super::program::*;
use crate::child;
use crate::scratch::Scratch;
use assist::files::*;
use sys::Errno;
use sys::abi::file::*;
use sys::abi::memory::{MAP_PRIVATE, PROT_READ};
use sys::abi::{UserMutPtr, UserPtr};
use sys::file::{self, File};
use sys::path::CPath;
use sys::wait::Status;

pub fn permissions_are_checked_on_both_sides() {
    as_program(|| {
        assert_eq!(open(CAREFUL, O_RDWR).err(), Some(Errno::EBUSY));
        assert!(open(CAREFUL, O_RDONLY).is_ok() && open("closed/file", O_RDONLY).is_ok());
        // What root opens for writing need not be writable.
        let file = open(HELLO, O_WRONLY).expect("open");
        assert_eq!(file.write(b"x"), Err(Errno::EIO));
        let ended = child::run(|| {
            assert_eq!(call!(setuid32(1000)), Ok(0));
            for name in ["closed/file", "closed/none", "closed/.", "closed/.."] {
                assert_eq!(file::stat(at(name)).err(), Some(Errno::EACCES), "{name}");
            }
            assert_eq!(open(HELLO, O_WRONLY).err(), Some(Errno::EACCES));
            assert_eq!(open("closed", O_RDONLY).err(), Some(Errno::EACCES));
            assert_eq!(call!(access(path("/mnt/sink").as_user(), R_OK | W_OK)), Ok(0));
            assert_eq!(call!(access(path("/mnt/hello").as_user(), W_OK)), Err(Errno::EACCES));
            assert_eq!(call!(unlink(path("/mnt/hello").as_user())), Err(Errno::EACCES));
            0
        });
        assert_eq!(ended, Status::Exited(0));
    });
}

pub fn names_stay_as_they_are() {
    as_program(|| {
        let own = Scratch::file("served-names", b"x").0;
        let (old, none) = (path("/mnt/hello"), path("/mnt/none"));
        let (dir, own) = (path("/mnt/dir"), path(own.as_str()));
        let mkdir = |path: &CPath| call!(mkdir(path.as_user(), 0o755));
        let unlink = |path: &CPath| call!(unlink(path.as_user()));
        let rmdir = |path: &CPath| call!(rmdir(path.as_user()));
        let link = |old: &CPath, new: &CPath| call!(link(old.as_user(), new.as_user()));
        let rename = |old: &CPath, new: &CPath| call!(rename(old.as_user(), new.as_user()));
        assert_eq!((mkdir(&none), mkdir(&old)), (Err(Errno::ENOENT), Err(Errno::EEXIST)));
        assert_eq!((unlink(&none), unlink(&old)), (Err(Errno::ENOENT), Err(Errno::EPERM)));
        assert_eq!((unlink(&dir), rmdir(&old)), (Err(Errno::EISDIR), Err(Errno::ENOTDIR)));
        assert_eq!((rmdir(&dir), rmdir(&path("/mnt"))), (Err(Errno::EPERM), Err(Errno::EROFS)));
        assert_eq!((link(&own, &none), link(&own, &old)), (Err(Errno::ENOENT), Err(Errno::EEXIST)));
        assert_eq!(link(&old, &path("/tmp/served-new")), Err(Errno::EXDEV));
        assert_eq!(rename(&old, &path("/tmp/served-new")), Err(Errno::EXDEV));
        assert_eq!(
            (rename(&old, &none), rename(&old, &dir)),
            (Err(Errno::ENOENT), Err(Errno::EPERM))
        );
        assert_eq!(call!(symlink(own.as_user(), none.as_user())), Err(Errno::ENOENT));
        assert_eq!(call!(truncate(path("/mnt/sink").as_user(), 7)), Ok(0));
        assert_eq!(call!(truncate(old.as_user(), 7)), Err(Errno::EPERM));
        assert_eq!(call!(chmod(old.as_user(), 0o600)), Err(Errno::EPERM));
        assert_eq!(call!(utimes(old.as_user(), UserPtr::NULL)), Err(Errno::EPERM));
    });
}

pub fn what_files_of_servers_cannot_do() {
    as_program(|| {
        let file = open(HELLO, O_RDONLY).expect("open");
        let fd = file.fd().0;
        assert_eq!(call!(mmap2(0, 4096, PROT_READ, MAP_PRIVATE, fd, 0)), Err(Errno::ENODEV));
        let (arguments, environment) = ([UserPtr::<u8>::NULL; 1], [UserPtr::<u8>::NULL; 1]);
        let (arguments, environment) =
            (sys::syscall::pointer(&arguments), sys::syscall::pointer(&environment));
        let executed = call!(execve(
            path("/mnt/hello").as_user(),
            UserPtr::new(arguments),
            UserPtr::new(environment)
        ));
        assert_eq!(executed, Err(Errno::EACCES));
        assert_eq!(call!(fsync(fd)), Ok(0));
        assert_eq!(call!(fallocate(fd, 0, 0, 1)), Err(Errno::EBADF));
        let copy = Scratch::file("served-copy", b"").1;
        let nothing = UserMutPtr::NULL;
        assert_eq!(call!(sendfile64(copy.fd().0, fd, nothing, 10)), Err(Errno::EINVAL));
        let mut figures = Statfs64::default();
        let (size, to) = (size_of::<Statfs64>() as u32, sys::syscall::output(&mut figures));
        assert_eq!(call!(statfs64(path("/mnt/hello").as_user(), size, to)), Ok(0));
        assert_eq!((figures.bsize, figures.namelen), (4096, 255));
    });
}

pub fn they_can_be_locked() {
    as_program(|| {
        let lock = |file: &File, operation| call!(flock(file.fd().0, operation | LOCK_NB));
        let (first, second) = (open(HELLO, O_RDONLY).expect("open"), open(HELLO, O_RDONLY));
        let (second, other) = (second.expect("open"), open(LONG, O_RDONLY).expect("open"));
        assert_eq!((lock(&first, LOCK_EX), lock(&other, LOCK_EX)), (Ok(0), Ok(0)));
        assert_eq!(lock(&second, LOCK_SH), Err(Errno::EAGAIN));
        drop(first);
        assert_eq!(lock(&second, LOCK_SH), Ok(0));
    });
}
