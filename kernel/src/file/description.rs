//! Open-file descriptions: what descriptors lead to.

use super::buffers::{Source, UserBuffers};
use super::caller;
use super::console::{self, Channel, Terminal};
use super::device::Device;
use super::epoll::{self, Epoll};
use super::locks::Owner;
use super::pipe::{Ends, Pipe};
use super::regular::{At, Regular, SizeLimit};
use super::socket::{Receive, Send, Socket};
use super::status::{DeviceNumber, FileStatus};
use super::tree::{self, Held, Place};
use crate::mm::object::Object;
use crate::mm::space::KeptOpen;
use crate::result::{Errno, Result};
use crate::sync::{Mutex, WaitQueue};
use abi::file::{
    FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE, O_ACCMODE, O_APPEND, O_CLOEXEC, O_CREAT, O_DIRECT,
    O_EXCL, O_LARGEFILE, O_NOATIME, O_NOCTTY, O_NONBLOCK, O_RDONLY, O_TRUNC, O_WRONLY, S_IFIFO,
    S_IFSOCK, SEEK_CUR, SEEK_DATA, SEEK_END, SEEK_HOLE, SEEK_SET,
};
use abi::poll::{POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM};
use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use kcore::node_tree::Timestamp;

/// The largest size a description without O_LARGEFILE reaches.
const MAX_NON_LFS: u64 = 0x7fff_ffff;
/// The largest offset: that of an object.
const MAX_OFFSET: u64 = (u32::MAX as u64) << 12;
/// Flags that only matter while a file is opened.
const OPEN_ONLY: u32 = O_CLOEXEC | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC;
/// Flags that F_SETFL changes.
const CHANGEABLE: u32 = O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME;

pub struct File {
    kind: Kind,
    node: Node,
    may_read: bool,
    may_write: bool,
    /// As `open` got them, and F_GETFL shows them.
    flags: AtomicU32,
    /// For what has positions. Held while they matter, so reads and writes take turns.
    position: Mutex<u64>,
    /// An epoll instance watches it, or did.
    is_watched: AtomicBool,
}

/// What reads and writes lead to.
pub enum Kind {
    Regular(Arc<Regular>),
    Directory,
    Pipe(Arc<Pipe>, Ends),
    Socket(Socket),
    Epoll(Arc<Epoll>),
    Device(Device),
    /// One of the framed line's streams.
    Channel(Channel),
    Terminal(&'static Terminal),
    /// Only a place in the tree: O_PATH.
    Place,
    /// A program that runs: nobody may write it meanwhile.
    Program(Arc<Regular>),
}

/// Where the description's attributes are.
pub enum Node {
    /// In the tree.
    Held(Held),
    /// Nowhere: a pipe, a stream.
    Anonymous { ino: u32, created: Timestamp, user: u32, group: u32 },
}

/// The devices on which pipes, sockets and epoll instances lie.
const PIPES: DeviceNumber = DeviceNumber::new(0, 13);
const SOCKETS: DeviceNumber = DeviceNumber::new(0, 8);
const INSTANCES: DeviceNumber = DeviceNumber::new(0, 14);

/// The number of the last anonymous node.
static LAST_ANONYMOUS: AtomicU32 = AtomicU32::new(0);

/// How many descriptions there are.
static COUNT: AtomicU32 = AtomicU32::new(0);

impl Node {
    /// For a new pipe or stream.
    pub fn anonymous(user: u32, group: u32) -> Self {
        let ino = LAST_ANONYMOUS.fetch_add(1, Relaxed).wrapping_add(1);
        Self::Anonymous { ino, created: tree::lock().now(), user, group }
    }
}

impl File {
    /// `flags` as for `open`. Counts as a writer of a regular file from now on: ETXTBSY while that
    /// runs as a program.
    pub fn new(kind: Kind, node: Node, flags: u32) -> Result<Arc<Self>> {
        let is_place = matches!(kind, Kind::Place);
        let access = flags & O_ACCMODE;
        let may_write = !is_place && (access + 1) & 2 != 0;
        match &kind {
            Kind::Regular(regular) if may_write => regular.add_writer()?,
            Kind::Program(regular) => regular.deny_writers()?,
            _ => {}
        }
        // From here on dropping it undoes both.
        COUNT.fetch_add(1, Relaxed);
        let file = Self {
            kind,
            node,
            may_read: !is_place && (access + 1) & 1 != 0,
            may_write,
            flags: AtomicU32::new(flags & !OPEN_ONLY),
            position: Mutex::new(0),
            is_watched: AtomicBool::new(false),
        };
        Arc::try_new(file).map_err(|_| Errno::ENOMEM)
    }

