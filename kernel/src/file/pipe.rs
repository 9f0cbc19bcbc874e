//! Pipes and FIFOs.
//!
//! Bytes are copied with the pipe locked, atomically: a page of the program that is not there
//! leaves the pipe as it was; it is brought in without the lock, and the copy tried again.

use super::buffers::{Source, UserBuffers};
use super::caller;
use super::description::{File, Kind, Node};
use super::operations::Operations;
use crate::mm::frames::{GFP_HIGHUSER, alloc_page, put_page};
use crate::mm::kmap::kmap_atomic;
use crate::mm::page::page;
use crate::mm::user::Retries;
use crate::result::{Errno, Result};
use crate::sync::{Rank, SpinLock, WaitQueue};
use crate::task::Sleep;
use abi::file::{O_RDONLY, O_WRONLY};
use abi::poll::{POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM};
use abi::signal::SIGPIPE;
use alloc::sync::Arc;
use core::slice;
use kcore::addr::Pfn;
use kcore::page::PageFlags;
use kcore::pipe_ring::{self, Piece, ReadStep, WriteStep};

pub struct Pipe {
    state: SpinLock<State>,
    readers: WaitQueue,
    writers: WaitQueue,
    pollers: WaitQueue,
}

struct State {
    ring: pipe_ring::Pipe,
    /// How often a FIFO was opened for reading: whoever opens it for writing waits for the next.
    reads_opened: u32,
    writes_opened: u32,
}

/// Which ends of a pipe a description holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ends {
    pub read: bool,
    pub write: bool,
}

/// A description's side of a pipe.
pub struct PipeEnd {
    pub pipe: Arc<Pipe>,
    pub ends: Ends,
}

impl Operations for PipeEnd {
    fn read(&self, file: &File, to: &mut UserBuffers) -> Result<usize> {
        self.pipe.read(to, file.is_nonblocking())
    }

    fn write(&self, file: &File, from: &mut Source) -> Result<usize> {
        self.pipe.write(from, file.is_nonblocking())
    }

    fn has_positions(&self) -> bool {
        false
    }

    fn allocate(&self, _: &File, _: i32, _: u64, _: u64) -> Result<()> {
        Err(Errno::ESPIPE)
    }

    fn events(&self) -> u16 {
        self.pipe.events(self.ends)
    }

    fn pollers(&self) -> Option<&WaitQueue> {
        Some(self.pipe.pollers())
    }

    fn readable_bytes(&self, _: &File) -> Option<u32> {
        Some(self.pipe.len())
    }

    fn close(&self, _: &File) {
        self.pipe.close(self.ends);
    }
}

/// A pipe: its read end and its write end. `flags`: O_NONBLOCK, O_DIRECT.
pub fn pipe(flags: u32, user: u32, group: u32) -> Result<(Arc<File>, Arc<File>)> {
    let pipe = Pipe::new()?;
    // Both ends show the same node.
    let Node::Anonymous { ino, created, .. } = Node::anonymous(user, group) else {
        return Err(Errno::EINVAL);
    };
    let node = || Node::Anonymous { ino, created, user, group };
    let read = Ends { read: true, write: false };
    let write = Ends { read: false, write: true };
    let reader = PipeEnd { pipe: pipe.clone(), ends: read };
    let reader = File::new(Kind::Pipe(reader), node(), flags | O_RDONLY)?;
    let writer = File::new(Kind::Pipe(PipeEnd { pipe, ends: write }), node(), flags | O_WRONLY)?;
    Ok((reader, writer))
}

/// What one attempt moved, and what has to happen before the next.
struct Attempt {
    done: usize,
    next: Next,
}

enum Next {
    Nothing,
    /// The ring is full.
    Room,
    /// Bring the program's next so many bytes in.
    FaultIn(usize),
    /// Give the pipe a page to write into.
    Page,
    /// No reader is left.
    Broken,
}

impl State {
    fn add(&mut self, ends: Ends) {
        if ends.read {
            self.ring.add_reader();
            self.reads_opened = self.reads_opened.wrapping_add(1);
        }
        if ends.write {
            self.ring.add_writer();
            self.writes_opened = self.writes_opened.wrapping_add(1);
        }
    }
}

impl Pipe {
    fn with(ring: pipe_ring::Pipe) -> Result<Arc<Self>> {
        let state = State { ring, reads_opened: 1, writes_opened: 1 };
        let pipe = Self {
            state: SpinLock::new(Rank::File, state),
            readers: WaitQueue::new(),
            writers: WaitQueue::new(),
            pollers: WaitQueue::new(),
        };
        Arc::try_new(pipe).map_err(|_| Errno::ENOMEM)
    }

    /// A pipe that is open at both ends.
    pub fn new() -> Result<Arc<Self>> {
        Self::with(pipe_ring::Pipe::new())
    }

