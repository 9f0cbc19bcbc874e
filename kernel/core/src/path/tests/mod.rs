mod model;

use super::*;
use crate::node_tree::{Attributes, Edit, Kind, NewNode, NodeId, NodeTree, Timestamp};
use abi::errno::Errno;
use abi::file::S_IFREG;
use proptest::prelude::*;
use std::collections::{BTreeSet, VecDeque};
use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, vec};

type At = Place<NodeId>;

const ANYBODY: fn(&Attributes, Option<&Attributes>) -> Result<(), Errno> = |_, _| Ok(());
const EDIT: Edit<'static> =
    Edit { now: Timestamp { seconds: 0, nanoseconds: 0 }, permit: &ANYBODY };
const FILE: NewNode = NewNode { mode: S_IFREG | 0o644, uid: 0, gid: 0, rdev: 0 };

/// Trees by mount number, and (mount point, root of what is mounted there).
struct Forest {
    trees: Vec<NodeTree<()>>,
    mounts: Vec<(At, At)>,
    closed: BTreeSet<At>,
    /// Whether a lookup answers for as many components as it can, as a server does.
    greedy: bool,
    lookups: u32,
    /// Links that lead straight to a place.
    jumps: Vec<(At, At)>,
}

impl Forest {
    fn new(trees: u32) -> Self {
        let tree = || NodeTree::new(0o755, Timestamp::default()).unwrap();
        let trees = (0..trees).map(|_| tree()).collect();
        Self {
            trees,
            mounts: vec![],
            closed: BTreeSet::new(),
            greedy: false,
            lookups: 0,
            jumps: vec![],
        }
    }

    fn root(&self, mount: u32) -> At {
        Place { mount, node: self.trees[mount as usize].root() }
    }

    fn directory(&mut self, at: At, name: &str) -> At {
        let tree = &mut self.trees[at.mount as usize];
        let node = tree.create_directory(at.node, name.as_bytes(), FILE, &EDIT).unwrap();
        Place { node, ..at }
    }

    fn file(&mut self, at: At, name: &str) -> At {
        let tree = &mut self.trees[at.mount as usize];
        let node = tree.create_node(at.node, name.as_bytes(), FILE, || Ok(()), &EDIT).unwrap();
        Place { node, ..at }
    }

    fn link(&mut self, at: At, name: &str, text: &str) -> At {
        let tree = &mut self.trees[at.mount as usize];
        let (name, text) = (name.as_bytes(), text.as_bytes());
        let node = tree.create_symbolic_link(at.node, name, text, FILE, &EDIT).unwrap();
        Place { node, ..at }
    }

    fn mount(&mut self, at: At, mount: u32) {
        let root = self.root(mount);
        self.mounts.push((at, root));
    }

    fn kind(&self, place: At) -> Kind {
        self.trees[place.mount as usize].node(place.node).unwrap().kind()
    }

    fn walk(
        &mut self,
        path: &str,
        start: At,
        mode: Mode,
    ) -> Result<(Outcome<NodeId>, Vec<u8>), Errno> {
        let root = self.root(0);
        let mut machine = Walk::new(path.as_bytes(), root, start, mode)?;
        let outcome = walk(self, &mut machine, root)?;
        Ok((outcome, machine.last_name().to_vec()))
    }

    fn find(&mut self, path: &str) -> Result<At, Errno> {
        let root = self.root(0);
        match self.walk(path, root, Mode::Follow)?.0 {
            Outcome::Found { place, .. } => Ok(place),
            other => panic!("{other:?}"),
        }
    }
}

impl Namespace for Forest {
    type Node = NodeId;

    fn may_search(&mut self, directory: At) -> Result<(), Errno> {
        if self.closed.contains(&directory) { Err(Errno::EACCES) } else { Ok(()) }
    }

