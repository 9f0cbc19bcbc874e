//! The streams between programs and whoever drives the line.
//!
//! The driver may be a process that lies: its indexes are believed only if they can be. The first
//! one that cannot ends the process; the next driver goes on from the last one that could.

use super::driving;
use super::memory::Memory;
use crate::file::buffers::{Source, UserBuffers};
use crate::file::caller;
use crate::ipc::frames::Frames;
use crate::mm::user::Retries;
use crate::result::{Errno, Result};
use crate::sync::{Rank, SpinLock, WaitQueue};
use crate::task::might_resched;
use abi::console::{COMMANDS, Command, RING_BYTES, Ring, Shared, TERMINAL, passes};
use abi::frame::OUTPUT_CREDIT;
use abi::line_discipline::{INITIAL, Typed};
use abi::terminal::{ICANON, Termios};
use alloc::sync::Arc;
use core::mem;
use core::slice;
use core::sync::atomic::Ordering::{Relaxed, SeqCst};
use kcore::addr::PAGE_SIZE;
use kcore::stream_ring::{BadIndex, InputRing, OutputRing, RingPiece};

pub struct Streams {
    memory: Memory,
    /// What the line is.
    kind: u32,
    /// Whether the other side says how much it takes.
    has_credits: bool,
    state: SpinLock<State>,
    pub readers: WaitQueue,
    /// Who waits for room, for the end of output, for the obedience of the driver.
    pub writers: WaitQueue,
    pub pollers: WaitQueue,
}

/// What the kernel believes.
pub struct State {
    pub input: InputRing,
    pub outputs: [OutputRing; 2],
    /// A terminal's attributes, as the driver has or will get them.
    pub termios: Termios,
    commanded: u32,
    /// Nothing more of the driver's until there is another.
    is_suspect: bool,
}

/// What an attempt to write came to.
enum Put {
    Done,
    /// The ring is full.
    Full,
    /// Bring the program's next so many bytes in.
    FaultIn(usize),
}

impl Streams {
    /// Of a framed line, or of a terminal.
    pub fn new(kind: u32, has_credits: bool) -> Result<Self> {
        let memory = Memory::new()?;
        for limit in &memory.shared.driver.limits {
            limit.store(OUTPUT_CREDIT, Relaxed);
        }
        let input_bytes = if kind == TERMINAL { Typed::SIZE } else { RING_BYTES };
        let output = OutputRing::new(RING_BYTES / PAGE_SIZE);
        let state = State {
            input: InputRing::new(input_bytes / PAGE_SIZE),
            outputs: [output, output],
            termios: INITIAL,
            commanded: 0,
            is_suspect: false,
        };
        let streams = Self {
            memory,
            kind,
            has_credits,
            state: SpinLock::new(Rank::File, state),
            readers: WaitQueue::new(),
            writers: WaitQueue::new(),
            pollers: WaitQueue::new(),
        };
        streams.renew();
        Ok(streams)
    }

    /// For a server to map.
    pub fn frames(&self) -> &Arc<Frames> {
        &self.memory.frames
    }

