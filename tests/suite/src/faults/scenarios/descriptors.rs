//! Descriptors, their flags and locks.

use crate::faults::files::{self, Made};
use crate::faults::{Outcome, child, join};
use sys::Errno;
use sys::abi::file::*;
use sys::file::File;
use sys::io::Fd;
use sys::path::CPath;
use sys::syscall::output;

pub fn descriptors_are_doubled() -> Outcome {
    let (_name, file) = Made::file("doubled")?;
    let own = |fd: u32| File::from_fd(Fd(fd.cast_signed()));
    let copy = own(call!(dup(file.fd().0))?);
    let far = own(call!(fcntl64(file.fd().0, F_DUPFD_CLOEXEC, 1000))?);
    assert!(far.fd().0 >= 1000);
    let second = own(call!(dup3(file.fd().0, 70, O_CLOEXEC))?);
    call!(dup2(copy.fd().0, 71))?;
    copy.write_all(b"through all")?;
    assert_eq!(call!(fcntl64(second.fd().0, F_GETFD, 0))?, FD_CLOEXEC);
    call!(fcntl64(far.fd().0, F_SETFL, O_APPEND))?;
    assert_eq!(call!(fcntl64(71, F_GETFL, 0))? & O_APPEND, O_APPEND);
    assert_eq!(file.stat()?.size, 11);
    call!(close_range(70, 90, 0))?;
    assert_eq!(call!(fcntl64(71, F_GETFD, 0)), Err(Errno::EBADF));
    // It is closed already.
    let _ = second.into_fd();
    Ok(())
}

fn lock(file: &File, command: u32, kind: i16, start: i64, len: i64) -> sys::Result<Flock64> {
    let mut lock = Flock64 { kind, whence: SEEK_SET as i16, start, len, pid: 0 };
    let address = output(&mut lock).address();
    call!(fcntl64(file.fd().0, command, address))?;
    Ok(lock)
}

pub fn ranges_are_locked() -> Outcome {
    let (name, file) = Made::file("locked")?;
    lock(&file, F_SETLK64, F_WRLCK, 0, 100)?;
    lock(&file, F_SETLK64, F_RDLCK, 40, 20)?;
    lock(&file, F_SETLK64, F_UNLCK, 50, 2)?;
    let pid = child(|| {
        let file = File::open_with(name.as_str(), O_RDWR, 0)?;
        let found = lock(&file, F_GETLK64, F_WRLCK, 45, 10)?;
        assert_eq!((found.kind, found.start, found.len), (F_RDLCK, 40, 10));
        match lock(&file, F_SETLK64, F_WRLCK, 99, 10) {
            Err(Errno::EAGAIN) => {}
            other => return Err(other.expect_err("somebody has it").into()),
        }
        lock(&file, F_SETLKW64, F_RDLCK, 50, 2)?;
        Ok(())
    })?;
    join(pid)
}

pub fn who_waits_for_a_lock_gets_it() -> Outcome {
    let (name, file) = Made::file("waited")?;
    lock(&file, F_SETLK64, F_WRLCK, 0, 0)?;
    let pid = child(|| {
        let file = File::open_with(name.as_str(), O_RDWR, 0)?;
        lock(&file, F_SETLKW64, F_WRLCK, 0, 0)?;
        Ok(())
    })?;
    let _ = call!(sched_yield());
    drop(file);
    join(pid)
}

pub fn a_description_is_locked() -> Outcome {
    let (name, file) = Made::file("description")?;
    call!(flock(file.fd().0, LOCK_EX))?;
    let again = File::open_with(name.as_str(), O_RDWR, 0)?;
    match call!(flock(again.fd().0, LOCK_EX | LOCK_NB)) {
        Err(Errno::EAGAIN) => {}
        other => return Err(other.expect_err("somebody has it").into()),
    }
    call!(flock(file.fd().0, LOCK_UN))?;
    call!(flock(again.fd().0, LOCK_EX))?;
    Ok(())
}

pub fn a_named_pipe_joins_two() -> Outcome {
    let name = files::path("fifo");
    call!(mknod(CPath::new(&name)?.as_user(), S_IFIFO | 0o600, 0))?;
    let name = Made::at(name);
    let reader = File::open_with(name.as_str(), O_RDONLY | O_NONBLOCK, 0)?;
    let pid = child(|| {
        let writer = File::open_with(name.as_str(), O_WRONLY, 0)?;
        writer.write_all(b"through")?;
        Ok(())
    })?;
    join(pid)?;
    let mut bytes = [0; 16];
    let read = reader.read(&mut bytes)?;
    assert_eq!(&bytes[..read], b"through");
    Ok(())
}
