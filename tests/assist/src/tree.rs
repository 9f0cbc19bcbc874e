//! Files for tests: honest ones, and others about which the server lies. See [`assist::files`].

use alloc::vec;
use alloc::vec::Vec;
use assist::files::*;
use core::time::Duration;
use sys::Errno;
use sys::Result;
use sys::abi::Plain;
use sys::abi::file::{
    DT_DIR, DT_LNK, DT_REG, Dirent64, O_ACCMODE, O_RDONLY, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG,
};
use sys::abi::node::{Found, Link, Request};
use sys::ipc::{Caller, Message, Reply, Server};
use sys::node::{
    Asker, Attributes, Changes, Entries, FileSystem, Files, Input, NODE_HAS_SIZE, NODE_IS_OPENED,
    Object, Output, ROOT, Target,
};

/// A node's number is its place in this list, from 2: the directory it is in, its name and mode.
const NODES: &[(u64, &str, u32)] = &[
    (ROOT, HELLO, S_IFREG | 0o444),
    (ROOT, LONG, S_IFREG | 0o444),
    (ROOT, SINK, S_IFREG | 0o666),
    (ROOT, "dir", S_IFDIR | 0o755),
    (5, "inner", S_IFREG | 0o444),
    (5, "deep", S_IFDIR | 0o755),
    (7, "up", S_IFLNK | 0o777),
    (ROOT, "closed", S_IFDIR | 0o700),
    (9, "file", S_IFREG | 0o444),
    (ROOT, "link", S_IFLNK | 0o777),
    (ROOT, "exe", S_IFLNK | 0o777),
    (ROOT, "cwd", S_IFLNK | 0o777),
    (ROOT, "root", S_IFLNK | 0o777),
    (ROOT, "fd", S_IFLNK | 0o777),
    (ROOT, "nobody", S_IFLNK | 0o777),
    (ROOT, CAREFUL, S_IFREG | 0o666),
    (ROOT, CRASH, S_IFREG | 0o444),
    (ROOT, HANG, S_IFREG | 0o444),
    (ROOT, SLOW, S_IFREG | 0o444),
    (ROOT, READS_TOO_MUCH, S_IFREG | 0o666),
    (ROOT, FEW_WORDS, S_IFREG | 0o666),
    (ROOT, NO_TYPE, S_IFREG | 0o444),
    (ROOT, LATE_NANOSECONDS, S_IFREG | 0o444),
    (ROOT, NEGATIVE_SIZE, S_IFREG | 0o444),
    (ROOT, LINK_AS_FILE, S_IFREG | 0o444),
    (ROOT, CONSUMES_NOTHING, S_IFREG | 0o444),
    (ROOT, CONSUMES_HALF, S_IFREG | 0o444),
    (ROOT, CONSUMES_TOO_MUCH, S_IFREG | 0o444),
    (ROOT, NUL_TEXT, S_IFLNK | 0o777),
    (ROOT, NO_TEXT, S_IFLNK | 0o777),
    (ROOT, LONG_TEXT, S_IFLNK | 0o777),
    (ROOT, STRANGE_LINK, S_IFLNK | 0o777),
    (ROOT, SLASHED_NAMES, S_IFDIR | 0o755),
    (ROOT, BROKEN_RECORDS, S_IFDIR | 0o755),
    (ROOT, NEGATIVE_POSITIONS, S_IFDIR | 0o755),
    (ROOT, HUGE_LISTING, S_IFDIR | 0o755),
];

fn entry(node: u64) -> Result<&'static (u64, &'static str, u32)> {
    let place = node.checked_sub(2).and_then(|place| usize::try_from(place).ok());
    place.and_then(|place| NODES.get(place)).ok_or(Errno::ENOENT)
}

fn name(node: u64) -> &'static str {
    entry(node).map_or("", |entry| entry.1)
}

/// The honest part.
pub struct Tree {
    /// Which server of the service this is.
    pub instance: u32,
}

impl FileSystem for Tree {
    fn look_up(&mut self, directory: u64, name: &[u8], _: &Asker) -> Result<u64> {
        let place =
            NODES.iter().position(|entry| entry.0 == directory && entry.1.as_bytes() == name);
        place.map(|place| place as u64 + 2).ok_or(Errno::ENOENT)
    }