    pub fn shared(&self) -> &'static Shared {
        self.memory.shared
    }

    /// Works on the state with the driver's latest indexes.
    pub fn with<R>(&self, work: impl FnOnce(&mut State, &Shared) -> R) -> R {
        let shared = self.shared();
        let (result, is_news) = {
            let mut state = self.state.lock();
            let was_suspect = state.is_suspect;
            state.observe(shared);
            let result = work(&mut state, shared);
            (result, state.is_suspect && !was_suspect)
        };
        if is_news {
            driving::end_server();
        }
        result
    }

    /// Another driver begins: it finds what was believed of the last one, and what the kernel says.
    pub fn renew(&self) {
        let shared = self.shared();
        let mut state = self.state.lock();
        state.observe(shared);
        shared.kernel.kind.store(self.kind, SeqCst);
        shared.kernel.credits.store(u32::from(self.has_credits), SeqCst);
        shared.kernel.commanded.store(state.commanded, SeqCst);
        for (index, ring) in state.outputs.iter().enumerate() {
            shared.driver.consumed[index].store(ring.consumed(), SeqCst);
            shared.kernel.produced[index].store(ring.produced(), SeqCst);
        }
        shared.driver.produced.store(state.input.produced(), SeqCst);
        shared.kernel.consumed.store(state.input.consumed(), SeqCst);
        state.is_suspect = false;
    }

    /// The driver has news.
    pub fn tell(&self) {
        self.with(|_, _| ());
        for queue in [&self.readers, &self.writers, &self.pollers] {
            queue.wake_all();
        }
    }

    pub fn write(&self, output: usize, from: &mut Source, nonblocking: bool) -> Result<usize> {
        let total = from.len();
        let (mut before, mut retries) = (0, Retries::new());
        loop {
            let (put, notify) = self.put(output, from);
            driving::attend(notify);
            let done = total - from.len();
            let new = done - mem::replace(&mut before, done);
            let error = match put {
                Put::Done => return Ok(done),
                Put::FaultIn(len) => match retries.again(new).and_then(|()| from.fault_in(len)) {
                    Ok(()) => continue,
                    Err(fault) => fault,
                },
                Put::Full if nonblocking && !self.has_room(output) => Errno::EAGAIN,
                Put::Full => match self.writers.wait_interruptible(|| self.has_room(output)) {
                    Ok(()) => continue,
                    Err(_) => caller::restart(),
                },
            };
            return if done > 0 { Ok(done) } else { Err(error) };
        }
    }

    /// Copies what there is room for; the second answer is whether the driver may be asleep.
    fn put(&self, output: usize, from: &mut Source) -> (Put, bool) {
        might_resched();
        self.with(|state, shared| {
            let (Some(ring), Some(bytes)) =
                (state.outputs.get_mut(output), shared.outputs.get(output))
            else {
                return (Put::Done, false);
            };
            let start = ring.produced();
            let put = loop {
                if from.is_empty() {
                    break Put::Done;
                }
                let Some(piece) = ring.next_piece(from.len().min(PAGE_SIZE as usize) as u32) else {
                    break Put::Full;
                };
                let copied = from.copy_in(place(bytes, piece));
                ring.commit(copied as u32);
                if copied < piece.len as usize {
                    break Put::FaultIn(piece.len as usize - copied);
                }
            };
            shared.kernel.produced[output].store(ring.produced(), SeqCst);
            let written = ring.produced().wrapping_sub(start);
            state.observe(shared);
            (put, state.outputs[output].must_notify(written))
        })
    }

    /// Whether something can be written. If not, writers are woken once much can.
    pub fn has_room(&self, output: usize) -> bool {
        self.reaches(output, |ring| {
            (ring.space() != 0, ring.produced().wrapping_sub(RING_BYTES / 2))
        })
    }

    /// Whether everything written is sent. If not, writers are woken once it is.
    pub fn is_sent(&self, output: usize) -> bool {
        self.reaches(output, |ring| (ring.filled() == 0, ring.produced()))
    }

    /// Whether something holds of an output; if not, the driver tells when it has consumed up to
    /// an index.
    fn reaches(&self, output: usize, ask: impl Fn(&OutputRing) -> (bool, u32)) -> bool {
        self.with(|state, shared| {
            let Some(ring) = state.outputs.get(output) else { return true };
            let (holds, goal) = ask(ring);
            if holds {
                return true;
            }
            let told_at = &shared.kernel.told_at[output];
            let (consumed, mark) = (ring.consumed(), goal.wrapping_sub(1));
            let before = told_at.load(Relaxed);
            // Somebody else may want to hear earlier.
            if before.wrapping_sub(consumed) > mark.wrapping_sub(consumed) {
                told_at.store(mark, SeqCst);
            }
            state.observe(shared);
            state.outputs.get(output).is_none_or(|ring| ask(ring).0)
        })
    }

    /// Takes input as bytes: how many, or how many of the program's memory to bring in. `None`:
    /// nothing yet.
    fn take(&self, to: &mut UserBuffers) -> Option<core::result::Result<usize, usize>> {
        let (taken, notify) = self.with(|state, shared| {
            let has_ended = state.has_ended(shared);
            let start = state.input.consumed();
            let mut done = 0;
            while let Some(piece) = state.input.next_piece(to.len() as u32) {
                let copied = to.copy_out(place(&shared.input, piece));
                state.input.commit(copied as u32);
                done += copied;
                if copied < piece.len as usize {
                    if done == 0 {
                        return (Some(Err(piece.len as usize)), false);
                    }
                    break;
                }
            }
            match done {
                0 => (has_ended.then_some(Ok(0)), false),
                _ => (Some(Ok(done)), state.show_consumed(shared, start)),
            }
        });
        if notify {
            driving::attend(true);
        }
        taken
    }

    pub fn read(&self, to: &mut UserBuffers, nonblocking: bool) -> Result<usize> {
        if to.is_empty() {
            return Ok(0);
        }
        self.want();
        let mut retries = Retries::new();
        loop {
            match self.take(to) {
                Some(Ok(count)) => return Ok(count),
                Some(Err(len)) => {
                    retries.again(0)?;
                    to.fault_in(len, true)?;
                }
                None if nonblocking => return Err(Errno::EAGAIN),
                None => self
                    .readers
                    .wait_interruptible(|| self.is_readable() || self.has_ended())
                    .map_err(|_| caller::restart())?,
            }
        }
    }

    pub fn is_readable(&self) -> bool {
        self.with(|state, _| state.input.filled() != 0)
    }

    /// Whether nothing more comes; there may be something to read.
    pub fn has_ended(&self) -> bool {
        self.with(|state, shared| state.has_ended(shared))
    }

    /// Somebody asks for input: the other side keeps its own until then.
    pub fn want(&self) {
        if self.shared().kernel.wanted.swap(1, SeqCst) == 0 {
            driving::attend(true);
        }
    }

    /// Takes a terminal's input into the kernel's memory. `None`: nothing yet.
    pub fn take_typed(&self, to: &mut [u8]) -> Option<usize> {
        let (taken, notify) = self.with(|state, shared| {
            let is_canonical = state.termios.lflag & ICANON != 0;
            let start = state.input.consumed();
            if state.input.filled() == 0 {
                return (None, false);
            }
            let end = state.input.produced();
            let (count, behind) = shared.typed().take(start, end, is_canonical, to);
            state.input.commit(behind.wrapping_sub(start));
            (Some(count), state.show_consumed(shared, start))
        });
        if notify {
            driving::attend(true);
        }
        taken
    }

    /// Forgets input that programs have not read. The line under edit stays. The driver is not told.
    pub fn discard_input(&self) {
        self.with(|state, shared| {
            let start = state.input.consumed();
            state.input.discard();
            state.show_consumed(shared, start)
        });
    }

    /// Gives the driver a command, after all that were given before; sleeps while too many wait.
    pub fn command(&self, command: Command) -> Result<()> {
        let give = || {
            self.with(|state, shared| {
                let obeyed = shared.driver.obeyed.load(SeqCst);
                if state.commanded.wrapping_sub(obeyed) >= COMMANDS {
                    return false;
                }
                let places = &shared.kernel.commands[(state.commanded % COMMANDS) as usize];
                for (place, word) in places.iter().zip(command.to_words()) {
                    place.store(word, Relaxed);
                }
                state.commanded = state.commanded.wrapping_add(1);
                shared.kernel.commanded.store(state.commanded, SeqCst);
                if let Command::SetTermios(termios) = command {
                    state.termios = termios;
                }
                true
            })
        };
        self.writers.wait_interruptible(give).map_err(|_| caller::restart())?;
        driving::attend(true);
        Ok(())
    }
}

