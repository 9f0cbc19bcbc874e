//! Three streams over one line, in the frames of `abi::frame`.

use super::port;
use super::ring::Frames;
use crate::file::buffers::{Source, UserBuffers};
use crate::file::caller;
use crate::result::{Errno, Result};
use crate::sync::{Rank, SpinLock, WaitQueue};
use crate::task::{Sleep, might_resched};
use abi::frame::{
    Decoder, Exit, Frame, MAX_ENCODED, MAX_PAYLOAD, OUTPUT_CREDIT, Receiver, Sender, Step, Stream,
    encode,
};
use abi::poll::{POLLHUP, POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM};
use alloc::boxed::Box;
use kcore::addr::PAGE_SIZE;
use kcore::stream_ring::{InputRing, OutputRing, STREAM_PAGES};

pub struct Framed {
    line: SpinLock<Line>,
    readers: WaitQueue,
    writers: WaitQueue,
    pollers: WaitQueue,
}

struct Line {
    decoder: Decoder,
    input: Input,
    outputs: [Output; 2],
    /// Whether the other side says how much it takes. If not, it sends nothing either.
    credits: bool,
}

struct Input {
    ring: InputRing,
    frames: Frames,
    receiver: Receiver,
    /// Somebody has asked for input. Before that the host keeps its own.
    is_wanted: bool,
}

struct Output {
    stream: Stream,
    ring: OutputRing,
    frames: Frames,
    sender: Sender,
}

impl Output {
    fn new(stream: Stream) -> Result<Self> {
        let ring = OutputRing::new(STREAM_PAGES);
        Ok(Self { stream, ring, frames: Frames::new()?, sender: Sender::new(OUTPUT_CREDIT) })
    }

    /// Sends one frame; false if there is nothing to send, or nothing may be sent.
    fn send(&mut self, credits: bool) -> bool {
        let Self { stream, ring, frames, sender } = self;
        let Some(piece) = ring.unsent_piece(MAX_PAYLOAD as u32) else { return false };
        let sent = frames.with(piece, |bytes| {
            let frame = if credits {
                sender.frame(*stream, bytes)?
            } else {
                sender.frame_unlimited(*stream, bytes)?
            };
            Some(send(&frame))
        });
        let Some(sent) = sent else { return false };
        sender.sent(sent);
        // The index moves by what was there.
        let _ = ring.observe(ring.consumed().wrapping_add(sent));
        true
    }
}

/// Sends a frame; returns how many data bytes it had.
fn send(frame: &Frame) -> u32 {
    let mut line = [0; MAX_ENCODED];
    let (length, taken) = encode(frame, &mut line);
    port::send(line.get(..length).unwrap_or_default());
    taken as u32
}

impl Input {
    /// Takes the new part of a data frame.
    fn data(&mut self, offset: u32, bytes: &[u8]) {
        let room = self.ring.free() as usize;
        match self.receiver.data(offset, bytes, room) {
            Ok(mut new) => {
                while let Some(piece) = self.ring.free_piece(new.len() as u32) {
                    let (now, rest) = new.split_at(piece.len as usize);
                    self.frames.with(piece, |place| place.copy_from_slice(now));
                    // There was room.
                    let _ = self.ring.observe(self.ring.produced().wrapping_add(piece.len));
                    new = rest;
                }
            }
            // Say what is missing.
            Err(_) => {
                send(&self.receiver.credit(Stream::Stdin));
            }
        }
    }

    fn end(&mut self, offset: u32) {
        if self.receiver.end(offset).is_err() {
            send(&self.receiver.credit(Stream::Stdin));
        }
    }

    /// Lets the host send what there is room for.
    fn grant(&mut self) {
        if let Some(frame) = self.receiver.grant(Stream::Stdin, self.ring.free()) {
            send(&frame);
        }
    }
}

/// What an attempt to write came to.
enum Put {
    Done,
    /// The ring is full.
    Full,
    /// Bring the program's next so many bytes in.
    FaultIn(usize),
}

