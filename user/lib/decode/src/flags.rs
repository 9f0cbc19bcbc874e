//! Numbers that have names.

use abi::{epoll, failpoint, file, memory, poll, process, signal, socket, terminal, time, trace};
use alloc::string::String;
use core::fmt::Write;

/// A value and its name.
pub type Name = (u32, &'static str);

macro_rules! names {
    ($module:path: $($name:ident)*) => {{
        use $module::*;
        &[ $( ($name as u32, stringify!($name)) ),* ]
    }};
}

pub const PROTECTION: &[Name] = names!(memory: PROT_READ PROT_WRITE PROT_EXEC PROT_SEM
    PROT_GROWSDOWN PROT_GROWSUP);
pub const MAP_KIND: &[Name] = names!(memory: MAP_SHARED MAP_PRIVATE MAP_SHARED_VALIDATE);
pub const MAP: &[Name] = names!(memory: MAP_FIXED MAP_ANONYMOUS MAP_GROWSDOWN MAP_DENYWRITE
    MAP_EXECUTABLE MAP_LOCKED MAP_NORESERVE MAP_POPULATE MAP_NONBLOCK MAP_STACK MAP_HUGETLB
    MAP_SYNC MAP_FIXED_NOREPLACE);
pub const MREMAP: &[Name] = names!(memory: MREMAP_MAYMOVE MREMAP_FIXED MREMAP_DONTUNMAP);
pub const MSYNC: &[Name] = names!(memory: MS_ASYNC MS_INVALIDATE MS_SYNC);
pub const MLOCKALL: &[Name] = names!(memory: MCL_CURRENT MCL_FUTURE MCL_ONFAULT);
pub const MLOCK: &[Name] = names!(memory: MLOCK_ONFAULT);
pub const MEMFD: &[Name] = names!(memory: MFD_CLOEXEC MFD_ALLOW_SEALING MFD_HUGETLB);
pub const ADVICE: &[Name] = names!(memory: MADV_NORMAL MADV_RANDOM MADV_SEQUENTIAL MADV_WILLNEED
    MADV_DONTNEED MADV_FREE MADV_REMOVE MADV_DONTFORK MADV_DOFORK MADV_MERGEABLE MADV_UNMERGEABLE
    MADV_HUGEPAGE MADV_NOHUGEPAGE MADV_DONTDUMP MADV_DODUMP MADV_WIPEONFORK MADV_KEEPONFORK
    MADV_COLD MADV_PAGEOUT MADV_POPULATE_READ MADV_POPULATE_WRITE MADV_HWPOISON);

pub const ACCESS_MODE: &[Name] = names!(file: O_RDONLY O_WRONLY O_RDWR);
/// Names of several bits come before those of one.
pub const OPEN: &[Name] = names!(file: O_TMPFILE O_SYNC O_CREAT O_EXCL O_NOCTTY O_TRUNC O_APPEND
    O_NONBLOCK O_DSYNC FASYNC O_DIRECT O_LARGEFILE O_DIRECTORY O_NOFOLLOW O_NOATIME O_CLOEXEC
    O_PATH);
pub const EVENT: &[Name] = names!(file: EFD_SEMAPHORE O_NONBLOCK O_CLOEXEC);
pub const ACCESS: &[Name] = names!(file: R_OK W_OK X_OK);
pub const AT: &[Name] = names!(file: AT_SYMLINK_NOFOLLOW AT_SYMLINK_FOLLOW AT_NO_AUTOMOUNT
    AT_EMPTY_PATH AT_STATX_FORCE_SYNC AT_STATX_DONT_SYNC);
pub const AT_UNLINK: &[Name] = names!(file: AT_REMOVEDIR);
pub const AT_ACCESS: &[Name] = names!(file: AT_EACCESS AT_SYMLINK_NOFOLLOW AT_EMPTY_PATH);
pub const STATX: &[Name] = names!(file: STATX_BASIC_STATS STATX_TYPE STATX_MODE STATX_NLINK
    STATX_UID STATX_GID STATX_ATIME STATX_MTIME STATX_CTIME STATX_INO STATX_SIZE STATX_BLOCKS
    STATX_BTIME STATX_MNT_ID STATX_DIOALIGN);
pub const RENAME: &[Name] = names!(file: RENAME_NOREPLACE RENAME_EXCHANGE RENAME_WHITEOUT);
pub const FALLOCATE: &[Name] = names!(file: FALLOC_FL_KEEP_SIZE FALLOC_FL_PUNCH_HOLE);
pub const WHENCE: &[Name] = names!(file: SEEK_SET SEEK_CUR SEEK_END SEEK_DATA SEEK_HOLE);
pub const FCNTL: &[Name] = names!(file: F_DUPFD F_GETFD F_SETFD F_GETFL F_SETFL F_GETLK F_SETLK
    F_SETLKW F_SETOWN F_GETOWN F_GETLK64 F_SETLK64 F_SETLKW64 F_DUPFD_CLOEXEC F_SETPIPE_SZ
    F_GETPIPE_SZ F_ADD_SEALS F_GET_SEALS);
pub const DESCRIPTOR: &[Name] = names!(file: FD_CLOEXEC);
pub const SEALS: &[Name] = names!(file: F_SEAL_SEAL F_SEAL_SHRINK F_SEAL_GROW F_SEAL_WRITE
    F_SEAL_FUTURE_WRITE);
pub const FLOCK: &[Name] = names!(file: LOCK_SH LOCK_EX LOCK_NB LOCK_UN);
pub const LOCK_KIND: &[Name] = &[(0, "F_RDLCK"), (1, "F_WRLCK"), (2, "F_UNLCK")];
pub const FILE_KIND: &[Name] = names!(file: S_IFIFO S_IFCHR S_IFDIR S_IFBLK S_IFREG S_IFLNK
    S_IFSOCK);
pub const SPECIAL_BITS: &[Name] = names!(file: S_ISUID S_ISGID S_ISVTX);
pub const XATTR: &[Name] = &[(1, "XATTR_CREATE"), (2, "XATTR_REPLACE")];
pub const RANDOM: &[Name] = &[(1, "GRND_NONBLOCK"), (2, "GRND_RANDOM"), (4, "GRND_INSECURE")];
pub const CLOSE_RANGE: &[Name] = &[(2, "CLOSE_RANGE_UNSHARE"), (4, "CLOSE_RANGE_CLOEXEC")];

pub const IOCTL: &[Name] = names!(terminal: TCGETS TCSETS TCSETSW TCSETSF TCSBRK TCXONC TCFLSH
    TIOCSCTTY TIOCGPGRP TIOCSPGRP TIOCOUTQ TIOCGWINSZ TIOCSWINSZ FIONREAD FIONBIO FIOASYNC
    TIOCNOTTY TIOCGSID FIONCLEX FIOCLEX);

pub const EPOLL_CREATE: &[Name] = names!(epoll: EPOLL_CLOEXEC);
pub const EPOLL_CONTROL: &[Name] = names!(epoll: EPOLL_CTL_ADD EPOLL_CTL_DEL EPOLL_CTL_MOD);
pub const EPOLL: &[Name] = &[
    (0x1, "EPOLLIN"),
    (0x2, "EPOLLPRI"),
    (0x4, "EPOLLOUT"),
    (0x8, "EPOLLERR"),
    (0x10, "EPOLLHUP"),
    (0x2000, "EPOLLRDHUP"),
    (epoll::EPOLLEXCLUSIVE, "EPOLLEXCLUSIVE"),
    (epoll::EPOLLWAKEUP, "EPOLLWAKEUP"),
    (epoll::EPOLLONESHOT, "EPOLLONESHOT"),
    (epoll::EPOLLET, "EPOLLET"),
];
pub const POLL: &[Name] = names!(poll: POLLIN POLLPRI POLLOUT POLLERR POLLHUP POLLNVAL POLLRDNORM
    POLLRDBAND POLLWRNORM POLLWRBAND POLLRDHUP);

pub const CLOCK: &[Name] = names!(time: CLOCK_REALTIME CLOCK_MONOTONIC CLOCK_PROCESS_CPUTIME_ID
    CLOCK_THREAD_CPUTIME_ID CLOCK_MONOTONIC_RAW CLOCK_REALTIME_COARSE CLOCK_MONOTONIC_COARSE
    CLOCK_BOOTTIME CLOCK_REALTIME_ALARM CLOCK_BOOTTIME_ALARM);
pub const TIMER: &[Name] = names!(time: TIMER_ABSTIME);
pub const TIMER_DESCRIPTOR: &[Name] = names!(time: TFD_TIMER_ABSTIME TFD_TIMER_CANCEL_ON_SET);
pub const INTERVAL_TIMER: &[Name] = names!(time: ITIMER_REAL ITIMER_VIRTUAL ITIMER_PROF);

pub const WAIT: &[Name] = names!(process: WNOHANG WUNTRACED WEXITED WCONTINUED WNOWAIT WNOTHREAD
    WALL WCLONE);
/// `waitid` has another name for a bit.
pub const WAITID: &[Name] = &[
    (process::WNOHANG, "WNOHANG"),
    (process::WUNTRACED, "WSTOPPED"),
    (process::WEXITED, "WEXITED"),
    (process::WCONTINUED, "WCONTINUED"),
    (process::WNOWAIT, "WNOWAIT"),
];
pub const WAIT_FOR: &[Name] = names!(process: P_ALL P_PID P_PGID);
pub const CLONE: &[Name] = &[
    (process::CLONE_VM, "CLONE_VM"),
    (process::CLONE_FS, "CLONE_FS"),
    (process::CLONE_FILES, "CLONE_FILES"),
    (process::CLONE_SIGHAND, "CLONE_SIGHAND"),
    (process::CLONE_PIDFD, "CLONE_PIDFD"),
    (0x2000, "CLONE_PTRACE"),
    (process::CLONE_VFORK, "CLONE_VFORK"),
    (process::CLONE_PARENT, "CLONE_PARENT"),
    (process::CLONE_THREAD, "CLONE_THREAD"),
    (process::CLONE_NEWNS, "CLONE_NEWNS"),
    (process::CLONE_SYSVSEM, "CLONE_SYSVSEM"),
    (process::CLONE_SETTLS, "CLONE_SETTLS"),
    (process::CLONE_PARENT_SETTID, "CLONE_PARENT_SETTID"),
    (process::CLONE_CHILD_CLEARTID, "CLONE_CHILD_CLEARTID"),
    (process::CLONE_DETACHED, "CLONE_DETACHED"),
    (0x80_0000, "CLONE_UNTRACED"),
    (process::CLONE_CHILD_SETTID, "CLONE_CHILD_SETTID"),
    (0x200_0000, "CLONE_NEWCGROUP"),
    (0x400_0000, "CLONE_NEWUTS"),
    (0x800_0000, "CLONE_NEWIPC"),
    (0x1000_0000, "CLONE_NEWUSER"),
    (0x2000_0000, "CLONE_NEWPID"),
    (0x4000_0000, "CLONE_NEWNET"),
    (0x8000_0000, "CLONE_IO"),
];
/// Bits of `clone3` alone, from the 33rd on.
pub const CLONE3: &[Name] = &[
    ((process::CLONE_CLEAR_SIGHAND >> 32) as u32, "CLONE_CLEAR_SIGHAND"),
    ((process::CLONE_INTO_CGROUP >> 32) as u32, "CLONE_INTO_CGROUP"),
];
pub const USAGE: &[Name] = names!(process: RUSAGE_SELF RUSAGE_CHILDREN RUSAGE_THREAD);
pub const LIMIT: &[Name] = names!(process: RLIMIT_CPU RLIMIT_FSIZE RLIMIT_DATA RLIMIT_STACK
    RLIMIT_CORE RLIMIT_RSS RLIMIT_NPROC RLIMIT_NOFILE RLIMIT_MEMLOCK RLIMIT_AS RLIMIT_LOCKS
    RLIMIT_SIGPENDING RLIMIT_MSGQUEUE RLIMIT_NICE RLIMIT_RTPRIO RLIMIT_RTTIME);
pub const PRIORITY: &[Name] = names!(process: PRIO_PROCESS PRIO_PGRP PRIO_USER);
pub const PRCTL: &[Name] = names!(process: PR_SET_PDEATHSIG PR_GET_PDEATHSIG PR_SET_NAME PR_GET_NAME
    PR_SET_CHILD_SUBREAPER PR_GET_CHILD_SUBREAPER);
pub const FUTEX: &[Name] = names!(process: FUTEX_WAIT FUTEX_WAKE FUTEX_REQUEUE FUTEX_CMP_REQUEUE
    FUTEX_WAIT_BITSET FUTEX_WAKE_BITSET);

pub const MASK_CHANGE: &[Name] = names!(signal: SIG_BLOCK SIG_UNBLOCK SIG_SETMASK);
pub const HANDLER: &[Name] = names!(signal: SIG_DFL SIG_IGN);
pub const ACTION: &[Name] = names!(signal: SA_RESTORER SA_ONSTACK SA_RESTART SA_NODEFER
    SA_RESETHAND SA_NOCLDSTOP SA_NOCLDWAIT SA_SIGINFO);
pub const SIGNAL_STACK: &[Name] = names!(signal: SS_ONSTACK SS_DISABLE SS_AUTODISARM);
pub const NOTIFY: &[Name] = names!(signal: SIGEV_SIGNAL SIGEV_NONE SIGEV_THREAD SIGEV_THREAD_ID);

pub const FAMILY: &[Name] = names!(socket: AF_UNSPEC AF_UNIX AF_INET);
pub const SOCKET_KIND: &[Name] = names!(socket: SOCK_STREAM SOCK_DGRAM SOCK_RAW SOCK_SEQPACKET);
pub const SOCKET: &[Name] = names!(socket: SOCK_CLOEXEC SOCK_NONBLOCK);
pub const MESSAGE: &[Name] = names!(socket: MSG_OOB MSG_PEEK MSG_TRUNC MSG_DONTWAIT MSG_EOR
    MSG_WAITALL MSG_WAITFORONE MSG_NOSIGNAL MSG_CTRUNC MSG_CMSG_CLOEXEC);
pub const SHUTDOWN: &[Name] = names!(socket: SHUT_RD SHUT_WR SHUT_RDWR);
pub const SOCKET_LEVEL: &[Name] = names!(socket: SOL_SOCKET);
pub const SOCKET_OPTION: &[Name] = names!(socket: SO_REUSEADDR SO_TYPE SO_ERROR SO_DONTROUTE
    SO_BROADCAST SO_SNDBUF SO_RCVBUF SO_KEEPALIVE SO_PASSCRED SO_PEERCRED SO_RCVTIMEO SO_SNDTIMEO
    SO_ACCEPTCONN SO_SNDBUFFORCE SO_RCVBUFFORCE SO_PROTOCOL SO_DOMAIN SO_RCVTIMEO_NEW SO_SNDTIMEO_NEW);
pub const SOCKET_CALL: &[Name] = &[
    (1, "SYS_SOCKET"),
    (2, "SYS_BIND"),
    (3, "SYS_CONNECT"),
    (4, "SYS_LISTEN"),
    (5, "SYS_ACCEPT"),
    (6, "SYS_GETSOCKNAME"),
    (7, "SYS_GETPEERNAME"),
    (8, "SYS_SOCKETPAIR"),
    (9, "SYS_SEND"),
    (10, "SYS_RECV"),
    (11, "SYS_SENDTO"),
    (12, "SYS_RECVFROM"),
    (13, "SYS_SHUTDOWN"),
    (14, "SYS_SETSOCKOPT"),
    (15, "SYS_GETSOCKOPT"),
    (16, "SYS_SENDMSG"),
    (17, "SYS_RECVMSG"),
    (18, "SYS_ACCEPT4"),
    (19, "SYS_RECVMMSG"),
    (20, "SYS_SENDMMSG"),
];

pub const FAULT_THREAD: &[Name] = names!(failpoint: FAULT_THREAD_NTH FAULT_THREAD_MARK);
pub const TRACE: &[Name] = names!(trace: TRACE_CALLS TRACE_FAULTS TRACE_CHILDREN);

/// The name of a value; the number where it has none.
pub fn choice(value: u32, names: &[Name], to: &mut String) {
    match names.iter().find(|(one, _)| *one == value) {
        Some((_, name)) => to.push_str(name),
        None => {
            let _ = write!(to, "{value:#x}");
        }
    }
}

/// The names of the bits, what has none as a number; `0` for none.
pub fn set(value: u32, names: &[Name], to: &mut String) {
    join("", value, names, to);
}

/// The same behind a name that is there already, if there are bits.
pub fn more(value: u32, names: &[Name], to: &mut String) {
    if value != 0 {
        join("|", value, names, to);
    }
}

fn join(mut separator: &str, value: u32, names: &[Name], to: &mut String) {
    if value == 0 {
        to.push('0');
        return;
    }
    let mut rest = value;
    for (bits, name) in names {
        if *bits != 0 && rest & bits == *bits {
            to.push_str(separator);
            to.push_str(name);
            separator = "|";
            rest &= !bits;
        }
    }
    if rest != 0 {
        let _ = write!(to, "{separator}{rest:#x}");
    }
}
