//! Descriptors and descriptions: copies, flags, locks, device control.

use super::files;
use crate::file::found::Found;
use crate::file::locks::{self, Owner};
use crate::file::{File, Kind, caller};
use crate::mm::user;
use crate::result::{Errno, Result};
use abi::file::{
    F_ADD_SEALS, F_DUPFD, F_DUPFD_CLOEXEC, F_GET_SEALS, F_GETFD, F_GETFL, F_GETLK, F_GETLK64,
    F_GETOWN, F_GETPIPE_SZ, F_SEAL_SEAL, F_SETFD, F_SETFL, F_SETLK, F_SETLK64, F_SETLKW,
    F_SETLKW64, F_SETOWN, F_SETPIPE_SZ, FASYNC, FD_CLOEXEC, Flock, Flock64, O_CLOEXEC, O_DIRECT,
    O_NOATIME,
};
use abi::terminal::{FIOASYNC, FIOCLEX, FIONBIO, FIONCLEX, FIONREAD};
use abi::{UserMutPtr, UserPtr};
use alloc::sync::Arc;
use kcore::fd_table::CloseOnExec;

pub fn dup(fd: i32) -> Result<u32> {
    let files = files();
    let file = files.get_any(fd)?;
    files.insert(file, CloseOnExec::No, 0, caller::descriptor_limit())
}

pub fn dup2(old: i32, new: i32) -> Result<u32> {
    if old == new {
        files().get_any(old)?;
        return Ok(new.cast_unsigned());
    }
    dup3(old, new, 0)
}

pub fn dup3(old: i32, new: i32, flags: u32) -> Result<u32> {
    if flags & !O_CLOEXEC != 0 || old == new {
        return Err(Errno::EINVAL);
    }
    let close = if flags & O_CLOEXEC != 0 { CloseOnExec::Yes } else { CloseOnExec::No };
    let (files, new) = (files(), new.cast_unsigned());
    let limit = caller::descriptor_limit();
    if new >= limit {
        return Err(Errno::EBADF);
    }
    let file = files.get_any(old)?;
    files.replace(new, file, close, limit)?;
    Ok(new)
}

pub fn fcntl(fd: i32, command: u32, argument: u32) -> Result<u32> {
    let lock = UserMutPtr::<Flock>::new(argument);
    match command {
        F_GETLK => {
            let file = files().get(fd)?;
            let wanted = user::read(lock.as_const())?;
            let found = locks::query(&file, Owner::of_table(&files()), &wanted.into())?;
            user::write(lock, &Flock::try_from(found)?)?;
            Ok(0)
        }
        F_SETLK | F_SETLKW => {
            let file = files().get(fd)?;
            let wanted = user::read(lock.as_const())?;
            set_lock(fd, &file, &wanted.into(), command == F_SETLKW)
        }
        _ => fcntl64(fd, command, argument),
    }
}

fn set_lock(fd: i32, file: &Arc<File>, lock: &Flock64, wait: bool) -> Result<u32> {
    let files = files();
    let is_open = || files.get_any(fd).is_ok_and(|still| Arc::ptr_eq(&still, file));
    locks::set(file, &files, lock, wait, is_open).map(|()| 0)
}