    fn lookup(&mut self, at: At, name: &[u8], residual: &[u8]) -> Result<Answer<NodeId>, Errno> {
        self.lookups += 1;
        self.may_search(at)?;
        assert!(residual.starts_with(name));
        let tree = &self.trees[at.mount as usize];
        let (mut directory, mut consumed) = (at.node, 0);
        let mut best = None;
        loop {
            let rest = &residual[consumed..];
            let slashes = rest.iter().take_while(|byte| **byte == b'/').count();
            let len = rest[slashes..].iter().take_while(|byte| **byte != b'/').count();
            let name = &rest[slashes..slashes + len];
            let end = (consumed + slashes + len) as u32;
            let next = match name {
                b"" => return Ok(best.unwrap()),
                b"." => directory,
                b".." if directory == tree.root() => return Ok(best.unwrap()),
                b".." => tree.parent(directory).unwrap(),
                name => match tree.lookup(directory, name) {
                    Ok(node) => node,
                    Err(Errno::ENOENT) => {
                        let consumed = consumed as u32;
                        return Ok(Answer::Missing { parent: directory, consumed });
                    }
                    Err(errno) => return Err(errno),
                },
            };
            let kind = tree.node(next).unwrap().kind();
            if kind == Kind::SymbolicLink {
                return Ok(Answer::Link { directory, node: next, consumed: end });
            }
            let is_covered = self.mounted_on(Place { node: next, ..at }).is_some();
            let answer = Answer::Found { node: next, kind, consumed: end, is_covered };
            if !self.greedy || is_covered || kind != Kind::Directory {
                return Ok(answer);
            }
            best = Some(answer);
            (directory, consumed) = (next, end as usize);
        }
    }

    fn parent(&mut self, at: At) -> Result<At, Errno> {
        Ok(Place { node: self.trees[at.mount as usize].parent(at.node)?, ..at })
    }

    fn read_link(&mut self, link: At) -> Result<Target<NodeId>, Errno> {
        if let Some((_, place)) = self.jumps.iter().find(|(at, _)| *at == link) {
            return Ok(Target::Jump { place: *place, kind: self.kind(*place) });
        }
        let node = self.trees[link.mount as usize].node(link.node)?;
        Ok(Target::Text(node.link_text().unwrap().to_vec()))
    }

    fn mounted_on(&self, place: At) -> Option<At> {
        self.mounts.iter().rev().find(|(at, _)| *at == place).map(|(_, root)| *root)
    }

    fn covered_by(&self, root: At) -> Option<At> {
        self.mounts.iter().find(|(_, mounted)| *mounted == root).map(|(at, _)| *at)
    }
}

fn found(place: At, kind: Kind) -> Result<(Outcome<NodeId>, Vec<u8>), Errno> {
    Ok((Outcome::Found { place, kind }, vec![]))
}

#[test]
fn dots_slashes_and_the_root_are_walked_not_cut() {
    let mut forest = Forest::new(1);
    let root = forest.root(0);
    let a = forest.directory(root, "a");
    let b = forest.directory(a, "b");
    let f = forest.file(b, "f");
    for path in ["/a/b/f", "a//b/./f", "a/../a/b/../b/f", "/../../a/b/f", "././a/b/f"] {
        assert_eq!(forest.find(path), Ok(f), "{path}");
    }
    for (path, place) in [("/", root), (".", root), ("..", root), ("a/b/", b), ("///a", a)] {
        assert_eq!(forest.find(path), Ok(place), "{path}");
    }
    assert_eq!(forest.find("a/x/../b"), Err(Errno::ENOENT), "no removal by text");
    assert_eq!(forest.find("a/b/f/.."), Err(Errno::ENOTDIR));
    assert_eq!(forest.find("a/b/f/"), Err(Errno::ENOTDIR));
    assert_eq!(forest.find(""), Err(Errno::ENOENT));
    assert_eq!(forest.find(&"a/".repeat(2048)), Err(Errno::ENAMETOOLONG));
    assert_eq!(forest.find(&format!("/a/{}", "x".repeat(256))), Err(Errno::ENAMETOOLONG));
    assert_eq!(forest.walk("../a/b", a, Mode::Follow), found(b, Kind::Directory));
}

#[test]
fn links_are_followed_forty_times() {
    let mut forest = Forest::new(1);
    let root = forest.root(0);
    let a = forest.directory(root, "a");
    let f = forest.file(a, "f");
    forest.link(root, "l0", "a/f");
    for number in 1..41 {
        forest.link(root, &format!("l{number}"), &format!("l{}", number - 1));
    }
    assert_eq!(forest.find("l39"), Ok(f));
    assert_eq!(forest.find("l40"), Err(Errno::ELOOP));
    forest.link(a, "self", "../a/self");
    assert_eq!(forest.find("a/self"), Err(Errno::ELOOP));
    forest.link(a, "up", "..");
    assert_eq!(forest.find("a/up/a/up/a/f"), Ok(f));
    forest.link(a, "root", "/");
    assert_eq!(forest.find("a/root"), Ok(root));
    assert_eq!(forest.find("a/root/a/./root//a/f"), Ok(f));
    forest.link(a, "none", "nowhere");
    assert_eq!(forest.find("a/none"), Err(Errno::ENOENT));
}

