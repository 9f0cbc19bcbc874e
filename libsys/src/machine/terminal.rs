//! Terminals: attributes, window size, foreground group.

use crate::syscall::{linux, pointer, pointer_mut};
use crate::{Result, io::Fd};
use abi::terminal::{
    TCGETS, TCSETSW, TIOCGPGRP, TIOCGWINSZ, TIOCSCTTY, TIOCSPGRP, Termios, Winsize,
};

/// The attributes of a terminal. (`ioctl` TCGETS)
///
/// ENOTTY: not a terminal.
pub fn attributes(fd: Fd) -> Result<Termios> {
    let mut termios = Termios::default();
    // SAFETY: the structure is ours and what this command writes.
    unsafe { linux::ioctl(fd.0, TCGETS, pointer_mut(&mut termios)) }?;
    Ok(termios)
}

/// Whether a descriptor is a terminal. (`ioctl` TCGETS)
pub fn is_terminal(fd: Fd) -> bool {
    attributes(fd).is_ok()
}

/// Sets the attributes once all output is written. (`ioctl` TCSETSW)
pub fn set_attributes(fd: Fd, termios: &Termios) -> Result<()> {
    // SAFETY: the structure is what this command reads.
    unsafe { linux::ioctl(fd.0, TCSETSW, pointer(termios)) }.map(drop)
}

/// The size in characters and pixels. (`ioctl` TIOCGWINSZ)
pub fn window_size(fd: Fd) -> Result<Winsize> {
    let mut size = Winsize::default();
    // SAFETY: the structure is ours and what this command writes.
    unsafe { linux::ioctl(fd.0, TIOCGWINSZ, pointer_mut(&mut size)) }?;
    Ok(size)
}

/// The group that ^C reaches. (`ioctl` TIOCGPGRP)
pub fn foreground(fd: Fd) -> Result<i32> {
    let mut group = 0i32;
    // SAFETY: the number is ours and what this command writes.
    unsafe { linux::ioctl(fd.0, TIOCGPGRP, pointer_mut(&mut group)) }?;
    Ok(group)
}

/// Makes a group of the session the one that ^C reaches. (`ioctl` TIOCSPGRP)
///
/// From a background group this sends SIGTTOU unless it is blocked or ignored.
pub fn set_foreground(fd: Fd, group: i32) -> Result<()> {
    // SAFETY: the number is what this command reads.
    unsafe { linux::ioctl(fd.0, TIOCSPGRP, pointer(&group)) }.map(drop)
}

/// Makes the terminal that of the caller's session, and the caller's group the one that ^C reaches.
/// (`ioctl` TIOCSCTTY)
///
/// EPERM: the caller leads no session, or the terminal has one. ENOTTY: not a terminal.
pub fn make_controlling(fd: Fd) -> Result<()> {
    // SAFETY: the call names no memory.
    unsafe { linux::ioctl(fd.0, TIOCSCTTY, 0) }.map(drop)
}
