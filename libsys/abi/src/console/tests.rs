//! A driver between a model of the kernel and a model of the other side, ended at any operation of
//! the device and followed by another.

use super::shared::ARRIVED_BYTES;
use super::*;
use crate::frame::{
    Decoder, Exit, Frame, OUTPUT_CREDIT, Receiver, Sender, Step as Decoded, Stream,
};
use crate::line_discipline::{INITIAL, LineDiscipline};
use crate::terminal::{ECHO, ICANON, NOFLSH, Termios};
use core::sync::atomic::{AtomicU8, AtomicU32};
use proptest::prelude::*;
use std::boxed::Box;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::vec;
use std::vec::Vec;

const SOME: usize = 100_000;

fn zeros<const N: usize>() -> [AtomicU32; N] {
    [const { AtomicU32::new(0) }; N]
}

fn shared(kind: u32) -> Box<Shared> {
    let ring = || Ring([const { AtomicU8::new(0) }; RING_BYTES as usize]);
    let shared = Shared {
        kernel: KernelPage {
            kind: AtomicU32::new(kind),
            credits: AtomicU32::new(1),
            wanted: AtomicU32::new(0),
            produced: zeros(),
            told_at: [const { AtomicU32::new(u32::MAX) }; 2],
            consumed: AtomicU32::new(0),
            exit: AtomicU32::new(0),
            commanded: AtomicU32::new(0),
            commands: [const { [const { AtomicU32::new(0) }; COMMAND_WORDS] }; COMMANDS as usize],
        },
        driver: DriverPage {
            consumed: zeros(),
            produced: AtomicU32::new(0),
            ended: AtomicU32::new(0),
            told_at: AtomicU32::new(u32::MAX),
            obeyed: AtomicU32::new(0),
            finished: AtomicU32::new(0),
            granted: AtomicU32::new(0),
            limits: [const { AtomicU32::new(OUTPUT_CREDIT) }; 2],
            arrived: AtomicU32::new(0),
            bytes: zeros(),
            which: AtomicU32::new(0),
            done: [const { [const { AtomicU32::new(0) }; shared::DONE_WORDS] }; 2],
            ends: zeros(),
        },
        input: ring(),
        outputs: [ring(), ring()],
    };
    Box::new(shared)
}

/// A serial port that ends its driver at an operation.
#[derive(Default)]
struct Port {
    arriving: VecDeque<u8>,
    sent: Vec<u8>,
    /// Bytes it takes before it has to rest.
    room: usize,
    /// Operations until the driver's end.
    left: Option<u32>,
}

struct Death;

impl Port {
    fn operation(&mut self) {
        if let Some(left) = &mut self.left {
            if *left == 0 {
                self.left = None;
                resume_unwind(Box::new(Death));
            }
            *left -= 1;
        }
    }
}

impl Device for Port {
    fn receive(&mut self) -> Option<u8> {
        self.operation();
        let byte = self.arriving.pop_front();
        self.operation();
        byte
    }

    fn receive_into(&mut self, place: &AtomicU32, tag: u32) -> bool {
        self.operation();
        let byte = self.arriving.pop_front();
        if let Some(byte) = byte {
            place.store(tag | u32::from(byte), SeqCst);
        }
        self.operation();
        byte.is_some()
    }

    fn send(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(self.room);
        for &byte in &bytes[..count] {
            self.operation();
            self.sent.push(byte);
        }
        self.room -= count;
        count
    }
}

/// The kernel: what programs read and write.
struct Programs<'a> {
    shared: &'a Shared,
    signals: Vec<i32>,
}

impl<'a> Programs<'a> {
    fn write(&self, output: usize, bytes: &[u8]) -> usize {
        let produced = &self.shared.kernel.produced[output];
        let count = bytes.len().min((RING_BYTES - self.shared.filled(output)) as usize);
        self.shared.outputs[output].put(produced.load(SeqCst), &bytes[..count]);
        produced.fetch_add(count as u32, SeqCst);
        count
    }

    fn read(&self, most: usize) -> Vec<u8> {
        self.shared.kernel.wanted.store(1, SeqCst);
        let consumed = self.shared.kernel.consumed.load(SeqCst);
        let filled = self.shared.driver.produced.load(SeqCst).wrapping_sub(consumed) as usize;
        let mut bytes = vec![0; filled.min(most)];
        self.shared.input.get(consumed, &mut bytes);
        self.shared.kernel.consumed.store(consumed + bytes.len() as u32, SeqCst);
        bytes
    }

    fn command(&self, command: Command) {
        let number = self.shared.kernel.commanded.load(SeqCst);
        let places = &self.shared.kernel.commands[(number % COMMANDS) as usize];
        for (place, word) in places.iter().zip(command.to_words()) {
            place.store(word, SeqCst);
        }
        self.shared.kernel.commanded.store(number + 1, SeqCst);
    }

