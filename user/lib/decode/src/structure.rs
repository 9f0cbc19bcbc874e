//! Structures as text, with the names Linux gives their fields.

use crate::flags;
use crate::shape;
use crate::signal;
use abi::Plain;
use abi::epoll::EpollEvent;
use abi::file::{Flock, Flock64, S_IFMT, Stat, Stat64, Statfs, Statfs64, Statx};
use abi::ipc::Lent;
use abi::poll::Pollfd;
use abi::process::{CloneArgs, Rlimit, Rlimit64, Rusage, Sysinfo, UserDesc, Utsname};
use abi::signal::{
    OldSigaction, SA_RESTORER, Sigaction, Sigaltstack, Sigevent, Siginfo, SignalSet,
};
use abi::terminal::{Termios, Winsize};
use abi::time::{
    Itimerspec, Itimerspec64, Itimerval, Timespec, Timespec64, Timeval, Timezone, Tms, UTIME_NOW,
    UTIME_OMIT, Utimbuf,
};
use alloc::string::String;
use core::fmt::Write;

/// A value that is read from memory and shown.
pub trait Text: Plain {
    fn text(&self, to: &mut String);
}

/// `write!` to a string does not fail.
macro_rules! show {
    ($to:expr, $($arguments:tt)*) => {{ let _ = write!($to, $($arguments)*); }};
}

macro_rules! texts {
    ($( $type:ty: $value:ident, $to:ident => $body:expr; )*) => { $(
        impl Text for $type {
            fn text(&self, $to: &mut String) {
                let $value = *self;
                $body
            }
        }
    )* };
}

