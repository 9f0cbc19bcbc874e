mod model;

use super::*;
use abi::errno::Errno;
use abi::file::{S_IFDIR, S_IFREG, S_ISGID};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::format;
use std::string::String;
use std::vec::Vec;

const ANYBODY: fn(&Attributes, Option<&Attributes>) -> Result<(), Errno> = |_, _| Ok(());
const NOBODY: fn(&Attributes, Option<&Attributes>) -> Result<(), Errno> = |_, _| Err(Errno::EACCES);

fn at(seconds: i64) -> Timestamp {
    Timestamp { seconds, nanoseconds: 0 }
}

fn edit(seconds: i64) -> Edit<'static> {
    Edit { now: at(seconds), permit: &ANYBODY }
}

const FILE: NewNode = NewNode { mode: S_IFREG | 0o644, uid: 1, gid: 2, rdev: 0 };

/// A tree whose files contain numbers.
struct Made(NodeTree<u32>);

impl Made {
    fn new() -> Self {
        Self(NodeTree::new(0o755, at(0)).unwrap())
    }

    fn file(&mut self, directory: NodeId, name: &str, content: u32) -> NodeId {
        let content = || Ok(content);
        self.0.create_node(directory, name.as_bytes(), FILE, content, &edit(1)).unwrap()
    }

    fn directory(&mut self, directory: NodeId, name: &str) -> NodeId {
        let new = NewNode { mode: 0o755, ..FILE };
        self.0.create_directory(directory, name.as_bytes(), new, &edit(1)).unwrap()
    }

    fn rename(&mut self, from: NodeId, old: &str, to: NodeId, new: &str) -> Result<(), Errno> {
        let (old, new) = (old.as_bytes(), new.as_bytes());
        self.0.rename(from, old, to, new, RenameFlag::Replace, &edit(9)).map(|_| ())
    }

    fn names(&self, directory: NodeId) -> Vec<String> {
        let (mut names, mut cookie) = (Vec::new(), FIRST_COOKIE);
        while let Some(entry) = self.0.read_directory(directory, cookie).unwrap() {
            names.push(String::from_utf8(entry.name.to_vec()).unwrap());
            assert!(entry.next_cookie > cookie && entry.next_cookie < 1 << 31);
            cookie = entry.next_cookie;
        }
        names
    }
}

#[test]
fn files_are_found_listed_and_counted() {
    let mut tree = Made::new();
    let root = tree.0.root();
    let dir = tree.directory(root, "dir");
    let file = tree.file(dir, "file", 7);
    assert_eq!(tree.0.lookup(dir, b"file"), Ok(file));
    assert_eq!(tree.0.node(file).unwrap().content(), Some(&7));
    assert_eq!(tree.0.lookup(file, b"x"), Err(Errno::ENOTDIR));
    assert_eq!(tree.0.lookup(dir, b"x"), Err(Errno::ENOENT));
    assert_eq!(tree.0.lookup(dir, &[b'x'; 256]), Err(Errno::ENAMETOOLONG));
    assert_eq!(tree.names(dir), [".", "..", "file"]);
    assert_eq!((tree.0.parent(dir), tree.0.parent(root)), (Ok(root), Ok(root)));
    assert_eq!(tree.0.name_of(dir), Ok((root, &b"dir"[..])));
    assert_eq!(tree.0.name_of(file), Ok((dir, &b"file"[..])));
    let dir = tree.0.node(dir).unwrap();
    assert_eq!((dir.links(), dir.attributes().size), (2, 60));
    assert_eq!(tree.0.node(root).unwrap().links(), 3);
}

#[test]
fn a_file_is_found_by_whichever_name_it_has_left() {
    let mut tree = Made::new();
    let root = tree.0.root();
    let (one, other) = (tree.directory(root, "one"), tree.directory(root, "other"));
    let file = tree.file(one, "file", 7);
    tree.0.link(file, other, b"second", &edit(2)).unwrap();
    assert_eq!(tree.0.name_of(file), Ok((other, &b"second"[..])));
    let _ = tree.0.rename(other, b"second", root, b"third", RenameFlag::Replace, &edit(3)).unwrap();
    assert_eq!(tree.0.name_of(file), Ok((root, &b"third"[..])));
    let _ = tree.0.unlink(root, b"third", &edit(4)).unwrap();
    assert_eq!(tree.0.name_of(file), Ok((one, &b"file"[..])));
    tree.0.hold(file).unwrap();
    let _ = tree.0.unlink(one, b"file", &edit(5)).unwrap();
    assert_eq!(tree.0.name_of(file), Err(Errno::ENOENT));
}

