use super::buffer::STREAM_PIECE;
use super::*;
use abi::errno::Errno;
use abi::poll::{POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDHUP};
use proptest::prelude::*;
use std::collections::VecDeque;
use std::vec::Vec;

const A: Side = Side::First;
const B: Side = Side::Second;

fn send(pair: &mut Pair<u32>, side: Side, name: u32, len: u32) -> Result<u32, Errno> {
    match pair.send_step(side, len, |len| len) {
        SendStep::Packet { len } => {
            pair.push(side, name, len, len).map(|()| len).map_err(|(_, error)| error)
        }
        SendStep::Wait => Err(Errno::EAGAIN),
        SendStep::Fail(error) => Err(error),
    }
}

#[test]
fn a_closed_stream_gives_what_is_left_then_the_end() {
    let mut pair = Pair::connected(SocketKind::Stream);
    assert_eq!(send(&mut pair, A, 1, 10), Ok(10));
    assert!(pair.close(A).is_empty());
    assert_eq!(pair.events(B) & (POLLIN | POLLHUP | POLLRDHUP), POLLIN | POLLHUP | POLLRDHUP);
    let head = Head { packet: 1, start: 0, len: 10 };
    assert_eq!(pair.receive_step(B), ReceiveStep::Packet(head));
    assert_eq!(pair.consume(B, 4), None);
    assert_eq!(pair.peek(B, 0), Some(Head { packet: 1, start: 4, len: 6 }));
    assert_eq!(pair.consume(B, 6), Some(1));
    assert_eq!(pair.receive_step(B), ReceiveStep::End);
    assert_eq!(send(&mut pair, B, 2, 1), Err(Errno::EPIPE));
}

#[test]
fn closing_with_unreceived_bytes_resets_the_connection_once() {
    for kind in [SocketKind::Stream, SocketKind::SequencedPacket] {
        let mut pair = Pair::connected(kind);
        assert_eq!(send(&mut pair, A, 1, 10), Ok(10));
        assert_eq!(pair.close(B).bytes(), 10);
        assert_eq!(pair.events(A) & (POLLERR | POLLHUP), POLLERR | POLLHUP);
        assert_eq!(pair.receive_step(A), ReceiveStep::Fail(Errno::ECONNRESET));
        assert_eq!(pair.receive_step(A), ReceiveStep::End);
    }
}

#[test]
fn shutting_down_concerns_both_ends_of_a_connection() {
    let mut pair = Pair::<u32>::connected(SocketKind::Stream);
    pair.shut_down(A, false, true);
    assert_eq!(send(&mut pair, A, 1, 1), Err(Errno::EPIPE));
    assert_eq!(pair.receive_step(B), ReceiveStep::End);
    assert_eq!(send(&mut pair, B, 1, 1), Ok(1));
    pair.reset(B);
    assert_eq!(pair.receive_step(B), ReceiveStep::Fail(Errno::ECONNRESET));
}

#[test]
fn the_buffer_limits_what_is_on_its_way() {
    let mut pair = Pair::connected(SocketKind::Stream);
    let mut sent = 0;
    while let Ok(len) = send(&mut pair, A, 0, 1 << 20) {
        sent += len;
    }
    assert!((DEFAULT_SIZE..DEFAULT_SIZE + STREAM_PIECE).contains(&sent));
    assert_eq!(pair.events(A) & POLLOUT, 0);
    assert!(!pair.has_room(A) && pair.has_room(B));
    while !pair.is_writable(A) {
        assert_eq!(pair.consume(B, STREAM_PIECE), Some(0));
    }
    assert_eq!(pair.events(A) & POLLOUT, POLLOUT);
    let mut pair = Pair::connected(SocketKind::SequencedPacket);
    assert_eq!(send(&mut pair, A, 0, DEFAULT_SIZE), Err(Errno::EMSGSIZE));
}

#[test]
fn what_was_never_connected_hangs_up_or_waits() {
    let mut stream = Pair::<u32>::unconnected(SocketKind::Stream);
    assert_eq!(stream.receive_step(A), ReceiveStep::Fail(Errno::EINVAL));
    assert_eq!(send(&mut stream, A, 0, 1), Err(Errno::ENOTCONN));
    assert_eq!(stream.events(A) & (POLLHUP | POLLOUT), POLLHUP | POLLOUT);
    let mut packets = Pair::<u32>::unconnected(SocketKind::SequencedPacket);
    assert_eq!(packets.receive_step(A), ReceiveStep::Fail(Errno::ENOTCONN));
    assert_eq!(stream.listening_events(A, false), 0);
    assert_eq!(stream.listening_events(A, true) & POLLIN, POLLIN);
    stream.shut_down(A, true, true);
    assert_eq!(stream.listening_events(A, false) & (POLLIN | POLLHUP), POLLIN | POLLHUP);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_stream_is_a_list_of_bytes_and_packets_a_list_of_lengths(
        is_stream in any::<bool>(),
        steps in prop::collection::vec((any::<bool>(), 1u32..5000), 1..200),
    ) {
        let kind = if is_stream { SocketKind::Stream } else { SocketKind::SequencedPacket };
        let mut pair = Pair::connected(kind);
        let mut model = VecDeque::<(u32, u32)>::new();
        for (name, (is_send, len)) in (0u32..).zip(steps) {
            let bytes: u32 = model.iter().map(|(_, len)| len).sum();
            if is_send {
                match send(&mut pair, A, name, len) {
                    Ok(sent) => model.push_back((name, sent)),
                    Err(error) => {
                        prop_assert_eq!(error, Errno::EAGAIN);
                        prop_assert!(pair.outstanding(A) >= DEFAULT_SIZE);
                    }
                }
            } else if let Some(head) = pair.peek(B, 0) {
                let (name, left) = model[0];
                prop_assert_eq!((head.packet, head.len), (name, left));
                let count = if is_stream { len.min(left) } else { left };
                let gone = if is_stream { pair.consume(B, count) } else { pair.pop(B) };
                model[0].1 -= count;
                prop_assert_eq!(gone.is_some(), count == left);
                if gone.is_some() {
                    model.pop_front();
                }
            } else {
                prop_assert_eq!(bytes, 0);
            }
            let names: Vec<_> =
                (0..model.len()).filter_map(|place| pair.peek(B, place)).map(|head| (head.packet, head.len)).collect();
            prop_assert_eq!(names, model.iter().copied().collect::<Vec<_>>());
            let bytes: u32 = model.iter().map(|(_, len)| len).sum();
            prop_assert_eq!(pair.readable(B), bytes);
            prop_assert!(pair.packets(B).eq(model.iter().map(|(name, _)| name)));
            prop_assert_eq!(pair.has_news(B), !model.is_empty());
        }
    }
}
