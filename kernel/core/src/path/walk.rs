//! The walk as a machine.

use crate::node_tree::Kind;
use abi::errno::Errno;
use abi::file::{NAME_MAX, PATH_MAX};
use alloc::vec::Vec;

/// One more link is ELOOP.
pub const MAX_LINKS_FOLLOWED: u32 = 40;

/// A node in a mounted tree.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Place<N> {
    pub mount: u32,
    pub node: N,
}

/// What the caller wants at the end of the path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// The node; a link as last component is followed.
    Follow,
    /// The node, also if it is a link. (With a slash behind it, a link is followed all the same.)
    NoFollow,
    /// Like the two above, but a missing last component is an outcome and no error: O_CREAT.
    FollowOrMissing,
    NoFollowOrMissing,
    /// The directory of the last component, which is not looked up: `mkdir`, `unlink`, `rename`.
    Parent,
}

/// The last component of a [`Mode::Parent`] walk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Last {
    /// [`Walk::last_name`] has it.
    Name,
    Dot,
    DotDot,
    /// The path was nothing but slashes.
    Root,
}

/// What a walk came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome<N> {
    Found {
        place: Place<N>,
        kind: Kind,
    },
    /// Nothing has the last name, which [`Walk::last_name`] has.
    Missing {
        parent: Place<N>,
        trailing_slash: bool,
    },
    Parent {
        parent: Place<N>,
        last: Last,
        trailing_slash: bool,
    },
}

/// What the walk needs next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step<'w, N> {
    /// Look `name` up in the directory `at`, then [`Walk::found`], [`Walk::found_link`] or
    /// [`Walk::missing`]. `residual` starts with the name; a tree may answer for as much of it as
    /// it likes.
    Lookup {
        at: Place<N>,
        name: &'w [u8],
        residual: &'w [u8],
    },
    /// Find the directory above `at`, then [`Walk::parent`].
    Parent {
        at: Place<N>,
    },
    /// `.`: only the right to search `at` matters. Then [`Walk::parent`] with `at` itself.
    Stay {
        at: Place<N>,
    },
    /// Read the link, then [`Walk::link_text`] or [`Walk::jump`].
    ReadLink {
        link: Place<N>,
    },
    Done(Outcome<N>),
}

/// A path or the text of a link, walked up to `position`.
struct Text<'p> {
    bytes: Bytes<'p>,
    position: usize,
}

enum Bytes<'p> {
    Path(&'p [u8]),
    Link(Vec<u8>),
}

impl Text<'_> {
    fn bytes(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Path(path) => path,
            Bytes::Link(text) => text,
        }
    }

    fn rest(&self) -> &[u8] {
        self.bytes().get(self.position..).unwrap_or(&[])
    }

    fn skip_slashes(&mut self) {
        self.position += self.rest().iter().take_while(|byte| **byte == b'/').count();
    }
}

/// A component at the beginning of `rest`.
fn component(rest: &[u8]) -> &[u8] {
    rest.split(|byte| *byte == b'/').next().unwrap_or(rest)
}

fn only_slashes(rest: &[u8]) -> bool {
    rest.iter().all(|byte| *byte == b'/')
}

/// See the module.
pub struct Walk<'p, N> {
    current: Text<'p>,
    /// The paths that led to a link whose text is `current`, the innermost last.
    outer: Vec<Text<'p>>,
    root: Place<N>,
    at: Place<N>,
    at_kind: Kind,
    links: u32,
    mode: Mode,
    /// The link whose text is wanted.
    link: Option<Place<N>>,
    /// The last name, in `current`; what a walk of [`Mode::Parent`] or a missing name ends with.
    last: core::ops::Range<usize>,
    missing: bool,
}

impl<'p, N: Copy + Eq> Walk<'p, N> {
    /// `start` is where a relative path begins; both are directories. ENOENT for an empty path,
    /// ENAMETOOLONG for one of 4096 bytes or more.
    pub fn new(path: &'p [u8], root: Place<N>, start: Place<N>, mode: Mode) -> Result<Self, Errno> {
        if path.is_empty() {
            return Err(Errno::ENOENT);
        }
        if path.len() >= PATH_MAX as usize {
            return Err(Errno::ENAMETOOLONG);
        }
        let at = if path.starts_with(b"/") { root } else { start };
        let mut current = Text { bytes: Bytes::Path(path), position: 0 };
        current.skip_slashes();
        Ok(Self {
            current,
            outer: Vec::new(),
            root,
            at,
            at_kind: Kind::Directory,
            links: 0,
            mode,
            link: None,
            last: 0..0,
            missing: false,
        })
    }

