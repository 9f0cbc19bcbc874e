//! Redirections of descriptors.

use crate::state::Shell;
use alloc::vec::Vec;
use shell::expand;
use shell::syntax::{Redirection, RedirectionKind};
use sys::abi::file::{F_DUPFD_CLOEXEC, O_APPEND, O_CREAT, O_RDONLY, O_TRUNC, O_WRONLY};
use sys::file::{self, File};
use sys::io::Fd;
use sys::syscall::linux;
use sys::{Errno, eprintln};

/// Copies of the shell's own descriptors, for the time of a builtin.
#[derive(Default)]
pub struct Kept {
    /// The descriptor, and its copy if it was open.
    descriptors: Vec<(Fd, Option<File>)>,
}

impl Kept {
    fn keep(&mut self, fd: Fd) {
        if self.descriptors.iter().any(|kept| kept.0 == fd) {
            return;
        }
        // SAFETY: the call names no memory.
        let copy = unsafe { linux::fcntl64(fd.0, F_DUPFD_CLOEXEC, 10) };
        let copy = copy.ok().map(|copy| File::from_fd(Fd(copy.cast_signed())));
        self.descriptors.push((fd, copy));
    }

    /// Leaves the descriptors as they are now.
    pub fn forget(&mut self) {
        self.descriptors.clear();
    }

    /// Puts the descriptors back.
    pub fn restore(self) {
        for (fd, copy) in self.descriptors {
            let _ = match copy {
                Some(copy) => file::duplicate_to(copy.fd(), fd),
                None => file::close(fd),
            };
        }
    }
}

/// Does all redirections in order; says what is wrong and stops if one fails.
pub fn apply(
    shell: &mut Shell,
    redirections: &[Redirection],
    mut kept: Option<&mut Kept>,
) -> Result<(), ()> {
    for redirection in redirections {
        let target = match expand::value(&redirection.target, shell) {
            Ok(target) => target,
            Err(error) => {
                eprintln!("sh: {error}");
                return Err(());
            }
        };
        let fd = Fd(redirection.fd);
        if let Some(kept) = kept.as_deref_mut() {
            kept.keep(fd);
        }
        if let Err(error) = redirect(redirection.kind, fd, &target) {
            eprintln!("sh: {}: {error}", target.escape_ascii());
            return Err(());
        }
    }
    Ok(())
}

fn redirect(kind: RedirectionKind, fd: Fd, target: &[u8]) -> Result<(), Errno> {
    let flags = match kind {
        RedirectionKind::Read => O_RDONLY,
        RedirectionKind::Write => O_WRONLY | O_CREAT | O_TRUNC,
        RedirectionKind::Append => O_WRONLY | O_CREAT | O_APPEND,
        RedirectionKind::Duplicate if target == b"-" => return file::close(fd).or(Ok(())),
        RedirectionKind::Duplicate => {
            let number = core::str::from_utf8(target).ok().and_then(|text| text.parse().ok());
            return file::duplicate_to(Fd(number.ok_or(Errno::EBADF)?), fd);
        }
    };
    let opened = File::open_with(target, flags, 0o666)?;
    if opened.fd() == fd {
        // The lowest free number was the wanted one: it must stay open when programs start.
        let fd = opened.into_fd();
        // SAFETY: the call names no memory.
        return unsafe { linux::fcntl64(fd.0, sys::abi::file::F_SETFD, 0) }.map(drop);
    }
    file::duplicate_to(opened.fd(), fd)
}