texts! {
    Timespec: time, to => match time.nsec {
        UTIME_NOW => to.push_str("UTIME_NOW"),
        UTIME_OMIT => to.push_str("UTIME_OMIT"),
        _ => show!(to, "{{tv_sec={}, tv_nsec={}}}", { time.sec }, { time.nsec }),
    };
    Timespec64: time, to => match i32::try_from(time.nsec) {
        Ok(UTIME_NOW) => to.push_str("UTIME_NOW"),
        Ok(UTIME_OMIT) => to.push_str("UTIME_OMIT"),
        _ => show!(to, "{{tv_sec={}, tv_nsec={}}}", { time.sec }, { time.nsec }),
    };
    Timeval: time, to => show!(to, "{{tv_sec={}, tv_usec={}}}", { time.sec }, { time.usec });
    Timezone: zone, to => {
        show!(to, "{{tz_minuteswest={}, tz_dsttime={}}}", { zone.minuteswest }, { zone.dsttime });
    };
    Utimbuf: times, to => show!(to, "{{actime={}, modtime={}}}", { times.actime }, { times.modtime });
    Tms: times, to => show!(to, "{{tms_utime={}, tms_stime={}, tms_cutime={}, tms_cstime={}}}",
        { times.utime }, { times.stime }, { times.cutime }, { times.cstime });
    Itimerspec: timer, to => pair("it", &{ timer.interval }, &{ timer.value }, to);
    Itimerspec64: timer, to => pair("it", &{ timer.interval }, &{ timer.value }, to);
    Itimerval: timer, to => pair("it", &{ timer.interval }, &{ timer.value }, to);
    Stat: stat, to => attributes(u32::from(stat.mode), stat.size.into(), u64::from(stat.rdev), to);
    Stat64: stat, to => attributes(stat.mode, { stat.size }.cast_unsigned(), stat.rdev, to);
    Statx: stat, to => {
        show!(to, "{{stx_mask=");
        flags::set(stat.mask, flags::STATX, to);
        show!(to, ", stx_attributes={:#x}, stx_mode=", { stat.attributes });
        mode(stat.mode.into(), to);
        show!(to, ", stx_size={}, ...}}", { stat.size });
    };
    Statfs: figures, to => show!(to, "{{f_type={:#x}, f_bsize={}, f_blocks={}, f_bfree={}, ...}}",
        { figures.kind }, { figures.bsize }, { figures.blocks }, { figures.bfree });
    Statfs64: figures, to => show!(to, "{{f_type={:#x}, f_bsize={}, f_blocks={}, f_bfree={}, ...}}",
        { figures.kind }, { figures.bsize }, { figures.blocks }, { figures.bfree });
    CloneArgs: arguments, to => {
        let flags = { arguments.flags };
        show!(to, "{{flags=");
        flags::set(flags as u32, flags::CLONE, to);
        flags::more((flags >> 32) as u32, flags::CLONE3, to);
        show!(to, ", child_tid={:#x}, parent_tid={:#x}, exit_signal=",
            { arguments.child_tid }, { arguments.parent_tid });
        match i32::try_from(arguments.exit_signal) {
            Ok(number) if number != 0 => signal::name(number, to),
            _ => show!(to, "{}", { arguments.exit_signal }),
        }
        show!(to, ", stack={:#x}, stack_size={:#x}, tls={:#x}}}",
            { arguments.stack }, { arguments.stack_size }, { arguments.tls });
    };
    Rlimit: limit, to => limits(wide(limit.cur), wide(limit.max), to);
    Rlimit64: limit, to => limits(limit.cur, limit.max, to);
    Rusage: usage, to => {
        show!(to, "{{ru_utime=");
        { usage.utime }.text(to);
        show!(to, ", ru_stime=");
        { usage.stime }.text(to);
        show!(to, ", ...}}");
    };
    Sysinfo: info, to => {
        show!(to, "{{uptime={}, totalram={}, freeram={}, procs={}, totalhigh={}, freehigh={}, \
            mem_unit={}, ...}}", { info.uptime }, { info.totalram }, { info.freeram },
            { info.procs }, { info.totalhigh }, { info.freehigh }, { info.mem_unit });
    };
    Utsname: name, to => {
        show!(to, "{{sysname=");
        padded(&{ name.sysname }, to);
        show!(to, ", nodename=");
        padded(&{ name.nodename }, to);
        show!(to, ", release=");
        padded(&{ name.release }, to);
        show!(to, ", ...}}");
    };
    UserDesc: entry, to => {
        show!(to, "{{entry_number={}, base_addr={:#x}, limit={:#x}, flags={:#x}}}",
            { entry.entry_number }.cast_signed(), { entry.base_addr }, { entry.limit },
            { entry.flags });
    };
    SignalSet: set, to => signal::set(set, to);
    Sigaction: action, to => {
        show!(to, "{{sa_handler=");
        handler(action.handler, to);
        show!(to, ", sa_mask=");
        { action.mask }.text(to);
        rest_of_action(action.flags, action.restorer, to);
    };
    OldSigaction: action, to => {
        show!(to, "{{sa_handler=");
        handler(action.handler, to);
        show!(to, ", sa_mask=");
        SignalSet { bits: action.mask.into() }.text(to);
        rest_of_action(action.flags, action.restorer, to);
    };
    Sigaltstack: stack, to => {
        show!(to, "{{ss_sp=");
        shape::address(stack.sp, to);
        show!(to, ", ss_flags=");
        flags::set(stack.flags, flags::SIGNAL_STACK, to);
        show!(to, ", ss_size={}}}", { stack.size });
    };
    Sigevent: event, to => {
        show!(to, "{{sigev_value={:#x}, sigev_signo=", { event.value });
        signal::name(event.signo, to);
        show!(to, ", sigev_notify=");
        flags::choice({ event.notify }.cast_unsigned(), flags::NOTIFY, to);
        to.push('}');
    };
    Siginfo: info, to => signal::info(&info, to);
    Pollfd: watched, to => {
        show!(to, "{{fd={}, events=", { watched.fd });
        flags::set({ watched.events }.into(), flags::POLL, to);
        if watched.revents != 0 {
            show!(to, ", revents=");
            flags::set({ watched.revents }.into(), flags::POLL, to);
        }
        to.push('}');
    };
    EpollEvent: event, to => {
        show!(to, "{{events=");
        flags::set(event.events, flags::EPOLL, to);
        show!(to, ", data={:#x}}}", { event.data });
    };
    Flock: lock, to => lock_text((lock.kind, lock.whence), lock.start.into(), lock.len.into(), to);
    Flock64: lock, to => lock_text((lock.kind, lock.whence), lock.start, lock.len, to);
    Termios: terminal, to => show!(to,
        "{{c_iflag={:#x}, c_oflag={:#x}, c_cflag={:#x}, c_lflag={:#x}, ...}}",
        { terminal.iflag }, { terminal.oflag }, { terminal.cflag }, { terminal.lflag });
    Winsize: size, to => show!(to, "{{ws_row={}, ws_col={}, ws_xpixel={}, ws_ypixel={}}}",
        { size.row }, { size.col }, { size.xpixel }, { size.ypixel });
    Lent: lent, to => show!(to, "{{address={:#x}, length={}, access={}}}",
        { lent.address }, { lent.length }, { lent.access });
}

