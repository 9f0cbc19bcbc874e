//! What is left when one of a pair goes or wants no more.

use super::calls::*;
use crate::child;
use core::time::Duration;
use sys::Errno;
use sys::abi::poll::*;
use sys::abi::signal::SIGPIPE;
use sys::abi::socket::*;
use sys::file::pipe;
use sys::time::sleep;
use sys::wait::Status;

tests![
    the_end_comes_behind_the_last_byte,
    sending_into_a_closed_stream_is_a_signal,
    closing_with_unreceived_bytes_resets,
    shutting_down_one_direction,
    a_waiting_receiver_learns_of_the_end,
];

pub fn the_end_comes_behind_the_last_byte() {
    for kind in [SOCK_STREAM, SOCK_SEQPACKET] {
        let (one, other) = pair(kind);
        one.write_all(b"last").expect("write");
        drop(one);
        assert_eq!(events(&other) & (POLLIN | POLLHUP | POLLERR), POLLIN | POLLHUP);
        let mut buffer = [0; 8];
        assert_eq!(other.read(&mut buffer), Ok(4));
        assert_eq!(other.read(&mut buffer), Ok(0));
        assert_eq!(receive(&other, &mut buffer, MSG_DONTWAIT), Ok(0));
        assert_eq!(send(&other, b"x", MSG_NOSIGNAL), Err(Errno::EPIPE));
    }
}

pub fn sending_into_a_closed_stream_is_a_signal() {
    let status = child::run(|| {
        let (one, other) = pair(SOCK_STREAM);
        drop(other);
        let _ = one.write(b"x");
        0
    });
    assert_eq!(status, Status::Signaled(SIGPIPE));
    // Messages never are.
    let (one, other) = pair(SOCK_SEQPACKET);
    drop(other);
    assert_eq!(one.write(b"x"), Err(Errno::EPIPE));
    let (one, other) = pair(SOCK_DGRAM);
    drop(other);
    assert_eq!(one.write(b"x"), Err(Errno::ECONNREFUSED));
    assert_eq!(one.write(b"x"), Err(Errno::ENOTCONN));
}

pub fn closing_with_unreceived_bytes_resets() {
    let (one, other) = pair(SOCK_STREAM);
    one.write_all(b"never read").expect("write");
    drop(other);
    assert_eq!(events(&one) & (POLLERR | POLLHUP), POLLERR | POLLHUP);
    assert_eq!(option(&one, SO_ERROR), Ok(104));
    assert_eq!(option(&one, SO_ERROR), Ok(0));
    assert_eq!(one.read(&mut [0; 4]), Ok(0));
    let (one, other) = pair(SOCK_STREAM);
    one.write_all(b"never read").expect("write");
    drop(other);
    assert_eq!(one.read(&mut [0; 4]), Err(Errno::ECONNRESET));
    assert_eq!(one.read(&mut [0; 4]), Ok(0));
}

pub fn shutting_down_one_direction() {
    let (one, other) = pair(SOCK_STREAM);
    one.write_all(b"before").expect("write");
    assert_eq!(call!(shutdown(one.fd().0, SHUT_WR)), Ok(0));
    assert_eq!(send(&one, b"x", MSG_NOSIGNAL), Err(Errno::EPIPE));
    assert_eq!(events(&other) & (POLLIN | POLLHUP | POLLRDHUP), POLLIN | POLLRDHUP);
    let mut buffer = [0; 8];
    assert_eq!(other.read(&mut buffer), Ok(6));
    assert_eq!(other.read(&mut buffer), Ok(0));
    assert_eq!(other.write(b"still"), Ok(5));
    assert_eq!(one.read(&mut buffer), Ok(5));
    assert_eq!(call!(shutdown(other.fd().0, SHUT_RDWR)), Ok(0));
    assert_eq!(events(&other) & POLLHUP, POLLHUP);
    assert_eq!(one.read(&mut buffer), Ok(0));
    assert_eq!(call!(shutdown(one.fd().0, 3)), Err(Errno::EINVAL));
    let (read, _write) = pipe().expect("pipe2");
    assert_eq!(call!(shutdown(read.fd().0, SHUT_WR)), Err(Errno::ENOTSOCK));
    assert_eq!(call!(shutdown(-1, SHUT_WR)), Err(Errno::EBADF));
}

pub fn a_waiting_receiver_learns_of_the_end() {
    for kind in [SOCK_STREAM, SOCK_SEQPACKET] {
        let (one, other) = pair(kind);
        let pid = child::start(|| {
            assert_eq!(call!(close(one.fd().0)), Ok(0));
            other.read(&mut [0; 4]).map_or(9, |count| count as i32)
        });
        sleep(Duration::from_millis(20));
        drop(one);
        assert_eq!(child::wait(pid), Status::Exited(0));
    }
}
