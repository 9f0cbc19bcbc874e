//! The host's end of the framed line.

use abi::frame::{
    Decoder, Exit, Frame, MAX_PAYLOAD, OUTPUT_CREDIT, Receiver, Sender, Step, Stream, put,
};
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver as Queue, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

/// Chunks of output that may wait for a slow reader. A guest that respects its credits never has
/// more than one per byte of credit under way.
const QUEUE: usize = OUTPUT_CREDIT as usize;

/// What the guest's streams are connected to.
pub struct Streams {
    pub stdin: Box<dyn Read + Send>,
    pub stdout: Box<dyn Write + Send>,
    pub stderr: Box<dyn Write + Send>,
}

/// How the line ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The program ended, and everything it wrote is where it belongs.
    Exit(Exit),
    /// Bytes of its output never arrived.
    Incomplete,
    /// The guest is gone and said nothing.
    Closed,
    /// Nobody reads the output any more.
    BrokenPipe,
}

/// How far a line is. Who serves it next, for the same guest or a copy of it, goes on from there.
#[derive(Clone, Debug)]
pub struct Position {
    /// The frame of the guest's that has begun, if one has.
    decoder: Decoder,
    stdin: Input,
    stdout: Receiver,
    stderr: Receiver,
}

impl Position {
    /// The line of a machine that boots.
    pub fn start() -> Self {
        let output = Receiver::new(OUTPUT_CREDIT);
        let stdin = Input { sender: Sender::new(0), kept: VecDeque::new(), ended: false };
        Self { decoder: Decoder::new(), stdin, stdout: output, stderr: output }
    }

    /// What was sent and may not have arrived.
    fn again(&self) -> Vec<u8> {
        let mut frames = Vec::new();
        for (stream, output) in [(Stream::Stdout, self.stdout), (Stream::Stderr, self.stderr)] {
            if output.limit != OUTPUT_CREDIT {
                put(&output.credit(stream), |byte| frames.push(byte));
            }
        }
        frames.extend(self.stdin.again());
        frames
    }
}

/// How the line ended, and how far it was then.
#[derive(Debug)]
pub struct Served {
    pub end: End,
    pub position: Position,
}

/// Serves the line from `from` on until the program or the guest ends. Without `credits` it sends
/// nothing.
pub fn serve(
    socket: UnixStream,
    streams: Streams,
    credits: bool,
    from: Position,
) -> io::Result<Served> {
    let again = from.again();
    if credits && !again.is_empty() {
        (&socket).write_all(&again)?;
    }
    let Position { mut decoder, stdin, stdout, stderr } = from;
    let line = Arc::new(Line {
        socket: socket.try_clone()?,
        writing: Mutex::new(()),
        stdin: Mutex::new(stdin),
        credited: Condvar::new(),
        over: AtomicBool::new(false),
        credits,
    });
    let mut outputs = [
        Output::start(&line, Stream::Stdout, stdout, streams.stdout),
        Output::start(&line, Stream::Stderr, stderr, streams.stderr),
    ];
    if credits {
        let line = Arc::clone(&line);
        // Not joined: it may sleep in a read of the terminal for as long as it likes.
        thread::spawn(move || line.pump_stdin(streams.stdin));
    }
    let end = read_frames(socket, &mut decoder, &line, &mut outputs);
    let incomplete = outputs.iter().any(|output| output.gap);
    let [(stdout_whole, stdout), (stderr_whole, stderr)] = outputs.map(Output::finish);
    let stdin = line.finish();
    let end = match end? {
        _ if !(stdout_whole && stderr_whole) => End::BrokenPipe,
        Some(_) if incomplete => End::Incomplete,
        Some(exit) => End::Exit(exit),
        None => End::Closed,
    };
    Ok(Served { end, position: Position { decoder, stdin, stdout, stderr } })
}