#[test]
fn the_last_link_is_left_alone_on_request_but_not_before_a_slash() {
    let mut forest = Forest::new(1);
    let root = forest.root(0);
    let a = forest.directory(root, "a");
    forest.file(a, "f");
    let (to_a, to_f) = (forest.link(root, "to_a", "a"), forest.link(root, "to_f", "a/f"));
    let slash = forest.link(root, "slash", "a/f/");
    let mut no_follow = |path| forest.walk(path, root, Mode::NoFollow);
    assert_eq!(no_follow("to_f"), found(to_f, Kind::SymbolicLink));
    assert_eq!(no_follow("to_a"), found(to_a, Kind::SymbolicLink));
    assert_eq!(no_follow("to_a/"), found(a, Kind::Directory));
    assert_eq!(no_follow("to_a/."), found(a, Kind::Directory));
    assert_eq!(no_follow("to_f/"), Err(Errno::ENOTDIR));
    assert_eq!(no_follow("slash"), found(slash, Kind::SymbolicLink));
    assert_eq!(forest.find("slash"), Err(Errno::ENOTDIR));
}

#[test]
fn creating_follows_a_dangling_link() {
    let mut forest = Forest::new(1);
    let root = forest.root(0);
    let a = forest.directory(root, "a");
    forest.file(a, "f");
    let link = forest.link(root, "link", "a/new");
    let missing = |parent, name: &[u8], trailing_slash| {
        Ok((Outcome::Missing { parent, trailing_slash }, name.to_vec()))
    };
    let mut create = |path| forest.walk(path, root, Mode::FollowOrMissing);
    assert_eq!(create("a/x"), missing(a, b"x", false));
    assert_eq!(create("a/x//"), missing(a, b"x", true));
    assert_eq!(create("link"), missing(a, b"new", false));
    assert_eq!(create("link/"), missing(a, b"new", true));
    assert_eq!(create("a/x/y"), Err(Errno::ENOENT));
    assert_eq!(create("a/f/"), Err(Errno::EISDIR));
    assert_eq!(create("a/f/x"), Err(Errno::ENOTDIR));
    let exclusive = forest.walk("link", root, Mode::NoFollowOrMissing);
    assert_eq!(exclusive, found(link, Kind::SymbolicLink));
}

