//! Messages that say who sends them.

use super::calls::*;
use super::control::*;
use crate::child;
use crate::harness::{on_folio, only_as_root};
use alloc::vec;
use sys::abi::socket::*;
use sys::abi::{Plain, UserMutPtr, UserPtr};
use sys::file::File;
use sys::io::Fd;
use sys::process::id;
use sys::syscall::{output, pointer, pointer_mut};
use sys::wait::Status;
use sys::{Errno, Result};

tests![
    messages_say_who_sends_them_to_who_asks,
    a_sender_says_who_he_is,
    a_stream_keeps_senders_apart,
    who_asks_has_a_name,
    credentials_come_before_descriptors,
    who_accepts_asks_as_who_listens,
    a_message_is_not_lost_to_a_bad_place_for_them,
    a_partner_is_whom_it_acts_for,
];

const NOBODY: Ucred = Ucred { pid: 0, uid: 65_534, gid: 65_534 };

fn own() -> Ucred {
    let (uid, gid) = (call!(getuid32()).expect("getuid32"), call!(getgid32()).expect("getgid32"));
    Ucred { pid: id(), uid, gid }
}

fn send_as(to: &File, who: Ucred) -> Result<u32> {
    let mut bytes = [0; 12];
    who.put(&mut bytes).expect("a value");
    send_control(to, b"x", &control(SCM_CREDENTIALS, &bytes))
}

/// Who sent the next message.
fn sender(from: &File) -> Ucred {
    let (_, control, flags) = receive_control(from, 0, 64).expect("recvmsg");
    let (head, rest) = Cmsghdr::take(&control).expect("a head");
    assert_eq!((head, flags), (Cmsghdr { len: 24, level: 1, kind: SCM_CREDENTIALS }, 0));
    Ucred::take(rest).expect("a value").0
}

pub fn messages_say_who_sends_them_to_who_asks() {
    only_as_root();
    for kind in KINDS {
        let (one, other) = pair(kind);
        assert_eq!(send(&one, b"x", 0), Ok(1));
        assert_eq!(receive_control(&other, 0, 64), Ok((1, vec![], 0)));
        // Nobody asked when it was sent.
        assert_eq!(send(&one, b"x", 0), Ok(1));
        assert_eq!(set(&other, SO_PASSCRED, 1), Ok(0));
        assert_eq!(sender(&other), NOBODY);
        assert_eq!(send(&one, b"x", 0), Ok(1));
        assert_eq!(sender(&other), own());
        let pid = child::start(|| {
            call!(setgid32(2000)).expect("setgid32");
            call!(setuid32(1000)).expect("setuid32");
            assert_eq!(send(&one, b"x", 0), Ok(1));
            0
        });
        assert_eq!(child::wait(pid), Status::Exited(0));
        assert_eq!(sender(&other), Ucred { pid, uid: 1000, gid: 2000 });
        for (room, expected) in [(23, 23), (12, 12), (11, 0), (0, 0)] {
            assert_eq!(send(&one, b"x", 0), Ok(1));
            let (count, control, flags) = receive_control(&other, 0, room).expect("recvmsg");
            assert_eq!((count, control.len(), flags), (1, expected, MSG_CTRUNC), "{room}");
        }
        assert_eq!(send(&one, b"x", 0), Ok(1));
        assert_eq!(receive(&other, &mut [0; 4], 0), Ok(1));
    }
}

pub fn a_sender_says_who_he_is() {
    only_as_root();
    for kind in KINDS {
        let (one, other) = pair(kind);
        // Also when the receiver asks only later.
        assert_eq!(send_as(&one, own()), Ok(1));
        assert_eq!(set(&other, SO_PASSCRED, 1), Ok(0));
        assert_eq!(sender(&other), own());
        let another = Ucred { pid: 1, uid: 5, gid: 6 };
        let sent = send_as(&one, another);
        if !on_folio() && sent == Err(Errno::EPERM) {
            skip!("a container's root");
        }
        assert_eq!(sent, Ok(1));
        assert_eq!(sender(&other), another);
        assert_eq!(send_as(&one, Ucred { pid: i32::MAX, ..another }), Err(Errno::ESRCH));
        assert_eq!(send_as(&one, Ucred { uid: u32::MAX, ..another }), Err(Errno::EINVAL));
        assert_eq!(send_as(&one, Ucred { gid: u32::MAX, ..another }), Err(Errno::EINVAL));
        for len in [0, 8, 16] {
            let bad = control(SCM_CREDENTIALS, &vec![0; len]);
            assert_eq!(send_control(&one, b"x", &bad), Err(Errno::EINVAL));
        }
        let ended = child::run(|| {
            call!(setresgid32(10, 11, 12)).expect("setresgid32");
            call!(setresuid32(20, 21, 22)).expect("setresuid32");
            let own = Ucred { pid: id(), uid: 20, gid: 10 };
            for (uid, gid) in [(20, 12), (21, 11), (22, 10)] {
                assert_eq!(send_as(&one, Ucred { uid, gid, ..own }), Ok(1));
            }
            assert_eq!(send_as(&one, Ucred { uid: 0, ..own }), Err(Errno::EPERM));
            assert_eq!(send_as(&one, Ucred { gid: 0, ..own }), Err(Errno::EPERM));
            assert_eq!(send_as(&one, Ucred { pid: 1, ..own }), Err(Errno::EPERM));
            0
        });
        assert_eq!(ended, Status::Exited(0));
    }
}

