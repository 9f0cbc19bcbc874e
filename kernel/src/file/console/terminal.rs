//! COM1 as a terminal: the line discipline between the port and programs.

use super::port;
use super::ring::Frames;
use crate::file::buffers::{Source, UserBuffers};
use crate::file::caller;
use crate::result::{Errno, Result};
use crate::sync::{Rank, SpinLock, WaitError, WaitQueue};
use crate::task::{Sleep, might_resched};
use crate::time;
use abi::frame::{Exit, Frame, MAX_ENCODED, encode};
use abi::line_discipline::LineDiscipline;
use abi::poll::{POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM};
use abi::signal::{SIGTTIN, SIGTTOU};
use abi::terminal::{TOSTOP, VMIN, VTIME};
use alloc::boxed::Box;
use alloc::vec::Vec;
use kcore::addr::PAGE_SIZE;
use kcore::stream_ring::{OutputRing, STREAM_PAGES};

pub struct Terminal {
    pub(super) state: SpinLock<State>,
    readers: WaitQueue,
    pub(super) writers: WaitQueue,
    pollers: WaitQueue,
    /// The console's task, when programs have not read what came.
    room: WaitQueue,
}

pub(super) struct State {
    pub line: LineDiscipline,
    /// What programs wrote, not yet processed.
    pub output: OutputRing,
    frames: Frames,
    /// Whose controlling terminal this is; 0 for none.
    pub session: u32,
    /// The process group in the foreground; 0 for none.
    pub foreground: u32,
}

/// The most a program gets at once: a whole line.
const MAX_READ: usize = 4096;
/// Reads up to this size need no memory of the kernel.
const SMALL_READ: usize = 256;
/// Written bytes that are processed in one go.
const CHUNK: usize = 64;
const TENTH_OF_SECOND: u64 = 100_000_000;

/// Bytes on their way to the port.
struct ToPort {
    bytes: [u8; CHUNK * LineDiscipline::MAX_EXPANSION],
    count: usize,
}

impl ToPort {
    const fn new() -> Self {
        Self { bytes: [0; CHUNK * LineDiscipline::MAX_EXPANSION], count: 0 }
    }

    fn push(&mut self, byte: u8) {
        if self.count == self.bytes.len() {
            self.send();
        }
        if let Some(place) = self.bytes.get_mut(self.count) {
            *place = byte;
            self.count += 1;
        }
    }

    fn send(&mut self) {
        port::send(self.bytes.get(..self.count).unwrap_or_default());
        self.count = 0;
    }
}

/// What an attempt to write came to.
enum Put {
    Done,
    Full,
    FaultIn(usize),
}