fn pair<T: Text>(prefix: &str, interval: &T, value: &T, to: &mut String) {
    show!(to, "{{{prefix}_interval=");
    interval.text(to);
    show!(to, ", {prefix}_value=");
    value.text(to);
    to.push('}');
}

fn attributes(bits: u32, size: u64, device: u64, to: &mut String) {
    use abi::file::{DeviceNumber, S_IFBLK, S_IFCHR};
    show!(to, "{{st_mode=");
    mode(bits, to);
    if matches!(bits & S_IFMT, S_IFCHR | S_IFBLK) {
        let DeviceNumber { major, minor } = DeviceNumber::decode(device as u32);
        show!(to, ", st_rdev=makedev({major:#x}, {minor:#x}), ...}}");
    } else {
        show!(to, ", st_size={size}, ...}}");
    }
}

/// Kind and permission bits of a file.
pub fn mode(bits: u32, to: &mut String) {
    if bits & S_IFMT != 0 {
        flags::choice(bits & S_IFMT, flags::FILE_KIND, to);
        to.push('|');
    }
    let special: u32 = flags::SPECIAL_BITS.iter().map(|(bit, _)| bit).sum();
    if bits & special != 0 {
        flags::set(bits & special, flags::SPECIAL_BITS, to);
        to.push('|');
    }
    show!(to, "0{:03o}", bits & 0o777);
}

fn wide(limit: u32) -> u64 {
    if limit == u32::MAX { u64::MAX } else { limit.into() }
}

fn limits(current: u64, most: u64, to: &mut String) {
    let mut one = |limit: u64, name: &str| match limit {
        u64::MAX => show!(to, "{name}=RLIM_INFINITY"),
        _ if limit > 1024 && limit.is_multiple_of(1024) => {
            show!(to, "{name}={}*1024", limit / 1024)
        }
        _ => show!(to, "{name}={limit}"),
    };
    one(current, "{rlim_cur");
    one(most, ", rlim_max");
    to.push('}');
}

fn lock_text((kind, whence): (i16, i16), start: i64, len: i64, to: &mut String) {
    show!(to, "{{l_type=");
    flags::choice(kind.cast_unsigned().into(), flags::LOCK_KIND, to);
    show!(to, ", l_whence=");
    flags::choice(whence.cast_unsigned().into(), flags::WHENCE, to);
    show!(to, ", l_start={start}, l_len={len}}}");
}

fn padded(bytes: &[u8], to: &mut String) {
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    crate::quote::quoted(text, false, to);
}

fn handler(address: u32, to: &mut String) {
    flags::choice(address, flags::HANDLER, to);
}

fn rest_of_action(bits: u32, restorer: u32, to: &mut String) {
    show!(to, ", sa_flags=");
    flags::set(bits, flags::ACTION, to);
    if bits & SA_RESTORER != 0 {
        show!(to, ", sa_restorer={restorer:#x}");
    }
    to.push('}');
}