    fn exit(&self, exit: Exit) {
        self.shared.kernel.set_exit(exit);
    }

    fn obey(&mut self, step: Step) {
        if let Step::Signal { signal, flush } = step {
            self.signals.push(signal);
            if flush {
                let produced = self.shared.driver.produced.load(SeqCst);
                self.shared.kernel.consumed.store(produced, SeqCst);
            }
        }
    }

    /// Runs a driver until it has nothing to do, or dies. Whether it lives.
    fn drive(&mut self, driver: &mut Driver<'a>, port: &mut Port) -> bool {
        loop {
            match catch_unwind(AssertUnwindSafe(|| driver.step(port))) {
                Ok(Step::Idle(_)) => return true,
                Ok(step) => self.obey(step),
                Err(_) => {
                    *driver = Driver::new(self.shared);
                    return false;
                }
            }
        }
    }
}

/// The host's end of a framed line.
struct Host {
    decoder: Decoder,
    /// What came of standard output and standard error.
    outputs: [(Receiver, Vec<u8>); 2],
    input: Vec<u8>,
    sender: Sender,
    seen: usize,
    exit: Option<Exit>,
}

impl Host {
    fn new(input: Vec<u8>) -> Self {
        let output = || (Receiver::new(OUTPUT_CREDIT), Vec::new());
        Self {
            decoder: Decoder::new(),
            outputs: [output(), output()],
            input,
            sender: Sender::new(0),
            seen: 0,
            exit: None,
        }
    }

    fn work(&mut self, port: &mut Port) {
        let mut answers = Vec::new();
        let mut answer = |frame: &Frame| {
            crate::frame::put(frame, |byte| answers.push(byte));
        };
        while let Some(&byte) = port.sent.get(self.seen) {
            self.seen += 1;
            let Decoded::Frame(frame) = self.decoder.push(byte) else { continue };
            assert_eq!(self.exit, None, "something follows the exit");
            match frame {
                Frame::Data { stream, offset, bytes } => {
                    let (receiver, kept) = &mut self.outputs[stream as usize - 1];
                    let new = receiver.data(offset, bytes, SOME).expect("output is missing");
                    kept.extend(new);
                    if let Some(frame) = receiver.grant(stream, OUTPUT_CREDIT) {
                        answer(&frame);
                    }
                }
                Frame::End { stream, offset } => {
                    let (receiver, kept) = &mut self.outputs[stream as usize - 1];
                    receiver.end(offset).expect("output is missing");
                    assert_eq!(kept.len() as u32, offset);
                }
                Frame::Credit { received, limit, .. } => self.sender.credited(received, limit),
                Frame::Resync { received, limit } => {
                    self.sender.credited(received, limit);
                    self.sender.next = received;
                    for (stream, (receiver, _)) in
                        [Stream::Stdout, Stream::Stderr].iter().zip(&self.outputs)
                    {
                        answer(&receiver.credit(*stream));
                    }
                }
                Frame::Exit(exit) => self.exit = Some(exit),
            }
        }
        loop {
            let rest = &self.input[self.sender.next as usize..];
            if rest.is_empty() {
                answer(&self.sender.end(Stream::Stdin));
                break;
            }
            let Some(frame) = self.sender.frame(Stream::Stdin, rest) else { break };
            let Frame::Data { bytes, .. } = frame else { break };
            answer(&frame);
            self.sender.sent(bytes.len() as u32);
        }
        port.arriving.extend(answers);
    }
}