    fn attributes(&mut self, node: u64, _: &Asker) -> Result<Attributes> {
        let mode = if node == ROOT { S_IFDIR | 0o755 } else { entry(node)?.2 };
        let (size, flags) = match name(node) {
            HELLO => (HELLO_TEXT.len() as u64, NODE_HAS_SIZE),
            CAREFUL => (0, NODE_IS_OPENED),
            _ => (0, 0),
        };
        let (uid, gid) = if name(node) == "closed" { (1, 1) } else { (0, 0) };
        let mtime = 1_000_000_000;
        let nlink = 1;
        Ok(Attributes {
            ino: node,
            size,
            mode,
            nlink,
            uid,
            gid,
            flags,
            mtime,
            ..Attributes::default()
        })
    }

    fn parent(&mut self, directory: u64) -> Result<u64> {
        entry(directory).map(|entry| entry.0)
    }

    fn path(&mut self, node: u64) -> Result<Vec<u8>> {
        let (parent, name, _) = entry(node)?;
        let mut path = if *parent == ROOT { Vec::new() } else { self.path(*parent)? };
        path.push(b'/');
        path.extend_from_slice(name.as_bytes());
        Ok(path)
    }

    fn open(&mut self, _: u64, flags: u32, _: &Asker) -> Result<()> {
        if flags & O_ACCMODE == O_RDONLY { Ok(()) } else { Err(Errno::EBUSY) }
    }

    fn read(&mut self, node: u64, offset: u64, to: &mut Output<'_>, _: &Asker) -> Result<()> {
        match name(node) {
            HELLO => to.write_from(HELLO_TEXT, offset),
            LONG => {
                let end = LONG_BYTES.min(offset.saturating_add(to.room() as u64));
                let bytes: Vec<u8> = (offset..end).map(long_byte).collect();
                to.write(&bytes)
            }
            CRASH if self.instance % 2 == 1 => crate::misuse::crash(),
            HANG => loop {
                core::hint::spin_loop();
            },
            SLOW => {
                sys::time::sleep(Duration::from_millis(100));
                to.write_from(HELLO_TEXT, offset)
            }
            _ => Ok(()),
        }
    }

    fn write(&mut self, node: u64, offset: u64, from: &Input<'_>, _: &Asker) -> Result<u32> {
        if name(node) != SINK {
            return Err(Errno::EIO);
        }
        let mut bytes = vec![0; from.len()];
        from.read(0, &mut bytes)?;
        let expected = (offset..).map(long_byte);
        if bytes.iter().copied().zip(expected).all(|(byte, expected)| byte == expected) {
            Ok(bytes.len() as u32)
        } else {
            Err(Errno::EBADMSG)
        }
    }

    fn read_directory(
        &mut self,
        directory: u64,
        position: u64,
        entries: &mut Entries,
        _: &Asker,
    ) -> Result<()> {
        let skipped = usize::try_from(position).unwrap_or(usize::MAX);
        for (entry, node) in NODES.iter().zip(2..).skip(skipped) {
            let kind = match entry.2 & S_IFMT {
                S_IFDIR => DT_DIR,
                S_IFLNK => DT_LNK,
                _ => DT_REG,
            };
            if entry.0 == directory && !entries.add(entry.1.as_bytes(), node, kind, node - 1) {
                break;
            }
        }
        Ok(())
    }

    fn read_link(&mut self, node: u64, asker: &Asker) -> Result<Target> {
        let magic = |object| Ok(Target::Magic { tid: asker.tid, object });
        match name(node) {
            "link" => Ok(Target::Text(b"dir/inner".to_vec())),
            "up" => Ok(Target::Text(b"../inner".to_vec())),
            "exe" => magic(Object::Program),
            "cwd" => magic(Object::WorkingDirectory),
            "root" => magic(Object::Root),
            "fd" => magic(Object::Descriptor(MAGIC_DESCRIPTOR)),
            "nobody" => Ok(Target::Magic { tid: 0x7fff_ffff, object: Object::Program }),
            _ => Err(Errno::EINVAL),
        }
    }

