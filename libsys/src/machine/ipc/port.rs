//! Ports.

use super::exchange::{exchange, length, load, registers, unload, with_block};
use crate::ipc::{
    Answer, Call, Caller, Connection, Handle, Lease, Lender, Level, Received, ReplyParts, Rights,
    Token, Transport,
};
use crate::path::CPath;
use crate::syscall::{MessageRegisters, ipc, message_number as number, pointer, pointer_mut};
use crate::{Errno, Result};
use abi::ipc::{Kind, LENT_READ, LENT_WRITE, Lent, MAX_HANDLES, NO_DEADLINE, Passed, Tag};
use abi::{UserMutPtr, UserPtr};

/// A port, as its clients and its owner see it.
#[derive(Debug, PartialEq, Eq)]
pub struct Port(pub Handle);

impl Port {
    /// A new port, which callers above `level` may call.
    ///
    /// EPERM: this process is above `level` itself. (`port_create`)
    pub fn new(level: Level) -> Result<Self> {
        // SAFETY: changes no memory.
        unsafe { ipc::port_create(level) }.map(|raw| Self(Handle::from_raw(raw)))
    }

    /// Sets bits of the port's notification.
    ///
    /// EPERM: lacks NOTIFY. (`notify`)
    pub fn notify(&self, bits: u32) -> Result<()> {
        // SAFETY: changes no memory.
        unsafe { ipc::notify(self.0.raw(), bits) }.map(drop)
    }

    /// Becomes the server behind the port; `mask` says which bits of the notification it wants.
    ///
    /// EPERM: lacks ATTACH, or this process is above the port's level. (`port_attach`)
    pub fn attach(self, mask: u32) -> Result<ServedPort> {
        // SAFETY: changes no memory.
        unsafe { ipc::port_attach(self.0.raw()) }?;
        Ok(ServedPort { port: self, mask })
    }

    /// Gives the port up: every call fails with EIO until somebody attaches.
    ///
    /// EPERM: lacks CONTROL. (`port_fail`)
    pub fn fail(&self) -> Result<()> {
        // SAFETY: changes no memory.
        unsafe { ipc::port_fail(self.0.raw()) }.map(drop)
    }
}

/// A connection to the supervisor, which names this process by its id. (`supervisor`)
///
/// ENOENT: there is no supervisor.
pub fn supervisor() -> Result<Port> {
    // SAFETY: changes no memory.
    unsafe { ipc::supervisor() }.map(|raw| Port(Handle::from_raw(raw)))
}

/// Makes `port` the one that [`supervisor`] gives connections to.
///
/// EPERM: this process is not `init`. (`supervisor_set`)
pub fn set_supervisor(port: &Port) -> Result<()> {
    // SAFETY: changes no memory.
    unsafe { ipc::supervisor_set(port.0.raw()) }.map(drop)
}

/// For `init`: mounts a port on a directory, as a file system of a type. From there on its server answers
/// for files: see [`node`](crate::node).
///
/// ENOENT, ENOTDIR: there is no such directory. EBUSY: something is mounted there. (`mount_port`)
pub fn mount(port: &Handle, directory: &str, kind: &str) -> Result<()> {
    let (directory, kind) = (CPath::new(directory)?, CPath::new(kind)?);
    // SAFETY: the kernel only reads the two texts.
    unsafe { ipc::mount_port(port.raw(), directory.as_user(), kind.as_user()) }.map(drop)
}

/// Puts this process, and children to come, at a level that is not lower than its own; returns the
/// one it had.
///
/// EPERM: it is lower. (`level_raise`)
pub fn raise_level(level: Level) -> Result<Level> {
    // SAFETY: changes no memory.
    let old = unsafe { ipc::level_raise(level) }?;
    u8::try_from(old).ok().and_then(Level::new).ok_or(Errno::EINVAL)
}

fn attach_handles<'a>(handles: impl Iterator<Item = (&'a Handle, Rights)>) -> u32 {
    with_block(|block| {
        let mut count = 0;
        let mut places = block.handles.iter_mut();
        for ((handle, rights), place) in handles.zip(&mut places) {
            *place = Passed { handle: handle.raw(), rights: rights.bits() };
            count += 1;
        }
        count
    })
}

fn take_handles(tag: Tag) -> [Option<Handle>; MAX_HANDLES as usize] {
    let mut handles = [const { None }; MAX_HANDLES as usize];
    if tag.handles() != 0 {
        let passed = with_block(|block| block.handles);
        for (place, passed) in handles.iter_mut().zip(passed).take(tag.handles() as usize) {
            *place = (passed.handle != 0).then(|| Handle::from_raw(passed.handle));
        }
    }
    handles
}

