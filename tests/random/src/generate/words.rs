//! Numbers that mean something.

use super::sort::Sort;
use abi::epoll::*;
use abi::file::*;
use abi::memory::*;
use abi::process::*;
use abi::signal::*;
use abi::socket::*;

pub const SIGNAL: Sort = Sort::Of(&[
    0, 1, 2, 3, 10, 10, 12, 12, 13, 14, 17, 17, 18, 23, 28, 34, 40, 64, 65, 11, 15, 9, 19, 20,
]);
pub const SIGNAL_BITS: &[u32] = &[1 << 9, 1 << 11, 1 << 13, 1 << 16, 1 << 0, 1 << 10, 1 << 22];
pub const HANDLER: Sort = Sort::Kept(super::sort::Kind::Handle(crate::place::slot::HANDLER));
pub const ACTION_FLAGS: &[u32] =
    &[SA_NOCLDSTOP, SA_NOCLDWAIT, SA_SIGINFO, SA_ONSTACK, SA_RESTART, SA_NODEFER, SA_RESETHAND];
pub const POLL_BITS: &[u32] = &[1, 2, 4, 8, 0x10, 0x2000, 1 << 28, 1 << 30, 1 << 31];
pub const MESSAGE_FLAGS: &[u32] = &[
    MSG_OOB,
    MSG_PEEK,
    MSG_TRUNC,
    MSG_DONTWAIT,
    MSG_DONTWAIT,
    MSG_EOR,
    MSG_WAITALL,
    MSG_NOSIGNAL,
    MSG_CMSG_CLOEXEC,
    MSG_WAITFORONE,
];
pub const CLONE_FLAGS: &[u32] = &[
    CLONE_VM,
    CLONE_FS,
    CLONE_FILES,
    CLONE_SIGHAND,
    CLONE_VFORK,
    CLONE_PARENT,
    CLONE_THREAD,
    CLONE_SYSVSEM,
    CLONE_SETTLS,
    CLONE_PARENT_SETTID,
    CLONE_CHILD_CLEARTID,
    CLONE_CHILD_SETTID,
    CLONE_VM | CLONE_SIGHAND | CLONE_THREAD,
];
pub const PROTECTION: &[u32] = &[PROT_READ, PROT_WRITE, PROT_READ | PROT_WRITE, PROT_EXEC];
pub const MAP: Sort = Sort::Of(&[
    MAP_PRIVATE | MAP_ANONYMOUS,
    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
    MAP_SHARED | MAP_ANONYMOUS,
    MAP_SHARED,
    MAP_PRIVATE,
    MAP_PRIVATE | MAP_FIXED,
    MAP_SHARED | MAP_FIXED,
    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE,
    MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN,
    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
    MAP_SHARED_VALIDATE,
    MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED,
    0,
]);
pub const OPEN_FLAGS: &[u32] = &[
    O_WRONLY,
    O_RDWR,
    O_RDWR,
    O_CREAT,
    O_CREAT,
    O_EXCL,
    O_TRUNC,
    O_APPEND,
    O_NONBLOCK,
    O_DIRECT,
    O_DIRECTORY,
    O_NOFOLLOW,
    O_CLOEXEC,
    O_PATH,
    O_TMPFILE,
];
pub const DESCRIPTOR_FLAGS: &[u32] = &[O_CLOEXEC, O_NONBLOCK, 1];
pub const AT_FLAGS: &[u32] =
    &[AT_SYMLINK_NOFOLLOW, AT_REMOVEDIR, AT_SYMLINK_FOLLOW, AT_NO_AUTOMOUNT, AT_EMPTY_PATH];
pub const MODE: Sort = Sort::Of(&[0o644, 0o600, 0o755, 0o777, 0, 0o4755, 0o1777, 0o2755]);
/// Kinds of files that `mknod` makes; others than these two are devices.
pub const NODE: Sort = Sort::Of(&[0o10644, 0o100_644, 0o140_600, 0o20600, 0o40755]);
pub const FCNTL: Sort = Sort::Of(&[
    F_DUPFD,
    F_GETFD,
    F_SETFD,
    F_GETFL,
    F_SETFL,
    F_GETLK,
    F_SETLK,
    F_SETLKW,
    F_SETOWN,
    F_GETOWN,
    F_GETLK64,
    F_SETLK64,
    F_SETLKW64,
    F_DUPFD_CLOEXEC,
    F_SETPIPE_SZ,
    F_GETPIPE_SZ,
    F_ADD_SEALS,
    F_GET_SEALS,
    1024,
    1025,
    15,
    16,
    10,
    11,
]);
pub const FUTEX: &[u32] = &[
    FUTEX_WAIT,
    FUTEX_WAKE,
    FUTEX_REQUEUE,
    FUTEX_CMP_REQUEUE,
    FUTEX_WAIT_BITSET,
    FUTEX_WAKE_BITSET,
    FUTEX_WAKE | FUTEX_PRIVATE_FLAG,
    FUTEX_WAIT | FUTEX_PRIVATE_FLAG,
    FUTEX_REQUEUE | FUTEX_PRIVATE_FLAG,
    FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME,
    5,
    6,
];
pub const EPOLL: Sort =
    Sort::Of(&[EPOLL_CTL_ADD as u32, EPOLL_CTL_ADD as u32, EPOLL_CTL_DEL as u32, 3, 4]);
pub const SOCKETS: Sort = Sort::Of(&[
    SOCK_STREAM as u32,
    SOCK_DGRAM as u32,
    SOCK_SEQPACKET as u32,
    SOCK_STREAM as u32 | SOCK_NONBLOCK as u32,
    SOCK_DGRAM as u32 | SOCK_CLOEXEC as u32,
    SOCK_RAW as u32,
]);
pub const SOCKET_OPTION: Sort =
    Sort::Of(&[2, 3, 4, 6, 7, 8, 9, 10, 13, 16, 17, 18, 19, 20, 21, 30, 32, 33, 38, 39, 66, 67]);
/// Commands of `ioctl` that some file knows.
pub const IOCTL: Sort =
    Sort::Of(&[0x541b, 0x5421, 0x5450, 0x5451, 0x5452, 0x5401, 0x5402, 0x5413, 0x5410, 0x540f]);
pub const ADVICE: Sort = Sort::Of(&[
    0, 1, 2, 3, 4, 4, 4, 8, 8, 9, 10, 11, 12, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 100,
]);
pub const PRCTL: Sort = Sort::Of(&[1, 2, 3, 4, 7, 8, 15, 16, 22, 23, 27, 28, 35, 36, 37, 38, 39]);
