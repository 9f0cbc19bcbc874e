//! Messages, handles and what they are for: part of Folio's own table, entered by `int 0x81`. What
//! the words mean is said in [`crate::ipc`].
//!
//! Rows as in [`super::linux`], but register values that mean nothing are refused: EINVAL.

/// The types the rows use.
pub mod kinds {
    pub use crate::argument::Registers;
    pub use crate::checked_argument::CheckedArgument;
    pub use crate::ipc::{Block, Lent, Level, Rights, Tag};
    pub use crate::{UserMutPtr, UserPtr, UserStr};
}

/// Hands the rows of all calls but those of [`for_each_message_call!`](crate::for_each_message_call)
/// to `callback!`, ordered by number.
#[macro_export]
macro_rules! for_each_ipc_call {
    ($callback:ident) => {
        $callback! {
            /// Says where the calling thread's messages lie; null for nowhere. See [`crate::ipc`].
            ///
            /// The memory is read and written only by calls that a tag gives a reason to, and those
            /// return EFAULT if they cannot. A child has the same address, a new program none.
            ///
            /// EFAULT: not all of the block is user memory. EINVAL: not divisible by 4.
            16 message_block(block: UserMutPtr<Block>);
            /// Ends a call that was received, and the caller, with a signal: it broke the protocol.
            ///
            /// ESRCH: the call is over. EINVAL: no signal that can end a program.
            17 reply_fault(token: u32, signal: i32);
            /// Copies from memory that the caller of `token` lent, from byte `offset` on; returns
            /// how many bytes, fewer than `length` at the end of the lease.
            ///
            /// ESRCH: the call is over. EINVAL: no such lease. EPERM: not lent for reading. EFAULT:
            /// `offset` lies beyond the lease, or `buffer` cannot be written.
            18 lease_read(token: u32, lease: u32, offset: u32, buffer: UserMutPtr<u8>, length: u32);
            /// Copies to memory that the caller of `token` lent; otherwise as `lease_read`.
            19 lease_write(token: u32, lease: u32, offset: u32, buffer: UserPtr<u8>, length: u32);
            /// Length and access of a lease. Errors as of `lease_read`.
            20 lease_info(token: u32, lease: u32, lent: UserMutPtr<Lent>);
            /// Sets bits of a port's notification.
            ///
            /// EBADF, EPERM: `port` is no port that may be notified.
            21 notify(port: u32, bits: u32);
            /// Another handle for the same object, with those of `rights` that the first one has.
            ///
            /// EBADF: `handle` is none. EPERM: it lacks DUPLICATE. EMFILE, ENOMEM: no room.
            22 handle_duplicate(handle: u32, rights: Rights);
            /// The same with a badge, for a handle that has none.
            ///
            /// EPERM also if it has one. EINVAL: `badge` is 0 or above 0x7fffffff.
            23 handle_mint(handle: u32, rights: Rights, badge: u32);
            /// Closes a handle. An object ends with its last handle.
            ///
            /// EBADF: there is none.
            24 handle_close(handle: u32);
            /// Makes all other handles for the same object worthless, whoever has them: EBADF.
            ///
            /// EPERM: lacks REVOKE.
            25 handle_revoke(handle: u32);
            /// Makes a port, with all rights.
            ///
            /// EPERM: the caller is above `level`. EMFILE, ENOMEM: no room.
            26 port_create(level: Level);
            /// Makes the calling process the server behind a port. The one there was has died as
            /// far as the port's callers are concerned.
            ///
            /// EPERM: lacks ATTACH, or the caller is above the port's level.
            27 port_attach(port: u32);
            /// Gives a port up, until somebody attaches: every call fails with EIO, also those
            /// under way.
            ///
            /// EPERM: lacks CONTROL.
            28 port_fail(port: u32);
            /// Makes zeroed frames, with all rights.
            ///
            /// EINVAL: `pages` is 0 or above 1024. ENOMEM: not so many.
            29 frames_create(pages: u32);
            /// Maps `pages` of the frames from page `first` on, shared, where the kernel likes;
            /// returns the address. `munmap` ends it; a child does not inherit it.
            ///
            /// `protection` is PROT_READ or PROT_READ | PROT_WRITE. EPERM: lacks MAP, READ or WRITE.
            /// EINVAL: other protections; pages beyond the end. ENOMEM: no room.
            30 frames_map(frames: u32, first: u32, pages: u32, protection: u32);
            /// Copies from frames; returns how many bytes, fewer at the end of the frames.
            31 frames_read(frames: u32, offset: u32, buffer: UserMutPtr<u8>, length: u32);
            /// Copies to frames; returns how many bytes, fewer at the end of the frames.
            32 frames_write(frames: u32, offset: u32, buffer: UserPtr<u8>, length: u32);
            /// The physical address of one page of the frames, which stays as it is.
            ///
            /// EPERM: lacks DMA. EINVAL: beyond the end.
            33 frames_address(frames: u32, page: u32, address: UserMutPtr<u64>);
            /// A handle for an interrupt line, 0 to 15, for `init` to hand on.
            ///
            /// EPERM: the caller is not `init`. EINVAL: no such line. EBUSY: it is taken.
            34 irq_create(line: u32);
            /// Has `bits` of a port's notification set at each interrupt of the line, which stays
            /// masked until `irq_ack`. Replaces an earlier port. Unmasks.
            ///
            /// EPERM: `irq` lacks CONTROL or `port` NOTIFY.
            35 irq_attach(irq: u32, port: u32, bits: u32);
            /// Unmasks the line: the interrupt has been dealt with.
            36 irq_ack(irq: u32);
            /// A handle for the I/O ports from `first` on, for `init` to hand on.
            ///
            /// EPERM: the caller is not `init`. EINVAL: no ports, or beyond 65535.
            37 io_ports_create(first: u32, count: u32);
            /// Lets the calling thread use the I/O ports, until `execve`.
            ///
            /// EPERM: lacks DMA. ENOSPC: has 8 runs of ports already.
            38 io_ports_enable(ports: u32);
            /// A handle for a child of the calling process.
            ///
            /// ECHILD: `pid` is no child.
            39 process_open(pid: i32);
            /// Has `bits` of a port's notification set when the process ends, at once if it has.
            /// Replaces an earlier port.
            ///
            /// EPERM: lacks CONTROL, or `port` NOTIFY.
            40 process_watch(process: u32, port: u32, bits: u32);
            /// Sends a signal, whatever became of the process's id.
            ///
            /// EPERM: lacks CONTROL. ESRCH: it has been waited for. EINVAL: no signal.
            41 process_signal(process: u32, signal: i32);
            /// Gives the child a handle, with those of `rights` that `handle` has; returns its
            /// number there.
            ///
            /// EPERM: `process` lacks CONTROL, or `handle` TRANSFER. ESRCH: it has ended. EMFILE,
            /// ENOMEM: no room there.
            42 process_give(process: u32, handle: u32, rights: Rights);
            /// Gives up trust: the calling process has a level from now on that is not lower than
            /// the one it has. Children inherit it. Returns the level it had.
            ///
            /// EPERM: `level` is lower.
            43 level_raise(level: Level);
            /// Names the port that `supervisor` gives handles for.
            ///
            /// EPERM: the caller is not `init`, or lacks DUPLICATE.
            44 supervisor_set(port: u32);
            /// A handle for calling the supervisor. Its badge is the caller's process id, and it
            /// can be neither copied nor handed on.
            ///
            /// ENOENT: there is none yet.
            45 supervisor();
            /// A handle for the console's streams, for `init` to hand on. The kernel leaves the line
            /// alone from here on, until the last handle is closed.
            ///
            /// EPERM: the caller is not `init`. EBUSY: there is one already.
            46 console_create();
            /// A handle for the frames that [`crate::console::Shared`] describes.
            ///
            /// EPERM: lacks CONTROL.
            47 console_frames(console: u32);
            /// The process behind a port drives the line from here on; `bits` of the port are set
            /// when there is news for it, and now.
            ///
            /// EPERM: `console` lacks CONTROL, or `port` ATTACH or NOTIFY.
            48 console_attach(console: u32, port: u32, bits: u32);
            /// The kernel looks at the driver's indexes.
            ///
            /// EPERM: lacks CONTROL.
            49 console_tell(console: u32);
            /// Signals the process group in the foreground; if `flush` is not 0, after forgetting
            /// input that was not read.
            ///
            /// EPERM: lacks CONTROL. EINVAL: not SIGINT, SIGQUIT or SIGTSTP.
            50 console_signal(console: u32, signal: i32, flush: u32);
            /// Reads a byte from an I/O port and stores `tag` with that byte in its low 8 bits. The
            /// caller is not ended in between, which it could be with an instruction of its own.
            ///
            /// EPERM: `ports` lacks DMA. EINVAL: `port` is none of them; `place` is not divisible by
            /// 4. EFAULT: `place` cannot be written; the port has not been read.
            51 io_ports_read(ports: u32, port: u32, place: UserMutPtr<u32>, tag: u32);
            /// Mounts a port on a directory: from there on its server answers for files, see
            /// [`crate::node`]. `kind` is the type of file system.
            ///
            /// EPERM: the caller is not `init`, or `port` lacks DUPLICATE. ENOENT, ENOTDIR: there is no
            /// such directory. EBUSY: something is mounted there. EINVAL: `kind` is longer than 15
            /// bytes.
            52 mount_port(port: u32, directory: UserStr, kind: UserStr);
        }
    };
}

