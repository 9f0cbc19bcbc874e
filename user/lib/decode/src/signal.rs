//! Signals, why they came, and how programs end.

use crate::shape;
use abi::signal::{
    self, CLD_CONTINUED, CLD_DUMPED, CLD_EXITED, CLD_KILLED, CLD_STOPPED, SI_KERNEL, SI_QUEUE,
    SI_TIMER, SI_TKILL, SI_USER, SIGBUS, SIGCHLD, SIGFPE, SIGILL, SIGSEGV, SIGTRAP, Siginfo,
    SignalSet,
};
use alloc::string::String;
use core::fmt::Write;

/// Standard signals have numbers below this.
const FIRST_REAL_TIME: i32 = signal::SIGRTMIN;

pub fn name(signal: i32, to: &mut String) {
    match signal::name(signal) {
        Some(name) => to.push_str(name),
        None if (FIRST_REAL_TIME..=signal::NSIG).contains(&signal) => {
            let _ = match signal - FIRST_REAL_TIME {
                0 => write!(to, "SIGRTMIN"),
                more => write!(to, "SIGRT_{more}"),
            };
        }
        None => {
            let _ = write!(to, "{signal}");
        }
    }
}

/// The names without `SIG`. More than half of all are shown by those that are missing.
pub fn set(set: SignalSet, to: &mut String) {
    let all = signal::NSIG;
    let count = (1..=all).filter(|signal| set.contains(*signal)).count();
    let inverted = count > all as usize / 2 + 1;
    to.push_str(if inverted { "~[" } else { "[" });
    let mut separator = "";
    for one in (1..=all).filter(|signal| set.contains(*signal) != inverted) {
        to.push_str(separator);
        let start = to.len();
        name(one, to);
        if to.get(start..).is_some_and(|name| name.starts_with("SIG")) {
            to.replace_range(start..start + "SIG".len(), "");
        }
        separator = " ";
    }
    to.push(']');
}

fn code(signal: i32, code: i32) -> Option<&'static str> {
    let by_signal: &[(i32, &str)] = match signal {
        SIGSEGV => &[(1, "SEGV_MAPERR"), (2, "SEGV_ACCERR")],
        SIGBUS => &[(1, "BUS_ADRALN"), (2, "BUS_ADRERR"), (3, "BUS_OBJERR")],
        SIGFPE => &[
            (1, "FPE_INTDIV"),
            (2, "FPE_INTOVF"),
            (3, "FPE_FLTDIV"),
            (4, "FPE_FLTOVF"),
            (5, "FPE_FLTUND"),
            (6, "FPE_FLTRES"),
            (7, "FPE_FLTINV"),
        ],
        SIGILL => &[(1, "ILL_ILLOPC"), (2, "ILL_ILLOPN"), (8, "ILL_BADSTK")],
        SIGTRAP => &[(1, "TRAP_BRKPT"), (2, "TRAP_TRACE")],
        SIGCHLD => &[
            (CLD_EXITED, "CLD_EXITED"),
            (CLD_KILLED, "CLD_KILLED"),
            (CLD_DUMPED, "CLD_DUMPED"),
            (CLD_STOPPED, "CLD_STOPPED"),
            (CLD_CONTINUED, "CLD_CONTINUED"),
        ],
        _ => &[],
    };
    let always = [
        (SI_USER, "SI_USER"),
        (SI_KERNEL, "SI_KERNEL"),
        (SI_QUEUE, "SI_QUEUE"),
        (SI_TIMER, "SI_TIMER"),
        (SI_TKILL, "SI_TKILL"),
    ];
    by_signal.iter().chain(&always).find(|(number, _)| *number == code).map(|(_, name)| *name)
}

pub fn info(info: &Siginfo, to: &mut String) {
    let (signal, why) = (info.signo, info.code);
    to.push_str("{si_signo=");
    name(signal, to);
    to.push_str(", si_code=");
    let _ = match code(signal, why) {
        Some(name) => write!(to, "{name}"),
        None => write!(to, "{why}"),
    };
    match why {
        SI_USER | SI_TKILL | SI_QUEUE => {
            let _ = write!(to, ", si_pid={}, si_uid={}", info.pid(), info.uid());
        }
        1..SI_KERNEL if signal == SIGCHLD => {
            let _ = write!(to, ", si_pid={}, si_uid={}, si_status=", info.pid(), info.uid());
            match why {
                CLD_EXITED => {
                    let _ = write!(to, "{}", info.status());
                }
                _ => name(info.status(), to),
            }
            let fields = info.fields;
            let _ = write!(to, ", si_utime={}, si_stime={}", fields[3], fields[4]);
        }
        1..SI_KERNEL if matches!(signal, SIGSEGV | SIGBUS | SIGFPE | SIGILL | SIGTRAP) => {
            to.push_str(", si_addr=");
            shape::address(info.address(), to);
        }
        _ => {}
    }
    to.push('}');
}

/// A line about a signal.
pub fn line(of: &Siginfo) -> String {
    let mut line = String::from("--- ");
    name(of.signo, &mut line);
    line.push(' ');
    info(of, &mut line);
    line.push_str(" ---");
    line
}

/// A line about a stop.
pub fn stop_line(signal: i32) -> String {
    let mut line = String::from("--- stopped by ");
    name(signal, &mut line);
    line.push_str(" ---");
    line
}

/// A line about an end.
pub fn end_line(status: i32) -> String {
    let mut line = String::from("+++ ");
    match status & 0x7f {
        0 => {
            let _ = write!(line, "exited with {}", status >> 8 & 0xff);
        }
        signal => {
            line.push_str("killed by ");
            name(signal, &mut line);
        }
    }
    line.push_str(" +++");
    line
}

/// As `wait` tells it.
pub fn wait_status(status: i32, to: &mut String) {
    let value = status >> 8 & 0xff;
    let _ = match status & 0x7f {
        _ if status == abi::process::STATUS_CONTINUED => write!(to, "{{WIFCONTINUED(s)}}"),
        0 => write!(to, "{{WIFEXITED(s) && WEXITSTATUS(s) == {value}}}"),
        0x7f => {
            to.push_str("{WIFSTOPPED(s) && WSTOPSIG(s) == ");
            name(value, to);
            write!(to, "}}")
        }
        signal => {
            to.push_str("{WIFSIGNALED(s) && WTERMSIG(s) == ");
            name(signal, to);
            write!(to, "}}")
        }
    };
}
