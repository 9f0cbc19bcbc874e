//! The line against a guest made of threads.

use super::*;
use std::time::Duration;

/// Output that a test can read afterwards, and that may refuse to be written.
#[derive(Clone, Default)]
struct Sink {
    bytes: Arc<Mutex<Vec<u8>>>,
    broken: bool,
    /// Slower than the guest.
    slow: bool,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.broken {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        if self.slow {
            thread::sleep(Duration::from_micros(200));
        }
        lock(&self.bytes).extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Host {
    end: io::Result<End>,
    position: Option<Position>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

/// Serves `guest`, which talks over its end of the line.
fn host(
    stdin: Vec<u8>,
    (stdout, stderr): (Sink, Sink),
    credits: bool,
    guest: impl FnOnce(Guest) + Send + 'static,
) -> Host {
    host_from(stdin, (stdout, stderr), credits, Position::start(), guest)
}

/// The same for a line that goes on.
fn host_from(
    stdin: Vec<u8>,
    (stdout, stderr): (Sink, Sink),
    credits: bool,
    from: Position,
    guest: impl FnOnce(Guest) + Send + 'static,
) -> Host {
    let (socket, other) = UnixStream::pair().unwrap();
    let guest = thread::spawn(move || guest(Guest::new(other)));
    let streams = Streams {
        stdin: Box::new(io::Cursor::new(stdin)),
        stdout: Box::new(stdout.clone()),
        stderr: Box::new(stderr.clone()),
    };
    let served = serve(socket, streams, credits, from);
    guest.join().unwrap();
    let bytes = |sink: Sink| std::mem::take(&mut *lock(&sink.bytes));
    let (end, position) = match served {
        Ok(Served { end, position }) => (Ok(end), Some(position)),
        Err(error) => (Err(error), None),
    };
    Host { end, position, stdout: bytes(stdout), stderr: bytes(stderr) }
}

/// A kernel's side of the line.
struct Guest {
    socket: UnixStream,
    decoder: Decoder,
    stdin: Receiver,
    stdout: Sender,
    input: Vec<u8>,
    /// Credit frames for standard output.
    answers: usize,
}

impl Guest {
    fn new(socket: UnixStream) -> Self {
        Self {
            socket,
            decoder: Decoder::new(),
            stdin: Receiver::new(0),
            stdout: Sender::new(OUTPUT_CREDIT),
            input: Vec::new(),
            answers: 0,
        }
    }

    fn send(&mut self, frame: &Frame) {
        let mut bytes = Vec::new();
        put(frame, |byte| bytes.push(byte));
        self.socket.write_all(&bytes).unwrap();
    }

    /// Takes one byte from the host; false if there is none any more.
    fn receive(&mut self) -> bool {
        let mut byte = [0];
        if self.socket.read(&mut byte).unwrap_or(0) == 0 {
            return false;
        }
        if let Step::Frame(frame) = self.decoder.push(byte[0]) {
            match frame {
                Frame::Data { stream: Stream::Stdin, offset, bytes } => {
                    let new = self.stdin.data(offset, bytes, usize::MAX).unwrap();
                    self.input.extend(new);
                }
                Frame::End { stream: Stream::Stdin, offset } => {
                    assert_eq!(self.stdin.end(offset), Ok(true));
                }
                Frame::Credit { stream: Stream::Stdout, received, limit } => {
                    self.stdout.credited(received, limit);
                    self.answers += 1;
                }
                Frame::Credit { stream: Stream::Stderr, .. } => {}
                other => panic!("the host sent {other:?}"),
            }
        }
        true
    }

    /// Reads all of standard input, with `room` bytes of credit at a time.
    fn read_input(&mut self, room: u32) {
        while !self.stdin.ended {
            if let Some(grant) = self.stdin.grant(Stream::Stdin, room) {
                self.send(&grant);
            }
            assert!(self.receive(), "the host went away");
            assert!(self.stdin.next <= self.stdin.limit, "the host sent more than it may");
        }
    }

    /// Writes `bytes` to standard output, as its credit allows.
    fn write(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let sender = self.stdout;
            let Some(frame) = sender.frame(Stream::Stdout, bytes) else {
                assert!(self.receive(), "the host went away");
                continue;
            };
            let Frame::Data { bytes: now, .. } = frame else { panic!("frame() makes data") };
            self.send(&frame);
            self.stdout.sent(now.len() as u32);
            bytes = &bytes[now.len()..];
        }
    }
}

fn noise(count: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..count).map(|_| next()).collect()
}

#[test]
fn what_a_dead_driver_lost_comes_again() {
    let input: Vec<u8> = (0..20_000u32).map(|byte| (byte % 251) as u8).collect();
    let expected = input.clone();
    let ended = host(input, Default::default(), true, move |mut guest| {
        let grant = guest.stdin.grant(Stream::Stdin, 30_000).unwrap();
        guest.send(&grant);
        while guest.input.len() < 7000 {
            assert!(guest.receive());
        }
        // The next driver knows what has arrived and what was allowed, not the rest of a frame.
        let Receiver { next, limit, .. } = guest.stdin;
        let mut lost = [0; 3000];
        guest.socket.read_exact(&mut lost).unwrap();
        guest.decoder.reset();
        let answers = guest.answers;
        guest.send(&Frame::Resync { received: next, limit });
        while !guest.stdin.ended {
            let mut byte = [0];
            guest.socket.read_exact(&mut byte).unwrap();
            match guest.decoder.push(byte[0]) {
                // What was under way before the answer follows a gap.
                Step::Frame(Frame::Data { offset, bytes, .. }) => {
                    if let Ok(new) = guest.stdin.data(offset, bytes, usize::MAX) {
                        guest.input.extend(new);
                    }
                }
                Step::Frame(Frame::End { offset, .. }) => {
                    let _ = guest.stdin.end(offset);
                }
                Step::Frame(Frame::Credit { stream: Stream::Stdout, .. }) => guest.answers += 1,
                _ => {}
            }
        }
        assert_eq!((guest.input.clone(), guest.answers), (expected, answers + 1));
        guest.send(&Frame::Exit(Exit::Exited(0)));
    });
    assert_eq!(ended.end.unwrap(), End::Exit(Exit::Exited(0)));
}

#[test]
fn a_megabyte_passes_through_a_guest_that_copies_it() {
    let data = noise(1 << 20);
    let sinks = (Sink { slow: true, ..Sink::default() }, Sink::default());
    let host = host(data.clone(), sinks, true, |mut guest| {
        guest.read_input(4096);
        let input = std::mem::take(&mut guest.input);
        guest.write(&input);
        guest.send(&Frame::Exit(Exit::Exited(7)));
    });
    assert_eq!(host.end.unwrap(), End::Exit(Exit::Exited(7)));
    assert!(host.stdout == data, "the bytes changed on the way");
    assert!(host.stderr.is_empty());
}

#[test]
fn the_streams_are_separate_and_repetitions_are_dropped() {
    let host = host(vec![], Default::default(), true, |mut guest| {
        let out = Frame::Data { stream: Stream::Stdout, offset: 0, bytes: b"out" };
        let err = Frame::Data { stream: Stream::Stderr, offset: 0, bytes: b"err" };
        guest.socket.write_all(b"noise \xFE\x01\x03").unwrap();
        for frame in [out, err, out, err] {
            guest.send(&frame);
        }
        guest.send(&Frame::Data { stream: Stream::Stdout, offset: 1, bytes: b"ut!" });
        guest.send(&Frame::End { stream: Stream::Stdout, offset: 4 });
        guest.send(&Frame::Exit(Exit::Signalled(11)));
    });
    assert_eq!(host.end.unwrap(), End::Exit(Exit::Signalled(11)));
    assert_eq!((&host.stdout[..], &host.stderr[..]), (&b"out!"[..], &b"err"[..]));
}

#[test]
fn lost_output_is_asked_for_again_and_reported_if_it_never_comes() {
    let resent = host(vec![], Default::default(), true, |mut guest| {
        guest.send(&Frame::Data { stream: Stream::Stdout, offset: 4, bytes: b"tail" });
        while guest.answers == 0 {
            assert!(guest.receive(), "the host went away");
        }
        guest.send(&Frame::Data { stream: Stream::Stdout, offset: 0, bytes: b"headtail" });
        guest.send(&Frame::Exit(Exit::Exited(0)));
    });
    assert_eq!(resent.end.unwrap(), End::Exit(Exit::Exited(0)));
    assert_eq!(resent.stdout, b"headtail");
    let lost = host(vec![], Default::default(), false, |mut guest| {
        guest.send(&Frame::End { stream: Stream::Stderr, offset: 1 });
        guest.send(&Frame::Exit(Exit::Exited(0)));
    });
    assert_eq!(lost.end.unwrap(), End::Incomplete);
}

#[test]
fn without_credits_the_host_sends_nothing() {
    let host = host(b"input".to_vec(), Default::default(), false, |mut guest| {
        let credit = Frame::Credit { stream: Stream::Stdin, received: 0, limit: 100 };
        guest.send(&credit);
        let data = [b'x'; 240];
        for number in 0..2000 {
            guest.send(&Frame::Data { stream: Stream::Stdout, offset: number * 240, bytes: &data });
        }
        guest.socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        assert!(!guest.receive());
        guest.send(&Frame::Exit(Exit::NotFound));
    });
    assert_eq!(host.end.unwrap(), End::Exit(Exit::NotFound));
    assert_eq!(host.stdout.len(), 480_000);
}

#[test]
fn a_guest_that_dies_and_an_output_nobody_reads_are_told_apart() {
    let died = host(vec![], Default::default(), true, |mut guest| {
        guest.send(&Frame::Data { stream: Stream::Stdout, offset: 0, bytes: b"last words" });
    });
    assert_eq!(died.end.unwrap(), End::Closed);
    assert_eq!(died.stdout, b"last words");
    let broken = (Sink { broken: true, ..Sink::default() }, Sink::default());
    let broken = host(vec![], broken, true, |mut guest| {
        guest.send(&Frame::Data { stream: Stream::Stdout, offset: 0, bytes: b"x" });
        while guest.receive() {}
    });
    assert_eq!(broken.end.unwrap(), End::BrokenPipe);
}

#[test]
fn a_line_goes_on_where_it_was_with_a_frame_in_two_parts() {
    let first = noise(100_000);
    let (start, rest) = (first.clone(), [&first[..], b"end"].concat());
    let data = |offset, bytes: &'static [u8]| {
        let mut frame = Vec::new();
        put(&Frame::Data { stream: Stream::Stdout, offset, bytes }, |byte| frame.push(byte));
        frame
    };
    let last = data(100_000, b"end");
    let (half, other_half) = last.split_at(last.len() / 2);
    let (half, other_half) = (half.to_vec(), other_half.to_vec());
    let before = host(vec![], Default::default(), true, move |mut guest| {
        guest.write(&start);
        guest.socket.write_all(&half).unwrap();
    });
    assert_eq!((before.end.unwrap(), before.stdout.len()), (End::Closed, 100_000));
    // Two copies of the guest go on, each with input of its own.
    for input in [&b"one"[..], b"two"] {
        let position = before.position.clone().unwrap();
        let (expected, other_half) = (input.to_vec(), other_half.clone());
        let after =
            host_from(input.into(), Default::default(), true, position, move |mut guest| {
                // It never saw what it was allowed.
                guest.stdout = Sender { next: 100_003, acknowledged: 0, limit: OUTPUT_CREDIT };
                guest.socket.write_all(&other_half).unwrap();
                guest.read_input(100);
                assert_eq!(guest.input, expected);
                assert!(guest.stdout.credit() > 0);
                guest.send(&Frame::Exit(Exit::Exited(0)));
            });
        assert_eq!(after.end.unwrap(), End::Exit(Exit::Exited(0)));
        assert_eq!([&before.stdout[..], &after.stdout].concat(), rest);
    }
}

#[test]
fn input_under_way_comes_again() {
    let before = host(b"abc".into(), Default::default(), true, |mut guest| {
        let grant = guest.stdin.grant(Stream::Stdin, 3).unwrap();
        guest.send(&grant);
        while guest.input.len() < 3 {
            assert!(guest.receive());
        }
    });
    let position = before.position.unwrap();
    let after = host_from(b"def".into(), Default::default(), true, position, |mut guest| {
        // This copy was made before it had arrived.
        guest.stdin.limit = 3;
        guest.read_input(10);
        assert_eq!(guest.input, b"abcdef");
        guest.send(&Frame::Exit(Exit::Exited(0)));
    });
    assert_eq!(after.end.unwrap(), End::Exit(Exit::Exited(0)));
}