    /// What to do next. Asked twice, it says the same.
    pub fn step(&mut self) -> Result<Step<'_, N>, Errno> {
        if let Some(link) = self.link {
            return Ok(Step::ReadLink { link });
        }
        if self.missing {
            let (_, trailing_slash) = self.ends_at(self.last.end);
            return Ok(Step::Done(Outcome::Missing { parent: self.at, trailing_slash }));
        }
        while self.current.rest().is_empty() {
            match self.outer.pop() {
                Some(text) => {
                    self.current = text;
                    self.current.skip_slashes();
                }
                None => return Ok(Step::Done(self.arrived())),
            }
        }
        if self.at_kind != Kind::Directory {
            return Err(Errno::ENOTDIR);
        }
        let len = component(self.current.rest()).len();
        let start = self.current.position;
        let (is_last, trailing_slash) = self.ends_at(start + len);
        if len > NAME_MAX as usize {
            return Err(Errno::ENAMETOOLONG);
        }
        let last = match component(self.current.rest()) {
            b"." => Last::Dot,
            b".." => Last::DotDot,
            _ => Last::Name,
        };
        if is_last && self.mode == Mode::Parent {
            self.last = start..start + len;
            return Ok(Step::Done(Outcome::Parent { parent: self.at, last, trailing_slash }));
        }
        let at = self.at;
        Ok(match last {
            Last::Dot => Step::Stay { at },
            Last::DotDot if at == self.root => Step::Stay { at },
            Last::DotDot => Step::Parent { at },
            _ => {
                let rest = self.current.rest();
                let residual = match self.mode {
                    // Only the directory of the last component may be answered for.
                    Mode::Parent if self.outer.iter().all(|text| only_slashes(text.rest())) => {
                        without_last(rest)
                    }
                    _ => rest,
                };
                Step::Lookup { at, name: component(rest), residual }
            }
        })
    }

    fn arrived(&self) -> Outcome<N> {
        match self.mode {
            // Nothing was left to look up: `/`, which has no name.
            Mode::Parent => {
                Outcome::Parent { parent: self.at, last: Last::Root, trailing_slash: false }
            }
            _ => Outcome::Found { place: self.at, kind: self.at_kind },
        }
    }

    /// Whether the component that ends at `end` of the current text is the last of all, and
    /// whether a slash follows it.
    fn ends_at(&self, end: usize) -> (bool, bool) {
        let texts = || {
            let rest = self.current.bytes().get(end..).unwrap_or(&[]);
            core::iter::once(rest).chain(self.outer.iter().map(Text::rest))
        };
        (texts().all(only_slashes), texts().any(|rest| rest.starts_with(b"/")))
    }

    /// Goes on behind `consumed` bytes of the residual. EIO if they do not end with a component.
    fn consume(&mut self, consumed: u32) -> Result<usize, Errno> {
        let rest = self.current.rest();
        let consumed = consumed as usize;
        let ends = matches!(rest.get(consumed), None | Some(b'/')) && consumed <= rest.len();
        if consumed == 0 || !ends {
            return Err(Errno::EIO);
        }
        let end = self.current.position + consumed;
        self.current.position = end;
        self.current.skip_slashes();
        Ok(end)
    }

    /// `consumed` bytes of the residual lead to this node, which is no link. Nothing may be
    /// mounted on it that has not been crossed into.
    pub fn found(&mut self, place: Place<N>, kind: Kind, consumed: u32) -> Result<(), Errno> {
        let end = self.consume(consumed)?;
        let (is_last, trailing_slash) = self.ends_at(end);
        if kind != Kind::Directory && (!is_last || trailing_slash) {
            // What is to be made if missing is no directory, whatever is there.
            let creates = is_last && self.wants_missing();
            return Err(if creates { Errno::EISDIR } else { Errno::ENOTDIR });
        }
        self.at = place;
        self.at_kind = kind;
        Ok(())
    }

    /// `consumed` bytes of the residual lead to a link in `directory`.
    pub fn found_link(
        &mut self,
        directory: Place<N>,
        link: Place<N>,
        consumed: u32,
    ) -> Result<(), Errno> {
        let end = self.consume(consumed)?;
        let (is_last, trailing_slash) = self.ends_at(end);
        let follows = match self.mode {
            Mode::NoFollow | Mode::NoFollowOrMissing => !is_last || trailing_slash,
            _ => true,
        };
        if !follows {
            self.at = link;
            self.at_kind = Kind::SymbolicLink;
            return Ok(());
        }
        self.links += 1;
        if self.links > MAX_LINKS_FOLLOWED {
            return Err(Errno::ELOOP);
        }
        // A slash behind the link is kept: what it leads to has to be a directory.
        if trailing_slash && self.current.rest().is_empty() && end < self.current.bytes().len() {
            self.current.position = end;
        }
        self.at = directory;
        self.link = Some(link);
        Ok(())
    }

    /// The text that [`Step::ReadLink`] asked for. ENOENT if it is empty.
    pub fn link_text(&mut self, text: Vec<u8>) -> Result<(), Errno> {
        if text.is_empty() {
            return Err(Errno::ENOENT);
        }
        self.link = None;
        if text.starts_with(b"/") {
            self.at = self.root;
        }
        self.at_kind = Kind::Directory;
        let mut text = Text { bytes: Bytes::Link(text), position: 0 };
        text.skip_slashes();
        let outer = core::mem::replace(&mut self.current, text);
        if !outer.rest().is_empty() {
            self.outer.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
            self.outer.push(outer);
        }
        Ok(())
    }

    /// What [`Step::ReadLink`] asked for is a node. ENOTDIR if the walk has to go on from it and it is
    /// no directory.
    pub fn jump(&mut self, place: Place<N>, kind: Kind) -> Result<(), Errno> {
        let (is_last, trailing_slash) = self.ends_at(self.current.position);
        if kind != Kind::Directory && (!is_last || trailing_slash) {
            return Err(Errno::ENOTDIR);
        }
        self.link = None;
        self.at = place;
        self.at_kind = kind;
        self.current.skip_slashes();
        Ok(())
    }

    /// The component behind `consumed` bytes of the residual (0: its first) is not in `parent`.
    /// ENOENT unless it is the last and the caller wants to hear of that.
    pub fn missing(&mut self, parent: Place<N>, consumed: u32) -> Result<(), Errno> {
        if consumed > 0 {
            self.consume(consumed)?;
        }
        let start = self.current.position;
        let end = start + component(self.current.rest()).len();
        let (is_last, _) = self.ends_at(end);
        if !is_last || !self.wants_missing() {
            return Err(Errno::ENOENT);
        }
        self.at = parent;
        self.last = start..end;
        self.missing = true;
        Ok(())
    }

    fn wants_missing(&self) -> bool {
        matches!(self.mode, Mode::FollowOrMissing | Mode::NoFollowOrMissing)
    }

    /// Answers [`Step::Parent`] and [`Step::Stay`].
    pub fn parent(&mut self, place: Place<N>) {
        let len = component(self.current.rest()).len();
        self.current.position += len;
        self.current.skip_slashes();
        self.at = place;
    }

    /// The last component, when the outcome is without it.
    pub fn last_name(&self) -> &[u8] {
        self.current.bytes().get(self.last.clone()).unwrap_or(&[])
    }

    /// Links followed so far.
    pub fn links_followed(&self) -> u32 {
        self.links
    }
}

/// `rest` up to the slashes before its last component.
fn without_last(rest: &[u8]) -> &[u8] {
    let end = rest.iter().rposition(|byte| *byte != b'/').map_or(0, |last| last + 1);
    let rest = rest.get(..end).unwrap_or(rest);
    let Some(slash) = rest.iter().rposition(|byte| *byte == b'/') else { return rest };
    let rest = rest.get(..slash).unwrap_or(rest);
    let end = rest.iter().rposition(|byte| *byte != b'/').map_or(0, |last| last + 1);
    rest.get(..end).unwrap_or(rest)
}
