//! A small tree behind the messages that the kernel sends.

use super::*;
use crate::ipc::{Answer, Call, Connection, Loopback};
use crate::{Errno, Result};
use abi::Plain;
use abi::file::{DT_LNK, DT_REG, Dirent64, S_IFDIR, S_IFLNK, S_IFREG, Statfs64};
use abi::node::{CHANGE_SIZE, Found, Link, Request};
use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;

/// `/a/b/file`, `/a/link`, `/secret/file`; a file's contents is its number. All is user 7's.
struct Example {
    log: Vec<String>,
}

const NAMES: [(u64, &[u8], u64, u32); 6] = [
    (ROOT, b"a", 2, S_IFDIR | 0o755),
    (2, b"b", 3, S_IFDIR | 0o750),
    (3, b"file", 4, S_IFREG | 0o444),
    (2, b"link", 5, S_IFLNK | 0o777),
    (ROOT, b"secret", 6, S_IFDIR | 0o700),
    (6, b"file", 7, S_IFREG | 0o444),
];

impl FileSystem for Example {
    fn look_up(&mut self, directory: u64, name: &[u8], _: &Asker) -> Result<u64> {
        let entry = NAMES.iter().find(|entry| (entry.0, entry.1) == (directory, name));
        entry.map(|entry| entry.2).ok_or(Errno::ENOENT)
    }

    fn attributes(&mut self, node: u64, _: &Asker) -> Result<Attributes> {
        let mode = match node {
            ROOT => S_IFDIR | 0o755,
            _ => NAMES.iter().find(|entry| entry.2 == node).ok_or(Errno::ENOENT)?.3,
        };
        Ok(Attributes { ino: node, mode, uid: 7, gid: 8, ..Attributes::default() })
    }

    fn parent(&mut self, directory: u64) -> Result<u64> {
        NAMES.iter().find(|entry| entry.2 == directory).map(|entry| entry.0).ok_or(Errno::ENOENT)
    }

    fn path(&mut self, node: u64) -> Result<Vec<u8>> {
        if node == 3 { Ok(b"/a/b".to_vec()) } else { Err(Errno::ENOENT) }
    }

    fn read(&mut self, node: u64, offset: u64, to: &mut Output<'_>, asker: &Asker) -> Result<()> {
        assert_eq!(to.file(), 9);
        to.write_from(format!("{node} for {}\n", asker.pid).as_bytes(), offset)
    }

    fn write(&mut self, node: u64, offset: u64, from: &Input<'_>, _: &Asker) -> Result<u32> {
        let mut bytes = vec![0; from.len()];
        from.read(0, &mut bytes)?;
        self.log.push(format!("{node}+{offset}: {}", bytes.escape_ascii()));
        Ok(from.len() as u32)
    }

    fn read_directory(
        &mut self,
        directory: u64,
        position: u64,
        entries: &mut Entries,
        _: &Asker,
    ) -> Result<()> {
        for (entry, next) in NAMES.iter().zip(1..).skip(position as usize) {
            let kind = if entry.2 == 5 { DT_LNK } else { DT_REG };
            if entry.0 == directory && !entries.add(entry.1, entry.2, kind, next) {
                break;
            }
        }
        Ok(())
    }

    fn read_link(&mut self, node: u64, asker: &Asker) -> Result<Target> {
        match node {
            5 if asker.is_privileged() => {
                Ok(Target::Magic { tid: asker.tid, object: Object::Program })
            }
            5 => Ok(Target::Text(b"b/file".to_vec())),
            _ => Err(Errno::EINVAL),
        }
    }

    fn set_attributes(&mut self, node: u64, changes: &Changes, asker: &Asker) -> Result<()> {
        assert_eq!((changes.mask, { changes.size }, asker.user), (CHANGE_SIZE, 9, 7));
        self.log.push(format!("size of {node}"));
        Ok(())
    }
}

const OWNER: abi::node::Asker =
    abi::node::Asker { pid: 42, tid: 43, user: 7, group: 1, sees_all: 0 };