#[test]
fn nameless_nodes_live_as_long_as_they_are_held_or_named() {
    let mut tree = Made::new();
    let root = tree.0.root();
    let nameless = |tree: &mut Made, linkable| {
        tree.0.create_nameless(FILE, linkable, || Ok(5), at(2)).unwrap()
    };
    let node = nameless(&mut tree, false);
    assert_eq!(tree.0.node(node).unwrap().links(), 0);
    assert_eq!(tree.0.link(node, root, b"name", &edit(3)), Err(Errno::ENOENT));
    assert_eq!(tree.0.release(node), Some(5));
    assert!(tree.0.node(node).is_err());
    let node = nameless(&mut tree, true);
    tree.0.link(node, root, b"name", &edit(3)).unwrap();
    assert_eq!(tree.0.release(node), None);
    assert_eq!(tree.0.lookup(root, b"name"), Ok(node));
    let gone = tree.0.unlink(root, b"name", &edit(4)).unwrap();
    assert_eq!(gone.content, Some(5));
}

#[test]
fn creating_checks_in_linuxs_order() {
    let mut tree = Made::new();
    let root = tree.0.root();
    let file = tree.file(root, "file", 0);
    let mut create = |directory, name: &[u8], permit: &dyn Permit| {
        let edit = Edit { now: at(2), permit };
        tree.0.create_node(directory, name, FILE, || Ok(1), &edit).err()
    };
    assert_eq!(create(file, b"x", &NOBODY), Some(Errno::ENOTDIR));
    assert_eq!(create(root, b"file", &NOBODY), Some(Errno::EEXIST));
    assert_eq!(create(root, b"..", &NOBODY), Some(Errno::EEXIST));
    assert_eq!(create(root, b"new", &NOBODY), Some(Errno::EACCES));
    let full = || Err(Errno::ENOSPC);
    let failed = tree.0.create_node(root, b"new", FILE, full, &edit(2));
    assert_eq!(failed, Err(Errno::ENOSPC));
    assert_eq!(tree.0.lookup(root, b"new"), Err(Errno::ENOENT));
    tree.0.seal();
    let mut create = |name: &[u8]| {
        let edit = Edit { now: at(2), permit: &NOBODY };
        tree.0.create_node(root, name, FILE, || Ok(1), &edit).err()
    };
    assert_eq!(create(b"file"), Some(Errno::EEXIST), "before EROFS");
    assert_eq!(create(b"new"), Some(Errno::EROFS), "before EACCES");
    let odd = NewNode { mode: S_IFDIR, ..FILE };
    assert_eq!(tree.0.create_node(root, b"d", odd, || Ok(0), &edit(0)), Err(Errno::EINVAL));
}

#[test]
fn a_sealed_tree_has_a_writable_corner() {
    let mut tree = Made::new();
    let root = tree.0.root();
    let (tmp, bin) = (tree.directory(root, "tmp"), tree.directory(root, "bin"));
    let cat = tree.file(bin, "cat", 0);
    tree.0.seal();
    tree.0.unseal(tmp).unwrap();
    let inner = tree.directory(tmp, "inner");
    tree.file(inner, "file", 0);
    assert_eq!(tree.0.unlink(bin, b"cat", &edit(5)).err(), Some(Errno::EROFS));
    assert_eq!(tree.0.unlink(bin, b"nothing", &edit(5)).err(), Some(Errno::EROFS));
    assert_eq!(tree.0.link(cat, tmp, b"cat", &edit(5)), Err(Errno::EROFS));
    assert_eq!(tree.0.changeable(cat).err(), Some(Errno::EROFS));
    assert_eq!(tree.rename(tmp, "inner", root, "x"), Err(Errno::EROFS));
    assert_eq!(tree.rename(tmp, "inner", tmp, "x"), Ok(()));
    assert!(tree.0.changeable(inner).is_ok());
}