    /// Another description of the same file, which others may write. EINVAL unless it is a regular
    /// file.
    pub fn reopen_to_read(&self) -> Result<Arc<Self>> {
        match (&self.kind, &self.node) {
            (Kind::Regular(regular) | Kind::Program(regular), Node::Held(held)) => {
                let kind = Kind::Regular(regular.clone());
                Self::new(kind, Node::Held(held.again()), O_RDONLY)
            }
            _ => Err(Errno::EINVAL),
        }
    }

    /// How many there are.
    pub fn count() -> u32 {
        COUNT.load(Relaxed)
    }

    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// Whether it only stands for a place (O_PATH).
    #[inline]
    pub fn is_path(&self) -> bool {
        matches!(self.kind, Kind::Place)
    }

    pub fn is_directory(&self) -> bool {
        matches!(self.kind, Kind::Directory)
    }

    /// EBADF unless open for reading.
    #[inline]
    pub fn may_read(&self) -> Result<()> {
        if self.may_read { Ok(()) } else { Err(Errno::EBADF) }
    }

    /// EBADF unless open for writing.
    #[inline]
    pub fn may_write(&self) -> Result<()> {
        if self.may_write { Ok(()) } else { Err(Errno::EBADF) }
    }

    /// For `mmap`: (readable, writable).
    pub fn access(&self) -> (bool, bool) {
        (self.may_read, self.may_write)
    }

    /// ESPIPE if bytes have no positions.
    pub fn has_positions(&self) -> Result<()> {
        match self.kind {
            Kind::Pipe(..) | Kind::Socket(_) | Kind::Channel(_) | Kind::Terminal(_) => {
                Err(Errno::ESPIPE)
            }
            _ => Ok(()),
        }
    }

    /// As F_GETFL shows them.
    pub fn flags(&self) -> u32 {
        self.flags.load(Relaxed)
    }

    #[inline]
    fn has(&self, flag: u32) -> bool {
        self.flags.load(Relaxed) & flag != 0
    }

    /// EAGAIN instead of waiting.
    #[inline]
    pub fn is_nonblocking(&self) -> bool {
        self.has(O_NONBLOCK)
    }

    /// F_SETFL.
    pub fn set_flags(&self, flags: u32) {
        let new = self.flags() & !CHANGEABLE | flags & CHANGEABLE;
        self.flags.store(new, Relaxed);
    }

    /// FIONBIO.
    pub fn set_nonblocking(&self, on: bool) {
        let new = self.flags() & !O_NONBLOCK | if on { O_NONBLOCK } else { 0 };
        self.flags.store(new, Relaxed);
    }

    /// Where its attributes are.
    pub(super) fn node_of(&self) -> &Node {
        &self.node
    }

    /// The node in the tree, if it has one.
    pub fn node(&self) -> Option<&Held> {
        match &self.node {
            Node::Held(held) => Some(held),
            Node::Anonymous { .. } => None,
        }
    }

    /// The place in the tree. ENOTDIR for what is not in the tree, as the start of a path.
    pub fn place(&self) -> Result<Place> {
        self.node().map(Held::place).ok_or(Errno::ENOTDIR)
    }

    /// The object to map. `None` for what has none.
    pub fn object(&self) -> Option<&Arc<Object>> {
        match &self.kind {
            Kind::Regular(regular) | Kind::Program(regular) => Some(regular.object()),
            _ => None,
        }
    }