/// Hands the rows of the calls that messages are made of to `callback!`.
///
/// Unlike all others they return values in several registers, and so have no plain stubs. What is
/// said of EAX, EBX, ECX, EDX, ESI, EDI and EBP is what they hold afterwards; if EAX is an error of
/// the kernel's, the others are unchanged.
#[macro_export]
macro_rules! for_each_message_call {
    ($callback:ident) => {
        $callback! {
            /// Calls a port and waits for the reply. EAX: 0, or the error that the server replied.
            /// ECX: the reply's tag. EDX, ESI, EDI, EBP: its words 0 to 3; the rest is in the block.
            ///
            /// EBADF, EPERM: `port` is no port that may be called. EDEADLK: its level is not below
            /// the caller's. EIO: it has been given up. EOWNERDEAD: the server died over the call.
            /// EFAULT: the block or a lease. E2BIG: leases of more than 16 pages. ENOMEM: no room for
            /// what goes along. EINTR: a signal came before the server did, or the server said so.
            8 call(port: u32, tag: Tag, w0: u32, w1: u32, w2: u32, w3: u32);
            /// Waits for a call of a port that the caller serves, for one of `mask`'s bits of its
            /// notification, or until CLOCK_MONOTONIC passes `deadline` nanoseconds.
            ///
            /// ECX: the tag, whose kind says what came. A call: EAX the badge, EBX the token to reply
            /// to, EDX, ESI, EDI, EBP words 0 to 3. A notification: EDX the bits, which are cleared.
            /// A cancel: EBX the token. Notifications come first, then cancels, then calls by
            /// priority and age.
            ///
            /// EPERM: lacks ATTACH. EPIPE: the port has another server, or was given up. EBUSY:
            /// another thread waits for bits. ETIMEDOUT: the deadline. EINTR: a signal. EFAULT: the
            /// block cannot be written; the message is lost, and its caller gets EIO.
            9 receive(port: u32, mask: u32, deadline: u64);
            /// Replies to a call. EAX: 0; also if the call is over by now.
            ///
            /// EFAULT: the block cannot be read. EBADF, EPERM: a handle in it. The call goes on.
            10 reply(token: u32, tag: Tag, w0: u32, w1: u32, w2: u32, w3: u32);
            /// `reply`, unless `token` is 0, and then `receive` with the thread's last port and mask
            /// and no deadline. If the reply fails, nothing is received.
            ///
            /// EPERM: the thread has not received yet.
            11 reply_receive(token: u32, tag: Tag, w0: u32, w1: u32, w2: u32, w3: u32);
        }
    };
}
