//! From messages to a file system's methods.

use super::entries::DOTS;
use super::{Asker, Attributes, Changes, Entries, FileSystem, Input, Output, ROOT, Target};
use crate::ipc::{Caller, Message, Reply, Server};
use crate::{Errno, Result};
use abi::Plain;
use abi::file::{DT_DIR, PATH_MAX, S_IFDIR, S_IFLNK, S_IFMT, Statfs64, X_OK};
use abi::node::{Found, Link, Request};
use alloc::vec;
use alloc::vec::Vec;

/// The server of a file system.
pub struct Files<F>(pub F);

/// The leases of a look-up.
const PATH: u32 = 0;
const ATTRIBUTES: u32 = 1;
const GROUPS: u32 = 2;

impl<F: FileSystem> Server for Files<F> {
    /// EPERM: the kernel does not call. EOPNOTSUPP: a request that means nothing here.
    fn handle(&mut self, message: &Message, caller: &mut Caller<'_>) -> Result<Reply> {
        if !caller.is_kernel {
            return Err(Errno::EPERM);
        }
        let request = Request::decode(message.label(), message.words());
        let (request, asker) = request.ok_or(Errno::EOPNOTSUPP)?;
        let abi::node::Asker { pid, tid, user, group, sees_all } = asker;
        let sees_all = sees_all != 0;
        let mut asker = Asker { pid, tid, user, group, sees_all, groups: Vec::new() };
        let (files, caller) = (&mut self.0, &*caller);
        match request {
            Request::LookUp { directory } => {
                asker.groups = groups(caller)?;
                let found = look_up(files, directory, caller, &asker)?;
                Ok(words(Reply::new(), &found.encode()))
            }
            Request::Parent { directory } => {
                asker.may(&files.attributes(directory, &asker)?, X_OK)?;
                Ok(Reply::new().word64(parent(files, directory)?))
            }
            Request::Path { node } => {
                let path = if node == ROOT { b"/".to_vec() } else { files.path(node)? };
                text(caller, &path)?;
                Ok(Reply::new().word(path.len() as u32))
            }
            Request::Attributes { node } => {
                put(caller, 0, &files.attributes(node, &asker)?)?;
                Ok(Reply::new())
            }
            Request::SetAttributes { node } => {
                files.set_attributes(node, &take(caller, 0)?, &asker)?;
                Ok(Reply::new())
            }
            Request::Open { node, flags } => {
                files.open(node, flags, &asker)?;
                Ok(Reply::new())
            }
            Request::Read { node, offset, file } => {
                let length = caller.writable(0)?;
                let mut to = Output { caller, length, done: 0, file };
                files.read(node, offset, &mut to, &asker)?;
                Ok(Reply::new().word(to.written() as u32))
            }
            Request::Write { node, offset } => {
                let from = Input { caller, length: caller.readable(0)? };
                Ok(Reply::new().word(files.write(node, offset, &from, &asker)?))
            }
            Request::ReadDirectory { directory, position } => {
                let mut entries = Entries::new(caller.writable(0)? as usize);
                read_directory(files, directory, position, &mut entries, &asker)?;
                if !entries.bytes().is_empty() {
                    caller.write(0, 0, entries.bytes())?;
                }
                Ok(Reply::new().word(entries.bytes().len() as u32))
            }
            Request::ReadLink { node } => {
                let link = match files.read_link(node, &asker)? {
                    Target::Magic { tid, object } => Link::Magic { tid, object },
                    Target::Text(path) => {
                        text(caller, &path)?;
                        Link::Text(path.len() as u32)
                    }
                };
                Ok(words(Reply::new(), &link.encode()))
            }
            Request::Figures => {
                put(caller, 0, &files.figures()?)?;
                Ok(Reply::new())
            }
        }
    }
}

fn words(reply: Reply, words: &[u32]) -> Reply {
    words.iter().fold(reply, |reply, word| reply.word(*word))
}