impl State {
    fn observe(&mut self, shared: &Shared) {
        if self.is_suspect {
            return;
        }
        let driver = &shared.driver;
        let mut believe = || -> core::result::Result<(), BadIndex> {
            self.input.observe(driver.produced.load(SeqCst))?;
            for (ring, consumed) in self.outputs.iter_mut().zip(&driver.consumed) {
                ring.observe(consumed.load(SeqCst))?;
            }
            Ok(())
        };
        if believe().is_err() {
            self.is_suspect = true;
        }
    }

    /// Whether the driver says that nothing follows what is there.
    fn has_ended(&mut self, shared: &Shared) -> bool {
        // Asked before the index, since the end comes after the last byte.
        let has_ended = shared.driver.ended.load(SeqCst) != 0;
        self.observe(shared);
        has_ended
    }

    /// The driver may have the place of input from `start` on. Whether it wants to be told.
    fn show_consumed(&self, shared: &Shared, start: u32) -> bool {
        let consumed = self.input.consumed();
        shared.kernel.consumed.store(consumed, SeqCst);
        passes(shared.driver.told_at.load(SeqCst), start, consumed)
    }
}

/// Where a piece is.
#[expect(clippy::mut_from_ref, reason = "see below")]
fn place(ring: &Ring, piece: RingPiece) -> &mut [u8] {
    let start = piece.page as usize * PAGE_SIZE as usize + piece.offset as usize;
    let bytes = ring.0.get(start..).and_then(|rest| rest.get(..piece.len as usize));
    let bytes = bytes.unwrap_or_default();
    // SAFETY: the bytes may be written through a shared reference. Within the kernel the state's
    // lock, which pieces are made under, makes this the only one in use. The driver may touch them,
    // as it may on any machine; bytes are bytes.
    unsafe { slice::from_raw_parts_mut(bytes.as_ptr().cast_mut().cast(), bytes.len()) }
}
