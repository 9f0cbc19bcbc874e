//! Sockets: families, kinds, flags, options and structures.

use crate::file::Iovec;
use crate::plain::structure;
use crate::{UserMutPtr, UserPtr};

structure! {
    /// What `sendmsg` sends and `recvmsg` receives.
    pub struct Msghdr: 28 {
        /// An address, or null.
        pub name: UserMutPtr<u8>,
        /// Its bytes.
        pub namelen: i32,
        /// The buffers.
        pub iov: UserPtr<Iovec>,
        /// How many there are.
        pub iovlen: u32,
        /// Control messages.
        pub control: UserMutPtr<u8>,
        /// Their bytes.
        pub controllen: u32,
        /// What `recvmsg` says about the message.
        pub flags: u32,
    }

    /// One of several messages.
    pub struct Mmsghdr: 32 {
        /// The message.
        pub head: Msghdr,
        /// Bytes sent or received of it.
        pub len: u32,
    }

    /// The head of a control message.
    pub struct Cmsghdr: 12 {
        /// Bytes with this head.
        pub len: u32,
        /// Which protocol defines the type.
        pub level: i32,
        /// What follows.
        pub kind: i32,
    }

    /// How long a call waits, as `SO_RCVTIMEO_NEW` has it.
    pub struct SockTimeval: 16 {
        /// Seconds.
        pub sec: i64,
        /// Microseconds, 0 to 999,999.
        pub usec: i64,
    }

    /// Who is at the other end, or sends a message.
    pub struct Ucred: 12 {
        /// The process.
        pub pid: i32,
        /// Its user.
        pub uid: u32,
        /// Its group.
        pub gid: u32,
    }
}

/// The family of sockets between processes of one machine.
pub const AF_UNIX: i32 = 1;
/// No family: to dissolve a connection.
pub const AF_UNSPEC: i32 = 0;
/// The Internet's family.
pub const AF_INET: i32 = 2;
/// Families have smaller numbers.
pub const AF_MAX: i32 = 46;

/// Bytes in order.
pub const SOCK_STREAM: i32 = 1;
/// Messages that may be sent to anybody.
pub const SOCK_DGRAM: i32 = 2;
/// Packets as the network sees them; for `AF_UNIX` another name for messages.
pub const SOCK_RAW: i32 = 3;
/// Messages over a connection.
pub const SOCK_SEQPACKET: i32 = 5;
/// Kinds have smaller numbers.
pub const SOCK_MAX: i32 = 11;
/// The bits of the kind that are no flags.
pub const SOCK_TYPE_MASK: i32 = 0xf;
/// With the kind: closed by `execve`.
pub const SOCK_CLOEXEC: i32 = 0o2_000_000;
/// With the kind: calls do not wait.
pub const SOCK_NONBLOCK: i32 = 0o4000;

/// Out of band.
pub const MSG_OOB: u32 = 0x1;
/// What is received stays.
pub const MSG_PEEK: u32 = 0x2;
/// Received: the message was longer. For receiving: return its whole length.
pub const MSG_TRUNC: u32 = 0x20;
/// This call does not wait.
pub const MSG_DONTWAIT: u32 = 0x40;
/// Received: the end of a record.
pub const MSG_EOR: u32 = 0x80;
/// Wait until the buffer is full.
pub const MSG_WAITALL: u32 = 0x100;
/// Received: there was no room for all control messages.
pub const MSG_CTRUNC: u32 = 0x8;
/// Descriptors that are received are closed by `execve`.
pub const MSG_CMSG_CLOEXEC: u32 = 0x4000_0000;
/// `recvmmsg`: only the first message is waited for.
pub const MSG_WAITFORONE: u32 = 0x1_0000;
/// No SIGPIPE.
pub const MSG_NOSIGNAL: u32 = 0x4000;

/// `shutdown`: receiving.
pub const SHUT_RD: i32 = 0;
/// `shutdown`: sending.
pub const SHUT_WR: i32 = 1;
/// `shutdown`: both.
pub const SHUT_RDWR: i32 = 2;