pub fn a_stream_keeps_senders_apart() {
    let (one, other) = pair(SOCK_STREAM);
    assert_eq!(set(&other, SO_PASSCRED, 1), Ok(0));
    assert_eq!((send(&one, b"ab", 0), send(&one, b"cd", 0)), (Ok(2), Ok(2)));
    let ended = child::run(|| {
        assert_eq!(send(&one, b"ef", 0), Ok(2));
        0
    });
    assert_eq!(ended, Status::Exited(0));
    assert_eq!(send(&one, b"gh", 0), Ok(2));
    let mut buffer = [0; 16];
    for expected in [&b"abcd"[..], b"ef", b"gh"] {
        assert_eq!(receive(&other, &mut buffer, MSG_DONTWAIT), Ok(expected.len() as u32));
        assert_eq!(&buffer[..expected.len()], expected);
    }
}

pub fn who_asks_has_a_name() {
    for (kind, expected) in [(SOCK_STREAM, 2), (SOCK_DGRAM, 8), (SOCK_SEQPACKET, 8)] {
        let (one, _other) = pair(kind);
        assert_eq!(set(&one, SO_PASSCRED, 1), Ok(0));
        assert_eq!(send(&one, b"x", 0), Ok(1));
        let (mut name, mut length) = ([0u8; 110], 110i32);
        let place = UserMutPtr::new(pointer_mut(&mut name));
        assert_eq!(call!(getsockname(one.fd().0, place, output(&mut length))), Ok(0));
        assert_eq!(length, expected, "{kind}");
    }
}

pub fn credentials_come_before_descriptors() {
    for kind in KINDS {
        let (one, other) = pair(kind);
        assert_eq!(set(&other, SO_PASSCRED, 1), Ok(0));
        let carried = control(SCM_RIGHTS, &one.fd().0.to_le_bytes());
        assert_eq!(send_control(&one, b"x", &carried), Ok(1));
        let (_, control, flags) = receive_control(&other, 0, 64).expect("recvmsg");
        assert_eq!((control.len(), flags), (40, 0));
        let (first, _) = Cmsghdr::take(&control).expect("a head");
        let (second, rest) = Cmsghdr::take(&control[24..]).expect("a head");
        assert_eq!(({ first.kind }, { second.kind }), (SCM_CREDENTIALS, SCM_RIGHTS));
        let fd = i32::from_le_bytes([rest[0], rest[1], rest[2], rest[3]]);
        drop(File::from_fd(Fd(fd)));
        assert_eq!(send_control(&one, b"x", &carried), Ok(1));
        let (_, control, flags) = receive_control(&other, 0, 30).expect("recvmsg");
        assert_eq!((control.len(), flags), (24, MSG_CTRUNC));
    }
}

pub fn who_accepts_asks_as_who_listens() {
    for asks in [0, 1] {
        let (listener, client) = (create(SOCK_STREAM), create(SOCK_STREAM));
        let name = *b"\x01\0\0who accepts";
        let (address, length) = (UserPtr::new(pointer(&name)), name.len() as i32);
        assert_eq!(call!(bind(listener.fd().0, address, length)), Ok(0));
        assert_eq!(call!(listen(listener.fd().0, 1)), Ok(0));
        assert_eq!(set(&listener, SO_PASSCRED, asks), Ok(0));
        assert_eq!(call!(connect(client.fd().0, address, length)), Ok(0));
        assert_eq!(send(&client, b"early", 0), Ok(5));
        let (null, none) = (UserMutPtr::NULL, UserMutPtr::NULL);
        let fd = call!(accept4(listener.fd().0, null, none, 0)).expect("accept4");
        let accepted = File::from_fd(Fd(fd.cast_signed()));
        assert_eq!(option(&accepted, SO_PASSCRED), Ok(asks));
        assert_eq!(set(&accepted, SO_PASSCRED, 1), Ok(0));
        assert_eq!(sender(&accepted), own());
    }
}

pub fn a_partner_is_whom_it_acts_for() {
    let partner = || {
        let (one, _other) = pair(SOCK_STREAM);
        let (mut who, mut length) = (Ucred::default(), 12i32);
        let place = output(&mut who).cast();
        let length = output(&mut length);
        call!(getsockopt(one.fd().0, SOL_SOCKET, SO_PEERCRED, place, length)).expect("getsockopt");
        who
    };
    only_as_root();
    let ended = child::run(|| {
        call!(setfsgid32(2000)).expect("setfsgid32");
        call!(setfsuid32(1000)).expect("setfsuid32");
        assert_eq!(partner(), own());
        call!(setresgid32(10, 11, 12)).expect("setresgid32");
        call!(setresuid32(20, 21, 22)).expect("setresuid32");
        assert_eq!(partner(), Ucred { pid: id(), uid: 21, gid: 11 });
        0
    });
    assert_eq!(ended, Status::Exited(0));
}

pub fn a_message_is_not_lost_to_a_bad_place_for_them() {
    let (one, other) = pair(SOCK_DGRAM);
    assert_eq!(set(&other, SO_PASSCRED, 1), Ok(0));
    assert_eq!(send(&one, b"x", 0), Ok(1));
    let nowhere = UserMutPtr::new(16);
    let mut message = Msghdr { control: nowhere, controllen: 64, ..Msghdr::default() };
    assert_eq!(call!(recvmsg(other.fd().0, output(&mut message), MSG_DONTWAIT)), Ok(0));
    assert_eq!(({ message.controllen }, message.flags & MSG_CTRUNC), (0, 0));
}
