//! Opening files by path, in Linux's order of checks.

use super::access::Caller;
use super::caller;
use super::console;
use super::description::{File, Kind, Node, Reserved};
use super::device::Device;
use super::directory::Directory;
use super::found::Found;
use super::namespace::{Sought, Start};
use super::operations::Place;
use super::pipe::{Ends, Pipe, PipeEnd};
use super::regular::{Program, Regular};
use super::served::{self, Served, permissions};
use super::tree::{self, Content, Held};
use crate::result::{Errno, Result};
use abi::file::{
    DeviceNumber, O_ACCMODE, O_CREAT, O_DIRECT, O_DIRECTORY, O_EXCL, O_LARGEFILE, O_NOATIME,
    O_NOFOLLOW, O_NONBLOCK, O_PATH, O_TMPFILE, O_TRUNC, R_OK, S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO,
    S_IFLNK, S_IFMT, S_IFREG, S_IFSOCK, W_OK, X_OK,
};
use abi::node;
use alloc::sync::Arc;
use kcore::node_tree::{Attributes, NewNode};

/// The bit of O_TMPFILE that is its own.
const TMPFILE: u32 = O_TMPFILE & !O_DIRECTORY;
/// What O_PATH leaves of the other flags.
const PATH_FLAGS: u32 = O_DIRECTORY | O_NOFOLLOW | O_PATH | abi::file::O_CLOEXEC;
const MAX_NON_LFS: u64 = 0x7fff_ffff;

/// How to open, checked.
struct How {
    flags: u32,
    /// Of a new file, the umask applied.
    mode: u32,
    /// `R_OK` and so on: what must be allowed.
    access: u32,
    follow: bool,
}

impl How {
    fn new(flags: u32, mode: u32) -> Result<Self> {
        let flags = if flags & O_PATH != 0 { flags & PATH_FLAGS } else { flags };
        let mut access = match flags & O_ACCMODE {
            0 => R_OK,
            1 => W_OK,
            _ => R_OK | W_OK,
        };
        if flags & TMPFILE != 0 && (flags & O_DIRECTORY == 0 || access & W_OK == 0) {
            return Err(Errno::EINVAL);
        }
        if flags & O_PATH != 0 {
            access = 0;
        }
        if flags & O_TRUNC != 0 {
            access |= W_OK;
        }
        let exclusive = flags & (O_CREAT | O_EXCL) == O_CREAT | O_EXCL;
        let follow = flags & O_NOFOLLOW == 0 && !exclusive;
        Ok(Self { flags, mode: mode & 0o7777, access, follow })
    }

    fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }
}

/// `open`: the umask is `umask`.
pub fn open(start: &Start, path: &[u8], flags: u32, mode: u32, umask: u32) -> Result<Arc<File>> {
    let how = How::new(flags, mode & !umask)?;
    if how.flags & TMPFILE != 0 {
        return open_nameless(start, path, &how);
    }
    if how.has(O_CREAT) {
        return match start.find_or_name(path, how.follow)? {
            Sought::Found(found) if how.has(O_EXCL) => {
                drop(found);
                Err(Errno::EEXIST)
            }
            Sought::Found(found) => open_found(found, &how, start.caller),
            Sought::Missing(missing) if missing.trailing_slash => Err(Errno::EISDIR),
            Sought::Missing(missing) => {
                // Servers are not asked to make files, and Linux's /proc has nothing to make.
                let directory = missing.directory.held().ok_or(Errno::ENOENT)?.node();
                let new = new_file(start.caller, how.mode);
                let reserved = File::reserve()?;
                let node = {
                    let mut tree = tree::lock();
                    let edit = tree.edit(start.caller);
                    let node = tree.create_node(directory, &missing.name, new, empty, &edit);
                    // Somebody else may have made it meanwhile.
                    let node = match node {
                        Err(Errno::EEXIST) if !how.has(O_EXCL) => {
                            drop(tree);
                            return open(start, path, flags, mode, umask);
                        }
                        node => node?,
                    };
                    tree.held(node)?
                };
                open_new(reserved, node, &how)
            }
        };
    }
    open_found(start.find(path, how.follow)?, &how, start.caller)
}

fn empty() -> Result<Content> {
    Regular::empty().map(Content::Regular)
}

fn new_file(caller: &Caller, mode: u32) -> NewNode {
    NewNode { mode: S_IFREG | mode, uid: caller.user(), gid: caller.group(), rdev: 0 }
}

/// A file that was just made: no permission is asked, nothing is cut off.
fn open_new(reserved: Reserved, node: Held, how: &How) -> Result<Arc<File>> {
    if how.has(O_DIRECTORY) {
        return Err(Errno::ENOTDIR);
    }
    let regular = super::namespace::regular(&node)?;
    reserved.open(Kind::Regular(regular), Node::Held(node), how.flags)
}