#[test]
fn a_nameless_file_lives_until_its_last_holder_goes() {
    let mut tree = Made::new();
    let root = tree.0.root();
    let file = tree.file(root, "a", 7);
    tree.0.link(file, root, b"b", &edit(2)).unwrap();
    tree.0.hold(file).unwrap();
    tree.0.hold(file).unwrap();
    for name in [b"a", b"b"] {
        assert_eq!(tree.0.unlink(root, name, &edit(3)).unwrap().content, None);
    }
    assert_eq!(tree.0.link(file, root, b"c", &edit(4)), Err(Errno::ENOENT));
    assert_eq!(tree.0.release(file), None);
    assert_eq!(tree.0.node(file).unwrap().links(), 0);
    assert_eq!(tree.0.release(file), Some(7));
    assert_eq!(tree.0.node(file).err(), Some(Errno::ENOENT));
    let other = tree.file(root, "a", 8);
    assert_eq!(tree.0.node(file).err(), Some(Errno::ENOENT), "the slot's next owner is another");
    assert_eq!(tree.0.unlink(root, b"a", &edit(3)).unwrap().content, Some(8));
    assert!(tree.0.node(other).is_err());
}

#[test]
fn a_removed_working_directory_still_has_a_parent() {
    let mut tree = Made::new();
    let root = tree.0.root();
    let outer = tree.directory(root, "outer");
    let inner = tree.directory(outer, "inner");
    tree.0.hold(inner).unwrap();
    let _ = tree.0.remove_directory(outer, b"inner", &edit(2)).unwrap();
    let _ = tree.0.remove_directory(root, b"outer", &edit(3)).unwrap();
    assert_eq!(tree.0.parent(inner), Ok(outer));
    assert_eq!(tree.0.read_directory(inner, 0), Err(Errno::ENOENT));
    assert_eq!(tree.0.lookup(inner, b"x"), Err(Errno::ENOENT));
    let created = tree.0.create_node(inner, b"x", FILE, || Ok(0), &edit(4));
    assert_eq!(created, Err(Errno::ENOENT));
    assert_eq!(tree.0.release(inner), None);
    assert_eq!(tree.0.len(), 1, "with the last holder the chain goes");
}

#[test]
fn removing_checks_in_linuxs_order() {
    let mut tree = Made::new();
    let root = tree.0.root();
    let dir = tree.directory(root, "dir");
    tree.file(dir, "file", 0);
    let unlink = |tree: &mut Made, name: &[u8]| tree.0.unlink(root, name, &edit(2)).err();
    let rmdir =
        |tree: &mut Made, at, name: &[u8]| tree.0.remove_directory(at, name, &edit(2)).err();
    assert_eq!(unlink(&mut tree, b"dir"), Some(Errno::EISDIR));
    assert_eq!(unlink(&mut tree, b"none"), Some(Errno::ENOENT));
    assert_eq!(rmdir(&mut tree, dir, b"file"), Some(Errno::ENOTDIR));
    assert_eq!(rmdir(&mut tree, root, b"dir"), Some(Errno::ENOTEMPTY));
    tree.0.set_mounted(dir, true).unwrap();
    assert_eq!(rmdir(&mut tree, root, b"dir"), Some(Errno::EBUSY));
    let denied = Edit { now: at(2), permit: &NOBODY };
    assert_eq!(tree.0.unlink(root, b"dir", &denied).err(), Some(Errno::EACCES));
}

