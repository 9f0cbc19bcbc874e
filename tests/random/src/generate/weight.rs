//! How often a call is made, and which are not.

use crate::table::Call;

/// Calls that are not made, and why.
const LEFT_OUT: &[(&str, &str)] = &[
    ("leak", "it loses memory on purpose"),
    ("fault_create", "what fails on purpose is `scripts/test fault`'s"),
    ("fault_enter", "as above"),
    ("fault_set_thread", "as above"),
    ("fault_take_memory", "as above"),
    ("fault_step_clock", "as above"),
    ("fault_poke", "it would change `init`, and whoever else tests"),
    ("disclose", "what it writes is no two times the same"),
];

/// Why a call is not made.
pub fn reason(call: &Call) -> Option<&'static str> {
    LEFT_OUT.iter().find(|(name, _)| *name == call.name).map(|(_, why)| *why)
}

/// How often, relative to others.
pub fn of(call: &Call) -> u32 {
    match call.name {
        _ if reason(call).is_some() => 0,
        // Whoever makes it starts again, and that takes as long as many other calls.
        "exit" | "exit_group" | "sigreturn" | "rt_sigreturn" => 1,
        "fork" | "vfork" | "execve" | "kill" | "tkill" | "tgkill" | "rt_sigqueueinfo" => 2,
        "clone" | "clone3" => 4,
        // They wait until they are interrupted.
        "pause" | "sigsuspend" | "rt_sigsuspend" | "receive" | "reply_receive" | "call" => 2,
        "nanosleep" | "clock_nanosleep" | "clock_nanosleep_time64" | "trace_next" => 4,
        "rt_sigtimedwait" | "flock" | "accept4" | "chroot" | "setsid" | "drain" => 4,
        // They let later calls reach less.
        "setrlimit" | "prlimit64" | "chdir" | "fchdir" => 4,
        "level_raise" | "close_range" => 1,
        name if name.contains("setuid") || name.contains("setresuid") => 2,
        name if name.contains("setreuid") || name.contains("setfsuid") => 2,
        name if name.contains("xattr") => 4,
        name if name.starts_with("get") && call.parameters.is_empty() => 4,
        // Where most of the kernel is.
        "mmap2" | "munmap" | "mremap" | "mprotect" | "madvise" => 48,
        "open" | "openat" | "read" | "write" | "sendmsg" | "recvmsg" | "socketpair" => 32,
        "dup" | "dup2" | "dup3" | "pipe" | "pipe2" | "epoll_ctl" | "memfd_create" => 24,
        "close" => 8,
        _ => 16,
    }
}