#[test]
fn the_parent_of_the_last_component_is_found_without_looking_at_it() {
    let mut forest = Forest::new(1);
    let root = forest.root(0);
    let a = forest.directory(root, "a");
    forest.link(root, "link", "a");
    let mut parent = |path| {
        let (outcome, name) = forest.walk(path, root, Mode::Parent).unwrap();
        match outcome {
            Outcome::Parent { parent, last, trailing_slash } => {
                (parent, last, name, trailing_slash)
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(parent("a/x"), (a, Last::Name, b"x".to_vec(), false));
    assert_eq!(parent("link"), (root, Last::Name, b"link".to_vec(), false));
    assert_eq!(parent("link/x//"), (a, Last::Name, b"x".to_vec(), true));
    assert_eq!(parent("link/."), (a, Last::Dot, b".".to_vec(), false));
    assert_eq!(parent("a/.."), (a, Last::DotDot, b"..".to_vec(), false));
    assert_eq!(parent("///"), (root, Last::Root, b"".to_vec(), false));
    assert_eq!(forest.walk("none/x", root, Mode::Parent), Err(Errno::ENOENT));
}

#[test]
fn mounts_are_crossed_both_ways() {
    let mut forest = Forest::new(3);
    let root = forest.root(0);
    let mnt = forest.directory(root, "mnt");
    let other = forest.root(1);
    let inner = forest.directory(other, "inner");
    let file = forest.file(inner, "f");
    forest.mount(mnt, 1);
    assert_eq!(forest.find("mnt"), Ok(other));
    assert_eq!(forest.find("mnt/inner/../../mnt/inner/f"), Ok(file));
    assert_eq!(forest.find("mnt/.."), Ok(root));
    let top = forest.root(2);
    forest.mount(other, 2);
    assert_eq!(forest.find("mnt"), Ok(top), "the topmost of a stack");
    assert_eq!(forest.find("mnt/.."), Ok(root));
}

#[test]
fn a_link_may_lead_straight_to_a_node() {
    let mut forest = Forest::new(2);
    let root = forest.root(0);
    let a = forest.directory(root, "a");
    let far = forest.root(1);
    let (inner, file) = (forest.directory(far, "inner"), forest.file(far, "file"));
    let to_far = forest.link(a, "far", "nowhere");
    let to_file = forest.link(a, "file", "nowhere");
    forest.jumps = vec![(to_far, far), (to_file, file)];
    for (path, place) in [
        ("a/far", far),
        ("a/far/", far),
        ("a/far//inner/.", inner),
        ("a/far/file", file),
        ("a/file", file),
    ] {
        assert_eq!(forest.find(path), Ok(place), "{path}");
    }
    for path in ["a/file/", "a/file/x", "a/file/.."] {
        assert_eq!(forest.find(path), Err(Errno::ENOTDIR), "{path}");
    }
    assert_eq!(forest.walk("a/far", root, Mode::NoFollow), found(to_far, Kind::SymbolicLink));
    assert_eq!(forest.walk("a/far/", root, Mode::NoFollow), found(far, Kind::Directory));
    // The link to a link that jumps, with more of the path behind both.
    forest.link(root, "first", "a/far");
    assert_eq!(forest.find("first/inner"), Ok(inner));
    let loop_ = forest.link(a, "loop", "nowhere");
    forest.jumps.push((loop_, a));
    assert_eq!(forest.find(&("a/".to_string() + &"loop/".repeat(40))), Ok(a));
    assert_eq!(forest.find(&("a/".to_string() + &"loop/".repeat(41))), Err(Errno::ELOOP));
}

#[test]
fn what_servers_are_asked_has_no_dots() {
    for (residual, names) in [
        ("a/b", "a/b"),
        ("a//b/", "a//b/"),
        ("a/../b", "a/"),
        ("a/.", "a/"),
        ("a/...", "a/..."),
        ("..", ""),
        ("a/.b/..c", "a/.b/..c"),
        ("", ""),
    ] {
        assert_eq!(names_only(residual.as_bytes()), names.as_bytes(), "{residual}");
    }
}

#[test]
fn searching_needs_the_right_to_it_also_for_dots() {
    let mut forest = Forest::new(1);
    let root = forest.root(0);
    let a = forest.directory(root, "a");
    forest.closed.insert(a);
    assert_eq!(forest.find("a"), Ok(a));
    for path in ["a/.", "a/..", "a/x"] {
        assert_eq!(forest.find(path), Err(Errno::EACCES), "{path}");
    }
}

#[test]
fn a_server_answers_for_a_whole_path_at_once() {
    let mut forest = Forest::new(1);
    let root = forest.root(0);
    let (mut at, mut path) = (root, String::new());
    for name in ["a", "b", "c", "d"] {
        at = forest.directory(at, name);
        path += &format!("/{name}");
    }
    forest.greedy = true;
    assert_eq!(forest.find(&path), Ok(at));
    assert_eq!(forest.lookups, 1);
    let (outcome, name) = forest.walk(&path, root, Mode::Parent).unwrap();
    assert!(matches!(outcome, Outcome::Parent { last: Last::Name, .. }));
    assert_eq!((name, forest.lookups), (b"d".to_vec(), 2));
}

#[test]
fn a_server_that_lies_about_what_it_consumed_is_an_io_error() {
    let root = Place { mount: 0, node: 1u32 };
    let step = |consumed| {
        let mut walk = Walk::new(b"ab/cd", root, root, Mode::Follow).unwrap();
        assert!(matches!(walk.step(), Ok(Step::Lookup { .. })));
        walk.found(root, Kind::Directory, consumed)
    };
    for consumed in [0, 1, 4, 6, u32::MAX] {
        assert_eq!(step(consumed), Err(Errno::EIO), "{consumed}");
    }
    assert_eq!((step(2), step(5)), (Ok(()), Ok(())));
}
