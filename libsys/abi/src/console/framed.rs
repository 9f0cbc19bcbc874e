//! Three streams over one line, in the frames of [`crate::frame`].

use super::outgoing::Outgoing;
use super::shared::{RING_BYTES, Shared, passes};
use super::{Device, Step, Wanted};
use crate::frame::{self, Decoder, Frame, Gap, MAX_PAYLOAD, Receiver, Sender, Stream};
use core::sync::atomic::Ordering::SeqCst;

const OUTPUTS: [Stream; 2] = [Stream::Stdout, Stream::Stderr];
/// Received bytes worked on in one step.
const STEP: usize = 64;

/// The driver of a framed line.
#[derive(Debug)]
pub struct Framed<'a> {
    shared: &'a Shared,
    decoder: Decoder,
    outgoing: Outgoing,
    /// What `outgoing` is.
    then: Then,
    /// The other side is to send input again.
    resync: bool,
    /// Where a gap was announced: once is enough.
    announced: Option<u32>,
    /// Which output is looked at first.
    turn: usize,
}

/// What has happened once all bytes are in the device.
#[derive(Clone, Copy, Debug)]
enum Then {
    Nothing,
    /// An output is consumed before this index.
    Consumed(usize, u32),
    Finished,
}

/// What came from the device.
enum News {
    Nothing,
    Bytes,
    /// Something that the kernel has to know.
    Input,
}

impl<'a> Framed<'a> {
    pub(super) fn new(shared: &'a Shared) -> Self {
        let has_credits = shared.kernel.credits.load(SeqCst) != 0;
        if !has_credits {
            shared.driver.ended.store(1, SeqCst);
        }
        Self {
            shared,
            decoder: Decoder::new(),
            outgoing: Outgoing::new(),
            then: Then::Nothing,
            // Frames on their way while nobody drove the line may be lost.
            resync: has_credits,
            announced: None,
            turn: 0,
        }
    }

    pub(super) fn step(&mut self, device: &mut impl Device) -> Step {
        let is_sending = !self.outgoing.is_empty();
        if is_sending && self.outgoing.send(device) {
            return if self.commit() { Step::Tell } else { Step::Progress };
        }
        match self.receive(device) {
            News::Input => Step::Tell,
            News::Bytes => Step::Progress,
            News::Nothing if is_sending => Step::Idle(Wanted { receive: true, send: true }),
            News::Nothing if self.fill() => Step::Progress,
            News::Nothing => Step::Idle(Wanted { receive: true, send: false }),
        }
    }

    /// What was outgoing is in the device. Whether the kernel has to know.
    fn commit(&mut self) -> bool {
        let Shared { kernel, driver, .. } = self.shared;
        match core::mem::replace(&mut self.then, Then::Nothing) {
            Then::Nothing => false,
            Then::Consumed(output, index) => {
                let old = driver.consumed[output].swap(index, SeqCst);
                passes(kernel.told_at[output].load(SeqCst), old, index)
            }
            Then::Finished => {
                driver.finished.store(1, SeqCst);
                true
            }
        }
    }

    fn receive(&mut self, device: &mut impl Device) -> News {
        let mut news = News::Nothing;
        for _ in 0..STEP {
            let Some(byte) = device.receive() else { break };
            if self.take(byte) {
                return News::Input;
            }
            news = News::Bytes;
        }
        news
    }