const OTHER: abi::node::Asker =
    abi::node::Asker { pid: 44, tid: 44, user: 9, group: 1, sees_all: 0 };
const ADMIN: abi::node::Asker =
    abi::node::Asker { pid: 45, tid: 45, user: 0, group: 0, sees_all: 1 };

fn example() -> Loopback<Files<Example>> {
    let server = Loopback::new(Files(Example { log: Vec::new() }));
    server.is_kernel.set(true);
    server
}

fn call<'a>(request: Request, asker: abi::node::Asker) -> Call<'a> {
    let encoded = request.encode(asker);
    Call::new(encoded.label).words(&encoded.words[..encoded.count])
}

fn look_up(directory: u64, path: &[u8], asker: abi::node::Asker, groups: &[u8]) -> Result<Found> {
    let mut attributes = [0; size_of::<Attributes>()];
    let found = {
        let request = call(Request::LookUp { directory }, asker);
        let request = request.lend(path).lend_mut(&mut attributes);
        let request = if groups.is_empty() { request } else { request.lend(groups) };
        let answer = example().call(request)?;
        Found::decode(*answer.message.words().first_chunk().unwrap()).unwrap()
    };
    let ino = Attributes::take(&attributes).unwrap().0.ino;
    match found {
        Found::Node { node, .. } | Found::Link { node, .. } => assert_eq!(ino, node),
        Found::Missing { .. } => assert_eq!(ino, 0),
    }
    Ok(found)
}

#[test]
fn a_path_is_followed_up_to_a_link_or_what_is_missing() {
    let found = |path: &[u8]| look_up(ROOT, path, OWNER, &[]);
    assert_eq!(found(b"a"), Ok(Found::Node { node: 2, consumed: 1 }));
    assert_eq!(found(b"a//b/file"), Ok(Found::Node { node: 4, consumed: 9 }));
    assert_eq!(found(b"a/b///"), Ok(Found::Node { node: 3, consumed: 3 }));
    assert_eq!(found(b"a/link/x"), Ok(Found::Link { node: 5, directory: 2, consumed: 6 }));
    assert_eq!(found(b"b"), Ok(Found::Missing { directory: ROOT, consumed: 0 }));
    assert_eq!(found(b"a/x/y"), Ok(Found::Missing { directory: 2, consumed: 1 }));
    assert_eq!(found(b"a/b/file/x"), Err(Errno::ENOTDIR));
    assert_eq!(look_up(99, b"x", OWNER, &[]), Err(Errno::ENOENT));
}

#[test]
fn who_may_not_search_does_not_find() {
    let secret = |asker, groups: &[u8]| look_up(ROOT, b"secret/file", asker, groups);
    assert_eq!(secret(OTHER, &[]), Err(Errno::EACCES));
    assert!(secret(OWNER, &[]).is_ok() && secret(ADMIN, &[]).is_ok());
    let file = |groups: &[u8]| look_up(ROOT, b"a/b/file", OTHER, groups);
    assert_eq!(file(&[]), Err(Errno::EACCES));
    assert!(file(&[3, 0, 0, 0, 8, 0, 0, 0]).is_ok());
    let parent = |asker| example().call(call(Request::Parent { directory: 6 }, asker));
    assert_eq!(parent(OTHER).err(), Some(Errno::EACCES));
    assert_eq!(parent(OWNER).unwrap().message.get64(0), ROOT);
}