    /// The object to map up to byte `end`. Every mapping of the zero device is new memory.
    pub fn mapping(&self, end: u64) -> Result<Option<Arc<Object>>> {
        match &self.kind {
            Kind::Device(Device::Zero) => Object::memory(end).map(Some),
            _ => Ok(self.object().cloned()),
        }
    }

    pub fn regular(&self) -> Option<(&Arc<Regular>, &Held)> {
        match (&self.kind, &self.node) {
            (Kind::Regular(regular), Node::Held(node)) => Some((regular, node)),
            _ => None,
        }
    }

    pub fn socket(&self) -> Option<&Socket> {
        match &self.kind {
            Kind::Socket(socket) => Some(socket),
            _ => None,
        }
    }

    #[inline]
    pub fn read(&self, to: &mut UserBuffers) -> Result<usize> {
        if let (Kind::Regular(regular), Node::Held(node)) = (&self.kind, &self.node) {
            let mut position = self.position.lock();
            let count = regular.read(node.node(), *position, to)?;
            *position += count as u64;
            return Ok(count);
        }
        self.read_stream(to)
    }

    fn read_stream(&self, to: &mut UserBuffers) -> Result<usize> {
        match &self.kind {
            Kind::Regular(_) | Kind::Place | Kind::Program(_) => Err(Errno::EBADF),
            Kind::Epoll(_) => Err(Errno::EINVAL),
            Kind::Directory => Err(Errno::EISDIR),
            Kind::Pipe(pipe, _) => pipe.read(to, self.is_nonblocking()),
            Kind::Socket(_) if to.is_empty() => Ok(0),
            Kind::Socket(socket) => {
                let how = Receive { nonblocking: self.is_nonblocking(), ..Receive::default() };
                socket.receive(to, how).map(|received| received.count)
            }
            Kind::Device(device) => device.read(to),
            Kind::Channel(channel) => channel.read(to, self.is_nonblocking()),
            Kind::Terminal(terminal) => terminal.read(to, self.is_nonblocking()),
        }
    }

    pub fn read_at(&self, offset: u64, to: &mut UserBuffers) -> Result<usize> {
        match self.regular() {
            Some((regular, node)) => regular.read(node.node(), offset, to),
            None => self.read_stream(to),
        }
    }

    #[inline]
    pub fn write(&self, from: &mut Source) -> Result<usize> {
        match &self.kind {
            Kind::Pipe(pipe, _) => pipe.write(from, self.is_nonblocking()),
            Kind::Regular(_) => {
                let mut position = self.position.lock();
                let (start, count) = self.write_regular(*position, from)?;
                if count != 0 {
                    *position = start + count as u64;
                }
                Ok(count)
            }
            _ => self.write_stream(from),
        }
    }

    fn write_stream(&self, from: &mut Source) -> Result<usize> {
        match &self.kind {
            Kind::Socket(socket) => {
                let how = Send { nonblocking: self.is_nonblocking(), ..Send::default() };
                socket.send(from, how)
            }
            Kind::Device(device) => device.write(from),
            Kind::Channel(channel) => channel.write(from, self.is_nonblocking()),
            Kind::Terminal(terminal) => terminal.write(from, self.is_nonblocking()),
            Kind::Epoll(_) => Err(Errno::EINVAL),
            _ => Err(Errno::EBADF),
        }
    }

    pub fn write_at(&self, offset: u64, from: &mut Source) -> Result<usize> {
        match &self.kind {
            Kind::Regular(_) => self.write_regular(offset, from).map(|(_, count)| count),
            _ => self.write_stream(from),
        }
    }

    fn write_regular(&self, offset: u64, from: &mut Source) -> Result<(u64, usize)> {
        let (regular, node) = self.regular().ok_or(Errno::EBADF)?;
        let at = if self.has(O_APPEND) { At::End } else { At::Offset(offset) };
        let reach = if self.has(O_LARGEFILE) { MAX_OFFSET } else { MAX_NON_LFS };
        let limit = SizeLimit { resource: caller::file_size_limit(), reach };
        regular.write(node.node(), at, from, limit)
    }

