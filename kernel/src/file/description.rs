//! Open-file descriptions: what descriptors lead to.

use super::buffers::{Source, UserBuffers};
use super::caller;
use super::console::{Channel, Terminal};
use super::device::Device;
use super::directory::Directory;
use super::epoll::{self, Epoll, Watchers};
use super::eventfd::Eventfd;
use super::locks::Owner;
use super::open_regular;
use super::operations::{self, Operations};
use super::other_locks;
use super::pipe::PipeEnd;
use super::place::Place;
use super::regular::{Program, Regular};
use super::served::{self, Served};
use super::signalfd::Signalfd;
use super::socket::{Socket, Travel};
use super::status::{BLOCK_SIZE, FileStatus};
use super::timerfd::Timerfd;
use super::tree::{self, Held};
use crate::mm::object::Object;
use crate::mm::space::KeptOpen;
use crate::result::{Errno, Result};
use crate::sync::{Mutex, WaitQueue};
use abi::file::{
    FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE, O_ACCMODE, O_APPEND, O_CLOEXEC, O_CREAT, O_DIRECT,
    O_EXCL, O_LARGEFILE, O_NOATIME, O_NOCTTY, O_NONBLOCK, O_RDONLY, O_TRUNC, SEEK_CUR, SEEK_DATA,
    SEEK_END, SEEK_HOLE, SEEK_SET,
};
use alloc::sync::Arc;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use kcore::node_tree::Timestamp;

/// The largest size a description without O_LARGEFILE reaches.
pub(super) const MAX_NON_LFS: u64 = 0x7fff_ffff;
/// The largest offset: that of an object.
pub(super) const MAX_OFFSET: u64 = (u32::MAX as u64) << 12;
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
    /// Which epoll instances watch it.
    watchers: Watchers,
    /// It has had a `flock` lock.
    has_locked: AtomicBool,
    travel: Travel,
}

/// What reads and writes lead to.
pub enum Kind {
    Regular(Arc<Regular>),
    Directory(Directory),
    Pipe(PipeEnd),
    Socket(Socket),
    Epoll(Arc<Epoll>),
    Eventfd(Arc<Eventfd>),
    Timerfd(Arc<Timerfd>),
    Signalfd(Signalfd),
    Device(Device),
    /// One of the framed line's streams.
    Channel(Channel),
    Terminal(&'static Terminal),
    /// A server's regular file.
    Served(served::Opened),
    /// Only a place in the tree: O_PATH.
    Place(operations::Place),
    Program(Program),
}

impl Kind {
    fn operations(&self) -> &dyn Operations {
        match self {
            Self::Regular(regular) => &**regular,
            Self::Directory(directory) => directory,
            Self::Pipe(end) => end,
            Self::Socket(socket) => socket,
            Self::Epoll(epoll) => &**epoll,
            Self::Eventfd(eventfd) => &**eventfd,
            Self::Timerfd(timerfd) => &**timerfd,
            Self::Signalfd(signalfd) => signalfd,
            Self::Device(device) => device,
            Self::Channel(channel) => channel,
            Self::Terminal(terminal) => *terminal,
            Self::Served(opened) => opened,
            Self::Place(place) => place,
            Self::Program(program) => program,
        }
    }
}

/// Where the description's attributes are.
pub enum Node {
    /// In the kernel's own tree.
    Held(Held),
    /// In a server's.
    Served(Served),
    /// Nowhere: a pipe, a stream.
    Anonymous { ino: u32, created: Timestamp, user: u32, group: u32 },
}

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

/// Memory for a description.
pub struct Reserved(Arc<MaybeUninit<File>>);

impl Reserved {
    /// As [`File::new`], in this memory.
    pub fn open(mut self, kind: Kind, node: Node, flags: u32) -> Result<Arc<File>> {
        let is_place = matches!(kind, Kind::Place(_));
        let access = flags & O_ACCMODE;
        let may_write = !is_place && (access + 1) & 2 != 0;
        match &kind {
            Kind::Regular(regular) if may_write => regular.add_writer()?,
            Kind::Program(program) => program.0.deny_writers()?,
            _ => {}
        }
        // From here on dropping it undoes both.
        COUNT.fetch_add(1, Relaxed);
        let Some(unwritten) = Arc::get_mut(&mut self.0) else { unreachable!("just made") };
        unwritten.write(File {
            kind,
            node,
            may_read: !is_place && (access + 1) & 1 != 0,
            may_write,
            flags: AtomicU32::new(flags & !OPEN_ONLY),
            position: Mutex::new(0),
            watchers: Watchers::new(),
            has_locked: AtomicBool::new(false),
            travel: Travel::new(),
        });
        // SAFETY: written above.
        Ok(unsafe { self.0.assume_init() })
    }
}

impl File {
    /// `flags` as for `open`. Counts as a writer of a regular file from now on: ETXTBSY while that
    /// runs as a program.
    pub fn new(kind: Kind, node: Node, flags: u32) -> Result<Arc<Self>> {
        Self::reserve()?.open(kind, node, flags)
    }

