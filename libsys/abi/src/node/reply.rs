//! Replies as messages. The kernel believes none of them: what it cannot decode is EIO.

use super::request::{join, split};

/// Where a path led.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found {
    /// To a node that is no symbolic link.
    Node {
        /// The node; the second lease has its attributes.
        node: u64,
        /// Bytes of the path up to the end of the component that led there.
        consumed: u32,
    },
    /// To a symbolic link.
    Link {
        /// The link.
        node: u64,
        /// The directory it is in.
        directory: u64,
        /// As for a node; the second lease has the link's attributes.
        consumed: u32,
    },
    /// To a directory that has nothing of the next component's name.
    Missing {
        /// The directory.
        directory: u64,
        /// Bytes of the path that led to the directory; 0: it is where the path began.
        consumed: u32,
    },
}

/// What of a process a link leads to, wherever that is: the kernel goes there itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Object {
    /// The program that runs.
    Program,
    /// The working directory.
    WorkingDirectory,
    /// The root directory.
    Root,
    /// What a descriptor leads to.
    Descriptor(u32),
}

/// Where a symbolic link leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Link {
    /// Along a path of so many bytes, which the lease has.
    Text(u32),
    /// To an object of a thread, as far as the asker may look at the thread.
    Magic {
        /// Thread id.
        tid: u32,
        /// Which of its objects.
        object: Object,
    },
}

const NODE: u32 = 0;
const LINK: u32 = 1;
const MISSING: u32 = 2;

const TEXT: u32 = 0;
const PROGRAM: u32 = 1;
const WORKING_DIRECTORY: u32 = 2;
const ROOT: u32 = 3;
const DESCRIPTOR: u32 = 4;

impl Found {
    /// How many words it takes.
    pub const WORDS: usize = 6;

    /// As it travels.
    pub const fn encode(self) -> [u32; Self::WORDS] {
        let (kind, consumed, node, directory) = match self {
            Self::Node { node, consumed } => (NODE, consumed, node, 0),
            Self::Link { node, directory, consumed } => (LINK, consumed, node, directory),
            Self::Missing { directory, consumed } => (MISSING, consumed, 0, directory),
        };
        let ([n0, n1], [d0, d1]) = (split(node), split(directory));
        [kind, consumed, n0, n1, d0, d1]
    }

    /// `None` for words that mean nothing.
    pub const fn decode(words: [u32; Self::WORDS]) -> Option<Self> {
        let [kind, consumed, n0, n1, d0, d1] = words;
        let (node, directory) = (join(n0, n1), join(d0, d1));
        match (kind, node, directory) {
            (NODE, _, 0) => Some(Self::Node { node, consumed }),
            (LINK, ..) => Some(Self::Link { node, directory, consumed }),
            (MISSING, 0, _) => Some(Self::Missing { directory, consumed }),
            _ => None,
        }
    }
}

impl Link {
    /// How many words it takes.
    pub const WORDS: usize = 3;

    /// As it travels.
    pub const fn encode(self) -> [u32; Self::WORDS] {
        match self {
            Self::Text(length) => [TEXT, length, 0],
            Self::Magic { tid, object } => match object {
                Object::Program => [PROGRAM, tid, 0],
                Object::WorkingDirectory => [WORKING_DIRECTORY, tid, 0],
                Object::Root => [ROOT, tid, 0],
                Object::Descriptor(fd) => [DESCRIPTOR, tid, fd],
            },
        }
    }

    /// `None` for words that mean nothing.
    pub const fn decode(words: [u32; Self::WORDS]) -> Option<Self> {
        let (tid, object) = match words {
            [TEXT, length, 0] => return Some(Self::Text(length)),
            [PROGRAM, tid, 0] => (tid, Object::Program),
            [WORKING_DIRECTORY, tid, 0] => (tid, Object::WorkingDirectory),
            [ROOT, tid, 0] => (tid, Object::Root),
            [DESCRIPTOR, tid, fd] => (tid, Object::Descriptor(fd)),
            _ => return None,
        };
        Some(Self::Magic { tid, object })
    }
}
