//! Numbers of the nodes that belong to processes.
//!
//! ```text
//!  63      42 41      20 19 18 17         0
//! |  process  |  thread  | kind | which    |
//! ```
//!
//! The thread is 0 for the process as a whole. Nodes without a process are the machine's.

/// One of a process's nodes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Number {
    pub pid: i32,
    /// 0 for the process as a whole.
    pub tid: i32,
    pub part: Part,
}

/// What it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// The directory itself.
    Directory,
    /// A file, by its place in the list.
    File(usize),
    /// A link in `fd`.
    Descriptor(u32),
    /// A file in `fdinfo`.
    DescriptorInfo(u32),
}

const PID_SHIFT: u32 = 42;
const TID_SHIFT: u32 = 20;
const ID_MASK: u64 = (1 << 22) - 1;
const KIND_SHIFT: u32 = 18;
const WHICH_MASK: u64 = (1 << KIND_SHIFT) - 1;
/// The highest descriptor that has a number.
pub const MOST_DESCRIPTORS: u32 = WHICH_MASK as u32;

impl Number {
    /// The directory of a process.
    pub const fn process(pid: i32) -> Self {
        Self { pid, tid: 0, part: Part::Directory }
    }

    /// Its node.
    pub fn node(self) -> u64 {
        let (kind, which) = match self.part {
            Part::Directory => (0, 0),
            Part::File(index) => (1, index as u64),
            Part::Descriptor(fd) => (2, u64::from(fd)),
            Part::DescriptorInfo(fd) => (3, u64::from(fd)),
        };
        let id = |id: i32| u64::from(id.unsigned_abs()) & ID_MASK;
        id(self.pid) << PID_SHIFT
            | id(self.tid) << TID_SHIFT
            | kind << KIND_SHIFT
            | which & WHICH_MASK
    }

    /// What a node is; `None` if it is the machine's.
    pub fn of_node(node: u64) -> Option<Self> {
        let id = |shift: u32| i32::try_from(node >> shift & ID_MASK).unwrap_or(0);
        let which = node & WHICH_MASK;
        let number = u32::try_from(which).unwrap_or(0);
        let part = match node >> KIND_SHIFT & 3 {
            0 => Part::Directory,
            1 => Part::File(number as usize),
            2 => Part::Descriptor(number),
            _ => Part::DescriptorInfo(number),
        };
        let pid = id(PID_SHIFT);
        (pid != 0).then_some(Self { pid, tid: id(TID_SHIFT), part })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_says_what_it_is() {
        let parts =
            [Part::Directory, Part::File(17), Part::Descriptor(0), Part::DescriptorInfo(65_535)];
        for (pid, tid) in [(1, 0), (32_768, 32_767), (4_194_303, 4_194_303)] {
            for part in parts {
                let number = Number { pid, tid, part };
                assert_eq!(Number::of_node(number.node()), Some(number));
            }
        }
        assert_eq!(Number::of_node(sys::node::ROOT), None);
    }
}