pub fn fcntl64(fd: i32, command: u32, argument: u32) -> Result<u32> {
    let files = files();
    // Five commands also work with O_PATH.
    let file = match command {
        F_DUPFD | F_DUPFD_CLOEXEC | F_GETFD | F_SETFD | F_GETFL => files.get_any(fd)?,
        _ => files.get(fd)?,
    };
    let lock = UserMutPtr::<Flock64>::new(argument);
    match command {
        F_DUPFD | F_DUPFD_CLOEXEC => {
            let limit = caller::descriptor_limit();
            if argument >= limit {
                return Err(Errno::EINVAL);
            }
            let close = if command == F_DUPFD { CloseOnExec::No } else { CloseOnExec::Yes };
            files.insert(file, close, argument, limit)
        }
        F_GETFD => Ok(match files.descriptor_flag(fd)? {
            CloseOnExec::Yes => FD_CLOEXEC,
            CloseOnExec::No => 0,
        }),
        F_SETFD => {
            let close = if argument & FD_CLOEXEC != 0 { CloseOnExec::Yes } else { CloseOnExec::No };
            files.set_descriptor_flag(fd, close)?;
            Ok(0)
        }
        F_GETFL => Ok(file.flags()),
        F_SETFL => {
            if argument & O_NOATIME & !file.flags() != 0 && file.place().is_ok() {
                let caller = caller::identity();
                caller.owns(&Found::Open(file.clone()).attributes(&caller)?)?;
            }
            // Nothing here transfers data around the page cache.
            if argument & O_DIRECT != 0 {
                return Err(Errno::EINVAL);
            }
            file.set_flags(argument);
            Ok(0)
        }
        F_GETLK64 => {
            let wanted = user::read(lock.as_const())?;
            let found = locks::query(&file, Owner::of_table(&files), &wanted)?;
            user::write(lock, &found)?;
            Ok(0)
        }
        F_SETLK64 | F_SETLKW64 => {
            let wanted = user::read(lock.as_const())?;
            set_lock(fd, &file, &wanted, command == F_SETLKW64)
        }
        F_GETPIPE_SZ | F_SETPIPE_SZ => match file.kind() {
            Kind::Pipe(end) if command == F_GETPIPE_SZ => Ok(end.pipe.capacity()),
            Kind::Pipe(end) => end.pipe.set_capacity(argument),
            _ => Err(Errno::EBADF),
        },
        // SIGIO is never sent, so nobody owns a description.
        F_GETOWN | F_SETOWN => Ok(0),
        // Memory files are made without seals, and so sealed against seals.
        F_GET_SEALS | F_ADD_SEALS => match file.regular() {
            None => Err(Errno::EINVAL),
            Some(_) if command == F_GET_SEALS => Ok(F_SEAL_SEAL),
            Some(_) => Err(Errno::EPERM),
        },
        _ => Err(Errno::EINVAL),
    }
}

pub fn flock(fd: i32, operation: u32) -> Result<u32> {
    let file = files().get(fd)?;
    locks::flock(&file, operation)?;
    Ok(0)
}

pub fn ioctl(fd: i32, command: u32, argument: u32) -> Result<u32> {
    let files = files();
    let file = files.get(fd)?;
    let number = || user::read(UserPtr::<i32>::new(argument));
    match command {
        FIOCLEX => files.set_descriptor_flag(fd, CloseOnExec::Yes)?,
        FIONCLEX => files.set_descriptor_flag(fd, CloseOnExec::No)?,
        FIONBIO => file.set_nonblocking(number()? != 0),
        // Nobody can be told by SIGIO.
        FIOASYNC if number()? != 0 && file.flags() & FASYNC == 0 => return Err(Errno::ENOTTY),
        FIOASYNC => {}
        _ => {
            return match file.kind() {
                Kind::Terminal(terminal) => terminal.ioctl(command, argument),
                _ if command == FIONREAD => {
                    let readable = file.readable_bytes().ok_or(Errno::ENOTTY)?;
                    user::write(UserMutPtr::new(argument), &readable)?;
                    Ok(0)
                }
                _ => Err(Errno::ENOTTY),
            };
        }
    }
    Ok(0)
}

pub fn sync() -> Result<u32> {
    // All the kernel's own files are memory.
    Ok(0)
}

pub fn syncfs(fd: i32) -> Result<u32> {
    files().get(fd)?;
    Ok(0)
}

pub fn fsync(fd: i32) -> Result<u32> {
    files().get(fd)?.sync()?;
    Ok(0)
}

pub fn fdatasync(fd: i32) -> Result<u32> {
    fsync(fd)
}

/// The last kind of advice of `fadvise64_64`.
const POSIX_FADV_NOREUSE: i32 = 5;

pub fn fadvise64_64(fd: i32, _: i64, length: i64, advice: i32) -> Result<u32> {
    let file = files().get(fd)?;
    if let Kind::Pipe(_) | Kind::Channel(_) = file.kind() {
        return Err(Errno::ESPIPE);
    }
    if length < 0 || !(0..=POSIX_FADV_NOREUSE).contains(&advice) {
        return Err(Errno::EINVAL);
    }
    // Whatever is in the kernel's own tree is in memory already.
    Ok(0)
}

pub fn readahead(fd: i32, _: i64, _: u32) -> Result<u32> {
    let file = files().get(fd)?;
    file.may_read()?;
    if file.regular().is_some() { Ok(0) } else { Err(Errno::EINVAL) }
}