fn attach_leases(leases: &mut [Option<Lease<'_>>]) -> Result<u32> {
    let mut count = 0;
    for (place, lease) in leases.iter_mut().flatten().enumerate() {
        let (address, length, access) = match lease {
            Lease::Read(bytes) => (pointer(*bytes), length(bytes)?, LENT_READ),
            Lease::Write(bytes) => (pointer_mut(*bytes), length(bytes)?, LENT_WRITE),
        };
        with_block(|block| {
            let mut lent = block.leases;
            if let Some(place) = lent.get_mut(place) {
                *place = Lent { address, length, access };
            }
            block.leases = lent;
        });
        count += 1;
    }
    Ok(count)
}

impl Connection for Port {
    fn call(&self, mut call: Call<'_>) -> Result<Answer> {
        let message = &call.message;
        let mut tag = Tag::new(message.label(), message.words().len() as u32);
        if call.leases.iter().any(Option::is_some) || call.handles.iter().any(Option::is_some) {
            let leases = attach_leases(&mut call.leases)?;
            let handles = attach_handles(call.handles.iter().flatten().copied());
            tag = tag.with(leases, handles);
        }
        if call.is_retry {
            tag = tag.retry();
        }
        let mut registers = registers(number::call, self.0.raw());
        load(&mut registers, tag, message);
        exchange(&mut registers)?;
        let tag = Tag::from_raw(registers.ecx);
        Ok(Answer { message: unload(&registers, tag, 0), handles: take_handles(tag) })
    }
}

/// A port that this process serves.
#[derive(Debug)]
pub struct ServedPort {
    /// The port.
    pub port: Port,
    mask: u32,
}

impl ServedPort {
    /// Ends a call, and the caller's process as if by `signal`: it broke the protocol.
    ///
    /// ESRCH: the call is over. (`reply_fault`)
    pub fn reply_fault(&self, token: Token, signal: i32) -> Result<()> {
        // SAFETY: changes no memory of this program's.
        unsafe { ipc::reply_fault(token.0, signal) }.map(drop)
    }

    #[inline]
    fn received(&self, registers: &MessageRegisters) -> Result<Received<'_>> {
        let tag = Tag::from_raw(registers.ecx);
        match tag.kind() {
            Some(Kind::Call) => {
                let mut leases = [Lent::default(); 4];
                if tag.leases() != 0 {
                    let lent = with_block(|block| block.leases);
                    for (place, lent) in leases.iter_mut().zip(lent).take(tag.leases() as usize) {
                        *place = lent;
                    }
                }
                let caller = Caller {
                    badge: registers.eax,
                    token: Token(registers.ebx),
                    is_kernel: tag.is_kernel(),
                    leases,
                    handles: take_handles(tag),
                    lender: self,
                };
                Ok(Received::Call(unload(registers, tag, tag.label()), caller))
            }
            Some(Kind::Notification) => Ok(Received::Notification(registers.edx)),
            Some(Kind::Cancel) => Ok(Received::Cancel(Token(registers.ebx))),
            None => Err(Errno::EPROTO),
        }
    }

    #[inline]
    fn exchange_reply(
        &self,
        number: u32,
        token: Token,
        reply: &ReplyParts,
    ) -> Result<MessageRegisters> {
        let message = &reply.message;
        let mut tag = Tag::new(message.label(), message.words().len() as u32);
        if reply.handles.iter().any(Option::is_some) {
            let handles = reply.handles.iter().flatten().map(|(handle, rights)| (handle, *rights));
            tag = tag.with(0, attach_handles(handles));
        }
        let mut registers = registers(number, token.0);
        load(&mut registers, tag, message);
        exchange(&mut registers)?;
        Ok(registers)
    }
}

impl Transport for ServedPort {
    fn receive(&self, deadline: Option<u64>) -> Result<Received<'_>> {
        let deadline = deadline.unwrap_or(NO_DEADLINE);
        let mut registers = registers(number::receive, self.port.0.raw());
        registers.ecx = self.mask;
        (registers.edx, registers.esi) = (deadline as u32, (deadline >> 32) as u32);
        exchange(&mut registers)?;
        self.received(&registers)
    }

    fn reply(&self, token: Token, reply: ReplyParts) -> Result<()> {
        self.exchange_reply(number::reply, token, &reply).map(drop)
    }

    fn reply_receive(&self, token: Token, reply: ReplyParts) -> Result<Received<'_>> {
        let registers = self.exchange_reply(number::reply_receive, token, &reply)?;
        self.received(&registers)
    }
}

impl Lender for ServedPort {
    fn read(&self, token: Token, lease: u32, offset: u32, bytes: &mut [u8]) -> Result<usize> {
        let (address, length) = (UserMutPtr::new(pointer_mut(bytes)), length(bytes)?);
        // SAFETY: the buffer is exclusively ours and that long.
        let count = unsafe { ipc::lease_read(token.0, lease, offset, address, length) }?;
        Ok(count as usize)
    }

    fn write(&self, token: Token, lease: u32, offset: u32, bytes: &[u8]) -> Result<usize> {
        let (address, length) = (UserPtr::new(pointer(bytes)), length(bytes)?);
        // SAFETY: the kernel only reads the slice.
        let count = unsafe { ipc::lease_write(token.0, lease, offset, address, length) }?;
        Ok(count as usize)
    }
}