    /// Memory for one, before something is made that has to be open afterwards.
    pub fn reserve() -> Result<Reserved> {
        Arc::try_new_uninit().map(Reserved).map_err(|_| Errno::ENOMEM)
    }

    /// Another description of the same file, which others may write. EINVAL unless it is a regular
    /// file.
    pub fn reopen_to_read(&self) -> Result<Arc<Self>> {
        match (&self.kind, &self.node) {
            (Kind::Regular(regular) | Kind::Program(Program(regular)), Node::Held(held)) => {
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
        matches!(self.kind, Kind::Place(_))
    }

    pub fn is_directory(&self) -> bool {
        matches!(self.kind, Kind::Directory(_))
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
        if self.kind.operations().has_positions() { Ok(()) } else { Err(Errno::ESPIPE) }
    }

    /// As F_GETFL shows them.
    pub fn flags(&self) -> u32 {
        self.flags.load(Relaxed)
    }

    #[inline]
    pub(super) fn has(&self, flag: u32) -> bool {
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

    /// The node in the kernel's own tree, if it has one.
    pub fn node(&self) -> Option<&Held> {
        match &self.node {
            Node::Held(held) => Some(held),
            _ => None,
        }
    }

    /// The server's node, if it has one.
    pub fn served(&self) -> Option<&Served> {
        match &self.node {
            Node::Served(served) => Some(served),
            _ => None,
        }
    }

    /// The place in its tree. ENOTDIR for what is in none, as the start of a path.
    pub fn place(&self) -> Result<Place> {
        match &self.node {
            Node::Held(held) => Ok(held.place()),
            Node::Served(served) => Ok(served.place()),
            Node::Anonymous { .. } => Err(Errno::ENOTDIR),
        }
    }

    /// The object to map. `None` for what has none.
    pub fn object(&self) -> Option<&Arc<Object>> {
        match &self.kind {
            Kind::Regular(regular) | Kind::Program(Program(regular)) => Some(regular.object()),
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

    pub(super) fn travel(&self) -> &Travel {
        &self.travel
    }

    pub fn socket(&self) -> Option<&Socket> {
        match &self.kind {
            Kind::Socket(socket) => Some(socket),
            _ => None,
        }
    }

    #[inline]
    pub fn read(&self, to: &mut UserBuffers) -> Result<usize> {
        match &self.kind {
            Kind::Regular(regular) => open_regular::read(regular, self, to),
            _ => self.read_other(to),
        }
    }

    fn read_other(&self, to: &mut UserBuffers) -> Result<usize> {
        match &self.kind {
            Kind::Pipe(end) => end.pipe.read(to, self.is_nonblocking()),
            kind => kind.operations().read(self, to),
        }
    }

    pub fn read_at(&self, offset: u64, to: &mut UserBuffers) -> Result<usize> {
        match &self.kind {
            Kind::Regular(regular) => open_regular::read_at(regular, self, offset, to),
            kind => kind.operations().read_at(self, offset, to),
        }
    }

    #[inline]
    pub fn write(&self, from: &mut Source) -> Result<usize> {
        match &self.kind {
            Kind::Pipe(end) => end.pipe.write(from, self.is_nonblocking()),
            Kind::Regular(regular) => open_regular::write(regular, self, from),
            _ => self.write_other(from),
        }
    }

    fn write_other(&self, from: &mut Source) -> Result<usize> {
        self.kind.operations().write(self, from)
    }

    pub fn write_at(&self, offset: u64, from: &mut Source) -> Result<usize> {
        self.kind.operations().write_at(self, offset, from)
    }

    /// Reads into the kernel's memory, for `sendfile`. EINVAL unless it is a regular file.
    pub fn read_kernel(&self, offset: u64, to: &mut [u8]) -> Result<usize> {
        let (regular, _) = self.regular().ok_or(Errno::EINVAL)?;
        regular.object().read_kernel(offset, to)
    }

    /// The position, kept from others meanwhile.
    #[inline]
    pub fn with_position<R>(&self, work: impl FnOnce(&mut u64) -> Result<R>) -> Result<R> {
        work(&mut self.position.lock())
    }

    /// The position, for who only looks; 0 while a read or write is under way.
    pub fn shown_position(&self) -> u64 {
        self.position.try_lock().map_or(0, |position| *position)
    }

    /// Moves the position; `whence` is valid.
    pub fn seek(&self, offset: i64, whence: u32) -> Result<u64> {
        self.kind.operations().seek(self, offset, whence)
    }

    /// The same for what has a size.
    pub(super) fn move_position(
        &self,
        offset: i64,
        whence: u32,
        size: impl FnOnce() -> Result<u64>,
    ) -> Result<u64> {
        let mut position = self.position.lock();
        let from = |start: u64| start.checked_add_signed(offset).ok_or(Errno::EINVAL);
        let new = match whence {
            SEEK_SET => from(0)?,
            SEEK_CUR if offset == 0 => return Ok(*position),
            SEEK_CUR => from(*position)?,
            SEEK_END => from(size()?)?,
            SEEK_DATA | SEEK_HOLE => {
                let (start, size) = (u64::try_from(offset).map_err(|_| Errno::ENXIO)?, size()?);
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
        let is_too_large = limit.is_some_and(|limit| size > limit) && !self.has(O_LARGEFILE);
        if !self.may_write || is_too_large {
            return Err(Errno::EINVAL);
        }
        self.kind.operations().truncate(self, size)
    }

    pub fn status(&self) -> Result<FileStatus> {
        match self.node {
            Node::Held(ref held) => tree::lock().status(held.node()),
            Node::Served(ref served) => Ok(served.status(&served.attributes(&caller::identity())?)),
            Node::Anonymous { ino, created, user, group } => {
                let (device, mode) = self.kind.operations().anonymous();
                Ok(FileStatus {
                    device,
                    ino: u64::from(ino),
                    mode,
                    nlink: 1,
                    uid: user,
                    gid: group,
                    block_size: BLOCK_SIZE,
                    accessed: created,
                    modified: created,
                    changed: created,
                    mount: 1,
                    ..FileStatus::default()
                })
            }
        }
    }

    /// `fallocate`, its arguments checked so far that they make a range.
    pub fn allocate(&self, mode: i32, offset: u64, len: u64) -> Result<()> {
        if mode & !(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE) != 0 || mode == FALLOC_FL_PUNCH_HOLE
        {
            return Err(Errno::EOPNOTSUPP);
        }
        self.may_write()?;
        self.kind.operations().allocate(self, mode, offset, len)
    }

    /// What is ready, as `poll` reports it.
    pub fn events(&self) -> u16 {
        self.kind.operations().events()
    }

    /// Who is told when that changes; `None` if it never does.
    pub fn pollers(&self) -> Option<&WaitQueue> {
        self.kind.operations().pollers()
    }

    /// There is to be a `flock` lock.
    pub(super) fn set_locked(&self) {
        self.has_locked.store(true, Relaxed);
    }

    /// Which epoll instances watch it.
    #[inline]
    pub(super) const fn watchers(&self) -> &Watchers {
        &self.watchers
    }

    /// FIONREAD; `None` for what does not know it.
    pub fn readable_bytes(&self) -> Option<u32> {
        self.kind.operations().readable_bytes(self)
    }

    /// EINVAL for what holds no data that could be written out.
    pub fn sync(&self) -> Result<()> {
        self.kind.operations().sync()
    }
}

impl KeptOpen for File {}

impl Drop for File {
    fn drop(&mut self) {
        COUNT.fetch_sub(1, Relaxed);
        epoll::forget(self);
        if *self.has_locked.get_mut() {
            other_locks::remove_owner(self, Owner::of_file(self));
        }
        self.kind.operations().close(self);
    }
}