fn read_frames(
    mut socket: UnixStream,
    decoder: &mut Decoder,
    line: &Line,
    outputs: &mut [Output; 2],
) -> io::Result<Option<Exit>> {
    let mut buffer = [0; 16 << 10];
    loop {
        let count = match socket.read(&mut buffer) {
            Ok(0) => return Ok(None),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(None),
            Err(error) => return Err(error),
        };
        for &byte in buffer.get(..count).unwrap_or(&[]) {
            let Step::Frame(frame) = decoder.push(byte) else { continue };
            match frame {
                Frame::Exit(exit) => return Ok(Some(exit)),
                Frame::Credit { stream: Stream::Stdin, received, limit } => {
                    lock(&line.stdin).credited(received, limit);
                    line.credited.notify_all();
                }
                Frame::Resync { received, limit } => {
                    line.send_again(received, limit, outputs);
                    line.credited.notify_all();
                }
                Frame::Data { stream, offset, bytes } => {
                    for output in outputs.iter_mut().filter(|output| output.stream == stream) {
                        if !output.data(line, offset, bytes) {
                            return Ok(None);
                        }
                    }
                }
                Frame::End { stream, offset } => {
                    for output in outputs.iter_mut().filter(|output| output.stream == stream) {
                        output.end(offset);
                    }
                }
                Frame::Credit { .. } => {}
            }
        }
    }
}

/// What the threads of one line share.
struct Line {
    socket: UnixStream,
    /// Held while a frame is written: frames of different threads must not mix.
    writing: Mutex<()>,
    stdin: Mutex<Input>,
    credited: Condvar,
    /// Nobody serves it any more.
    over: AtomicBool,
    credits: bool,
}

/// Standard input, as far as it is on the line.
#[derive(Clone, Debug)]
struct Input {
    sender: Sender,
    /// The last bytes before `sender.next`: those that the guest may ask for again.
    kept: VecDeque<u8>,
    /// Nothing follows.
    ended: bool,
}

impl Input {
    fn credited(&mut self, received: u32, limit: u32) {
        self.sender.credited(received, limit);
        let under_way = self.sender.next.wrapping_sub(self.sender.acknowledged) as usize;
        self.kept.drain(..self.kept.len().saturating_sub(under_way));
    }

    /// What is under way, in frames.
    fn again(&self) -> Vec<u8> {
        let mut frames = Vec::new();
        let bytes: Vec<u8> = self.kept.iter().copied().collect();
        let mut offset = self.sender.next.wrapping_sub(bytes.len() as u32);
        for bytes in bytes.chunks(MAX_PAYLOAD) {
            put(&Frame::Data { stream: Stream::Stdin, offset, bytes }, |byte| frames.push(byte));
            offset = offset.wrapping_add(bytes.len() as u32);
        }
        if self.ended {
            put(&self.sender.end(Stream::Stdin), |byte| frames.push(byte));
        }
        frames
    }
}

impl Line {
    fn send(&self, frame: &Frame) -> io::Result<()> {
        let mut bytes = Vec::new();
        put(frame, |byte| bytes.push(byte));
        let _writing = lock(&self.writing);
        (&self.socket).write_all(&bytes)
    }

    /// Somebody else drives the guest's end: repeats what may have been lost.
    fn send_again(&self, received: u32, limit: u32, outputs: &[Output; 2]) {
        if !self.credits {
            return;
        }
        for output in outputs {
            let credit = lock(&output.arrived).receiver.credit(output.stream);
            // If the guest is gone, the next read tells.
            let _ = self.send(&credit);
        }
        // What the other thread takes from now on it sends later.
        let _writing = lock(&self.writing);
        let frames = {
            let mut stdin = lock(&self.stdin);
            stdin.credited(received, limit);
            stdin.again()
        };
        let _ = (&self.socket).write_all(&frames);
    }

    /// Lets the thread of standard input end, unless it sleeps in a read. What it has done.
    fn finish(&self) -> Input {
        let stdin = lock(&self.stdin);
        self.over.store(true, Ordering::Relaxed);
        self.credited.notify_all();
        stdin.clone()
    }

