//! What an address leads to, as text.

use crate::memory::{self, Memory};
use crate::quote;
use crate::socket;
use crate::structure::Text;
use abi::UserStr;
use abi::epoll::EpollEvent;
use abi::file::{Iovec, Stat, Stat64, Statfs, Statfs64, Statx};
use abi::poll::Pollfd;
use abi::process::{CloneArgs, Rlimit, Rlimit64, Rusage, Sysinfo, UserDesc, Utsname};
use abi::signal::{OldSigaction, Sigaction, Sigaltstack, Sigevent, Siginfo, SignalSet};
use abi::socket::{Mmsghdr, Msghdr};
use abi::time::{
    Itimerspec, Itimerspec64, Itimerval, Timespec, Timespec64, Timeval, Timezone, Tms, Utimbuf,
};
use alloc::string::String;
use core::any::TypeId;
use core::fmt::Write;

/// What else is known of a pointer argument.
pub struct Around<'a> {
    pub memory: &'a dyn Memory,
    pub call: &'a str,
    pub parameter: &'a str,
    /// The argument behind it, if that says how much there is.
    pub count: Option<u32>,
    /// What the call returned, if it is over and went well.
    pub result: Option<u32>,
}

/// Shows what is at an address, which is not 0.
pub type Shape = fn(&Around, u32, &mut String);

/// Elements of a list that are shown.
const LISTED: u32 = 32;

/// How a type looks; `None` for one that is shown as its address.
pub fn shape_of<T: 'static>() -> Option<Shape> {
    macro_rules! shapes {
        ($( $type:ty => $shape:expr; )*) => {
            [ $( (TypeId::of::<$type>(), $shape as Shape) ),* ]
        };
    }
    let shapes = shapes! {
        u8 => bytes;
        u32 => list::<u32>;
        i32 => list::<i32>;
        i64 => list::<i64>;
        u64 => list::<u64>;
        [i32; 2] => list_of::<i32, 2>;
        [u32; 2] => list_of::<u32, 2>;
        [u32; 5] => list_of::<u32, 5>;
        [u32; 6] => list_of::<u32, 6>;
        [Timeval; 2] => list_of::<Timeval, 2>;
        [Timespec; 2] => list_of::<Timespec, 2>;
        [Timespec64; 2] => list_of::<Timespec64, 2>;
        UserStr => strings;
        Iovec => buffers;
        Pollfd => several::<Pollfd>;
        EpollEvent => several::<EpollEvent>;
        Msghdr => message;
        Mmsghdr => messages;
        Stat => one::<Stat>;
        Stat64 => one::<Stat64>;
        Statx => one::<Statx>;
        Statfs => one::<Statfs>;
        Statfs64 => one::<Statfs64>;
        CloneArgs => one::<CloneArgs>;
        Rlimit => one::<Rlimit>;
        Rlimit64 => one::<Rlimit64>;
        Rusage => one::<Rusage>;
        Sysinfo => one::<Sysinfo>;
        UserDesc => one::<UserDesc>;
        Utsname => one::<Utsname>;
        Sigaction => one::<Sigaction>;
        OldSigaction => one::<OldSigaction>;
        Sigaltstack => one::<Sigaltstack>;
        Sigevent => one::<Sigevent>;
        Siginfo => one::<Siginfo>;
        SignalSet => one::<SignalSet>;
        Timespec => one::<Timespec>;
        Timespec64 => one::<Timespec64>;
        Timeval => one::<Timeval>;
        Timezone => one::<Timezone>;
        Itimerspec => one::<Itimerspec>;
        Itimerspec64 => one::<Itimerspec64>;
        Itimerval => one::<Itimerval>;
        Tms => one::<Tms>;
        Utimbuf => one::<Utimbuf>;
        abi::ipc::Lent => one::<abi::ipc::Lent>;
    };
    let wanted = TypeId::of::<T>();
    shapes.into_iter().find(|(id, _)| *id == wanted).map(|(_, shape)| shape)
}

pub fn address(address: u32, to: &mut String) {
    let _ = match address {
        0 => write!(to, "NULL"),
        _ => write!(to, "{address:#x}"),
    };
}

fn one<T: Text>(around: &Around, at: u32, to: &mut String) {
    match memory::value::<T>(around.memory, at) {
        Some(value) => value.text(to),
        None => address(at, to),
    }
}