impl Framed {
    /// For ever.
    pub fn new(credits: bool) -> Result<&'static Self> {
        let mut receiver = Receiver::new(0);
        receiver.ended = !credits;
        let input = Input {
            ring: InputRing::new(STREAM_PAGES),
            frames: Frames::new()?,
            receiver,
            is_wanted: false,
        };
        let outputs = [Output::new(Stream::Stdout)?, Output::new(Stream::Stderr)?];
        let line = Line { decoder: Decoder::new(), input, outputs, credits };
        let framed = Self {
            line: SpinLock::new(Rank::File, line),
            readers: WaitQueue::new(),
            writers: WaitQueue::new(),
            pollers: WaitQueue::new(),
        };
        Ok(Box::leak(Box::try_new(framed).map_err(|_| Errno::ENOMEM)?))
    }

    /// Works on received bytes.
    pub fn receive(&self, bytes: &[u8]) {
        let (mut input, mut credit) = (false, false);
        {
            let mut line = self.line.lock();
            let Line { decoder, input: stdin, outputs, .. } = &mut *line;
            for &byte in bytes {
                let Step::Frame(frame) = decoder.push(byte) else { continue };
                match frame {
                    Frame::Data { stream: Stream::Stdin, offset, bytes } => {
                        stdin.data(offset, bytes);
                        input = true;
                    }
                    Frame::End { stream: Stream::Stdin, offset } => {
                        stdin.end(offset);
                        input = true;
                    }
                    Frame::Credit { stream, received, limit } => {
                        for output in outputs.iter_mut().filter(|output| output.stream == stream) {
                            output.sender.credited(received, limit);
                            credit = true;
                        }
                    }
                    _ => {}
                }
            }
        }
        if input {
            self.readers.wake_all();
        }
        if credit {
            self.send_output(0);
            self.send_output(1);
            self.writers.wake_all();
        }
        if input || credit {
            self.pollers.wake_all();
        }
    }

    /// Sends what one output has and the host takes.
    fn send_output(&self, output: usize) {
        loop {
            let mut line = self.line.lock();
            let credits = line.credits;
            let Some(output) = line.outputs.get_mut(output) else { return };
            if !output.send(credits) {
                return;
            }
        }
    }

    pub fn read(&self, to: &mut UserBuffers, nonblocking: bool) -> Result<usize> {
        if to.is_empty() {
            return Ok(0);
        }
        loop {
            let taken = match self.take(to) {
                Some(taken) => taken,
                None if nonblocking => return Err(Errno::EAGAIN),
                None => self
                    .readers
                    .wait_for(Sleep::Interruptible, None, || self.take(to))
                    .map_err(|_| caller::restart())?,
            };
            match taken {
                Ok(count) => return Ok(count),
                Err(len) => to.fault_in(len, true)?,
            }
        }
    }

    /// Takes what there is without sleeping: how much, or how many bytes of the program's memory
    /// to bring in. `None`: nothing yet.
    fn take(&self, to: &mut UserBuffers) -> Option<core::result::Result<usize, usize>> {
        let mut line = self.line.lock();
        let input = &mut line.input;
        input.want();
        let mut done = 0;
        while let Some(piece) = input.ring.next_piece(to.len() as u32) {
            let copied = input.frames.with(piece, |bytes| to.copy_out(bytes));
            input.ring.commit(copied as u32);
            done += copied;
            if copied < piece.len as usize {
                if done == 0 {
                    return Some(Err(piece.len as usize));
                }
                break;
            }
        }
        if done == 0 {
            return input.receiver.ended.then_some(Ok(0));
        }
        input.grant();
        Some(Ok(done))
    }

    pub fn write(&self, output: usize, from: &mut Source, nonblocking: bool) -> Result<usize> {
        let total = from.len();
        loop {
            let put = self.put(output, from);
            self.send_output(output);
            let done = total - from.len();
            let error = match put {
                Put::Done => return Ok(done),
                Put::FaultIn(len) => match from.fault_in(len) {
                    Ok(()) => continue,
                    Err(fault) => fault,
                },
                Put::Full if nonblocking && self.space(output) == 0 => Errno::EAGAIN,
                Put::Full => {
                    let room = || self.space(output) != 0;
                    match self.writers.wait_interruptible(room) {
                        Ok(()) => continue,
                        Err(_) => caller::restart(),
                    }
                }
            };
            return if done > 0 { Ok(done) } else { Err(error) };
        }
    }

    fn put(&self, output: usize, from: &mut Source) -> Put {
        might_resched();
        let mut line = self.line.lock();
        let Some(Output { ring, frames, .. }) = line.outputs.get_mut(output) else {
            return Put::Done;
        };
        while !from.is_empty() {
            let Some(piece) = ring.next_piece(from.len().min(PAGE_SIZE as usize) as u32) else {
                return Put::Full;
            };
            let copied = frames.with(piece, |bytes| from.copy_in(bytes));
            ring.commit(copied as u32);
            if copied < piece.len as usize {
                return Put::FaultIn(piece.len as usize - copied);
            }
        }
        Put::Done
    }

    fn space(&self, output: usize) -> u32 {
        self.line.lock().outputs.get(output).map_or(0, |output| output.ring.space())
    }

    pub fn events(&self, reads: bool, output: Option<usize>) -> u16 {
        let mut line = self.line.lock();
        let mut events = 0;
        if reads {
            line.input.want();
            if line.input.ring.filled() != 0 {
                events |= POLLIN | POLLRDNORM;
            }
            if line.input.receiver.ended {
                events |= POLLHUP;
            }
        }
        if output.and_then(|output| line.outputs.get(output)).is_some_and(|o| o.ring.space() != 0) {
            events |= POLLOUT | POLLWRNORM;
        }
        events
    }

    pub fn pollers(&self) -> &WaitQueue {
        &self.pollers
    }

    pub fn readable(&self) -> u32 {
        self.line.lock().input.ring.filled()
    }

    /// Sends everything, waiting for the host as long as it takes; then ends the streams.
    pub fn finish(&self, exit: Exit) {
        let mut bytes = [0; 64];
        loop {
            self.send_output(0);
            self.send_output(1);
            if self.line.lock().outputs.iter().all(|output| output.ring.filled() == 0) {
                break;
            }
            let count = port::try_take(&mut bytes);
            self.receive(bytes.get(..count).unwrap_or_default());
        }
        let line = self.line.lock();
        for output in &line.outputs {
            send(&output.sender.end(output.stream));
        }
        send(&Frame::Exit(exit));
    }
}

impl Input {
    fn want(&mut self) {
        if !self.is_wanted {
            self.is_wanted = true;
            self.grant();
        }
    }
}