/// O_TMPFILE: a file without a name, on the file system of a directory.
fn open_nameless(start: &Start, path: &[u8], how: &How) -> Result<Arc<File>> {
    let found = start.find_directory(path)?;
    let directory = found.held().ok_or(Errno::EOPNOTSUPP)?.node();
    let node = {
        let mut tree = tree::lock();
        let attributes = *tree.node(directory)?.attributes();
        if tree.node(directory)?.is_read_only() {
            return Err(Errno::EROFS);
        }
        start.caller.may(&attributes, W_OK | X_OK)?;
        let now = tree.now();
        let new = new_file(start.caller, how.mode);
        let node = tree.create_nameless(new, !how.has(O_EXCL), empty, now)?;
        // It comes with one reference.
        Held::adopt(node)
    };
    let regular = super::namespace::regular(&node)?;
    File::new(Kind::Regular(regular), Node::Held(node), how.flags)
}

/// `memfd_create`.
pub fn open_memory(caller: &Caller) -> Result<Arc<File>> {
    let node = {
        let mut tree = tree::lock();
        let now = tree.now();
        let new = new_file(caller, 0o777);
        let node = tree.create_nameless(new, false, empty, now)?;
        Held::adopt(node)
    };
    let regular = super::namespace::regular(&node)?;
    File::new(Kind::Regular(regular), Node::Held(node), abi::file::O_RDWR | O_LARGEFILE)
}

fn open_found(found: Found, how: &How, caller: &Caller) -> Result<Arc<File>> {
    match found {
        Found::Held(node) => open_node(node, how, caller),
        found => open_elsewhere(found, how, caller),
    }
}

/// What is not in the kernel's own tree, or an open file that a link has led to.
#[cold]
fn open_elsewhere(found: Found, how: &How, caller: &Caller) -> Result<Arc<File>> {
    match found {
        Found::Held(node) => open_node(node, how, caller),
        Found::Served(node, told) => {
            let attributes = match told {
                Some(attributes) => *attributes,
                None => node.attributes(caller)?,
            };
            open_served(node, &attributes, how, caller)
        }
        Found::Open(file) => match file.node_of() {
            Node::Held(held) => open_node(held.again(), how, caller),
            Node::Served(node) => open_served(node.clone(), &node.attributes(caller)?, how, caller),
            Node::Anonymous { .. } => reopen(&file, how, caller),
        },
    }
}

/// What goes for files of every tree: O_CREAT, O_DIRECTORY.
fn check_type(how: &How, mode: u32) -> Result<()> {
    let is_directory = mode & S_IFMT == S_IFDIR;
    if how.has(O_CREAT) && is_directory {
        return Err(Errno::EISDIR);
    }
    if how.has(O_DIRECTORY) && !is_directory { Err(Errno::ENOTDIR) } else { Ok(()) }
}

fn open_served(
    node: Served,
    attributes: &node::Attributes,
    how: &How,
    caller: &Caller,
) -> Result<Arc<File>> {
    check_type(how, attributes.mode)?;
    if how.has(O_PATH) {
        return File::new(Kind::Place(Place), Node::Served(node), how.flags);
    }
    let kind = attributes.mode & S_IFMT;
    match kind {
        S_IFLNK => return Err(Errno::ELOOP),
        S_IFDIR if how.access & W_OK != 0 => return Err(Errno::EISDIR),
        S_IFDIR | S_IFREG => {}
        // A server's numbers name no devices of the kernel's.
        _ => return Err(Errno::ENXIO),
    }
    let opened = served::open(&node, attributes, how.flags, how.access, caller)?;
    if how.has(O_NOATIME) {
        caller.owns(&permissions(attributes))?;
    }
    if how.has(O_DIRECT) {
        return Err(Errno::EINVAL);
    }
    if kind == S_IFDIR {
        return File::new(Kind::Directory(Directory), Node::Served(node), how.flags);
    }
    if how.has(O_TRUNC) {
        node.truncate(0, caller)?;
    }
    File::new(Kind::Served(opened), Node::Served(node), how.flags)
}

/// Another description of what is in no tree: a pipe, or a stream of the console.
fn reopen(file: &File, how: &How, caller: &Caller) -> Result<Arc<File>> {
    let Node::Anonymous { ino, created, user, group } = *file.node_of() else {
        return Err(Errno::ENXIO);
    };
    let node = Node::Anonymous { ino, created, user, group };
    let status = file.status()?;
    check_type(how, status.mode)?;
    if how.has(O_PATH) {
        return File::new(Kind::Place(Place), node, how.flags);
    }
    let (mode, uid, gid) = (status.mode, status.uid, status.gid);
    caller.may(&Attributes { mode, uid, gid, ..Attributes::default() }, how.access)?;
    match file.kind() {
        Kind::Pipe(PipeEnd { pipe, .. }) => {
            let (pipe, ends) = (pipe.clone(), ends(how)?);
            pipe.reopen(ends);
            File::new(Kind::Pipe(PipeEnd { pipe, ends }), node, how.flags)
        }
        Kind::Channel(channel) => File::new(Kind::Channel(*channel), node, how.flags),
        _ => Err(Errno::ENXIO),
    }
}