/// Supplementary groups, if there are any.
fn groups(caller: &Caller<'_>) -> Result<Vec<u32>> {
    let Ok(length) = caller.readable(GROUPS) else { return Ok(Vec::new()) };
    let mut bytes = vec![0; length as usize];
    caller.read(GROUPS, 0, &mut bytes)?;
    let (groups, _) = bytes.as_chunks();
    Ok(groups.iter().map(|group| u32::from_le_bytes(*group)).collect())
}

/// A path for the kernel. ENAMETOOLONG: it would not take it.
fn text(caller: &Caller<'_>, path: &[u8]) -> Result<()> {
    match caller.write(0, 0, path)? {
        written if written == path.len() => Ok(()),
        _ => Err(Errno::ENAMETOOLONG),
    }
}

fn parent(files: &mut impl FileSystem, directory: u64) -> Result<u64> {
    if directory == ROOT { Ok(ROOT) } else { files.parent(directory) }
}

fn look_up(
    files: &mut impl FileSystem,
    directory: u64,
    caller: &Caller<'_>,
    asker: &Asker,
) -> Result<Found> {
    let length = caller.readable(PATH)?.min(PATH_MAX) as usize;
    let mut path = vec![0; length];
    caller.read(PATH, 0, &mut path)?;
    let mut at = (directory, files.attributes(directory, asker)?);
    let (mut consumed, mut position) = (0, 0);
    loop {
        let rest = path.get(position..).unwrap_or_default();
        let slashes = rest.iter().take_while(|byte| **byte == b'/').count();
        let rest = rest.get(slashes..).unwrap_or_default();
        if rest.is_empty() {
            put(caller, ATTRIBUTES, &at.1)?;
            return Ok(Found::Node { node: at.0, consumed });
        }
        if at.1.mode & S_IFMT != S_IFDIR {
            // A name behind what is no directory.
            return Err(Errno::ENOTDIR);
        }
        asker.may(&at.1, X_OK)?;
        let name = rest.split(|byte| *byte == b'/').next().unwrap_or(rest);
        let node = match files.look_up(at.0, name, asker) {
            Err(Errno::ENOENT) => return Ok(Found::Missing { directory: at.0, consumed }),
            node => node?,
        };
        position += slashes + name.len();
        consumed = position as u32;
        let attributes = files.attributes(node, asker)?;
        if attributes.mode & S_IFMT == S_IFLNK {
            put(caller, ATTRIBUTES, &attributes)?;
            return Ok(Found::Link { node, directory: at.0, consumed });
        }
        at = (node, attributes);
    }
}

fn read_directory(
    files: &mut impl FileSystem,
    directory: u64,
    position: u64,
    entries: &mut Entries,
    asker: &Asker,
) -> Result<()> {
    if position == 0 {
        let ino = files.attributes(directory, asker)?.ino;
        entries.add_at(b".", ino, DT_DIR, 1);
    }
    if position < DOTS {
        let parent = parent(files, directory)?;
        let ino = files.attributes(parent, asker)?.ino;
        entries.add_at(b"..", ino, DT_DIR, DOTS);
    }
    files.read_directory(directory, position.saturating_sub(DOTS), entries, asker)
}

/// Fills in a structure of the kernel's.
fn put(caller: &Caller<'_>, lease: u32, value: &impl Plain) -> Result<()> {
    let mut bytes = [0; MAX_STRUCTURE];
    let room = value.put(&mut bytes).map(|rest| rest.len()).ok_or(Errno::EIO)?;
    caller.write(lease, 0, bytes.get(..MAX_STRUCTURE - room).unwrap_or_default()).map(drop)
}

/// A structure of the kernel's.
fn take<T: Plain>(caller: &Caller<'_>, lease: u32) -> Result<T> {
    let mut bytes = [0; MAX_STRUCTURE];
    let place = bytes.get_mut(..size_of::<T>()).ok_or(Errno::EIO)?;
    let count = caller.read(lease, 0, place)?;
    T::take(bytes.get(..count).unwrap_or_default()).map(|(value, _)| value).ok_or(Errno::EINVAL)
}

/// Bytes of the largest structure.
const MAX_STRUCTURE: usize = size_of::<Attributes>();
const _: () = assert!(size_of::<Changes>() <= MAX_STRUCTURE);
const _: () = assert!(size_of::<Statfs64>() <= MAX_STRUCTURE);