fn bytes(seed: u32, count: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..count).map(next).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// However often and whenever drivers end: every byte arrives once.
    #[test]
    fn the_framed_line_loses_and_repeats_nothing(
        deaths in prop::collection::vec(0u32..4000, 0..40),
        lengths in [0usize..60_000, 0..9000, 0..70_000],
        room in 1usize..700,
        seed: u32,
    ) {
        let shared = shared(FRAMED);
        let [out, err, input] = lengths.map(|length| bytes(seed ^ length as u32, length));
        let (mut host, mut port) = (Host::new(input.clone()), Port::default());
        let mut programs = Programs { shared: &shared, signals: Vec::new() };
        let mut driver = Driver::new(&shared);
        let (mut deaths, mut written, mut read) = (deaths.into_iter(), [0, 0], Vec::new());
        for round in 0.. {
            prop_assert!(round < 200_000, "it stands still");
            if port.left.is_none() {
                port.left = deaths.next();
            }
            for (output, bytes) in [&out, &err].into_iter().enumerate() {
                let some = bytes.len().min(written[output] + 5000);
                written[output] += programs.write(output, &bytes[written[output]..some]);
            }
            read.extend(programs.read(1 + seed as usize % 3000));
            let is_read = shared.driver.ended.load(SeqCst) != 0 && read.len() == input.len();
            if written == [out.len(), err.len()] && is_read {
                programs.exit(Exit::Exited(7));
            }
            port.room = room;
            programs.drive(&mut driver, &mut port);
            host.work(&mut port);
            if shared.driver.finished.load(SeqCst) != 0 {
                break;
            }
        }
        prop_assert_eq!(host.exit, Some(Exit::Exited(7)));
        prop_assert!(host.outputs[0].1 == out && host.outputs[1].1 == err, "other output");
        prop_assert!(read == input, "other input");
    }

    /// A terminal may show the last load of the port again; it loses nothing.
    #[test]
    fn a_terminal_repeats_one_load_at_most(
        deaths in prop::collection::vec(0u32..3000, 0..40),
        length in 0usize..40_000,
        typed in prop::collection::vec(prop::sample::select(b"abcdefgh \n".as_slice()), 0..2000),
        room in 1usize..100,
        seed: u32,
    ) {
        let shared = shared(TERMINAL);
        let out: Vec<u8> = bytes(seed, length).iter().map(|byte| b"tty \n\tx"[*byte as usize % 7]).collect();
        let mut expected = Vec::new();
        let line_shared = self::shared(TERMINAL);
        let mut line = LineDiscipline::new(line_shared.typed());
        out.iter().for_each(|byte| line.write(*byte, &mut |byte| expected.push(byte)));

        let mut port = Port { arriving: typed.iter().copied().collect(), ..Port::default() };
        let mut programs = Programs { shared: &shared, signals: Vec::new() };
        programs.command(Command::SetTermios(Termios { lflag: ICANON, ..INITIAL }));
        let mut driver = Driver::new(&shared);
        let (mut deaths, mut written, mut read) = (deaths.into_iter(), 0, Vec::new());
        let (mut ends, mut quiet) = (Vec::new(), 0);
        for round in 0.. {
            prop_assert!(round < 200_000, "it stands still");
            if port.left.is_none() {
                port.left = deaths.next();
            }
            let some = out.len().min(written + 5000);
            written += programs.write(0, &out[written..some]);
            let new = programs.read(1000);
            port.room = room;
            let before = port.sent.len();
            if !programs.drive(&mut driver, &mut port) {
                ends.push(port.sent.len());
            }
            let is_quiet = new.is_empty() && port.sent.len() == before && port.arriving.is_empty();
            read.extend(new);
            quiet = if is_quiet { quiet + 1 } else { 0 };
            if quiet > 3 && port.left.is_none() {
                break;
            }
            if quiet > 3 {
                port.left = None;
            }
        }
        ends.push(port.sent.len());
        // Where in `expected` a part between two deaths may have ended.
        let (mut places, mut start) = (vec![0usize], 0);
        for end in ends {
            let part = &port.sent[start..end];
            let mut next = Vec::new();
            for place in &places {
                for from in place.saturating_sub(16)..=*place {
                    if expected[from..].starts_with(part) && !next.contains(&(from + part.len())) {
                        next.push(from + part.len());
                    }
                }
            }
            (places, start) = (next, end);
        }
        prop_assert!(places.contains(&expected.len()), "other output");
        let whole = typed.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        prop_assert!(read == typed[..whole], "other input");
    }

    /// Whatever a server left in the frames, the next driver neither panics nor runs away.
    #[test]
    fn any_driver_page_is_survived(kind in 0u32..2, seed: u32, typed: [u8; 30]) {
        let shared = shared(kind);
        let words = bytes(seed, 4 * (80 + 2 * shared::DONE_WORDS));
        let mut words = words.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word));
        let driver = &shared.driver;
        for place in [&driver.ended, &driver.told_at, &driver.granted, &driver.arrived, &driver.which]
            .into_iter().chain(&driver.bytes).chain(&driver.limits).chain(driver.done.iter().flatten())
        {
            place.store(words.next().unwrap(), SeqCst);
        }
        let mut programs = Programs { shared: &shared, signals: Vec::new() };
        programs.write(0, b"some output\n");
        programs.exit(Exit::Failed);
        let mut port = Port { arriving: typed.into(), room: SOME, ..Port::default() };
        let mut driver = Driver::new(&shared);
        for _ in 0..2000 {
            let step = driver.step(&mut port);
            programs.obey(step);
        }
    }
}

fn terminal<'a>(shared: &'a Shared) -> (Programs<'a>, Driver<'a>, Port) {
    let programs = Programs { shared, signals: Vec::new() };
    (programs, Driver::new(shared), Port { room: SOME, ..Port::default() })
}

