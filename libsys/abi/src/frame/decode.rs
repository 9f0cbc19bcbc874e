//! Bytes in, frames out.

use super::{
    CHANNEL_CREDIT, CHANNEL_EXIT, CHANNEL_RESYNC, CRC, ESCAPE, Exit, FLIP, Frame, HEADER, MARK,
    MAX_PAYLOAD, MAX_RAW, Stream, crc,
};

/// What a byte did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// It belongs to no frame: terminal output, or noise.
    Outside,
    /// It may be part of a frame.
    Inside,
    /// It completed this frame.
    Frame(Frame<'a>),
    /// What was [`Step::Inside`] so far is no frame. If the byte is a [`MARK`], it may itself begin
    /// one; any other byte shares the fate of those before it.
    Broken,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Outside,
    Inside,
    Escaped,
}

/// Finds frames in a stream of bytes.
#[derive(Clone, Debug)]
pub struct Decoder {
    raw: [u8; MAX_RAW],
    length: usize,
    state: State,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// A decoder that waits for the first mark.
    pub const fn new() -> Self {
        Self { raw: [0; MAX_RAW], length: 0, state: State::Outside }
    }

    /// Gives up the frame that has begun, if any.
    pub fn reset(&mut self) {
        self.state = State::Outside;
        self.length = 0;
    }

    /// Takes the next byte of the line.
    #[inline]
    pub fn push(&mut self, byte: u8) -> Step<'_> {
        if byte == MARK {
            let broken = self.state != State::Outside;
            self.length = 0;
            self.state = State::Inside;
            return if broken { Step::Broken } else { Step::Inside };
        }
        match self.state {
            State::Outside => Step::Outside,
            State::Inside if byte == ESCAPE => {
                self.state = State::Escaped;
                Step::Inside
            }
            State::Inside => self.store(byte),
            State::Escaped => {
                self.state = State::Inside;
                match byte ^ FLIP {
                    plain @ (MARK | ESCAPE) => self.store(plain),
                    _ => self.broken(),
                }
            }
        }
    }

    fn broken(&mut self) -> Step<'_> {
        self.reset();
        Step::Broken
    }

    fn store(&mut self, byte: u8) -> Step<'_> {
        let Some(place) = self.raw.get_mut(self.length) else { return self.broken() };
        *place = byte;
        self.length += 1;
        let [channel, payload, ..] = self.raw;
        if self.length < HEADER {
            let wrong = match self.length {
                1 => channel > CHANNEL_RESYNC,
                2 => usize::from(payload) > MAX_PAYLOAD,
                _ => false,
            };
            return if wrong { self.broken() } else { Step::Inside };
        }
        if self.length < HEADER + usize::from(payload) + CRC {
            return Step::Inside;
        }
        let length = self.length;
        self.reset();
        match self.raw.get(..length).and_then(parse) {
            Some(frame) => Step::Frame(frame),
            None => Step::Broken,
        }
    }
}

fn parse(raw: &[u8]) -> Option<Frame<'_>> {
    let (summed, sum) = raw.split_last_chunk::<CRC>()?;
    if crc::of(summed) != u16::from_le_bytes(*sum) {
        return None;
    }
    let ([channel, _, offset @ ..], payload) = summed.split_first_chunk::<HEADER>()?;
    let offset = u32::from_le_bytes(*offset);
    match (*channel, payload) {
        (CHANNEL_EXIT, &[kind, value]) => Exit::from_wire(kind, value).map(Frame::Exit),
        (CHANNEL_CREDIT, &[stream, l0, l1, l2, l3]) => Some(Frame::Credit {
            stream: Stream::from_channel(stream)?,
            received: offset,
            limit: u32::from_le_bytes([l0, l1, l2, l3]),
        }),
        (CHANNEL_RESYNC, &[l0, l1, l2, l3]) => {
            Some(Frame::Resync { received: offset, limit: u32::from_le_bytes([l0, l1, l2, l3]) })
        }
        (channel, bytes) => {
            let stream = Stream::from_channel(channel)?;
            Some(match bytes {
                [] => Frame::End { stream, offset },
                bytes => Frame::Data { stream, offset, bytes },
            })
        }
    }
}