    /// Reads into the kernel's memory, for `sendfile`. EINVAL unless it is a regular file.
    pub fn read_kernel(&self, offset: u64, to: &mut [u8]) -> Result<usize> {
        let (regular, _) = self.regular().ok_or(Errno::EINVAL)?;
        regular.object().read_kernel(offset, to)
    }

    /// The position, kept from others meanwhile.
    pub fn with_position<R>(&self, work: impl FnOnce(&mut u64) -> Result<R>) -> Result<R> {
        work(&mut self.position.lock())
    }

    /// The position, for who only looks; 0 while a read or write is under way.
    pub fn shown_position(&self) -> u64 {
        self.position.try_lock().map_or(0, |position| *position)
    }

    /// Moves the position; `whence` is valid.
    pub fn seek(&self, offset: i64, whence: u32) -> Result<u64> {
        self.has_positions()?;
        if let Kind::Device(_) = self.kind {
            return Ok(0);
        }
        let size = match (&self.kind, whence) {
            (Kind::Directory, SEEK_SET | SEEK_CUR) => 0,
            (Kind::Directory, _) => return Err(Errno::EINVAL),
            (Kind::Regular(regular), _) => regular.size(),
            _ => return Err(Errno::EBADF),
        };
        let mut position = self.position.lock();
        let from = |start: u64| start.checked_add_signed(offset).ok_or(Errno::EINVAL);
        let new = match whence {
            SEEK_SET => from(0)?,
            SEEK_CUR if offset == 0 => return Ok(*position),
            SEEK_CUR => from(*position)?,
            SEEK_END => from(size)?,
            SEEK_DATA | SEEK_HOLE => {
                let start = u64::try_from(offset).map_err(|_| Errno::ENXIO)?;
                if start >= size {
                    return Err(Errno::ENXIO);
                }
                // Holes are not told from data.
                if whence == SEEK_DATA { start } else { size }
            }
            _ => return Err(Errno::EINVAL),
        };
        if new > MAX_OFFSET {
            return Err(Errno::EINVAL);
        }
        *position = new;
        Ok(new)
    }

    /// Sets the size. EINVAL unless it is a regular file open for writing; also above `limit`
    /// without O_LARGEFILE.
    pub fn truncate(&self, size: u64, limit: Option<u64>) -> Result<()> {
        let (regular, node) = self.regular().filter(|_| self.may_write).ok_or(Errno::EINVAL)?;
        if limit.is_some_and(|limit| size > limit) && !self.has(O_LARGEFILE) {
            return Err(Errno::EINVAL);
        }
        regular.truncate(node.node(), size)
    }

    pub fn status(&self) -> Result<FileStatus> {
        match self.node {
            Node::Held(ref held) => tree::lock().status(held.place()),
            Node::Anonymous { ino, created, user, group } => Ok(FileStatus {
                device: self.anonymous_device(),
                ino: u64::from(ino),
                mode: self.anonymous_mode(),
                nlink: 1,
                uid: user,
                gid: group,
                accessed: created,
                modified: created,
                changed: created,
                mount: 1,
                ..FileStatus::default()
            }),
        }
    }

    fn anonymous_device(&self) -> DeviceNumber {
        match self.kind {
            Kind::Socket(_) => SOCKETS,
            Kind::Epoll(_) => INSTANCES,
            _ => PIPES,
        }
    }

    fn anonymous_mode(&self) -> u32 {
        match self.kind {
            Kind::Socket(_) => S_IFSOCK | 0o777,
            Kind::Epoll(_) => 0o600,
            _ => S_IFIFO | 0o600,
        }
    }