fn list_of<T: Text, const N: usize>(around: &Around, at: u32, to: &mut String) {
    elements::<T>(around, at, N as u32, to);
}

/// As many as the argument behind it says; one if none does.
fn list<T: Text>(around: &Around, at: u32, to: &mut String) {
    match (around.call, around.parameter) {
        ("select" | "_newselect" | "pselect6" | "pselect6_time64", _) => {
            descriptor_set(around, at, to)
        }
        ("waitpid" | "wait4", "status") => wait_status(around, at, to),
        ("rt_sigprocmask" | "sigprocmask" | "sigpending", _) => old_mask(around, at, to),
        ("getgroups32", _) => elements::<T>(around, at, around.result.unwrap_or(0), to),
        ("setgroups32", _) => elements::<T>(around, at, around.count.unwrap_or(0), to),
        // A word that other threads change is no answer.
        ("futex" | "futex_time64", _) => address(at, to),
        _ => elements::<T>(around, at, 1, to),
    }
}

/// What `poll` and its kin found, or were asked for.
fn several<T: Text>(around: &Around, at: u32, to: &mut String) {
    let count = match around.call {
        "epoll_ctl" => return one::<T>(around, at, to),
        "epoll_wait" | "epoll_pwait" | "epoll_pwait2" => around.result,
        _ => around.count,
    };
    elements::<T>(around, at, count.unwrap_or(0), to);
}

fn elements<T: Text>(around: &Around, at: u32, count: u32, to: &mut String) {
    to.push('[');
    for index in 0..count.min(LISTED) {
        if index != 0 {
            to.push_str(", ");
        }
        let place = at.wrapping_add(index * size_of::<T>() as u32);
        match memory::value::<T>(around.memory, place) {
            Some(value) => value.text(to),
            None => {
                address(place, to);
                break;
            }
        }
    }
    to.push_str(if count > LISTED { ", ...]" } else { "]" });
}

/// A buffer: its length is what the call returned, or else what the argument behind it says.
fn bytes(around: &Around, at: u32, to: &mut String) {
    match (around.call, around.parameter) {
        ("getdents64" | "getdents" | "mincore", _) => return address(at, to),
        ("sched_getaffinity" | "sched_setaffinity", _) => {
            return elements::<u32>(around, at, around.count.map_or(0, |size| size.min(4) / 4), to);
        }
        ("getsockopt" | "setsockopt", _) => return elements::<i32>(around, at, 1, to),
        (_, "address") => {
            return socket::address(around.memory, at, around.count.unwrap_or(0), to);
        }
        _ => {}
    }
    let count = around.count.unwrap_or(0);
    let length = match (around.call, around.result) {
        // With its zero byte.
        ("getcwd", Some(result)) => result.saturating_sub(1),
        (_, Some(result)) => result.min(count),
        (_, None) => count,
    };
    let bytes = memory::bytes(around.memory, at, (length as usize).min(quote::SHOWN + 1));
    if bytes.is_empty() && length != 0 {
        return address(at, to);
    }
    quote::buffer(&bytes, to);
}

/// A vector of strings with a null pointer at its end; of the environment only how many.
fn strings(around: &Around, at: u32, to: &mut String) {
    let mut shown = String::from("[");
    let mut count = 0;
    loop {
        let place = at.wrapping_add(count * 4);
        let Some(string) = memory::value::<u32>(around.memory, place) else {
            return address(at, to);
        };
        if string == 0 {
            break;
        }
        if count < LISTED {
            if count != 0 {
                shown.push_str(", ");
            }
            text(around.memory, string, &mut shown);
        }
        count += 1;
        if count == 65_536 {
            return address(at, to);
        }
    }
    if around.parameter == "envp" {
        let _ = write!(to, "{at:#x} /* {count} vars */");
        return;
    }
    shown.push_str(if count > LISTED { ", ...]" } else { "]" });
    to.push_str(&shown);
}

/// A string, whole.
pub fn text(memory: &dyn Memory, at: u32, to: &mut String) {
    match memory::string(memory, at) {
        Some(bytes) => quote::quoted(&bytes, false, to),
        None => address(at, to),
    }
}

/// Buffers with what is in them, or with what the call has put there.
fn buffers(around: &Around, at: u32, to: &mut String) {
    show_buffers(around, at, around.count.unwrap_or(0), to);
}

