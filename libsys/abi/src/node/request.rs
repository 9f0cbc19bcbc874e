//! Requests as messages.

use super::asker::{self, Asker};

/// What is asked of a server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Request {
    /// Where a path leads from a directory. Its components are names, with one or more slashes
    /// between them: neither `.` nor `..`. The server answers for as many components as it can, but
    /// stops at a symbolic link. EACCES: the asker may not search a directory on the way.
    LookUp {
        /// Where the path begins.
        directory: u64,
    },
    /// The directory above. EACCES as for `LookUp`.
    Parent {
        /// Not the root.
        directory: u64,
    },
    /// Where the node is: `/` and names. ENOENT: nowhere any more.
    Path {
        /// The node.
        node: u64,
    },
    /// What `stat` shows. The kernel decides by it who may open.
    Attributes {
        /// The node.
        node: u64,
    },
    /// `chmod`, `truncate` and so on. The server decides who may.
    SetAttributes {
        /// The node.
        node: u64,
    },
    /// Of nodes with [`NODE_IS_OPENED`](super::NODE_IS_OPENED): they are about to be opened, and an
    /// error prevents it.
    Open {
        /// The node.
        node: u64,
        /// `O_*`.
        flags: u32,
    },
    /// The contents from an offset on; 0 bytes at the end.
    Read {
        /// The node.
        node: u64,
        /// In bytes.
        offset: u64,
        /// Through which open file: reads with the same number belong together. A number comes again
        /// only after all others did.
        file: u32,
    },
    /// Changes the contents from an offset on.
    Write {
        /// The node.
        node: u64,
        /// In bytes.
        offset: u64,
    },
    /// The entries of a directory from a position on: whole records, at least one unless the end is
    /// reached. Each `off` is the position behind the entry, and is not negative.
    ReadDirectory {
        /// The directory.
        directory: u64,
        /// 0 for the beginning.
        position: u64,
    },
    /// Where a symbolic link leads.
    ReadLink {
        /// The link.
        node: u64,
    },
    /// What `statfs` shows.
    Figures,
}

/// A message without its leases.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Encoded {
    /// The label.
    pub label: u16,
    /// The words; those behind [`count`](Self::count) are 0.
    pub words: [u32; MAX_WORDS],
    /// How many words count.
    pub count: usize,
}

/// Words of the longest request.
pub const MAX_WORDS: usize = asker::WORDS + 5;

const LOOK_UP: u16 = 1;
const PARENT: u16 = 2;
const PATH: u16 = 3;
const ATTRIBUTES: u16 = 4;
const SET_ATTRIBUTES: u16 = 5;
const OPEN: u16 = 6;
const READ: u16 = 7;
const WRITE: u16 = 8;
const READ_DIRECTORY: u16 = 9;
const READ_LINK: u16 = 10;
const FIGURES: u16 = 11;

pub(super) const fn split(number: u64) -> [u32; 2] {
    [number as u32, (number >> 32) as u32]
}

pub(super) const fn join(low: u32, high: u32) -> u64 {
    low as u64 | (high as u64) << 32
}

impl Request {
    /// As it travels.
    pub fn encode(&self, asker: Asker) -> Encoded {
        let with = |label, node, arguments: &[u32]| {
            let words = asker.to_words().into_iter().chain(split(node));
            let mut encoded = Encoded { label, words: [0; MAX_WORDS], count: 0 };
            let words = words.chain(arguments.iter().copied());
            for (place, word) in encoded.words.iter_mut().zip(words) {
                *place = word;
                encoded.count += 1;
            }
            encoded
        };
        match *self {
            Self::LookUp { directory } => with(LOOK_UP, directory, &[]),
            Self::Parent { directory } => with(PARENT, directory, &[]),
            Self::Path { node } => with(PATH, node, &[]),
            Self::Attributes { node } => with(ATTRIBUTES, node, &[]),
            Self::SetAttributes { node } => with(SET_ATTRIBUTES, node, &[]),
            Self::Open { node, flags } => with(OPEN, node, &[flags]),
            Self::Read { node, offset, file } => {
                let [low, high] = split(offset);
                with(READ, node, &[low, high, file])
            }
            Self::Write { node, offset } => with(WRITE, node, &split(offset)),
            Self::ReadDirectory { directory, position } => {
                with(READ_DIRECTORY, directory, &split(position))
            }
            Self::ReadLink { node } => with(READ_LINK, node, &[]),
            Self::Figures => with(FIGURES, super::ROOT, &[]),
        }
    }

    /// What a label and words ask, and who. `None` if they mean nothing.
    pub fn decode(label: u16, words: &[u32]) -> Option<(Self, Asker)> {
        let (asker, rest) = words.split_first_chunk()?;
        let ([low, high], arguments) = rest.split_first_chunk()?;
        let node = join(*low, *high);
        let request = match (label, arguments) {
            (LOOK_UP, []) => Self::LookUp { directory: node },
            (PARENT, []) => Self::Parent { directory: node },
            (PATH, []) => Self::Path { node },
            (ATTRIBUTES, []) => Self::Attributes { node },
            (SET_ATTRIBUTES, []) => Self::SetAttributes { node },
            (OPEN, &[flags]) => Self::Open { node, flags },
            (READ, &[low, high, file]) => Self::Read { node, offset: join(low, high), file },
            (WRITE, &[low, high]) => Self::Write { node, offset: join(low, high) },
            (READ_DIRECTORY, &[low, high]) => {
                Self::ReadDirectory { directory: node, position: join(low, high) }
            }
            (READ_LINK, []) => Self::ReadLink { node },
            (FIGURES, []) if node == super::ROOT => Self::Figures,
            _ => return None,
        };
        Some((request, Asker::from_words(*asker)))
    }
}
