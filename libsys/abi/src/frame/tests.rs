use super::{Decoder, ESCAPE, Exit, Frame, Gap, MARK, MAX_ENCODED, MAX_PAYLOAD, Receiver, Sender};
use super::{Step, Stream, crc, encode, put};
use proptest::prelude::*;
use std::vec::Vec;

fn wire(frame: &Frame) -> Vec<u8> {
    let mut bytes = Vec::new();
    put(frame, |byte| bytes.push(byte));
    bytes
}

/// Feeds `bytes` and calls `each` with every frame.
fn decode(decoder: &mut Decoder, bytes: &[u8], mut each: impl FnMut(Frame)) {
    for &byte in bytes {
        if let Step::Frame(frame) = decoder.push(byte) {
            each(frame);
        }
    }
}

#[test]
fn the_sum_is_ccitt_false() {
    assert_eq!(crc::of(b"123456789"), 0x29B1);
}

#[test]
fn every_kind_of_frame_survives_the_line() {
    let long = [MARK; MAX_PAYLOAD];
    let frames = [
        Frame::Data { stream: Stream::Stdout, offset: 7, bytes: b"hello" },
        Frame::Data { stream: Stream::Stdin, offset: u32::MAX, bytes: &long },
        Frame::End { stream: Stream::Stderr, offset: 0xFEFD_FEFD },
        Frame::Credit { stream: Stream::Stdin, received: 1, limit: 0xFEFE_FEFE },
        Frame::Exit(Exit::Exited(254)),
        Frame::Exit(Exit::Signalled(11)),
        Frame::Exit(Exit::NotFound),
        Frame::Exit(Exit::NotExecutable),
        Frame::Exit(Exit::Failed),
    ];
    let mut decoder = Decoder::new();
    for frame in frames {
        let mut seen = 0;
        decode(&mut decoder, &wire(&frame), |got| {
            assert_eq!(got, frame);
            seen += 1;
        });
        assert_eq!(seen, 1, "{frame:?}");
    }
}

#[test]
fn the_longest_frame_fits_its_buffer() {
    let bytes = [ESCAPE; MAX_PAYLOAD + 9];
    let frame = Frame::Data { stream: Stream::Stdout, offset: 0xFEFE_FEFE, bytes: &bytes };
    let mut line = [0; MAX_ENCODED];
    let (length, taken) = encode(&frame, &mut line);
    assert_eq!(taken, MAX_PAYLOAD);
    assert_eq!(line[..length], wire(&frame));
}

#[test]
fn empty_data_is_not_an_end() {
    let frame = Frame::Data { stream: Stream::Stdout, offset: 0, bytes: &[] };
    assert_eq!(wire(&frame), []);
}

#[test]
fn a_mark_inside_a_frame_starts_the_next_one() {
    let whole = wire(&Frame::Exit(Exit::Exited(3)));
    for cut in 1..whole.len() {
        let mut bytes = whole[..cut].to_vec();
        bytes.extend(&whole);
        let mut seen = 0;
        decode(&mut Decoder::new(), &bytes, |_| seen += 1);
        assert_eq!(seen, 1, "cut at {cut}");
    }
}

#[test]
fn bytes_outside_frames_are_told_apart() {
    let mut decoder = Decoder::new();
    assert_eq!(decoder.push(b'$'), Step::Outside);
    assert_eq!(decoder.push(MARK), Step::Inside);
    assert_eq!(decoder.push(200), Step::Broken, "no such channel");
    assert_eq!(decoder.push(b'$'), Step::Outside);
    assert_eq!(decoder.push(MARK), Step::Inside);
    assert_eq!(decoder.push(MARK), Step::Broken);
    assert_eq!(decoder.push(ESCAPE), Step::Inside);
    assert_eq!(decoder.push(b'x'), Step::Broken, "nothing to escape there");
}

#[test]
fn every_single_changed_byte_is_noticed() {
    let frame = Frame::Data { stream: Stream::Stdout, offset: 40, bytes: b"some bytes" };
    let whole = wire(&frame);
    for place in 0..whole.len() {
        for change in 1..=255 {
            let mut bytes = whole.clone();
            bytes[place] ^= change;
            decode(&mut Decoder::new(), &bytes, |got| panic!("{place} {change}: {got:?}"));
        }
    }
}

#[test]
fn credits_bound_the_sender_and_repeat_harmlessly() {
    let mut sender = Sender::new(3);
    let Some(Frame::Data { bytes, offset: 0, .. }) = sender.frame(Stream::Stdout, b"abcdef") else {
        panic!("three bytes may go");
    };
    assert_eq!(bytes, b"abc");
    sender.sent(3);
    assert_eq!(sender.frame(Stream::Stdout, b"def"), None);
    assert!(sender.frame_unlimited(Stream::Stdout, b"def").is_some());
    sender.credited(2, 5);
    assert_eq!((sender.credit(), sender.acknowledged), (2, 2));
    sender.credited(1, 4);
    assert_eq!((sender.credit(), sender.acknowledged), (2, 2), "old news");
    sender.credited(100, 5);
    assert_eq!(sender.acknowledged, 2, "bytes that were never sent cannot have arrived");
}

