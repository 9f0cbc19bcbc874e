//! Structures, word for word, as the tables name them.

use super::sort::{FD, PID, Sort};
use super::words::*;
use Sort::{Any, Bits, Of, Offset, Room, Size, Text, To, User, Wide};

const SECONDS: Sort = Of(&[0, 0, 0, 0, 0, 1, 0xffff_ffff, 0x7fff_ffff]);
const NANOSECONDS: Sort = Of(&[0, 1, 1000, 1_000_000, 2_000_000, 999_999_999, 1_000_000_000]);
const MICROSECONDS: Sort = Of(&[0, 1, 1000, 2000, 999_999, 1_000_000]);
const ZERO: Sort = Of(&[0]);

const TIMESPEC: &[Sort] = &[SECONDS, NANOSECONDS];
const TIMESPEC64: &[Sort] = &[SECONDS, ZERO, NANOSECONDS, ZERO];
const TIMEVAL: &[Sort] = &[SECONDS, MICROSECONDS];
const TIMEVALS: &[Sort] = &[SECONDS, MICROSECONDS, SECONDS, MICROSECONDS];
const TIMESPECS: &[Sort] = &[SECONDS, NANOSECONDS, SECONDS, NANOSECONDS];
const TIMESPECS64: &[Sort] = &[SECONDS, ZERO, NANOSECONDS, ZERO, SECONDS, ZERO, NANOSECONDS, ZERO];
const SIGNALS: &[Sort] = &[Bits(SIGNAL_BITS), Of(&[0, 0, 1, 0xffff_ffff])];
const IOVEC: &[Sort] = &[Room, Size, Room, Size, Room, Size];
const EPOLL_EVENT: &[Sort] = &[Bits(POLL_BITS), Any, Any];
const POLLFD: &[Sort] = &[FD, Bits(POLL_BITS), FD, Bits(POLL_BITS)];
const CONTROL: &[Sort] = &[Of(&[12, 16, 20, 24]), Of(&[1]), Of(&[1, 2]), FD, FD, FD];
const MESSAGE: &[Sort] = &[
    To(ADDRESS),
    Of(&[0, 0, 4, 110]),
    To(IOVEC),
    Of(&[0, 1, 2, 3]),
    To(CONTROL),
    Of(&[0, 12, 16, 20, 24]),
    Bits(MESSAGE_FLAGS),
];
/// `sockaddr_un`: a family, and a name without a file, or of one.
pub const ADDRESS: &[Sort] = &[Of(&[0x0061_0001, 0x6100_0001, 1, 0, 2]), Of(&[0, 0x61, 0x6161])];
const WORD: &[Sort] = &[Any];
const LENGTH: &[Sort] = &[Size];

/// What a pointer of that type points to, if a call reads it. The compiler spells types with spaces
/// where it likes.
pub fn of(kind: &str) -> Option<&'static [Sort]> {
    let inner = kind.split_once('<')?.1.trim_end().strip_suffix('>')?;
    let is_it = |name: &str| inner.bytes().filter(|byte| *byte != b' ').eq(name.bytes());
    SHAPES.iter().find(|(name, _)| is_it(name)).map(|(_, shape)| *shape)
}

/// By the names of their types.
const SHAPES: &[(&str, &[Sort])] = &[
    ("Timespec", TIMESPEC),
    ("Timespec64", TIMESPEC64),
    ("Timeval", TIMEVAL),
    ("[Timeval;2]", TIMEVALS),
    ("[Timespec;2]", TIMESPECS),
    ("[Timespec64;2]", TIMESPECS64),
    ("Itimerval", TIMEVALS),
    ("Itimerspec", TIMESPECS),
    ("Itimerspec64", TIMESPECS64),
    ("Utimbuf", &[Any, Any]),
    ("SignalSet", SIGNALS),
    // The mask of `pselect6` and its size.
    ("[u32;2]", &[To(SIGNALS), Of(&[8])]),
    ("Iovec", IOVEC),
    ("Pollfd", POLLFD),
    ("EpollEvent", EPOLL_EVENT),
    ("Msghdr", MESSAGE),
    ("Mmsghdr", MESSAGE),
    ("Sigaction", &[HANDLER, Bits(ACTION_FLAGS), Of(&[0]), Bits(SIGNAL_BITS), Of(&[0])]),
    ("OldSigaction", &[HANDLER, Bits(SIGNAL_BITS), Bits(ACTION_FLAGS), Of(&[0])]),
    ("Sigevent", &[Any, SIGNAL, Of(&[0, 1, 2, 4]), PID]),
    ("Siginfo", &[SIGNAL, Of(&[0]), Of(&[0xffff_ffff, 0, 0xffff_fffe, 0x80]), Any]),
    ("Sigaltstack", &[Room, Of(&[0, 1, 2, 0x8000_0000]), Of(&[0, 2048, 4096, 8192])]),
    (
        "CloneArgs",
        &[
            Bits(CLONE_FLAGS),
            ZERO,
            Room,
            ZERO,
            Room,
            ZERO,
            Room,
            ZERO,
            SIGNAL,
            ZERO,
            ZERO,
            ZERO,
            ZERO,
            ZERO,
            To(DESCRIPTOR),
            ZERO,
        ],
    ),
    ("Rlimit", &[Size, Size]),
    ("Rlimit64", &[Size, ZERO, Size, ZERO]),
    ("UserDesc", DESCRIPTOR),
    ("i64", &[Offset, Of(&[0, 0, 0xffff_ffff])]),
    ("[u32;5]", &[Of(&[1, 9, 32, 64]), Room, Room, Room, To(TIMEVAL)]),
    ("[u32;6]", &[Sort::Page, Sort::Pages, Bits(PROTECTION), MAP, FD, Offset]),
    ("UserStr", &[Text, Text, ZERO]),
    ("i32", LENGTH),
    ("u32", WORD),
    ("u8", &[Any, Any, Any, Any]),
    ("FaultPlan", &[Any, ZERO, Of(&[0, 1, 2]), ZERO, ZERO, ZERO, ZERO, ZERO]),
    // The thread's message block: how many words, handles and leases, and those.
    ("Block", &[Any, Any, Room, Size, Of(&[0, 1, 2, 3]), User, Wide]),
];

const DESCRIPTOR: &[Sort] =
    &[Of(&[0xffff_ffff, 6, 7, 8, 9]), Any, Any, Of(&[0, 0x51, 0x41, 0x7f, 0x28])];
