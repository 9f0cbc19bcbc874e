//! What there is before the work begins: a file with text, a pipe with bytes in it, memory that is
//! full and memory that is shared, and a partner who waits for questions.

use crate::digest::pattern;
use alloc::vec::Vec;
use core::slice;
use sys::abi::memory::{MAP_ANONYMOUS, MAP_SHARED, PROT_READ, PROT_WRITE};
use sys::file::{self, File};
use sys::io::Fd;
use sys::memory::Mapping;
use sys::process::{self, Fork};
use sys::{Result, directory};

pub const FOLDER: &str = "/tmp/work";
pub const NOTES: &str = "/tmp/work/notes";
/// Bytes of the file.
const TEXT: u32 = 40_000;
/// Bytes in the pipe.
pub const WAITING: usize = 3000;
/// Bytes of each of the two mappings.
const MEMORY: u32 = 16 * 4096;
/// Bytes of a question, and of its answer.
pub const MESSAGE: usize = 48;

pub struct Scene {
    pub notes: File,
    /// The end to read from.
    pub pipe: File,
    pub own: Mapping,
    pub shared: Mapping,
    pub partner: Partner,
}

/// A child that answers, until there are no more questions.
pub struct Partner {
    pub pid: i32,
    pub questions: File,
    pub answers: File,
}

impl Scene {
    pub fn prepare() -> Result<Self> {
        clear();
        directory::create(FOLDER, 0o755)?;
        let notes = File::create(NOTES)?;
        let mut line = [0; 80];
        for start in (0..TEXT).step_by(line.len()) {
            fill(&mut line, start);
            notes.write_all(&line)?;
        }
        let (pipe, to) = file::pipe()?;
        let mut bytes = [0; WAITING];
        fill(&mut bytes, 7);
        to.write_all(&bytes)?;
        let mut own = Mapping::anonymous(MEMORY)?;
        fill(bytes_of(&mut own), 1);
        let protection = PROT_READ | PROT_WRITE;
        let mut shared = Mapping::new(MEMORY, protection, MAP_SHARED | MAP_ANONYMOUS, Fd(-1), 0)?;
        fill(bytes_of(&mut shared), 2);
        Ok(Self { notes: File::open(NOTES)?, pipe, own, shared, partner: Partner::start()? })
    }
}

/// Removes what was left by one who was killed.
pub fn clear() {
    for entry in directory::entries(FOLDER).unwrap_or_default() {
        let path: Vec<u8> = [FOLDER.as_bytes(), b"/", &entry.name].concat();
        // Not the folder itself, nor the one above.
        let _ = directory::remove_file(path);
    }
    let _ = directory::remove(FOLDER);
}

impl Partner {
    fn start() -> Result<Self> {
        let (theirs, questions) = file::pipe()?;
        let (answers, ours) = file::pipe()?;
        match process::fork()? {
            Fork::Parent(pid) => Ok(Self { pid, questions, answers }),
            Fork::Child => {
                drop((questions, answers));
                process::exit(i32::from(answer(&theirs, &ours).is_err()))
            }
        }
    }
}

fn answer(questions: &File, answers: &File) -> Result<()> {
    let mut message = [0; MESSAGE];
    while questions.read(&mut message)? != 0 {
        message.reverse();
        answers.write_all(&message)?;
    }
    Ok(())
}

pub fn fill(bytes: &mut [u8], start: u32) {
    for (place, byte) in (start..).zip(bytes) {
        *byte = pattern(place);
    }
}

/// All of a mapping that was made to be written.
pub fn bytes_of(mapping: &mut Mapping) -> &mut [u8] {
    // SAFETY: the mapping is that long, and its borrow is the bytes'.
    unsafe { slice::from_raw_parts_mut(mapping.as_mut_ptr(), mapping.length() as usize) }
}
