//! The framed line, with the program at the other end of three pipes.

use crate::child::Child;
use alloc::vec::Vec;
use sys::abi::UserMutPtr;
use sys::abi::frame::*;
use sys::abi::poll::{POLLERR, POLLHUP, POLLIN, POLLOUT, Pollfd};
use sys::file::File;
use sys::syscall::{linux, pointer_mut};
use sys::wait::Status;
use sys::{Errno, Result};

/// How often we look whether the program has ended, in milliseconds.
const INTERVAL: i32 = 10;
/// Bytes of standard input that may be under way: what the terminal can hold, even escaped.
const INPUT_ROOM: u32 = 1024;

/// The line and the state of its streams.
pub struct Line {
    serial: File,
    credits: bool,
    outputs: [(Stream, Sender); 2],
    receiver: Receiver,
    decoder: Decoder,
    /// Input that the program has not taken.
    input: Vec<u8>,
}

impl Line {
    pub fn new(serial: File, credits: bool) -> Self {
        let output = |stream| (stream, Sender::new(OUTPUT_CREDIT));
        Self {
            serial,
            credits,
            outputs: [output(Stream::Stdout), output(Stream::Stderr)],
            receiver: Receiver::new(0),
            decoder: Decoder::new(),
            input: Vec::new(),
        }
    }

    /// Serves the streams until the program has ended and everything it wrote is sent.
    pub fn serve(mut self, mut child: Child) -> Result<Exit> {
        if !self.credits {
            child.stdin = None;
        }
        let mut status = None;
        loop {
            self.ask_for_input(&child)?;
            let busy = self.step(&mut child, if status.is_some() { 0 } else { INTERVAL })?;
            match status {
                Some(status) if !busy => return self.end(status),
                Some(_) => {}
                None => status = child.ended()?,
            }
        }
    }

    /// Moves what can be moved; whether any output came.
    fn step(&mut self, child: &mut Child, timeout: i32) -> Result<bool> {
        let may_send = |sender: &Sender| !self.credits || sender.credit() > 0;
        let [stdout, stderr] = &self.outputs;
        let wanted = |fd: i32, events: u16, when: bool| Pollfd {
            fd: if when { fd } else { -1 },
            events,
            revents: 0,
        };
        let stdin = child.stdin.as_ref().map_or(-1, |file| file.fd().0);
        let mut fds = [
            wanted(child.stdout.fd().0, POLLIN, may_send(&stdout.1)),
            wanted(child.stderr.fd().0, POLLIN, may_send(&stderr.1)),
            wanted(self.serial.fd().0, POLLIN, self.credits),
            wanted(stdin, POLLOUT, !self.input.is_empty()),
        ];
        let address = UserMutPtr::new(pointer_mut(&mut fds));
        // SAFETY: the array is ours and that long.
        match unsafe { linux::poll(address, fds.len() as u32, timeout) } {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error),
        }
        let [out, err, serial, stdin] = fds.map(|fd| fd.revents);
        let mut busy = false;
        for (number, (ready, file)) in
            [(out, &child.stdout), (err, &child.stderr)].into_iter().enumerate()
        {
            if ready & POLLIN != 0 {
                busy |= self.pass_output(number, file)?;
            }
        }
        if serial & POLLIN != 0 {
            self.receive()?;
        }
        if stdin & (POLLOUT | POLLERR | POLLHUP) != 0 {
            self.pass_input(child);
        }
        if self.receiver.ended && self.input.is_empty() {
            child.stdin = None;
        }
        Ok(busy)
    }

    /// Sends one frame's worth of a stream; whether there was any.
    fn pass_output(&mut self, number: usize, from: &File) -> Result<bool> {
        let mut buffer = [0; MAX_PAYLOAD];
        let Some((stream, sender)) = self.outputs.get(number).copied() else { return Ok(false) };
        let most =
            if self.credits { (sender.credit() as usize).min(MAX_PAYLOAD) } else { MAX_PAYLOAD };
        let count = from.read(buffer.get_mut(..most).unwrap_or_default())?;
        let bytes = buffer.get(..count).unwrap_or_default();
        let Some(frame) = sender.frame_unlimited(stream, bytes) else { return Ok(false) };
        self.send(&frame)?;
        if let Some((_, sender)) = self.outputs.get_mut(number) {
            sender.sent(count as u32);
        }
        Ok(true)
    }

    /// Takes what the host has sent.
    fn receive(&mut self) -> Result<()> {
        let mut buffer = [0; 256];
        let count = self.serial.read(&mut buffer)?;
        for &byte in buffer.get(..count).unwrap_or_default() {
            let Step::Frame(frame) = self.decoder.push(byte) else { continue };
            let gap = match frame {
                Frame::Data { stream: Stream::Stdin, offset, bytes } => {
                    let new = self.receiver.data(offset, bytes, usize::MAX);
                    new.map(|new| self.input.extend_from_slice(new)).err()
                }
                Frame::End { stream: Stream::Stdin, offset } => self.receiver.end(offset).err(),
                Frame::Credit { stream, received, limit } => {
                    for (own, sender) in &mut self.outputs {
                        if *own == stream {
                            sender.credited(received, limit);
                        }
                    }
                    None
                }
                _ => None,
            };
            if gap.is_some() {
                // Says again what has arrived.
                let credit = self.receiver.credit(Stream::Stdin);
                self.send(&credit)?;
            }
        }
        Ok(())
    }

    /// Gives the program what fits its pipe. One that is gone or has closed it gets nothing more.
    fn pass_input(&mut self, child: &mut Child) {
        let Some(stdin) = &child.stdin else { return self.input.clear() };
        let (now, _) = self.input.split_at(self.input.len().min(MAX_PAYLOAD));
        match stdin.write(now) {
            Ok(count) => drop(self.input.drain(..count.min(self.input.len()))),
            Err(Errno::EINTR | Errno::EAGAIN) => {}
            Err(_) => {
                child.stdin = None;
                self.input.clear();
            }
        }
    }

    /// Grants the host room for more input.
    fn ask_for_input(&mut self, child: &Child) -> Result<()> {
        let room = INPUT_ROOM.saturating_sub(self.input.len() as u32);
        let wanted = self.credits && child.stdin.is_some();
        match self.receiver.grant(Stream::Stdin, room).filter(|_| wanted) {
            Some(credit) => self.send(&credit),
            None => Ok(()),
        }
    }

    fn send(&self, frame: &Frame<'_>) -> Result<()> {
        let mut bytes = Vec::new();
        put(frame, |byte| bytes.push(byte));
        self.serial.write_all(&bytes)
    }

    /// Ends the output streams.
    fn end(self, status: Status) -> Result<Exit> {
        for (stream, sender) in &self.outputs {
            self.send(&sender.end(*stream))?;
        }
        match status {
            Status::Exited(code) => u8::try_from(code).map(Exit::Exited),
            Status::Signaled(signal) => u8::try_from(signal).map(Exit::Signalled),
            Status::Stopped(_) | Status::Continued => return Err(Errno::EINVAL),
        }
        .map_err(|_| Errno::EINVAL)
    }
}