    /// `fallocate`, its arguments checked so far that they make a range.
    pub fn allocate(&self, mode: i32, offset: u64, len: u64) -> Result<()> {
        if mode & !(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE) != 0 || mode == FALLOC_FL_PUNCH_HOLE
        {
            return Err(Errno::EOPNOTSUPP);
        }
        self.may_write()?;
        let (regular, node) = match &self.kind {
            Kind::Regular(_) => self.regular().ok_or(Errno::ENODEV)?,
            Kind::Pipe(..) | Kind::Channel(_) => return Err(Errno::ESPIPE),
            Kind::Directory => return Err(Errno::EISDIR),
            _ => return Err(Errno::ENODEV),
        };
        if offset + len > MAX_OFFSET {
            return Err(Errno::EFBIG);
        }
        if mode & FALLOC_FL_PUNCH_HOLE != 0 {
            return regular.punch_hole(node.node(), offset, len);
        }
        regular.allocate(node.node(), offset, len, mode & FALLOC_FL_KEEP_SIZE == 0)
    }

    /// What is ready, as `poll` reports it.
    pub fn events(&self) -> u16 {
        match &self.kind {
            Kind::Pipe(pipe, ends) => pipe.events(*ends),
            Kind::Socket(socket) => socket.events(),
            Kind::Epoll(epoll) => epoll.events(),
            Kind::Channel(channel) => channel.events(),
            Kind::Terminal(terminal) => terminal.events(),
            _ => POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM,
        }
    }

    /// Who is told when that changes; `None` if it never does.
    pub fn pollers(&self) -> Option<&WaitQueue> {
        match &self.kind {
            Kind::Pipe(pipe, _) => Some(pipe.pollers()),
            Kind::Socket(socket) => Some(socket.pollers()),
            Kind::Epoll(epoll) => Some(epoll.pollers()),
            Kind::Channel(_) | Kind::Terminal(_) => Some(console::pollers()),
            _ => None,
        }
    }

    /// An epoll instance watches it from now on.
    pub(super) fn set_watched(&self) {
        self.is_watched.store(true, Relaxed);
    }

    /// FIONREAD; `None` for what does not know it.
    pub fn readable_bytes(&self) -> Option<u32> {
        match &self.kind {
            Kind::Regular(regular) => {
                let position = *self.position.lock();
                Some(regular.size().saturating_sub(position) as u32)
            }
            Kind::Pipe(pipe, _) => Some(pipe.len()),
            Kind::Socket(socket) => Some(socket.readable()),
            Kind::Channel(channel) => Some(channel.readable()),
            _ => None,
        }
    }

    /// EINVAL for what holds no data that could be written out.
    pub fn sync(&self) -> Result<()> {
        match self.kind {
            Kind::Regular(_) | Kind::Directory => Ok(()),
            _ => Err(Errno::EINVAL),
        }
    }
}

impl KeptOpen for File {}

impl Drop for File {
    fn drop(&mut self) {
        COUNT.fetch_sub(1, Relaxed);
        if *self.is_watched.get_mut() {
            epoll::forget(self);
        }
        match &self.kind {
            Kind::Regular(regular) => {
                regular.locks().remove_owner(Owner::of_file(self));
                if self.may_write {
                    regular.remove_writer();
                }
            }
            Kind::Program(regular) => regular.allow_writers(),
            Kind::Pipe(pipe, ends) => pipe.close(*ends),
            _ => {}
        }
    }
}

/// A pipe: its read end and its write end. `flags`: O_NONBLOCK, O_DIRECT.
pub fn pipe(flags: u32, user: u32, group: u32) -> Result<(Arc<File>, Arc<File>)> {
    let pipe = Pipe::new()?;
    // Both ends show the same node.
    let Node::Anonymous { ino, created, .. } = Node::anonymous(user, group) else {
        return Err(Errno::EINVAL);
    };
    let node = || Node::Anonymous { ino, created, user, group };
    let read = Ends { read: true, write: false };
    let write = Ends { read: false, write: true };
    let reader = File::new(Kind::Pipe(pipe.clone(), read), node(), flags | O_RDONLY)?;
    let writer = File::new(Kind::Pipe(pipe, write), node(), flags | O_WRONLY)?;
    Ok((reader, writer))
}
