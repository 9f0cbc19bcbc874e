//! Which sort a parameter of a call is.

use super::shape;
use super::sort::{FD, Kind, PID, Sort, TIMER};
use super::words::*;
use crate::table::{Call, Gate, Parameter};
use Sort::{Any, Bits, Futex, Kept, Of, Offset, Page, Pages, Room, Size, Text, To, User, Wide};

/// The slots of the handles that a process has from the beginning.
pub mod handle {
    pub const PORT: u8 = 36;
    pub const FRAMES: u8 = 37;
    pub const IO_PORTS: u8 = 38;
    pub const TRACER: u8 = 39;
    pub const RIGHT: u8 = 40;
    pub const PROCESS: u8 = 41;
}

/// By the names and types of the tables.
pub fn sort(call: &Call, parameter: &Parameter) -> Sort {
    if parameter.registers == 2 {
        return Wide;
    }
    match parameter.kind {
        "UserStr" => return Text,
        kind if kind.contains("Ptr") => return pointer(parameter.name, kind),
        _ => {}
    }
    match call.gate {
        Gate::Linux => of_linux(call.name, parameter.name),
        Gate::Folio => of_folio(parameter.name),
    }
}

fn pointer(name: &str, kind: &str) -> Sort {
    match (name, kind) {
        ("word" | "word2", _) => Futex,
        ("address", _) if !kind.starts_with("UserMutPtr") => To(shape::ADDRESS),
        // What only comes out.
        (
            "stat" | "old" | "remaining" | "usage" | "status" | "statx" | "figures" | "to"
            | "entries" | "event" | "place" | "lent" | "buffer" | "list",
            _,
        ) if kind.starts_with("UserMutPtr") => Room,
        _ => shape::of(kind).map_or(Room, To),
    }
}