#[test]
fn bytes_go_both_ways() {
    let server = example();
    let read = |offset, room: usize| {
        let mut bytes = vec![0; room];
        let request = call(Request::Read { node: 4, offset, file: 9 }, OWNER).lend_mut(&mut bytes);
        let count = server.call(request).unwrap().message.get(0);
        bytes.truncate(count as usize);
        bytes
    };
    assert_eq!((read(0, 100), read(2, 3)), (b"4 for 42\n".to_vec(), b"for".to_vec()));
    assert_eq!((read(9, 5), read(u64::MAX, 5)), (vec![], vec![]));
    let write = call(Request::Write { node: 4, offset: 3 }, OWNER).lend(b"new");
    assert_eq!(server.call(write).unwrap().message.get(0), 3);
    let mut changes = [0; size_of::<Changes>()];
    let size = Changes { mask: CHANGE_SIZE, size: 9, ..Changes::default() };
    size.put(&mut changes).unwrap();
    server.call(call(Request::SetAttributes { node: 4 }, OWNER).lend(&changes)).unwrap();
    assert_eq!(server.with(|server| server.0.log.clone()), ["4+3: new", "size of 4"]);
}

#[test]
fn a_directory_is_listed_in_pieces_of_any_size() {
    let server = example();
    let all = |room: usize| {
        let (mut position, mut names) = (0, Vec::new());
        loop {
            let mut bytes = vec![0; room];
            let request = Request::ReadDirectory { directory: 2, position };
            let answer = server.call(call(request, OWNER).lend_mut(&mut bytes)).unwrap();
            let mut rest = bytes.get(..answer.message.get(0) as usize).unwrap();
            if rest.is_empty() {
                return names;
            }
            while let Some((entry, behind)) = Dirent64::read(rest) {
                names.push((entry.name.to_vec(), entry.ino));
                (position, rest) = (entry.off as u64, behind);
            }
        }
    };
    let expected = [(&b"."[..], 2), (b"..", 1), (b"b", 3), (b"link", 5)];
    let expected = expected.map(|(name, ino)| (name.to_vec(), ino));
    for room in [24, 32, 50, 4096] {
        assert_eq!(all(room), expected, "{room}");
    }
}

#[test]
fn links_lead_to_text_or_to_objects() {
    let read_link = |node, asker| -> Result<(Link, Vec<u8>)> {
        let mut text = vec![0; 6];
        let answer: Answer =
            example().call(call(Request::ReadLink { node }, asker).lend_mut(&mut text))?;
        Ok((Link::decode(*answer.message.words().first_chunk().unwrap()).unwrap(), text))
    };
    assert_eq!(read_link(5, OWNER), Ok((Link::Text(6), b"b/file".to_vec())));
    let program = Link::Magic { tid: 45, object: Object::Program };
    assert_eq!(read_link(5, ADMIN).unwrap().0, program);
    assert_eq!(read_link(4, OWNER), Err(Errno::EINVAL));
    // There is no room for it.
    let mut text = vec![0; 5];
    let request = call(Request::ReadLink { node: 5 }, OWNER).lend_mut(&mut text);
    assert_eq!(example().call(request).err(), Some(Errno::ENAMETOOLONG));
}

#[test]
fn the_rest() {
    let server = example();
    let mut path = vec![0; 100];
    let answer = server.call(call(Request::Path { node: 3 }, OWNER).lend_mut(&mut path)).unwrap();
    assert_eq!((answer.message.get(0), &path[..4]), (4, &b"/a/b"[..]));
    let mut figures = [0; size_of::<Statfs64>()];
    server.call(call(Request::Figures, OWNER).lend_mut(&mut figures)).unwrap();
    assert_eq!({ Statfs64::take(&figures).unwrap().0.namelen }, 255);
    server.call(call(Request::Open { node: 4, flags: 0 }, OWNER)).unwrap();
}

#[test]
fn only_the_kernel_is_answered_and_only_what_makes_sense() {
    let server = example();
    assert_eq!(server.call(Call::new(99)).err(), Some(Errno::EOPNOTSUPP));
    // Without the memory it needs.
    assert_eq!(
        server.call(call(Request::Read { node: 4, offset: 0, file: 9 }, OWNER)).err(),
        Some(Errno::EINVAL)
    );
    server.is_kernel.set(false);
    assert_eq!(server.call(call(Request::Figures, ADMIN)).err(), Some(Errno::EPERM));
}