/// The level of options of all sockets.
pub const SOL_SOCKET: i32 = 1;
/// An address may be used again: nothing to `AF_UNIX`.
pub const SO_REUSEADDR: i32 = 2;
/// The kind.
pub const SO_TYPE: i32 = 3;
/// The pending error, which is taken.
pub const SO_ERROR: i32 = 4;
/// Without routes: nothing to `AF_UNIX`.
pub const SO_DONTROUTE: i32 = 5;
/// To everybody: nothing to `AF_UNIX`.
pub const SO_BROADCAST: i32 = 6;
/// Bytes that may wait to be received.
pub const SO_SNDBUF: i32 = 7;
/// Bytes that may wait, of protocols that limit receivers.
pub const SO_RCVBUF: i32 = 8;
/// Idle connections are checked: nothing to `AF_UNIX`.
pub const SO_KEEPALIVE: i32 = 9;
/// Messages say who sends them.
pub const SO_PASSCRED: i32 = 16;
/// Who connected or made the pair.
pub const SO_PEERCRED: i32 = 17;
/// How long receiving waits.
pub const SO_RCVTIMEO: i32 = 20;
/// How long sending waits.
pub const SO_SNDTIMEO: i32 = 21;
/// Whether it waits for connections.
pub const SO_ACCEPTCONN: i32 = 30;
/// `SO_SNDBUF` beyond its limit.
pub const SO_SNDBUFFORCE: i32 = 32;
/// `SO_RCVBUF` beyond its limit.
pub const SO_RCVBUFFORCE: i32 = 33;
/// The protocol.
pub const SO_PROTOCOL: i32 = 38;
/// The family.
pub const SO_DOMAIN: i32 = 39;
/// How long receiving waits, with 64 bits.
pub const SO_RCVTIMEO_NEW: i32 = 66;
/// How long sending waits, with 64 bits.
pub const SO_SNDTIMEO_NEW: i32 = 67;

/// A control message: descriptors.
pub const SCM_RIGHTS: i32 = 1;
/// A control message: who sends it.
pub const SCM_CREDENTIALS: i32 = 2;
/// The most descriptors that go along with a message.
pub const SCM_MAX_FD: usize = 253;

/// The longest address of any family.
pub const SOCKADDR_STORAGE: u32 = 128;
/// The longest address of `AF_UNIX`: family and path.
pub const SOCKADDR_UN: u32 = 110;
/// Where the path of an address begins.
pub const SUN_PATH: u32 = 2;

/// The functions of `socketcall`.
pub mod function {
    /// `socket`
    pub const SOCKET: i32 = 1;
    /// `bind`
    pub const BIND: i32 = 2;
    /// `connect`
    pub const CONNECT: i32 = 3;
    /// `listen`
    pub const LISTEN: i32 = 4;
    /// `accept`
    pub const ACCEPT: i32 = 5;
    /// `getsockname`
    pub const GETSOCKNAME: i32 = 6;
    /// `getpeername`
    pub const GETPEERNAME: i32 = 7;
    /// `socketpair`
    pub const SOCKETPAIR: i32 = 8;
    /// `send`
    pub const SEND: i32 = 9;
    /// `recv`
    pub const RECV: i32 = 10;
    /// `sendto`
    pub const SENDTO: i32 = 11;
    /// `recvfrom`
    pub const RECVFROM: i32 = 12;
    /// `shutdown`
    pub const SHUTDOWN: i32 = 13;
    /// `setsockopt`
    pub const SETSOCKOPT: i32 = 14;
    /// `getsockopt`
    pub const GETSOCKOPT: i32 = 15;
    /// `sendmsg`
    pub const SENDMSG: i32 = 16;
    /// `recvmsg`
    pub const RECVMSG: i32 = 17;
    /// `accept4`
    pub const ACCEPT4: i32 = 18;
    /// `recvmmsg`
    pub const RECVMMSG: i32 = 19;
    /// `sendmmsg`
    pub const SENDMMSG: i32 = 20;
    /// How many words of arguments each function has; 0 for none.
    pub const ARGUMENTS: [u8; 21] = [0, 3, 3, 3, 2, 3, 3, 3, 4, 4, 4, 6, 6, 2, 5, 5, 3, 3, 4, 5, 4];
}
