//! The framed line: three byte streams, credits and an exit status over one serial port.
//!
//! A frame on the wire is [`MARK`], then, escaped so that `MARK` occurs nowhere else:
//! channel (1 byte), payload length (1), offset (4, little endian), payload, CRC-16 of all of it
//! (2, little endian). A mark always starts a new frame, so whatever a dying sender left behind
//! costs nothing but itself.
//!
//! Offsets count the bytes of a stream and wrap at 2^32. A receiver keeps the offset it expects
//! next ([`Receiver`]), so a sender may repeat itself from any frame boundary. An empty data frame
//! is the end of its stream. Credits are absolute offsets, so repeating one is harmless too.
//!
//! Nothing here does input or output, and nothing allocates: kernel, console server and host drive
//! the same state machines.

/// Starts a frame. Neither this byte nor [`ESCAPE`] occurs in UTF-8 text.
pub const MARK: u8 = 0xFE;
/// Announces that the next byte was changed by [`FLIP`].
pub const ESCAPE: u8 = 0xFD;
/// What an escaped byte is XORed with.
pub const FLIP: u8 = 0x20;
/// The most data bytes one frame carries.
pub const MAX_PAYLOAD: usize = 240;
/// The credit standard output and standard error begin with. Standard input begins without.
pub const OUTPUT_CREDIT: u32 = 64 << 10;
/// The longest frame on the wire: the mark, and everything else escaped.
pub const MAX_ENCODED: usize = 1 + 2 * MAX_RAW;

mod crc;
mod decode;
mod flow;
#[cfg(test)]
mod tests;

pub use decode::{Decoder, Step};
pub use flow::{Gap, Receiver, Sender};

const HEADER: usize = 6;
const CRC: usize = 2;
const MAX_RAW: usize = HEADER + MAX_PAYLOAD + CRC;
const CHANNEL_EXIT: u8 = 3;
const CHANNEL_CREDIT: u8 = 4;
const CHANNEL_RESYNC: u8 = 5;

/// One of the three byte streams; the number is its channel and the program's descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Stream {
    /// Host to guest.
    Stdin = 0,
    /// Guest to host.
    Stdout = 1,
    /// Guest to host.
    Stderr = 2,
}

impl Stream {
    /// The stream with this channel number.
    pub const fn from_channel(channel: u8) -> Option<Self> {
        match channel {
            0 => Some(Self::Stdin),
            1 => Some(Self::Stdout),
            2 => Some(Self::Stderr),
            _ => None,
        }
    }
}

/// How the program that the machine was booted for ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It called exit with this status.
    Exited(u8),
    /// This signal ended it.
    Signalled(u8),
    /// There is no such file.
    NotFound,
    /// The file cannot be executed.
    NotExecutable,
    /// Folio could not run it, for a reason the kernel log gives.
    Failed,
}

impl Exit {
    /// Kind and value as they travel.
    const fn to_wire(self) -> [u8; 2] {
        match self {
            Self::Exited(status) => [0, status],
            Self::Signalled(signal) => [1, signal],
            Self::NotFound => [2, 0],
            Self::NotExecutable => [3, 0],
            Self::Failed => [4, 0],
        }
    }

    const fn from_wire(kind: u8, value: u8) -> Option<Self> {
        match (kind, value) {
            (0, status) => Some(Self::Exited(status)),
            (1, signal) => Some(Self::Signalled(signal)),
            (2, 0) => Some(Self::NotFound),
            (3, 0) => Some(Self::NotExecutable),
            (4, 0) => Some(Self::Failed),
            _ => None,
        }
    }

    /// As one word, for [`crate::syscall`]'s `shutdown`; an exit status is itself.
    pub const fn to_raw(self) -> u32 {
        let [kind, value] = self.to_wire();
        (kind as u32) << 8 | value as u32
    }

