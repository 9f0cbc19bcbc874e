//! What `fcntl` and `ioctl` take depends on the command.

use crate::memory::{self, Memory};
use crate::structure::Text;
use crate::{flags, shape};
use abi::file::{
    F_ADD_SEALS, F_DUPFD, F_DUPFD_CLOEXEC, F_GET_SEALS, F_GETFD, F_GETFL, F_GETLK, F_GETLK64,
    F_GETOWN, F_GETPIPE_SZ, F_SETFD, F_SETFL, F_SETLK, F_SETLK64, F_SETLKW, F_SETLKW64, F_SETOWN,
    F_SETPIPE_SZ, Flock, Flock64,
};
use abi::terminal::{
    FIOASYNC, FIOCLEX, FIONBIO, FIONCLEX, FIONREAD, TCGETS, TCSETS, TCSETSF, TCSETSW, TIOCGPGRP,
    TIOCGSID, TIOCGWINSZ, TIOCNOTTY, TIOCOUTQ, TIOCSPGRP, TIOCSWINSZ, Termios, Winsize,
};
use alloc::string::String;
use core::fmt::Write;

/// Whether the command takes nothing.
pub fn takes_nothing(call: &str, command: u32) -> bool {
    match call {
        "ioctl" => matches!(command, TIOCNOTTY | FIOCLEX | FIONCLEX),
        _ => matches!(command, F_GETFD | F_GETFL | F_GETOWN | F_GETPIPE_SZ | F_GET_SEALS),
    }
}

/// Whether the kernel writes where the argument points.
pub fn answers(call: &str, command: u32) -> bool {
    let written = [TCGETS, TIOCGWINSZ, TIOCGPGRP, TIOCGSID, TIOCOUTQ, FIONREAD];
    call == "ioctl" && written.contains(&command)
}

pub fn show(call: &str, command: u32, value: u32, memory: &dyn Memory, to: &mut String) {
    match (call, command) {
        ("ioctl", TCGETS | TCSETS | TCSETSW | TCSETSF) => one::<Termios>(value, memory, to),
        ("ioctl", TIOCGWINSZ | TIOCSWINSZ) => one::<Winsize>(value, memory, to),
        ("ioctl", TIOCGPGRP | TIOCSPGRP | TIOCGSID | TIOCOUTQ | FIONREAD | FIONBIO | FIOASYNC) => {
            to.push('[');
            one::<i32>(value, memory, to);
            to.push(']');
        }
        ("ioctl", _) => shape::address(value, to),
        (_, F_DUPFD | F_DUPFD_CLOEXEC | F_SETOWN | F_SETPIPE_SZ) => {
            let _ = write!(to, "{}", value.cast_signed());
        }
        (_, F_SETFD) => flags::set(value, flags::DESCRIPTOR, to),
        (_, F_SETFL) => flags::set(value, flags::OPEN, to),
        (_, F_ADD_SEALS) => flags::set(value, flags::SEALS, to),
        (_, F_GETLK | F_SETLK | F_SETLKW) => one::<Flock>(value, memory, to),
        (_, F_GETLK64 | F_SETLK64 | F_SETLKW64) => one::<Flock64>(value, memory, to),
        _ => shape::address(value, to),
    }
}

fn one<T: Text>(at: u32, memory: &dyn Memory, to: &mut String) {
    match memory::value::<T>(memory, at) {
        Some(value) => value.text(to),
        None => shape::address(at, to),
    }
}