    /// Works on a byte from the line. Whether programs have new input.
    fn take(&mut self, byte: u8) -> bool {
        let Shared { kernel, driver, input, .. } = self.shared;
        let frame::Step::Frame(frame) = self.decoder.push(byte) else { return false };
        let produced = driver.produced.load(SeqCst);
        let mut receiver = Receiver {
            next: produced,
            limit: driver.granted.load(SeqCst),
            ended: driver.ended.load(SeqCst) != 0,
        };
        let gap = match frame {
            Frame::Data { stream: Stream::Stdin, offset, bytes } => {
                let filled = produced.wrapping_sub(kernel.consumed.load(SeqCst));
                let room = RING_BYTES.saturating_sub(filled);
                receiver.data(offset, bytes, room as usize).map(|new| {
                    input.put(produced, new);
                    driver.produced.store(receiver.next, SeqCst);
                    !new.is_empty()
                })
            }
            Frame::End { stream: Stream::Stdin, offset } => receiver.end(offset).inspect(|_| {
                driver.ended.store(u32::from(receiver.ended), SeqCst);
            }),
            Frame::Credit { stream, received, limit } => {
                for (output, word) in OUTPUTS.iter().zip(&driver.limits) {
                    if *output == stream {
                        let mut sender = Sender { limit: word.load(SeqCst), ..Sender::new(0) };
                        sender.credited(received, limit);
                        word.store(sender.limit, SeqCst);
                    }
                }
                return false;
            }
            _ => return false,
        };
        match gap {
            Ok(news) => news,
            // Everything behind the gap will come again, so one request is enough.
            Err(Gap { expected }) => {
                self.resync |= self.announced != Some(expected);
                self.announced = Some(expected);
                false
            }
        }
    }

    /// Finds something to send. False if there is nothing, or nothing may be sent.
    fn fill(&mut self) -> bool {
        let shared = self.shared;
        if let Some(frame) = self.about_input() {
            self.outgoing.frame(&frame);
            return true;
        }
        for output in [self.turn, 1 - self.turn] {
            if self.fill_from(output) {
                self.turn = 1 - output;
                return true;
            }
        }
        let is_sent = (0..).zip(&OUTPUTS).all(|(output, _)| shared.filled(output) == 0);
        let is_over = shared.driver.finished.load(SeqCst) != 0;
        match shared.kernel.exit() {
            Some(exit) if is_sent && !is_over => {
                for (stream, consumed) in OUTPUTS.iter().zip(&shared.driver.consumed) {
                    let offset = consumed.load(SeqCst);
                    self.outgoing.frame(&Frame::End { stream: *stream, offset });
                }
                self.outgoing.frame(&Frame::Exit(exit));
                self.then = Then::Finished;
                true
            }
            _ => false,
        }
    }

    /// What the other side has to hear about the input.
    fn about_input(&mut self) -> Option<Frame<'static>> {
        let Shared { kernel, driver, .. } = self.shared;
        let (received, limit) = (driver.produced.load(SeqCst), driver.granted.load(SeqCst));
        if core::mem::take(&mut self.resync) {
            return Some(Frame::Resync { received, limit });
        }
        if kernel.wanted.load(SeqCst) == 0 {
            return None;
        }
        let ended = driver.ended.load(SeqCst) != 0;
        let mut receiver = Receiver { next: received, limit, ended };
        let filled = received.wrapping_sub(kernel.consumed.load(SeqCst));
        let frame = receiver.grant(Stream::Stdin, RING_BYTES.saturating_sub(filled))?;
        driver.granted.store(receiver.limit, SeqCst);
        // Time for more once half of that has been read.
        driver.told_at.store(receiver.limit.wrapping_sub(RING_BYTES / 2 + 1), SeqCst);
        Some(frame)
    }

    fn fill_from(&mut self, output: usize) -> bool {
        let Shared { kernel, driver, outputs, .. } = self.shared;
        let next = driver.consumed[output].load(SeqCst);
        let mut bytes = [0; MAX_PAYLOAD];
        let filled = (self.shared.filled(output) as usize).min(bytes.len());
        let bytes = bytes.get_mut(..filled).unwrap_or_default();
        outputs[output].get(next, bytes);
        let limit = driver.limits[output].load(SeqCst);
        let sender = Sender { next, acknowledged: next, limit };
        let stream = OUTPUTS[output];
        let frame = match kernel.credits.load(SeqCst) {
            0 => sender.frame_unlimited(stream, bytes),
            _ => sender.frame(stream, bytes),
        };
        let Some(frame) = frame else { return false };
        let sent = self.outgoing.frame(&frame);
        self.then = Then::Consumed(output, next.wrapping_add(sent));
        true
    }
}