    /// Sends what `input` has, as far as the guest has room. Reads nothing before that.
    fn pump_stdin(&self, mut input: Box<dyn Read + Send>) {
        let mut buffer = [0; 4096];
        loop {
            let room = {
                let over = || self.over.load(Ordering::Relaxed);
                let waiting = |stdin: &mut Input| stdin.sender.credit() == 0 && !over();
                let stdin = self.credited.wait_while(lock(&self.stdin), waiting);
                stdin.unwrap_or_else(PoisonError::into_inner).sender.credit()
            };
            let room = buffer.len().min(room as usize);
            let space = buffer.get_mut(..room).filter(|space| !space.is_empty());
            let Some(space) = space else { return };
            let mut bytes = match input.read(space) {
                Ok(count) => space.get(..count).unwrap_or(&[]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => &[],
            };
            if bytes.is_empty() {
                let end = {
                    let mut stdin = lock(&self.stdin);
                    stdin.ended = true;
                    stdin.sender.end(Stream::Stdin)
                };
                // If the guest is gone, the reading thread notices.
                let _ = self.send(&end);
                return;
            }
            while !bytes.is_empty() {
                let sender = lock(&self.stdin).sender;
                let Some(frame) = sender.frame(Stream::Stdin, bytes) else { return };
                let Frame::Data { bytes: now, .. } = frame else { return };
                {
                    // Before it is sent: from here on it can be asked for again.
                    let mut stdin = lock(&self.stdin);
                    stdin.sender.sent(now.len() as u32);
                    stdin.kept.extend(now);
                }
                if self.send(&frame).is_err() {
                    return;
                }
                bytes = bytes.get(now.len()..).unwrap_or(&[]);
            }
        }
    }
}

/// Standard output or standard error: what has arrived, and the thread that writes it.
struct Output {
    stream: Stream,
    arrived: Arc<Mutex<Arrived>>,
    /// Something is missing before what arrived last.
    gap: bool,
    queue: SyncSender<Vec<u8>>,
    writer: JoinHandle<bool>,
}

struct Arrived {
    receiver: Receiver,
    /// Bytes that wait in the queue.
    waiting: u32,
}

impl Output {
    fn start(
        line: &Arc<Line>,
        stream: Stream,
        receiver: Receiver,
        to: Box<dyn Write + Send>,
    ) -> Self {
        let (queue, chunks) = sync_channel(QUEUE);
        let arrived = Arc::new(Mutex::new(Arrived { receiver, waiting: 0 }));
        let writer = {
            let (line, arrived) = (Arc::clone(line), Arc::clone(&arrived));
            thread::spawn(move || write_chunks(&line, stream, &arrived, &chunks, to))
        };
        Self { stream, arrived, gap: false, queue, writer }
    }

    /// Takes a data frame; false if nobody reads this stream any more.
    fn data(&mut self, line: &Line, offset: u32, bytes: &[u8]) -> bool {
        let new = {
            let mut arrived = lock(&self.arrived);
            let new = arrived.receiver.data(offset, bytes, usize::MAX);
            if let Ok(new) = new {
                arrived.waiting += new.len() as u32;
            }
            new
        };
        match new {
            Ok([]) => true,
            Ok(new) => {
                self.gap = false;
                self.queue.send(new.to_vec()).is_ok()
            }
            Err(_) => {
                self.gap = true;
                if line.credits {
                    let credit = lock(&self.arrived).receiver.credit(self.stream);
                    // If the guest is gone, the next read tells.
                    let _ = line.send(&credit);
                }
                true
            }
        }
    }

    fn end(&mut self, offset: u32) {
        match lock(&self.arrived).receiver.end(offset) {
            Ok(true) => self.gap = false,
            Ok(false) => {}
            Err(_) => self.gap = true,
        }
    }

    /// Waits until everything is written. Whether it could be, and how far the stream is.
    fn finish(self) -> (bool, Receiver) {
        drop(self.queue);
        let whole = self.writer.join().unwrap_or(false);
        (whole, lock(&self.arrived).receiver)
    }
}

fn write_chunks(
    line: &Line,
    stream: Stream,
    arrived: &Mutex<Arrived>,
    chunks: &Queue<Vec<u8>>,
    mut to: Box<dyn Write + Send>,
) -> bool {
    for chunk in chunks {
        if to.write_all(&chunk).and_then(|()| to.flush()).is_err() {
            // The reading thread fails to queue the next chunk; this wakes it if none comes.
            let _ = line.socket.shutdown(std::net::Shutdown::Both);
            return false;
        }
        let grant = {
            let mut arrived = lock(arrived);
            arrived.waiting -= chunk.len() as u32;
            let room = OUTPUT_CREDIT.saturating_sub(arrived.waiting);
            arrived.receiver.grant(stream, room)
        };
        if let Some(frame) = grant
            && line.credits
        {
            // If the guest is gone, the reading thread notices.
            let _ = line.send(&frame);
        }
    }
    true
}

/// A panic elsewhere does not make these plain values wrong.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
