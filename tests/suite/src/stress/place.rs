//! Pages that several threads access and change, and what may be found there.

use super::access::Outcome;
use crate::fault::PAGE;
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use sys::abi::signal::{SEGV_ACCERR, SEGV_MAPERR};

/// Threads that access. Each has a word of its own in every page.
pub const THREADS: usize = 3;
/// Of each column.
pub const PAGES: u32 = 16;
pub const COLUMN: u32 = PAGES * PAGE;
/// Of each kind of memory. What is in a page may be moved to the other column.
pub const COLUMNS: u32 = 2;
/// Below it is the program, far above it what the kernel places.
pub const BASE: u32 = 0x1000_0000;

/// What is mapped in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Anonymous,
    PrivateFile,
    SharedAnonymous,
    SharedFile,
}

impl Kind {
    pub const ALL: [Self; 4] =
        [Self::Anonymous, Self::PrivateFile, Self::SharedAnonymous, Self::SharedFile];

    pub fn is_shared(self) -> bool {
        matches!(self, Self::SharedAnonymous | Self::SharedFile)
    }
}

/// What a program may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Rights {
    /// Somebody changes that right now.
    Changing,
    /// Nothing is mapped.
    Absent,
    None,
    Read,
    Write,
}

impl Rights {
    const ALL: [Self; 5] = [Self::Changing, Self::Absent, Self::None, Self::Read, Self::Write];

    /// Asserts that an access ended as it has to.
    pub fn check(self, outcome: Outcome, is_write: bool, at: At) {
        let expected = match self {
            Self::Changing => return,
            Self::Absent => Some(SEGV_MAPERR),
            Self::None => Some(SEGV_ACCERR),
            Self::Read if is_write => Some(SEGV_ACCERR),
            Self::Read | Self::Write => None,
        };
        assert_eq!(outcome.err(), expected, "{at:?} with {self:?}, is_write: {is_write}");
    }
}

/// A page that is accessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    pub kind: Kind,
    pub column: u32,
    pub page: u32,
}

impl At {
    pub fn address(self) -> u32 {
        BASE + (self.kind as u32 * COLUMNS + self.column) * COLUMN + self.page * PAGE
    }

    /// The word of a thread; 0 is a child's.
    pub fn word(self, thread: usize) -> u32 {
        self.address() + thread as u32 * (PAGE / (THREADS as u32 + 1))
    }

    pub fn place(self) -> &'static Place {
        &PLACES[self.kind as usize][self.column as usize][self.page as usize]
    }

    /// What a thread writes: nobody writes the same anywhere.
    pub fn stamp(self, thread: usize, number: u32) -> u32 {
        number << 8 | (thread as u32) << 6 | (self.kind as u32) << 4 | self.page
    }

    /// What is in a page of a file before anybody writes to it.
    pub fn content(self) -> u32 {
        self.stamp(0, 0xff_ffff)
    }

    /// Asserts that a value may be in a private page's word of a thread, if nothing that the thread
    /// wrote up to the number `floor` may be there any more.
    pub fn check(self, value: u32, thread: usize, floor: Option<u32>) {
        let is_content = self.kind == Kind::PrivateFile && value == self.content();
        if value == 0 || is_content {
            return;
        }
        let number = value >> 8;
        assert_eq!(value, self.stamp(thread, number), "{self:?}: not thread {thread}'s");
        // Numbers go around.
        let is_stale = |floor: u32| floor.wrapping_sub(number) & 0xff_ffff < 0x80_0000;
        assert!(!floor.is_some_and(is_stale), "{self:?}: {number} came back, {floor:?}");
    }
}

/// What whoever changes a page says about it.
pub struct Place {
    /// The rights, below the number of changes.
    state: AtomicU32,
    /// Which contents these are; they keep that where they are moved to. 0 is none.
    life: AtomicU32,
    /// For each thread the last it wrote before these contents began.
    floors: [AtomicU32; THREADS + 1],
}

static PLACES: [[[Place; PAGES as usize]; COLUMNS as usize]; 4] = [const {
    [const {
        [const {
            Place {
                state: AtomicU32::new(Rights::Absent as u32),
                life: AtomicU32::new(0),
                floors: [const { AtomicU32::new(0) }; THREADS + 1],
            }
        }; PAGES as usize]
    }; COLUMNS as usize]
}; 4];
static LIVES: AtomicU32 = AtomicU32::new(0);
/// For each thread the last it wrote anywhere.
pub static WRITTEN: [AtomicU32; THREADS + 1] = [const { AtomicU32::new(0) }; THREADS + 1];

/// A page at a moment.
#[derive(Clone, Copy)]
pub struct View {
    state: u32,
    pub life: u32,
    floor: u32,
}

impl View {
    pub fn rights(self) -> Rights {
        Rights::ALL[(self.state & 7) as usize]
    }

    pub fn floor(self) -> Option<u32> {
        (self.rights() != Rights::Changing).then_some(self.floor)
    }
}

impl Place {
    /// How things are, for the word of a thread.
    pub fn view(&self, thread: usize) -> View {
        View {
            state: self.state.load(SeqCst),
            life: self.life.load(SeqCst),
            floor: self.floors[thread].load(SeqCst),
        }
    }

    /// The same view if nothing has changed since; else one that says so.
    pub fn confirm(&self, view: View) -> View {
        let is_same = self.state.load(SeqCst) == view.state;
        if is_same { view } else { View { state: Rights::Changing as u32, ..view } }
    }

    pub fn rights(&self) -> Rights {
        self.view(0).rights()
    }

    /// Begins a change. The rights so far.
    pub fn open(&self) -> Rights {
        let rights = self.rights();
        self.state.store((self.state.load(SeqCst) | 7).wrapping_add(1), SeqCst);
        rights
    }

    /// Ends a change.
    pub fn close(&self, rights: Rights) {
        self.state.store(self.state.load(SeqCst) | rights as u32, SeqCst);
    }

    /// Other contents, since so much was written.
    pub fn begin(&self, floors: [u32; THREADS + 1]) {
        self.life.store(LIVES.fetch_add(1, SeqCst).wrapping_add(1), SeqCst);
        for (place, floor) in self.floors.iter().zip(floors) {
            place.store(floor, SeqCst);
        }
    }

    /// The contents of another page.
    pub fn receive(&self, from: &Self) {
        self.life.store(from.life.swap(0, SeqCst), SeqCst);
        for (place, floor) in self.floors.iter().zip(&from.floors) {
            place.store(floor.load(SeqCst), SeqCst);
        }
    }
}

/// For each thread the last it wrote by now.
pub fn written() -> [u32; THREADS + 1] {
    WRITTEN.each_ref().map(|number| number.load(SeqCst))
}
