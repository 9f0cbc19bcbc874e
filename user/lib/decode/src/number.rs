//! Arguments that are numbers: what each means is told by its name in the table, and where one name
//! means several things, by the call's.

use crate::flags::{self, Name};
use crate::shape::address;
use crate::structure::mode;
use crate::{command, signal};
use abi::file::{AT_FDCWD, O_ACCMODE, O_CREAT, O_TMPFILE};
use abi::memory::MAP_TYPE;
use abi::process::{CSIGNAL, FUTEX_CLOCK_REALTIME, FUTEX_PRIVATE_FLAG};
use abi::socket::SOCK_TYPE_MASK;
use alloc::string::String;
use core::fmt::Write;

/// What a number means.
#[derive(Clone, Copy)]
pub enum Format {
    /// With its sign or not, as its type is.
    Decimal,
    Hexadecimal,
    Address,
    /// All ones is −1.
    Id,
    Directory,
    Signal,
    Set(&'static [Name]),
    Choice(&'static [Name]),
    Open,
    Map,
    Clone,
    Futex,
    Access,
    /// Kind and permission bits.
    Mode,
    /// Permission bits of what a call makes, if it makes something.
    ModeIfMade,
    SocketKind,
    /// What a `fcntl` or `ioctl` takes.
    OfCommand,
}

/// What an argument means; `None` for a name that nobody has thought about.
pub fn format(call: &str, argument: &str) -> Option<Format> {
    use Format::*;
    Some(match (call, argument) {
        ("open" | "openat", "flags") => Open,
        ("pipe2" | "dup3" | "signalfd4" | "timerfd_create", "flags") => Set(flags::OPEN),
        ("eventfd2", "flags") => Set(flags::EVENT),
        ("timerfd_settime" | "timerfd_settime64", "flags") => Set(flags::TIMER_DESCRIPTOR),
        ("accept4", "flags") => Set(flags::SOCKET),
        ("mmap2", "flags") => Map,
        ("clone", "flags") => Clone,
        ("mremap", "flags") => Set(flags::MREMAP),
        ("msync", "flags") => Set(flags::MSYNC),
        ("mlockall", "flags") => Set(flags::MLOCKALL),
        ("mlock2", "flags") => Set(flags::MLOCK),
        ("memfd_create", "flags") => Set(flags::MEMFD),
        ("getrandom", "flags") => Set(flags::RANDOM),
        ("renameat2", "flags") => Set(flags::RENAME),
        ("close_range", "flags") => Set(flags::CLOSE_RANGE),
        ("epoll_create1", "flags") => Set(flags::EPOLL_CREATE),
        ("unlinkat", "flags") => Set(flags::AT_UNLINK),
        ("faccessat2", "flags") => Set(flags::AT_ACCESS),
        (
            "fstatat64" | "linkat" | "fchownat" | "utimensat" | "utimensat_time64" | "statx",
            "flags",
        ) => Set(flags::AT),
        (
            "sendto" | "sendmsg" | "sendmmsg" | "recvfrom" | "recvmsg" | "recvmmsg"
            | "recvmmsg_time64",
            "flags",
        ) => Set(flags::MESSAGE),
        (
            "timer_settime" | "timer_settime64" | "clock_nanosleep" | "clock_nanosleep_time64",
            "flags",
        ) => Set(flags::TIMER),
        ("setxattr" | "lsetxattr" | "fsetxattr", "flags") => Set(flags::XATTR),
        (_, "flags") => Hexadecimal,
        ("statx", "mask") => Set(flags::STATX),
        ("umask", "mask") => Mode,
        ("sigsuspend", "mask") => Hexadecimal,
        ("receive", "mask") => Hexadecimal,
        ("access" | "faccessat" | "faccessat2", "mode") => Access,
        ("open" | "openat", "mode") => ModeIfMade,
        ("fallocate", "mode") => Set(flags::FALLOCATE),
        (_, "mode") => Mode,
        (_, "protection") => Set(flags::PROTECTION),
        (_, "whence") => Choice(flags::WHENCE),
        ("fcntl" | "fcntl64", "command") => Choice(flags::FCNTL),
        ("ioctl", "command") => Choice(flags::IOCTL),
        ("fcntl" | "fcntl64" | "ioctl", "argument") => OfCommand,
        ("flock", "operation") => Set(flags::FLOCK),
        ("epoll_ctl", "operation") => Choice(flags::EPOLL_CONTROL),
        ("futex" | "futex_time64", "operation") => Futex,
        ("waitid", "options") => Set(flags::WAITID),
        ("waitid", "which") => Choice(flags::WAIT_FOR),
        ("trace_attach", "options") => Set(flags::TRACE),
        (_, "options") => Set(flags::WAIT),
        ("getpriority" | "setpriority", "which") => Choice(flags::PRIORITY),
        (_, "which") => Choice(flags::INTERVAL_TIMER),
        ("getrusage", "who") => Choice(flags::USAGE),
        (_, "clock") => Choice(flags::CLOCK),
        ("fault_set_thread", "what") => Choice(flags::FAULT_THREAD),
        ("fault_take_memory", "zones") => Hexadecimal,
        ("fault_step_clock", "low" | "high") => Hexadecimal,
        (_, "resource") => Choice(flags::LIMIT),
        (_, "advice") => Choice(flags::ADVICE),
        ("sigprocmask" | "rt_sigprocmask", "how") => Choice(flags::MASK_CHANGE),
        ("shutdown", "how") => Choice(flags::SHUTDOWN),
        ("prctl", "option") => Choice(flags::PRCTL),
        ("getsockopt" | "setsockopt", "option") => Choice(flags::SOCKET_OPTION),
        ("getsockopt" | "setsockopt", "level") => Choice(flags::SOCKET_LEVEL),
        ("socket" | "socketpair", "family") => Choice(flags::FAMILY),
        ("socket" | "socketpair", "kind") => SocketKind,
        ("socketcall", "function") => Choice(flags::SOCKET_CALL),
        ("signal", "handler") => Choice(flags::HANDLER),
        (_, "signal") => Signal,
        (_, "directory" | "old_directory" | "new_directory") => Directory,
        (_, "user" | "group" | "real" | "effective" | "saved") => Id,
        (
            _,
            "address" | "new_address" | "head" | "area" | "stack" | "persona" | "device"
            | "argument2" | "argument3" | "argument4" | "argument5",
        ) => Address,
        (_, "bits" | "byte" | "badge" | "token" | "w0" | "w1" | "w2" | "w3" | "deadline") => {
            Hexadecimal
        }
        (
            _,
            "fd" | "old" | "new" | "input" | "output" | "instance" | "pid" | "tid" | "pgid" | "id"
            | "who" | "timer" | "status" | "seconds" | "count" | "size" | "length" | "set_size"
            | "old_length" | "new_length" | "offset" | "offset_high" | "offset_low" | "page_offset"
            | "value" | "value3" | "timeout" | "nice" | "first" | "last" | "protocol" | "unused1"
            | "unused2" | "local_count" | "remote_count" | "signature" | "exit" | "after" | "kind"
            | "lease" | "port" | "handle" | "pages" | "page" | "frames" | "line" | "irq" | "ports"
            | "process" | "console" | "flush" | "tag" | "tracer" | "right" | "from" | "key"
            | "faults" | "backlog" | "context" | "free",
        ) => Decimal,
        _ => return None,
    })
}

/// A number as text.
pub fn show(format: Format, value: u32, signed: bool, to: &mut String) {
    match format {
        Format::Decimal => {
            let _ = match signed {
                true => write!(to, "{}", value.cast_signed()),
                false => write!(to, "{value}"),
            };
        }
        Format::Hexadecimal => {
            let _ = match value {
                0 => write!(to, "0"),
                _ => write!(to, "{value:#x}"),
            };
        }
        Format::Address | Format::OfCommand => address(value, to),
        Format::Id => {
            let _ = match value {
                u32::MAX => write!(to, "-1"),
                _ => write!(to, "{value}"),
            };
        }
        Format::Directory if value.cast_signed() == AT_FDCWD => to.push_str("AT_FDCWD"),
        Format::Directory => {
            let _ = write!(to, "{}", value.cast_signed());
        }
        Format::Signal => signal::name(value.cast_signed(), to),
        Format::Set(names) => flags::set(value, names, to),
        Format::Choice(names) => flags::choice(value, names, to),
        Format::Open => {
            flags::choice(value & O_ACCMODE, flags::ACCESS_MODE, to);
            flags::more(value & !O_ACCMODE, flags::OPEN, to);
        }
        Format::Map => {
            flags::choice(value & MAP_TYPE, flags::MAP_KIND, to);
            flags::more(value & !MAP_TYPE, flags::MAP, to);
        }
        Format::Clone => {
            let (bits, end) = (value & !CSIGNAL, value & CSIGNAL);
            if bits != 0 || end == 0 {
                flags::set(bits, flags::CLONE, to);
            }
            if end != 0 {
                to.push_str(if bits != 0 { "|" } else { "" });
                signal::name(end.cast_signed(), to);
            }
        }
        Format::Futex => {
            let bits = FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME;
            flags::choice(value & !bits, flags::FUTEX, to);
            if value & FUTEX_PRIVATE_FLAG != 0 {
                to.push_str("_PRIVATE");
            }
            if value & FUTEX_CLOCK_REALTIME != 0 {
                to.push_str("|FUTEX_CLOCK_REALTIME");
            }
        }
        Format::Access if value == 0 => to.push_str("F_OK"),
        Format::Access => flags::set(value, flags::ACCESS, to),
        Format::Mode | Format::ModeIfMade => mode(value, to),
        Format::SocketKind => {
            flags::choice(value & SOCK_TYPE_MASK.cast_unsigned(), flags::SOCKET_KIND, to);
            flags::more(value & !SOCK_TYPE_MASK.cast_unsigned(), flags::SOCKET, to);
        }
    }
}

/// Whether an argument is left out, because it means nothing beside the one before it.
pub fn is_left_out(call: &str, format: Format, before: u32) -> bool {
    match format {
        Format::ModeIfMade => before & O_CREAT == 0 && before & O_TMPFILE != O_TMPFILE,
        Format::OfCommand => command::takes_nothing(call, before),
        _ => false,
    }
}