impl Terminal {
    /// For ever. It is made in place: a whole line and more is too much for a kernel stack.
    #[inline(never)]
    pub fn new() -> Result<&'static Self> {
        let place = Box::<Self>::try_new_uninit().map_err(|_| Errno::ENOMEM)?;
        let frames = Frames::new()?;
        Ok(Box::leak(Box::write(
            place,
            Self {
                state: SpinLock::new(
                    Rank::File,
                    State {
                        line: LineDiscipline::new(),
                        output: OutputRing::new(STREAM_PAGES),
                        frames,
                        session: 0,
                        foreground: 0,
                    },
                ),
                readers: WaitQueue::new(),
                writers: WaitQueue::new(),
                pollers: WaitQueue::new(),
                room: WaitQueue::new(),
            },
        )))
    }

    /// Works on received bytes; sleeps while there is no room for them.
    pub fn receive(&self, bytes: &[u8]) {
        for &byte in bytes {
            if !self.state.lock().line.has_room() {
                self.room.wait(|| self.state.lock().line.has_room());
            }
            let (received, was_stopped, is_stopped, foreground) = {
                let mut state = self.state.lock();
                let was_stopped = state.line.is_stopped();
                let mut echo = ToPort::new();
                let received = state.line.receive(byte, &mut |byte| echo.push(byte));
                if received.flush_output {
                    state.discard_output();
                }
                echo.send();
                (received, was_stopped, state.line.is_stopped(), state.foreground)
            };
            if let Some(signal) = received.signal
                && foreground != 0
            {
                caller::signal_group(foreground, signal);
            }
            if received.wake_readers {
                self.readers.wake_all();
                self.pollers.wake_all();
            }
            if was_stopped && !is_stopped || received.flush_output {
                self.send_output();
                self.writers.wake_all();
                self.pollers.wake_all();
            }
        }
    }

    /// Sends what was written, unless output is stopped.
    pub(super) fn send_output(&self) {
        while self.state.lock().send_some() {}
    }

    pub fn read(&self, to: &mut UserBuffers, nonblocking: bool) -> Result<usize> {
        self.check_foreground(SIGTTIN)?;
        if to.is_empty() {
            return Ok(0);
        }
        let wanted = to.len().min(MAX_READ);
        let mut small = [0; SMALL_READ];
        let mut large = Vec::new();
        let buffer = match small.get_mut(..wanted) {
            Some(buffer) => buffer,
            None => {
                large.try_reserve_exact(wanted).map_err(|_| Errno::ENOMEM)?;
                large.resize(wanted, 0);
                &mut large
            }
        };
        let count = self.read_kernel(buffer, nonblocking)?;
        self.room.wake_all();
        let bytes = buffer.get(..count).unwrap_or_default();
        if to.copy_out(bytes) < count { Err(Errno::EFAULT) } else { Ok(count) }
    }

    fn read_kernel(&self, to: &mut [u8], nonblocking: bool) -> Result<usize> {
        let (canonical, least, time) = {
            let state = self.state.lock();
            let cc = state.line.termios().cc;
            let [least, time] = [VMIN, VTIME].map(|index| cc.get(index).copied().unwrap_or(0));
            (state.line.is_canonical(), usize::from(least), u64::from(time) * TENTH_OF_SECOND)
        };
        // Without VMIN the time counts from the beginning, with it from the first byte.
        let from_start = !canonical && least == 0;
        if from_start && time == 0 {
            return Ok(self.try_read(to).unwrap_or(0));
        }
        let enough = if canonical { 1 } else { least.clamp(1, to.len()) };
        let mut done = 0;
        loop {
            let rest = to.get_mut(done..).unwrap_or_default();
            let timed = time != 0 && !canonical && (from_start || done > 0);
            let deadline = timed.then(|| time::monotonic().saturating_add(time));
            let got = match self.try_read(rest) {
                Some(count) => count,
                None if nonblocking && done > 0 => return Ok(done),
                None if nonblocking => return Err(Errno::EAGAIN),
                None => {
                    let attempt = || self.try_read(rest);
                    match self.readers.wait_for(Sleep::Interruptible, deadline, attempt) {
                        Ok(count) => count,
                        Err(WaitError::TimedOut) => return Ok(done),
                        Err(_) if done > 0 => return Ok(done),
                        Err(_) => return Err(caller::restart()),
                    }
                }
            };
            done += got;
            // An end of file reads as no byte.
            if done >= enough || canonical {
                return Ok(done);
            }
        }
    }

    /// What there is, without sleeping. `None`: nothing yet.
    fn try_read(&self, to: &mut [u8]) -> Option<usize> {
        let mut state = self.state.lock();
        state.line.is_readable().then(|| state.line.read(to))
    }

    pub fn write(&self, from: &mut Source, nonblocking: bool) -> Result<usize> {
        if self.state.lock().line.termios().lflag & TOSTOP != 0 {
            self.check_foreground(SIGTTOU)?;
        }
        let total = from.len();
        loop {
            let put = self.put(from);
            self.send_output();
            let done = total - from.len();
            let has_room = || self.state.lock().output.space() != 0;
            let error = match put {
                Put::Done => return Ok(done),
                Put::FaultIn(len) => match from.fault_in(len) {
                    Ok(()) => continue,
                    Err(fault) => fault,
                },
                Put::Full if nonblocking && !has_room() => Errno::EAGAIN,
                Put::Full => match self.writers.wait_interruptible(has_room) {
                    Ok(()) => continue,
                    Err(_) => caller::restart(),
                },
            };
            return if done > 0 { Ok(done) } else { Err(error) };
        }
    }

    fn put(&self, from: &mut Source) -> Put {
        might_resched();
        let mut state = self.state.lock();
        let State { output, frames, .. } = &mut *state;
        while !from.is_empty() {
            let Some(piece) = output.next_piece(from.len().min(PAGE_SIZE as usize) as u32) else {
                return Put::Full;
            };
            let copied = frames.with(piece, |bytes| from.copy_in(bytes));
            output.commit(copied as u32);
            if copied < piece.len as usize {
                return Put::FaultIn(piece.len as usize - copied);
            }
        }
        Put::Done
    }

    pub fn events(&self) -> u16 {
        let state = self.state.lock();
        let mut events = 0;
        if state.line.is_ready() {
            events |= POLLIN | POLLRDNORM;
        }
        if state.output.space() != 0 {
            events |= POLLOUT | POLLWRNORM;
        }
        events
    }

    pub fn pollers(&self) -> &WaitQueue {
        &self.pollers
    }

    /// What may be read or written has changed by other means than reading and writing.
    pub(super) fn wake_all(&self) {
        for queue in [&self.readers, &self.writers, &self.pollers, &self.room] {
            queue.wake_all();
        }
    }

    /// Sends everything, also if output is stopped, and then the frame that ends the session.
    pub fn finish(&self, exit: Exit) {
        self.state.lock().line.set_stopped(false);
        self.send_output();
        let mut line = [0; MAX_ENCODED];
        let (length, _) = encode(&Frame::Exit(exit), &mut line);
        port::send(line.get(..length).unwrap_or_default());
    }
}

impl State {
    /// Sends a part of what was written; false if there is nothing, or output is stopped.
    fn send_some(&mut self) -> bool {
        if self.line.is_stopped() {
            return false;
        }
        let Some(piece) = self.output.unsent_piece(CHUNK as u32) else { return false };
        let mut port = ToPort::new();
        let Self { line, frames, .. } = self;
        frames.with(piece, |bytes| {
            bytes.iter().for_each(|byte| line.write(*byte, &mut |byte| port.push(byte)));
        });
        port.send();
        // The index moves by what was there.
        let _ = self.output.observe(self.output.consumed().wrapping_add(piece.len));
        true
    }

    pub fn discard_output(&mut self) {
        // The index moves to where the other one is.
        let _ = self.output.observe(self.output.produced());
    }
}