    /// A pipe that nobody has open: what a FIFO leads to.
    pub fn closed() -> Result<Arc<Self>> {
        let mut ring = pipe_ring::Pipe::new();
        ring.remove_reader();
        ring.remove_writer();
        Self::with(ring)
    }

    /// Opens a FIFO, and waits for somebody at the other end as `fifo(7)` says.
    pub fn open(&self, ends: Ends, nonblocking: bool) -> Result<()> {
        let (seen, partner) = {
            let mut state = self.state.lock();
            if nonblocking && !ends.read && state.ring.readers() == 0 {
                return Err(Errno::ENXIO);
            }
            state.add(ends);
            match ends {
                Ends { read: true, write: false } => (state.writes_opened, state.ring.writers()),
                Ends { read: false, .. } => (state.reads_opened, state.ring.readers()),
                _ => (0, 1),
            }
        };
        self.readers.wake_all();
        self.writers.wake_all();
        if partner != 0 || nonblocking {
            return Ok(());
        }
        let queue = if ends.read { &self.readers } else { &self.writers };
        let opened = || {
            let state = self.state.lock();
            seen != if ends.read { state.writes_opened } else { state.reads_opened }
        };
        queue.wait_interruptible(opened).map_err(|_| {
            self.close(ends);
            caller::restart()
        })
    }

    /// Opens ends of a pipe that never had a name, and waits for nobody.
    pub fn reopen(&self, ends: Ends) {
        self.state.lock().add(ends);
        self.readers.wake_all();
        self.writers.wake_all();
    }

    /// Closes ends. With the last one what is in the pipe goes.
    pub fn close(&self, ends: Ends) {
        let mut state = self.state.lock();
        let ring = &mut state.ring;
        let no_reader = ends.read && ring.remove_reader();
        let no_writer = ends.write && ring.remove_writer();
        if ring.readers() == 0 && ring.writers() == 0 {
            while let Some(page) = ring.take_page() {
                put_page(page);
            }
        }
        drop(state);
        if no_reader {
            self.writers.wake_all();
        }
        if no_writer {
            self.readers.wake_all();
        }
        if no_reader || no_writer {
            self.pollers.wake_all();
        }
    }

    pub fn read(&self, to: &mut UserBuffers, nonblocking: bool) -> Result<usize> {
        if to.is_empty() {
            return Ok(0);
        }
        let mut done = 0;
        let mut retries = Retries::new();
        loop {
            let attempt = match self.take(to) {
                Some(attempt) => attempt,
                None if done > 0 => return Ok(done),
                None if nonblocking => return Err(Errno::EAGAIN),
                None => self
                    .readers
                    .wait_for(Sleep::Interruptible, None, || self.take(to))
                    .map_err(|_| caller::restart())?,
            };
            done += attempt.done;
            let Next::FaultIn(len) = attempt.next else { return Ok(done) };
            let bring = |()| to.fault_in(len, true);
            if let Err(fault) = retries.again(attempt.done).and_then(bring) {
                return if done > 0 { Ok(done) } else { Err(fault) };
            }
        }
    }

    /// Takes what there is without sleeping. `None`: nothing yet.
    fn take(&self, to: &mut UserBuffers) -> Option<Attempt> {
        let mut state = self.state.lock();
        let ring = &mut state.ring;
        let was_full = ring.is_full();
        let mut done = 0;
        let mut next = Next::Nothing;
        while !to.is_empty() {
            let piece = match ring.read_step(to.len() as u32) {
                ReadStep::Copy(piece) => piece,
                ReadStep::Wait if done == 0 => return None,
                ReadStep::Wait | ReadStep::EndOfFile => break,
            };
            let mut rest = *to;
            let copied = with_bytes(piece, |bytes| rest.copy_out(bytes));
            if copied < piece.len as usize {
                next = Next::FaultIn(piece.len as usize);
                break;
            }
            *to = rest;
            done += copied;
            if let Some(page) = ring.consume(piece.len) {
                put_page(page);
            }
        }
        let room = was_full && !ring.is_full();
        let more = !ring.is_empty();
        drop(state);
        if room {
            self.writers.wake_one();
            self.pollers.wake_all();
        }
        if more {
            self.readers.wake_one();
        }
        Some(Attempt { done, next })
    }