#[test]
fn a_receiver_grants_when_half_is_used_and_not_after_the_end() {
    let mut receiver = Receiver::new(0);
    let Some(Frame::Credit { received: 0, limit: 8, .. }) = receiver.grant(Stream::Stdin, 8) else {
        panic!("the first grant");
    };
    assert_eq!(receiver.data(0, b"abc", 8), Ok(&b"abc"[..]));
    assert_eq!(receiver.grant(Stream::Stdin, 8), None);
    assert_eq!(receiver.data(3, b"d", 5), Ok(&b"d"[..]));
    assert!(receiver.grant(Stream::Stdin, 8).is_some());
    assert_eq!(receiver.end(5), Err(Gap { expected: 4 }));
    assert_eq!(receiver.end(4), Ok(true));
    assert_eq!(receiver.end(4), Ok(false));
    assert_eq!(receiver.data(4, b"late", 8), Ok(&b""[..]));
    assert_eq!(receiver.grant(Stream::Stdin, 80), None);
}

#[test]
fn a_receiver_takes_no_more_than_it_has_room_for() {
    let mut receiver = Receiver::new(2);
    assert_eq!(receiver.data(0, b"abc", 2), Ok(&b"ab"[..]));
    assert_eq!(receiver.data(0, b"abc", 0), Ok(&b""[..]));
    assert_eq!(receiver.data(0, b"abc", 2), Ok(&b"c"[..]));
}

#[test]
fn offsets_wrap() {
    let mut receiver = Receiver { next: u32::MAX - 1, limit: 0, ended: false };
    assert_eq!(receiver.data(u32::MAX - 2, b"abcd", 8), Ok(&b"bcd"[..]));
    assert_eq!(receiver.next, 1);
    assert_eq!(receiver.data(2, b"x", 8), Err(Gap { expected: 1 }));
    let mut sender = Sender { next: u32::MAX, acknowledged: u32::MAX, limit: u32::MAX };
    sender.credited(u32::MAX, 9);
    assert_eq!(sender.credit(), 10);
}

/// What happens to the line while one instance of the sender uses it.
#[derive(Clone, Debug)]
struct Life {
    /// How many frames the instance goes back.
    back: usize,
    /// How many frames it sends before it dies.
    frames: usize,
    /// How many bytes of the last one are missing.
    lost: usize,
    /// Garbage on the line after it.
    noise: Vec<u8>,
    /// (which byte, new value) of what it sent.
    damage: Vec<(usize, u8)>,
    /// How often its bytes arrive.
    copies: usize,
}

fn life() -> impl Strategy<Value = Life> {
    let noise = prop::collection::vec(prop_oneof![any::<u8>(), Just(MARK), Just(ESCAPE)], 0..40);
    let damage = prop::collection::vec((0_usize..600, any::<u8>()), 0..4);
    (0_usize..4, 0_usize..5, 0_usize..60, noise, damage, 1_usize..3).prop_map(
        |(back, frames, lost, noise, damage, copies)| Life {
            back,
            frames,
            lost,
            noise,
            damage,
            copies,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn nothing_is_lost_or_repeated(
        data in prop::collection::vec(prop_oneof![any::<u8>(), Just(MARK), Just(ESCAPE)], 0..2000),
        start in any::<u32>(),
        chunk in 1_usize..=MAX_PAYLOAD,
        lives in prop::collection::vec(life(), 0..6),
    ) {
        let frames: Vec<Frame> = data
            .chunks(chunk)
            .enumerate()
            .map(|(number, bytes)| Frame::Data {
                stream: Stream::Stdout,
                offset: start.wrapping_add((number * chunk) as u32),
                bytes,
            })
            .collect();
        let mut decoder = Decoder::new();
        let mut receiver = Receiver { next: start, limit: start, ended: false };
        let mut got: Vec<u8> = Vec::new();
        let mut take = |bytes: &[u8]| {
            decode(&mut decoder, bytes, |frame| {
                if let Frame::Data { offset, bytes, stream: Stream::Stdout } = frame {
                    got.extend(receiver.data(offset, bytes, MAX_PAYLOAD).unwrap_or(&[]));
                }
            });
        };
        let mut at = 0_usize;
        for life in lives {
            let first = at.saturating_sub(life.back);
            at = (first + life.frames).min(frames.len());
            let mut bytes: Vec<u8> = frames[first..at].iter().flat_map(wire).collect();
            bytes.truncate(bytes.len().saturating_sub(life.lost));
            for (place, value) in life.damage {
                if let Some(byte) = bytes.get_mut(place) {
                    *byte = value;
                }
            }
            for _ in 0..life.copies {
                take(&bytes);
                take(&life.noise);
            }
        }
        // The last instance is told nothing and begins at the beginning.
        for frame in &frames {
            take(&wire(frame));
        }
        prop_assert_eq!(got, data);
    }

    #[test]
    fn no_input_upsets_the_decoder(bytes in prop::collection::vec(any::<u8>(), 0..3000)) {
        decode(&mut Decoder::new(), &bytes, |frame| {
            assert!(!matches!(frame, Frame::Data { bytes: [], .. }));
        });
    }
}