#[test]
fn typed_bytes_are_echoed_read_and_become_signals() {
    let shared = shared(TERMINAL);
    let (mut programs, mut driver, mut port) = terminal(&shared);
    port.arriving.extend(b"ls\nhalf\x03next\n");
    assert!(programs.drive(&mut driver, &mut port));
    assert_eq!(port.sent, b"ls\r\nhalf^Cnext\r\n");
    assert_eq!(programs.read(100), b"next\n", "the signal flushed what was before");
    assert_eq!(programs.signals, [crate::signal::SIGINT]);
}

#[test]
fn commands_are_obeyed_in_order_and_once() {
    let shared = shared(TERMINAL);
    let (mut programs, mut driver, mut port) = terminal(&shared);
    port.arriving.extend(b"half");
    assert!(programs.drive(&mut driver, &mut port));
    programs.command(Command::Stop(true));
    programs.write(0, b"gone");
    programs.command(Command::DropOutput(4));
    programs.write(0, b"kept");
    programs.command(Command::DropLine);
    programs.command(Command::Send(0x11));
    programs.command(Command::SetTermios(Termios { lflag: ECHO | NOFLSH, ..INITIAL }));
    port.arriving.extend(b"x");
    assert!(programs.drive(&mut driver, &mut port));
    assert_eq!((port.sent.as_slice(), programs.read(9).as_slice()), (&b"half\x11x"[..], &b"x"[..]));
    let mut driver = Driver::new(&shared);
    programs.command(Command::Stop(false));
    assert!(programs.drive(&mut driver, &mut port));
    assert_eq!(port.sent, b"half\x11xkept");
    assert_eq!(shared.driver.obeyed.load(SeqCst), 6);
}

#[test]
fn a_long_echo_is_sent_in_parts() {
    let shared = shared(TERMINAL);
    let (mut programs, mut driver, mut port) = terminal(&shared);
    port.arriving.extend([b'x'; 3000]);
    assert!(programs.drive(&mut driver, &mut port));
    port.sent.clear();
    port.arriving.extend(b"\x15end\n");
    while !port.arriving.is_empty() || programs.shared.driver.produced.load(SeqCst) == 0 {
        port.room = 7;
        programs.drive(&mut driver, &mut port);
    }
    assert_eq!(port.sent, [b"\x08 \x08".repeat(3000).as_slice(), b"end\r\n"].concat());
    assert_eq!(programs.read(100), b"end\n");
}

#[test]
fn what_nobody_reads_stays_in_the_port() {
    let shared = shared(TERMINAL);
    let (mut programs, mut driver, mut port) = terminal(&shared);
    programs.command(Command::SetTermios(Termios { lflag: 0, ..INITIAL }));
    port.arriving.extend(vec![b'y'; 6000]);
    assert!(programs.drive(&mut driver, &mut port));
    assert_eq!(port.arriving.len(), 6000 - 4095 - ARRIVED_BYTES as usize);
    assert_eq!(driver.step(&mut port), Step::Idle(Wanted { receive: false, send: false }));
    let told_at = shared.driver.told_at.load(SeqCst);
    assert_eq!(programs.read(1).len(), 1);
    assert!(passes(told_at, 0, 1), "the kernel tells the driver");
    assert!(programs.drive(&mut driver, &mut port));
    assert_eq!(programs.read(9999).len(), 4095);
}

#[test]
fn credits_hold_output_and_the_end_waits_for_it() {
    let shared = shared(FRAMED);
    let (mut programs, mut driver, mut port) = terminal(&shared);
    shared.driver.limits[0].store(3, SeqCst);
    programs.write(0, b"abcdef");
    programs.exit(Exit::Failed);
    assert!(programs.drive(&mut driver, &mut port));
    assert_eq!(
        (shared.driver.consumed[0].load(SeqCst), shared.driver.finished.load(SeqCst)),
        (3, 0)
    );
    crate::frame::put(&Frame::Credit { stream: Stream::Stdout, received: 3, limit: 9 }, |byte| {
        port.arriving.push_back(byte);
    });
    assert!(programs.drive(&mut driver, &mut port));
    assert_eq!(
        (shared.driver.consumed[0].load(SeqCst), shared.driver.finished.load(SeqCst)),
        (6, 1)
    );
}

#[test]
fn an_index_passes_a_mark_once() {
    assert!(passes(4, 4, 5) && passes(4, 0, 9) && passes(u32::MAX, u32::MAX, 0));
    assert!(!passes(5, 4, 5) && !passes(3, 4, 5) && !passes(4, 5, 5));
}