    /// The end that a word stands for.
    pub const fn from_raw(raw: u32) -> Option<Self> {
        match raw.to_le_bytes() {
            [value, kind, 0, 0] => Self::from_wire(kind, value),
            _ => None,
        }
    }

    /// The status a shell reports for this end: 128 + N for signal N, 127, 126, 125.
    pub const fn shell_status(self) -> u8 {
        match self {
            Self::Exited(status) => status,
            Self::Signalled(signal) => signal.wrapping_add(128),
            Self::NotFound => 127,
            Self::NotExecutable => 126,
            Self::Failed => 125,
        }
    }
}

/// One message on the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// Bytes of a stream; the first one is byte number `offset`. Never empty.
    Data {
        /// Which stream.
        stream: Stream,
        /// The number of its first byte.
        offset: u32,
        /// At most [`MAX_PAYLOAD`] bytes.
        bytes: &'a [u8],
    },
    /// The stream has `offset` bytes and no more.
    End {
        /// Which stream.
        stream: Stream,
        /// Its length.
        offset: u32,
    },
    /// From the receiver of a stream to its sender.
    Credit {
        /// Which stream.
        stream: Stream,
        /// Every byte before this one has arrived.
        received: u32,
        /// Bytes before this one may be sent.
        limit: u32,
    },
    /// From the guest: somebody else drives the line from here on, or a gap was found. Standard input
    /// is to be sent again from `received` on, and the credits of the outputs are to be repeated.
    Resync {
        /// Every byte of standard input before this one has arrived.
        received: u32,
        /// Bytes before this one may be sent.
        limit: u32,
    },
    /// The first program has ended; nothing follows.
    Exit(Exit),
}

/// Passes `frame` to `put` byte by byte. Of data longer than [`MAX_PAYLOAD`] only that much goes;
/// the answer says how many data bytes went.
pub fn put(frame: &Frame, mut put: impl FnMut(u8)) -> usize {
    let mut credit = [0; 5];
    let (exit, resync);
    let (channel, offset, payload): (u8, u32, &[u8]) = match *frame {
        Frame::Data { stream, offset, bytes } => {
            let (now, _) = bytes.split_at(bytes.len().min(MAX_PAYLOAD));
            if now.is_empty() {
                return 0;
            }
            (stream as u8, offset, now)
        }
        Frame::End { stream, offset } => (stream as u8, offset, &[]),
        Frame::Credit { stream, received, limit } => {
            credit[0] = stream as u8;
            credit[1..].copy_from_slice(&limit.to_le_bytes());
            (CHANNEL_CREDIT, received, &credit)
        }
        Frame::Resync { received, limit } => {
            resync = limit.to_le_bytes();
            (CHANNEL_RESYNC, received, &resync)
        }
        Frame::Exit(how) => {
            exit = how.to_wire();
            (CHANNEL_EXIT, 0, &exit)
        }
    };
    let [o0, o1, o2, o3] = offset.to_le_bytes();
    let header = [channel, payload.len() as u8, o0, o1, o2, o3];
    put(MARK);
    let mut escaped = |byte: u8| {
        if byte == MARK || byte == ESCAPE {
            put(ESCAPE);
            put(byte ^ FLIP);
        } else {
            put(byte);
        }
    };
    let mut sum = crc::START;
    for &byte in header.iter().chain(payload) {
        sum = crc::step(sum, byte);
        escaped(byte);
    }
    for byte in sum.to_le_bytes() {
        escaped(byte);
    }
    if matches!(frame, Frame::Data { .. }) { payload.len() } else { 0 }
}

/// Writes `frame` into `line` as [`put`] does and answers (bytes on the line, data bytes taken).
pub fn encode(frame: &Frame, line: &mut [u8; MAX_ENCODED]) -> (usize, usize) {
    let mut length = 0;
    let taken = put(frame, |byte| {
        if let Some(place) = line.get_mut(length) {
            *place = byte;
            length += 1;
        }
    });
    (length, taken)
}