    pub fn write(&self, from: &mut Source, nonblocking: bool) -> Result<usize> {
        let total = from.len() as u32;
        if total == 0 {
            return Ok(0);
        }
        let mut done = 0;
        let mut accept_part = false;
        let mut retries = Retries::new();
        let error = loop {
            let mut put = || self.put(from, total, done, accept_part);
            let attempt = match put() {
                Some(attempt) => attempt,
                None if nonblocking => break Errno::EAGAIN,
                None => match self.writers.wait_for(Sleep::Interruptible, None, put) {
                    Ok(attempt) => attempt,
                    Err(_) if done > 0 => return Ok(done),
                    Err(_) => break caller::restart(),
                },
            };
            done += attempt.done;
            match attempt.next {
                Next::Nothing => return Ok(done),
                Next::Room => {}
                Next::FaultIn(_) if accept_part => break Errno::EFAULT,
                Next::FaultIn(len) => {
                    let bring = |()| from.fault_in(len);
                    accept_part = retries.again(attempt.done).and_then(bring).is_err();
                }
                Next::Page => match alloc_page(&GFP_HIGHUSER) {
                    Some(frame) => self.give_page(frame),
                    None => break Errno::ENOMEM,
                },
                Next::Broken => {
                    caller::raise(SIGPIPE);
                    break Errno::EPIPE;
                }
            }
        };
        if done > 0 { Ok(done) } else { Err(error) }
    }

    fn give_page(&self, frame: Pfn) {
        page(frame).set(PageFlags::PIPE);
        if let Some(page) = self.state.lock().ring.keep_spare(frame) {
            put_page(page);
        }
    }

    /// Adds what there is room for without sleeping. `None`: no room yet. With `accept_part` a
    /// piece that the program's memory gives only in part goes in as far as it goes.
    fn put(
        &self,
        from: &mut Source,
        total: u32,
        before: usize,
        accept_part: bool,
    ) -> Option<Attempt> {
        let mut state = self.state.lock();
        let ring = &mut state.ring;
        let was_empty = ring.is_empty();
        let mut done = 0;
        let next = loop {
            if from.is_empty() {
                break Next::Nothing;
            }
            match ring.write_step(total, (before + done) as u32) {
                WriteStep::Broken => break Next::Broken,
                WriteStep::Wait if done == 0 => return None,
                WriteStep::Wait => break Next::Room,
                WriteStep::Append(piece) => {
                    let mut rest = *from;
                    let copied = with_bytes(piece, |bytes| rest.copy_in(bytes));
                    if copied < piece.len as usize {
                        break Next::FaultIn(piece.len as usize);
                    }
                    *from = rest;
                    ring.append(piece.len);
                    done += copied;
                }
                WriteStep::NewPage { len } => {
                    let Some(page) = ring.take_spare() else { break Next::Page };
                    let mut rest = *from;
                    let place = Piece { page, offset: 0, len };
                    let copied = with_bytes(place, |bytes| rest.copy_in(bytes));
                    let whole = copied == len as usize;
                    if whole || accept_part && copied > 0 {
                        *from = rest;
                        ring.push(page, copied as u32);
                        done += copied;
                    } else {
                        ring.keep_spare(page);
                    }
                    if !whole {
                        break Next::FaultIn(len as usize);
                    }
                }
            }
        };
        let more_room = !ring.is_full();
        drop(state);
        if was_empty && done > 0 {
            self.readers.wake_one();
        }
        if done > 0 {
            // Also who waits for edges.
            self.pollers.wake_all();
        }
        if more_room {
            self.writers.wake_one();
        }
        Some(Attempt { done, next })
    }

    pub fn pollers(&self) -> &WaitQueue {
        &self.pollers
    }

    pub fn events(&self, ends: Ends) -> u16 {
        let state = self.state.lock();
        let mut events = 0;
        if ends.read {
            if !state.ring.is_empty() {
                events |= POLLIN | POLLRDNORM;
            }
            if state.ring.writers() == 0 {
                events |= POLLHUP;
            }
        }
        if ends.write {
            if !state.ring.is_full() {
                events |= POLLOUT | POLLWRNORM;
            }
            if state.ring.readers() == 0 {
                events |= POLLERR;
            }
        }
        events
    }

    /// Bytes that can be read.
    pub fn len(&self) -> u32 {
        self.state.lock().ring.len()
    }

    /// In bytes.
    pub fn capacity(&self) -> u32 {
        self.state.lock().ring.capacity()
    }

    pub fn set_capacity(&self, bytes: u32) -> Result<u32> {
        let capacity = self.state.lock().ring.set_capacity(bytes)?;
        self.writers.wake_all();
        self.pollers.wake_all();
        Ok(capacity)
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        while let Some(page) = self.state.get_mut().ring.take_page() {
            put_page(page);
        }
    }
}

/// Lends a piece of a page of a locked pipe. `access` does not sleep.
fn with_bytes<R>(piece: Piece, access: impl FnOnce(&mut [u8]) -> R) -> R {
    let mapping = kmap_atomic(piece.page);
    debug_assert!(piece.offset + piece.len <= kcore::addr::PAGE_SIZE);
    // SAFETY: the mapping covers the frame, the ring keeps pieces inside of one, and the pipe's
    // lock keeps everybody else away from it.
    let bytes = unsafe {
        let start = mapping.as_ptr::<u8>().add(piece.offset as usize);
        slice::from_raw_parts_mut(start, piece.len as usize)
    };
    access(bytes)
}