#[test]
fn renaming_checks_in_linuxs_order() {
    let mut tree = Made::new();
    let root = tree.0.root();
    let (a, b) = (tree.directory(root, "a"), tree.directory(root, "b"));
    let inner = tree.directory(a, "inner");
    let file = tree.file(root, "file", 1);
    tree.0.link(file, a, b"link", &edit(1)).unwrap();
    assert_eq!(tree.rename(root, "none", root, "x"), Err(Errno::ENOENT));
    assert_eq!(tree.rename(root, "a", inner, "x"), Err(Errno::EINVAL));
    assert_eq!(tree.rename(root, "a", a, "x"), Err(Errno::EINVAL));
    assert_eq!(tree.rename(a, "inner", root, "a"), Err(Errno::ENOTEMPTY));
    assert_eq!(tree.rename(root, "a", root, "file"), Err(Errno::ENOTDIR));
    assert_eq!(tree.rename(root, "file", root, "a"), Err(Errno::EISDIR));
    assert_eq!(tree.rename(root, "b", root, "a"), Err(Errno::ENOTEMPTY));
    assert_eq!(tree.rename(root, "file", a, "link"), Ok(()), "the same file: nothing happens");
    assert_eq!(tree.0.node(file).unwrap().links(), 2);
    assert_eq!(tree.rename(a, "inner", b, "moved"), Ok(()));
    assert_eq!(tree.0.parent(inner), Ok(b));
    assert_eq!([a, b].map(|dir| tree.0.node(dir).unwrap().links()), [2, 3]);
    let flagged = |tree: &mut Made, old: &[u8], new: &[u8], flag| {
        tree.0.rename(root, old, root, new, flag, &edit(9)).map(|removed| removed.is_some())
    };
    use RenameFlag::*;
    assert_eq!(flagged(&mut tree, b"a", b"b", NoReplace), Err(Errno::EEXIST));
    assert_eq!(flagged(&mut tree, b"a", b"none", Exchange), Err(Errno::ENOENT));
    assert_eq!(flagged(&mut tree, b"a", b"file", Exchange), Ok(false));
    assert_eq!((tree.0.lookup(root, b"a"), tree.0.lookup(root, b"file")), (Ok(file), Ok(a)));
    let _ = tree.0.unlink(a, b"link", &edit(9)).unwrap();
    assert_eq!(flagged(&mut tree, b"file", b"b", Replace), Err(Errno::ENOTEMPTY));
    assert_eq!(tree.rename(b, "moved", root, "file"), Ok(()), "over an empty directory");
    assert_eq!(tree.0.node(a).err(), Some(Errno::ENOENT));
}

#[test]
fn groups_and_times_are_handed_down() {
    let mut tree = Made::new();
    let root = tree.0.root();
    tree.0.attributes_mut(root).unwrap().mode |= S_ISGID;
    tree.0.attributes_mut(root).unwrap().gid = 50;
    let dir = tree.directory(root, "dir");
    let attributes = *tree.0.node(dir).unwrap().attributes();
    assert_eq!((attributes.gid, attributes.mode), (50, S_IFDIR | S_ISGID | 0o755));
    let file = tree.file(dir, "file", 0);
    assert_eq!(tree.0.node(file).unwrap().attributes().mode, S_IFREG | 0o644);
    let text = b"to/somewhere";
    let link = tree.0.create_symbolic_link(dir, b"link", text, FILE, &edit(30)).unwrap();
    let node = tree.0.node(link).unwrap();
    assert_eq!((node.link_text(), node.attributes().size), (Some(&text[..]), 12));
    assert_eq!(node.kind(), Kind::SymbolicLink);
    assert_eq!(tree.0.node(dir).unwrap().attributes().modified, at(30));
    let _ = tree.0.unlink(dir, b"link", &edit(40)).unwrap();
    assert_eq!(tree.0.node(dir).unwrap().attributes().changed, at(40));
}

#[test]
fn a_reading_position_survives_changes() {
    let mut tree = Made::new();
    let root = tree.0.root();
    let name = |number: u32| format!("file{number}");
    (0..200).for_each(|number| _ = tree.file(root, &name(number), number));
    let (mut cookie, mut seen, mut step) = (FIRST_COOKIE, BTreeSet::new(), 0);
    while let Some(entry) = tree.0.read_directory(root, cookie).unwrap() {
        assert!(seen.insert(entry.name.to_vec()), "seen twice");
        cookie = entry.next_cookie;
        // Each step removes an even file, seen or not, and makes a new one.
        if step < 100 {
            let even = name(step * 2).into_bytes();
            let _ = tree.0.unlink(root, &even, &edit(2)).unwrap();
            tree.file(root, &name(1000 + step), 0);
        }
        step += 1;
    }
    let odd = (0..100).map(|number| name(number * 2 + 1).into_bytes());
    assert!(odd.into_iter().all(|name| seen.contains(&name)), "one was missed");
}