fn show_buffers(around: &Around, at: u32, count: u32, to: &mut String) {
    // What is written is there before, what is read afterwards.
    let mut left = match around.call.contains("write") || around.call.starts_with("send") {
        true => u32::MAX,
        false => around.result.unwrap_or(0),
    };
    to.push('[');
    for index in 0..count.min(LISTED) {
        if index != 0 {
            to.push_str(", ");
        }
        let place = at.wrapping_add(index * size_of::<Iovec>() as u32);
        let Some(Iovec { base, len }) = memory::value::<Iovec>(around.memory, place) else {
            address(place, to);
            break;
        };
        to.push_str("{iov_base=");
        let filled = len.min(left);
        left -= filled;
        let is_local = around.parameter != "remote";
        if is_local && (filled != 0 || len == 0) {
            let bytes = memory::bytes(
                around.memory,
                base.address(),
                (filled as usize).min(quote::SHOWN + 1),
            );
            quote::buffer(&bytes, to);
        } else {
            address(base.address(), to);
        }
        let _ = write!(to, ", iov_len={len}}}");
    }
    to.push_str(if count > LISTED { ", ...]" } else { "]" });
}

/// As many as were sent or received, with the bytes of each; else all that were to be.
fn messages(around: &Around, at: u32, to: &mut String) {
    let count = around.result.or(around.count).unwrap_or(0);
    to.push('[');
    for index in 0..count.min(LISTED) {
        if index != 0 {
            to.push_str(", ");
        }
        let place = at.wrapping_add(index * size_of::<Mmsghdr>() as u32);
        let Some(message) = memory::value::<Mmsghdr>(around.memory, place) else {
            address(place, to);
            break;
        };
        let result = around.result.map(|_| message.len);
        to.push_str("{msg_hdr=");
        show_message(&Around { result, ..*around }, &message.head, to);
        let _ = write!(to, ", msg_len={}}}", message.len);
    }
    to.push_str(if count > LISTED { ", ...]" } else { "]" });
}

fn message(around: &Around, at: u32, to: &mut String) {
    match memory::value::<Msghdr>(around.memory, at) {
        Some(head) => show_message(around, &head, to),
        None => address(at, to),
    }
}

fn show_message(around: &Around, head: &Msghdr, to: &mut String) {
    to.push_str("{msg_name=");
    match { head.name }.address() {
        0 => to.push_str("NULL"),
        name => socket::address(around.memory, name, { head.namelen } as u32, to),
    }
    let _ = write!(to, ", msg_namelen={}, msg_iov=", { head.namelen });
    show_buffers(around, { head.iov }.address(), head.iovlen, to);
    let _ = write!(to, ", msg_iovlen={}, msg_controllen={}, msg_flags=", { head.iovlen }, {
        head.controllen
    });
    crate::flags::set(head.flags, crate::flags::MESSAGE, to);
    to.push('}');
}

/// A set of descriptors: the bits of as many words as the call's first argument says.
fn descriptor_set(around: &Around, at: u32, to: &mut String) {
    let count = around.count.unwrap_or(0).min(1024);
    to.push('[');
    let mut separator = "";
    for fd in 0..count {
        let word = memory::value::<u32>(around.memory, at.wrapping_add(fd / 32 * 4));
        if word.is_some_and(|word| word >> (fd % 32) & 1 != 0) {
            let _ = write!(to, "{separator}{fd}");
            separator = " ";
        }
    }
    to.push(']');
}

fn old_mask(around: &Around, at: u32, to: &mut String) {
    match memory::value::<u32>(around.memory, at) {
        Some(bits) => SignalSet { bits: bits.into() }.text(to),
        None => address(at, to),
    }
}

fn wait_status(around: &Around, at: u32, to: &mut String) {
    match memory::value::<i32>(around.memory, at) {
        // Nobody was waited for, so nothing was written.
        Some(_) if around.result == Some(0) => address(at, to),
        Some(status) => {
            to.push('[');
            crate::signal::wait_status(status, to);
            to.push(']');
        }
        None => address(at, to),
    }
}

macro_rules! numbers {
    ($($number:ty)*) => { $(
        impl Text for $number {
            fn text(&self, to: &mut String) {
                let _ = write!(to, "{self}");
            }
        }
    )* };
}

numbers!(u32 i32 u64 i64);