fn open_node(node: Held, how: &How, caller: &Caller) -> Result<Arc<File>> {
    let (attributes, is_read_only) = {
        let tree = tree::lock();
        let found = tree.node(node.node())?;
        (*found.attributes(), found.is_read_only())
    };
    let kind = attributes.mode & S_IFMT;
    check_type(how, attributes.mode)?;
    if how.has(O_PATH) {
        return File::new(Kind::Place(Place), Node::Held(node), how.flags);
    }
    let truncate = how.has(O_TRUNC) && kind == S_IFREG;
    if truncate && is_read_only {
        return Err(Errno::EROFS);
    }
    match kind {
        S_IFLNK => return Err(Errno::ELOOP),
        S_IFDIR if how.access & W_OK != 0 => return Err(Errno::EISDIR),
        S_IFREG if how.access & W_OK != 0 && is_read_only => return Err(Errno::EROFS),
        _ => {}
    }
    caller.may(&attributes, how.access)?;
    if how.has(O_NOATIME) {
        caller.owns(&attributes)?;
    }
    let kind = match kind {
        S_IFDIR => Kind::Directory(Directory),
        S_IFREG => {
            let regular = super::namespace::regular(&node)?;
            if regular.size() > MAX_NON_LFS && !how.has(O_LARGEFILE) {
                return Err(Errno::EOVERFLOW);
            }
            Kind::Regular(regular)
        }
        S_IFIFO => return open_fifo(node, how),
        S_IFCHR => {
            let number = DeviceNumber::decode(attributes.rdev);
            match Device::from_number(number) {
                Some(device) => Kind::Device(device),
                None => return console::open(number, Node::Held(node), how.flags),
            }
        }
        S_IFBLK | S_IFSOCK => return Err(Errno::ENXIO),
        _ => return Err(Errno::ENXIO),
    };
    // Nothing here transfers data around the page cache.
    if how.has(O_DIRECT) {
        return Err(Errno::EINVAL);
    }
    let file = File::new(kind, Node::Held(node), how.flags)?;
    if truncate && let Some((regular, node)) = file.regular() {
        regular.truncate_as_writer(node.node(), 0)?;
    }
    Ok(file)
}

fn open_fifo(node: Held, how: &How) -> Result<Arc<File>> {
    let pipe = match tree::lock().node(node.node())?.content() {
        Some(Content::Fifo(pipe)) => pipe.clone(),
        _ => return Err(Errno::ENXIO),
    };
    let ends = ends(how)?;
    pipe.open(ends, how.has(O_NONBLOCK))?;
    // If this fails, the description that was made closes the ends.
    File::new(Kind::Pipe(PipeEnd { pipe, ends }), Node::Held(node), how.flags)
}

fn ends(how: &How) -> Result<Ends> {
    match how.flags & O_ACCMODE {
        0 => Ok(Ends { read: true, write: false }),
        1 => Ok(Ends { read: false, write: true }),
        2 => Ok(Ends { read: true, write: true }),
        _ => Err(Errno::EINVAL),
    }
}

/// Opens a program of the calling process to run it. EACCES unless it is a regular file that the
/// process may execute; ETXTBSY while somebody has it open for writing. Nobody can write it while
/// this is open.
pub fn exec_open(path: &[u8]) -> Result<Arc<File>> {
    caller::from_working_directory(|start| exec_found(start.find(path, true)?, start.caller))
}

pub(super) fn exec_found(found: Found, caller: &Caller) -> Result<Arc<File>> {
    match found {
        Found::Held(node) => exec_node(node, caller),
        // Servers have no programs.
        found => exec_node(found.held().ok_or(Errno::EACCES)?.again(), caller),
    }
}

fn exec_node(node: Held, caller: &Caller) -> Result<Arc<File>> {
    let attributes = *tree::lock().node(node.node())?.attributes();
    match attributes.mode & S_IFMT {
        S_IFREG => {}
        S_IFLNK => return Err(Errno::ELOOP),
        _ => return Err(Errno::EACCES),
    }
    caller.may(&attributes, X_OK)?;
    let regular = super::namespace::regular(&node)?;
    File::new(Kind::Program(Program(regular)), Node::Held(node), 0)
}

/// Whether the caller may also read a program that it has opened to execute it.
pub fn may_read(program: &File) -> bool {
    let attributes = program.node().and_then(|node| node.attributes().ok());
    attributes.is_some_and(|attributes| caller::identity().may(&attributes, R_OK).is_ok())
}

/// The node of the terminal that the first program gets.
pub fn console_node() -> Result<Held> {
    let mut tree = tree::lock();
    let dev = tree.lookup(tree.root(), b"dev")?;
    let node = tree.lookup(dev, b"console")?;
    tree.held(node)
}

/// A FIFO's content, or that of a device or socket, for `mknod`.
pub fn content_of(mode: u32) -> Result<Content> {
    Ok(match mode & S_IFMT {
        S_IFREG => Content::Regular(Regular::empty()?),
        S_IFIFO => Content::Fifo(Pipe::closed()?),
        _ => Content::Special,
    })
}