fn of_linux(call: &str, name: &str) -> Sort {
    match (call, name) {
        ("dup2" | "dup3", _) if name != "flags" => FD,
        (_, "fd" | "input" | "output" | "instance" | "directory") => FD,
        ("dup", _) | (_, "old_directory" | "new_directory") => FD,
        ("close_range", "first" | "last") => Of(&[3, 8, 20, 24, 40, u32::MAX]),
        (_, "pid" | "tid" | "id" | "who" | "pgid") => PID,
        (_, "timer") => TIMER,
        (_, "signal") => SIGNAL,
        ("signal", "handler") => HANDLER,
        (_, "clock") => Of(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0xffff_fffe, 0xffff_fff6]),
        (_, "user" | "group" | "real" | "effective" | "saved") => User,
        (_, "protection") => Bits(PROTECTION),
        (_, "advice") => ADVICE,
        ("open" | "openat", "flags") => Bits(OPEN_FLAGS),
        ("mmap2", "flags") => MAP,
        ("mremap", "flags") => Of(&[0, 1, 1, 1, 3, 5, 2, 7]),
        ("msync", "flags") => Of(&[1, 2, 4, 6, 0, 5]),
        ("mlockall", "flags") => Of(&[1, 2, 3, 4, 5]),
        ("clone", "flags") => Bits(CLONE_FLAGS),
        ("clone", "stack") => Of(&[0]),
        ("fcntl" | "fcntl64", "command") => FCNTL,
        ("fcntl" | "fcntl64", "argument") => Any,
        ("ioctl", "command") => IOCTL,
        ("ioctl", "argument") => Room,
        ("futex" | "futex_time64", "operation") => Of(FUTEX),
        ("futex" | "futex_time64", _) => Of(&[0, 1, 2, u32::MAX]),
        ("epoll_ctl", "operation") => EPOLL,
        ("flock", "operation") => Of(&[1, 2, 8, 5, 6, 4]),
        ("memfd_create", "flags") => Bits(&[1, 2]),
        ("getrandom", "flags") => Bits(&[1, 2, 4]),
        ("fallocate", "mode") => Of(&[0, 1, 2, 3, 8, 16]),
        (_, "mode") if call.starts_with("mknod") => NODE,
        ("access" | "faccessat" | "faccessat2", "mode") => Bits(&[1, 2, 4]),
        (_, "mode") => MODE,
        ("socketcall", "function") => Of(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 16, 17, 18]),
        (_, "family") => Of(&[1, 1, 1, 1, 0, 2, 10]),
        (_, "kind") => SOCKETS,
        (_, "protocol") => Of(&[0, 0, 0, 1]),
        (_, "level") => Of(&[1, 1, 1, 0, 6]),
        ("getsockopt" | "setsockopt", "option") => SOCKET_OPTION,
        ("setsockopt", "length") => Of(&[4, 8, 0, 1, 16]),
        ("prctl", "option") => PRCTL,
        ("prctl", _) => Any,
        (_, "resource") => Of(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]),
        (_, "whence" | "how" | "which") => Of(&[0, 1, 2, 3]),
        ("wait4" | "waitpid" | "waitid", "options") => Bits(&[1, 1, 2, 4, 8, 0x100_0000]),
        (
            "accept4" | "timerfd_create" | "signalfd4" | "eventfd2" | "pipe2" | "epoll_create1"
            | "dup3",
            "flags",
        ) => Bits(DESCRIPTOR_FLAGS),
        (_, "flags") if call.starts_with("send") || call.starts_with("recv") => Bits(MESSAGE_FLAGS),
        (_, "flags") if call.ends_with("at") || call.ends_with("at2") || call == "statx" => {
            Bits(AT_FLAGS)
        }
        ("umount2", "flags") => Bits(&[1, 2, 4, 8]),
        ("renameat2", "flags") => Bits(&[1, 2, 4]),
        ("poll", "timeout") | (_, "timeout") => Of(&[0, 0, 1, 2, 5, u32::MAX]),
        (_, "set_size") => Of(&[8, 8, 8, 8, 8, 4, 16]),
        (_, "seconds") => Of(&[0, 1, 100]),
        (_, "address" | "new_address" | "area") => Page,
        (_, "head") => Room,
        ("mincore" | "mmap2" | "munmap" | "mprotect" | "madvise" | "mremap" | "msync", _)
            if name.ends_with("length") =>
        {
            Pages
        }
        ("mlock" | "munlock" | "mlock2", "length") => Pages,
        ("set_robust_list", "length") => Of(&[12]),
        ("bind" | "connect" | "sendto", "length") => Of(&[0, 2, 4, 8, 110]),
        (
            "poll" | "ppoll" | "ppoll_time64" | "readv" | "writev" | "preadv" | "pwritev",
            "count",
        ) => Of(&[0, 1, 2, 2, 3, 1025]),
        (_, "local_count" | "remote_count") => Of(&[0, 1, 2, 3]),
        (_, "count") if call.contains("select") => Of(&[0, 8, 24, 48, 64]),
        (_, "count") if call.ends_with("mmsg") || call.ends_with("mmsg_time64") => {
            Of(&[0, 1, 2, 1024])
        }
        ("eventfd" | "eventfd2", "count") => Of(&[0, 1, 5, u32::MAX]),
        (_, "size" | "count" | "length") => Size,
        (_, "offset" | "page_offset" | "offset_low" | "offset_high") => Offset,
        (_, "nice") => Of(&[0, 1, 5, 19, 20]),
        _ => Any,
    }
}

fn of_folio(name: &str) -> Sort {
    let kept = |slot| Kept(Kind::Handle(slot));
    match name {
        "port" | "handle" | "console" | "irq" => kept(handle::PORT),
        "frames" => kept(handle::FRAMES),
        "ports" => kept(handle::IO_PORTS),
        "tracer" => kept(handle::TRACER),
        "right" => kept(handle::RIGHT),
        "process" => kept(handle::PROCESS),
        "pid" | "tid" => PID,
        "signal" => SIGNAL,
        "address" => Page,
        "size" | "length" => Size,
        "pages" | "count" => Of(&[0, 1, 2, 4, 17]),
        "offset" => Offset,
        "protection" => Bits(PROTECTION),
        "rights" | "bits" | "mask" => Bits(&[1, 2, 4, 8, 16, 32, 64, 1 << 31]),
        "level" => Of(&[0, 3, 8, 9, 10]),
        "token" | "lease" | "after" | "from" | "first" | "page" | "kind" => Of(&[0, 1, 2, 3, 8]),
        _ => Any,
    }
}