    fn set_attributes(&mut self, node: u64, changes: &Changes, asker: &Asker) -> Result<()> {
        match (name(node), changes.mask) {
            (SINK, sys::abi::node::CHANGE_SIZE) if asker.is_privileged() => Ok(()),
            _ => Err(Errno::EPERM),
        }
    }
}

/// The server: the tree, and what it lies about.
pub struct Liar(pub Files<Tree>);

impl Server for Liar {
    fn handle(&mut self, message: &Message, caller: &mut Caller<'_>) -> Result<Reply> {
        match lie(message, caller) {
            Some(reply) => reply,
            None => self.0.handle(message, caller),
        }
    }
}

/// `None`: nothing to lie about.
fn lie(message: &Message, caller: &Caller<'_>) -> Option<Result<Reply>> {
    let (request, _) = Request::decode(message.label(), message.words())?;
    match request {
        Request::LookUp { directory: ROOT } => {
            let mut path = [0; 64];
            let length = caller.read(0, 0, &mut path).ok()?;
            let path = path.get(..length)?.split(|byte| *byte == b'/').next()?;
            lie_about(core::str::from_utf8(path).ok()?, caller)
        }
        Request::Read { node, .. } | Request::Write { node, .. } => match name(node) {
            READS_TOO_MUCH => Some(Ok(Reply::new().word(u32::MAX))),
            FEW_WORDS => Some(Ok(Reply::new())),
            _ => None,
        },
        Request::ReadLink { node } => match name(node) {
            NUL_TEXT => Some(caller.write(0, 0, b"a\0b").map(|_| words(&Link::Text(3).encode()))),
            NO_TEXT => Some(Ok(words(&Link::Text(0).encode()))),
            LONG_TEXT => Some(Ok(words(&Link::Text(u32::MAX).encode()))),
            STRANGE_LINK => Some(Ok(words(&[9, 9, 9]))),
            _ => None,
        },
        Request::ReadDirectory { directory, .. } => list(name(directory), caller),
        _ => None,
    }
}

fn words(words: &[u32]) -> Reply {
    words.iter().fold(Reply::new(), |reply, word| reply.word(*word))
}

fn lie_about(name: &str, caller: &Caller<'_>) -> Option<Result<Reply>> {
    let honest = Attributes { mode: S_IFREG | 0o444, ..Attributes::default() };
    let (attributes, consumed) = match name {
        NO_TYPE => (Attributes { mode: 0o444, ..honest }, NO_TYPE.len()),
        LATE_NANOSECONDS => {
            (Attributes { mtime_nsec: 1_000_000_000, ..honest }, LATE_NANOSECONDS.len())
        }
        NEGATIVE_SIZE => (Attributes { size: 1 << 63, ..honest }, NEGATIVE_SIZE.len()),
        LINK_AS_FILE => (Attributes { mode: S_IFLNK | 0o777, ..honest }, LINK_AS_FILE.len()),
        CONSUMES_NOTHING => (honest, 0),
        CONSUMES_HALF => (honest, CONSUMES_HALF.len() / 2),
        CONSUMES_TOO_MUCH => (honest, usize::MAX),
        _ => return None,
    };
    let mut bytes = [0; size_of::<Attributes>()];
    attributes.put(&mut bytes)?;
    let found = Found::Node { node: 2, consumed: consumed as u32 };
    Some(caller.write(1, 0, &bytes).map(|_| words(&found.encode())))
}

fn list(name: &str, caller: &Caller<'_>) -> Option<Result<Reply>> {
    let entry = |name: &'static [u8], off| Dirent64 { ino: 1, off, kind: DT_REG, name };
    let mut bytes = [0; 64];
    let room = bytes.len();
    let length = match name {
        SLASHED_NAMES => entry(b"a/b", 1).write(&mut bytes)?,
        NEGATIVE_POSITIONS => entry(b"a", -1).write(&mut bytes)?,
        BROKEN_RECORDS => {
            entry(b"a", 1).write(&mut bytes)?;
            5
        }
        HUGE_LISTING => usize::MAX,
        _ => return None,
    };
    Some(caller.write(0, 0, bytes.get(..room)?).map(|_| Reply::new().word(length as u32)))
}
