//! Sockets with names, and those who connect to them.

use super::calls::*;
use crate::child;
use crate::scratch::Scratch;
use alloc::format;
use alloc::vec::Vec;
use sys::abi::file::O_NONBLOCK;
use sys::abi::poll::*;
use sys::abi::socket::*;
use sys::abi::{UserMutPtr, UserPtr};
use sys::file::{self, File};
use sys::io::Fd;
use sys::syscall::{input, output, pointer, pointer_mut};
use sys::wait::Status;
use sys::{Errno, Result, directory, process};

tests![
    names_are_empty,
    a_server_accepts_who_connects,
    names_are_taken_once,
    a_name_can_be_found,
    who_cannot_be_reached_says_why,
    the_backlog_is_limited,
    a_server_that_goes_resets_who_waits,
    a_server_may_stop_accepting,
    datagrams_go_to_names,
    strangers_send_no_more_than_a_few_datagrams,
    one_call_makes_them_all,
];

const CONNECTED: [i32; 2] = [SOCK_STREAM, SOCK_SEQPACKET];

/// What follows the family.
fn address(name: &[u8]) -> Vec<u8> {
    [&(AF_UNIX as u16).to_le_bytes(), name].concat()
}

/// An abstract name that no other process has.
fn own(name: &str) -> Vec<u8> {
    format!("\0suite-{}-{name}", process::id()).into_bytes()
}

fn bind(socket: &File, name: &[u8]) -> Result<u32> {
    let address = address(name);
    call!(bind(socket.fd().0, UserPtr::new(pointer(&address[..])), address.len() as i32))
}

fn connect(socket: &File, name: &[u8]) -> Result<u32> {
    let address = address(name);
    call!(connect(socket.fd().0, UserPtr::new(pointer(&address[..])), address.len() as i32))
}

fn listen(socket: &File, backlog: i32) -> Result<u32> {
    call!(listen(socket.fd().0, backlog))
}

fn accept(socket: &File) -> Result<File> {
    let (address, length) = (UserMutPtr::NULL, UserMutPtr::NULL);
    let fd = call!(accept4(socket.fd().0, address, length, SOCK_CLOEXEC))?;
    Ok(File::from_fd(Fd(fd.cast_signed())))
}

/// One that listens.
fn server(kind: i32, name: &[u8], backlog: i32) -> File {
    let socket = create(kind);
    assert_eq!((bind(&socket, name), listen(&socket, backlog)), (Ok(0), Ok(0)));
    socket
}

fn name_by(call: impl Fn(UserMutPtr<u8>, UserMutPtr<i32>) -> Result<u32>) -> Result<Vec<u8>> {
    let (mut bytes, mut length) = ([0xee; 112], 112);
    call(UserMutPtr::new(pointer_mut(&mut bytes)), output(&mut length))?;
    assert_eq!(bytes[..2], (AF_UNIX as u16).to_le_bytes());
    Ok(bytes[2..length as usize].to_vec())
}

fn own_name(socket: &File) -> Vec<u8> {
    name_by(|to, length| call!(getsockname(socket.fd().0, to, length))).expect("getsockname")
}

fn partner_name(socket: &File) -> Result<Vec<u8>> {
    name_by(|to, length| call!(getpeername(socket.fd().0, to, length)))
}

fn partner(socket: &File) -> i32 {
    let (mut credentials, mut length) = (Ucred::default(), 12);
    let place = output(&mut credentials).cast();
    let length = output(&mut length);
    call!(getsockopt(socket.fd().0, SOL_SOCKET, SO_PEERCRED, place, length)).expect("SO_PEERCRED");
    credentials.pid
}

fn send_to(socket: &File, bytes: &[u8], name: &[u8]) -> Result<u32> {
    let address = address(name);
    let to = UserPtr::new(pointer(&address[..]));
    let buffer = UserPtr::new(pointer(bytes));
    let flags = MSG_DONTWAIT;
    call!(sendto(socket.fd().0, buffer, bytes.len() as u32, flags, to, address.len() as i32))
}

/// A message's length and its sender.
fn receive_from(socket: &File) -> Result<(u32, Vec<u8>)> {
    let (mut bytes, mut from, mut length) = ([0; 64], [0; 112], 112);
    let (buffer, place) = (pointer_mut(&mut bytes), pointer_mut(&mut from));
    let (buffer, place) = (UserMutPtr::new(buffer), UserMutPtr::new(place));
    let fd = socket.fd().0;
    let count = call!(recvfrom(fd, buffer, 64, MSG_DONTWAIT, place, output(&mut length)))?;
    Ok((count, from[..length as usize].get(2..).unwrap_or_default().to_vec()))
}

pub fn names_are_empty() {
    let (one, _other) = pair(SOCK_STREAM);
    for of_peer in [false, true] {
        let (mut address, mut length) = ([0xeeu8; 16], 16i32);
        let (place, len) = (output(&mut address).cast(), output(&mut length));
        let result = match of_peer {
            true => call!(getpeername(one.fd().0, place, len)),
            false => call!(getsockname(one.fd().0, place, len)),
        };
        assert_eq!((result, length, &address[..3]), (Ok(0), 2, &[1, 0, 0xee][..]));
    }
    let (mut address, mut length) = ([0xeeu8; 16], -1i32);
    let place = output(&mut address).cast();
    assert_eq!(call!(getsockname(one.fd().0, place, output(&mut length))), Err(Errno::EINVAL));
}

pub fn a_server_accepts_who_connects() {
    let path = Scratch::path("socket");
    for kind in CONNECTED {
        for name in [own("server"), path.as_str().into()] {
            let socket = create(kind);
            let idle = POLLOUT | POLLWRNORM | POLLWRBAND | POLLHUP;
            assert_eq!((listen(&socket, 1), events(&socket)), (Err(Errno::EINVAL), idle));
            assert_eq!(bind(&socket, &name), Ok(0));
            assert_eq!(option(&socket, SO_ACCEPTCONN), Ok(0));
            assert_eq!((listen(&socket, 1), events(&socket)), (Ok(0), 0));
            assert_eq!(option(&socket, SO_ACCEPTCONN), Ok(1));
            let pid = child::start(|| {
                let client = create(kind);
                connect(&client, &name).expect("connect");
                assert_eq!(partner(&client), process::parent_id());
                assert_eq!(send(&client, b"question", 0), Ok(8));
                let mut answer = [0; 16];
                assert_eq!(receive(&client, &mut answer, 0), Ok(6));
                assert_eq!(&answer[..6], b"answer");
                0
            });
            let accepted = accept(&socket).expect("accept4");
            assert_eq!((partner(&accepted), partner(&socket)), (pid, process::id()));
            let mut question = [0; 16];
            assert_eq!(receive(&accepted, &mut question, 0), Ok(8));
            let shown = if name[0] == 0 { name.clone() } else { [&name[..], b"\0"].concat() };
            assert_eq!((own_name(&socket), own_name(&accepted)), (shown.clone(), shown));
            assert_eq!(partner_name(&accepted), Ok(Vec::new()));
            assert_eq!(partner_name(&socket), Err(Errno::ENOTCONN));
            assert_eq!(send(&accepted, b"answer", 0), Ok(6));
            assert_eq!(child::wait(pid), Status::Exited(0));
            assert_eq!(receive(&accepted, &mut question, 0), Ok(0));
            let _ = directory::remove_file(path.as_str());
        }
    }
}

pub fn names_are_taken_once() {
    let path = Scratch::path("socket-name");
    let (first, second) = (create(SOCK_STREAM), create(SOCK_STREAM));
    for name in [own("taken"), path.as_str().into()] {
        let [first, second] = [(); 2].map(|()| create(SOCK_STREAM));
        assert_eq!(bind(&first, &name), Ok(0));
        assert_eq!(bind(&second, &name), Err(Errno::EADDRINUSE));
        // Abstract ones are each kind's own.
        let expected = if name[0] == 0 { Ok(0) } else { Err(Errno::EADDRINUSE) };
        assert_eq!(bind(&create(SOCK_DGRAM), &name), expected);
        assert_eq!(bind(&first, &own("other")), Err(Errno::EINVAL));
    }
    // The name in the tree stays; an abstract one goes.
    assert_eq!(bind(&first, &own("taken")), Ok(0));
    assert_eq!(bind(&second, path.as_str().as_bytes()), Err(Errno::EADDRINUSE));
    assert_eq!(connect(&second, path.as_str().as_bytes()), Err(Errno::ECONNREFUSED));
    directory::remove_file(path.as_str()).expect("unlink");
    assert_eq!(connect(&second, path.as_str().as_bytes()), Err(Errno::ENOENT));
    assert_eq!(bind(&second, path.as_str().as_bytes()), Ok(0));
    assert_eq!(file::stat(path.as_str()).map(|stat| stat.mode & 0o170_000), Ok(0o140_000));
    assert_eq!(bind(&create(SOCK_STREAM), b"/tmp/none/none"), Err(Errno::ENOENT));
    let odd = |length| call!(bind(first.fd().0, input(&2u16).cast(), length));
    assert_eq!(
        (odd(2), odd(1), odd(-1)),
        (Err(Errno::EINVAL), Err(Errno::EINVAL), Err(Errno::EINVAL))
    );
}

pub fn a_name_can_be_found() {
    let (first, second) = (create(SOCK_STREAM), create(SOCK_DGRAM));
    assert_eq!((bind(&first, b""), bind(&second, b"")), (Ok(0), Ok(0)));
    let (first, second) = (own_name(&first), own_name(&second));
    assert!(first.len() == 6 && first[0] == 0 && first != second);
    assert!(first[1..].iter().all(u8::is_ascii_hexdigit));
}

pub fn who_cannot_be_reached_says_why() {
    let (name, path) = (own("reach"), Scratch::path("socket-reach"));
    let client = create(SOCK_STREAM);
    assert_eq!(connect(&client, &name), Err(Errno::ECONNREFUSED));
    let server = create(SOCK_STREAM);
    assert_eq!(bind(&server, &name), Ok(0));
    assert_eq!(connect(&client, &name), Err(Errno::ECONNREFUSED));
    assert_eq!(accept(&server).err(), Some(Errno::EINVAL));
    assert_eq!(accept(&create(SOCK_DGRAM)).err(), Some(Errno::EOPNOTSUPP));
    assert_eq!(listen(&create(SOCK_DGRAM), 1), Err(Errno::EOPNOTSUPP));
    assert_eq!(listen(&server, 1), Ok(0));
    assert_eq!(connect(&create(SOCK_DGRAM), &name), Err(Errno::ECONNREFUSED));
    let (in_tree, scratch) = (create(SOCK_STREAM), Scratch::path("socket-prototype"));
    let place = scratch.as_str().as_bytes();
    assert_eq!((bind(&in_tree, place), listen(&in_tree, 1)), (Ok(0), Ok(0)));
    assert_eq!(connect(&create(SOCK_DGRAM), place), Err(Errno::EPROTOTYPE));
    assert_eq!(connect(&create(SOCK_SEQPACKET), place), Err(Errno::EPROTOTYPE));
    assert_eq!(connect(&server, &name), Err(Errno::EINVAL));
    assert_eq!(connect(&client, &name), Ok(0));
    assert_eq!(connect(&client, &name), Err(Errno::EISCONN));
    assert_eq!(connect(&client, &own("none")), Err(Errno::ECONNREFUSED));
    assert_eq!(listen(&client, 1), Err(Errno::EINVAL));
    assert_eq!(connect(&client, b""), Err(Errno::EINVAL));
    let scratch = Scratch::file("socket-regular", b"").0;
    assert_eq!(
        connect(&create(SOCK_STREAM), scratch.as_str().as_bytes()),
        Err(Errno::ECONNREFUSED)
    );
    assert_eq!(connect(&create(SOCK_STREAM), path.as_str().as_bytes()), Err(Errno::ENOENT));
}

pub fn the_backlog_is_limited() {
    let name = own("backlog");
    let server = server(SOCK_STREAM, &name, 0);
    let client = || create(SOCK_STREAM | SOCK_NONBLOCK);
    let (first, second) = (client(), client());
    assert_eq!((connect(&first, &name), connect(&second, &name)), (Ok(0), Err(Errno::EAGAIN)));
    // It is connected already.
    assert_eq!(send(&first, b"early", 0), Ok(5));
    assert_eq!(events(&server), POLLIN | POLLRDNORM);
    let pid = child::start(|| {
        let patient = create(SOCK_STREAM);
        assert_eq!(connect(&patient, &name), Ok(0));
        0
    });
    let accepted = accept(&server).expect("accept4");
    assert_eq!(receive(&accepted, &mut [0; 9], 0), Ok(5));
    assert!(accept(&server).is_ok());
    assert_eq!(child::wait(pid), Status::Exited(0));
    assert_eq!((listen(&server, 5), connect(&second, &name)), (Ok(0), Ok(0)));
}

pub fn a_server_that_goes_resets_who_waits() {
    let name = own("gone");
    let server = server(SOCK_STREAM, &name, 5);
    let client = create(SOCK_STREAM);
    assert_eq!(connect(&client, &name), Ok(0));
    drop(server);
    assert_eq!(receive(&client, &mut [0; 1], 0), Err(Errno::ECONNRESET));
    assert_eq!(receive(&client, &mut [0; 1], 0), Ok(0));
    assert_eq!(connect(&create(SOCK_STREAM), &name), Err(Errno::ECONNREFUSED));
}

pub fn a_server_may_stop_accepting() {
    let name = own("stop");
    let server = server(SOCK_STREAM, &name, 5);
    let nonblocking = sys::abi::file::F_SETFL;
    assert_eq!(call!(fcntl64(server.fd().0, nonblocking, O_NONBLOCK)), Ok(0));
    assert_eq!(accept(&server).err(), Some(Errno::EAGAIN));
    assert_eq!(call!(fcntl64(server.fd().0, nonblocking, 0)), Ok(0));
    let pid = child::start(|| {
        sys::time::sleep(core::time::Duration::from_millis(20));
        assert_eq!(call!(shutdown(server.fd().0, SHUT_RD)), Ok(0));
        0
    });
    assert_eq!(accept(&server).err(), Some(Errno::EINVAL));
    assert_eq!(child::wait(pid), Status::Exited(0));
    assert_eq!(connect(&create(SOCK_STREAM), &name), Err(Errno::ECONNREFUSED));
}

pub fn datagrams_go_to_names() {
    let names = [own("a"), own("b"), own("c")];
    let [a, b, c] = [(); 3].map(|()| create(SOCK_DGRAM));
    assert_eq!((bind(&a, &names[0]), bind(&b, &names[1])), (Ok(0), Ok(0)));
    assert_eq!(send_to(&c, b"nameless", &names[0]), Ok(8));
    assert_eq!(send_to(&b, b"named", &names[0]), Ok(5));
    assert_eq!(receive_from(&a), Ok((8, Vec::new())));
    assert_eq!(receive_from(&a), Ok((5, names[1].clone())));
    assert_eq!(receive_from(&a), Err(Errno::EAGAIN));
    assert_eq!(send_to(&a, b"x", &names[2]), Err(Errno::ECONNREFUSED));
    assert_eq!(send(&a, b"x", 0), Err(Errno::ENOTCONN));
    // From now on it takes what its partner sends, and nobody else.
    assert_eq!(connect(&a, &names[1]), Ok(0));
    assert_eq!(partner_name(&a), Ok(names[1].clone()));
    assert_eq!(send_to(&c, b"x", &names[0]), Err(Errno::EPERM));
    assert_eq!(connect(&c, &names[0]), Err(Errno::EPERM));
    assert_eq!(send(&a, b"to b", 0), Ok(4));
    assert_eq!(receive_from(&b), Ok((4, names[0].clone())));
    assert_eq!(send_to(&b, b"answer", &names[0]), Ok(6));
    assert_eq!(receive_from(&a), Ok((6, names[1].clone())));
    drop(b);
    assert_eq!(send(&a, b"x", 0), Err(Errno::ECONNREFUSED));
    assert_eq!(send(&a, b"x", 0), Err(Errno::ENOTCONN));
    // To oneself.
    assert_eq!(send_to(&a, b"me", &names[0]), Ok(2));
    assert_eq!(receive_from(&a), Ok((2, names[0].clone())));
}

pub fn strangers_send_no_more_than_a_few_datagrams() {
    let name = own("full");
    let (server, client) = (create(SOCK_DGRAM), create(SOCK_DGRAM));
    assert_eq!((bind(&server, &name), connect(&client, &name)), (Ok(0), Ok(0)));
    let mut sent = 0;
    while send(&client, b"x", MSG_DONTWAIT) == Ok(1) {
        sent += 1;
    }
    assert!((1..1000).contains(&sent), "{sent}");
    assert_eq!(events(&client) & POLLOUT, 0);
    let pid = child::start(|| {
        let mut fd = Pollfd { fd: client.fd().0, events: POLLOUT, revents: 0 };
        assert_eq!(call!(poll(output(&mut fd), 1, 10_000)), Ok(1));
        assert_eq!(send(&client, b"y", 0), Ok(1));
        0
    });
    sys::time::sleep(core::time::Duration::from_millis(20));
    for _ in 0..sent {
        assert_eq!(receive_from(&server).map(|(count, _)| count), Ok(1));
    }
    assert_eq!(child::wait(pid), Status::Exited(0));
    assert_eq!(receive_from(&server).map(|(count, _)| count), Ok(1));
    // A partner is not limited by their number.
    let other = own("partner");
    assert_eq!((bind(&client, &other), connect(&server, &other)), (Ok(0), Ok(0)));
    for _ in 0..=sent + 5 {
        assert_eq!(send(&client, b"x", MSG_DONTWAIT), Ok(1));
    }
}

pub fn one_call_makes_them_all() {
    use sys::abi::socket::function::*;
    let call = |function, words: [u32; 4]| call!(socketcall(function, input(&words).cast()));
    let name = address(&own("call"));
    let server = create(SOCK_STREAM);
    let client = create(SOCK_STREAM);
    let fd = |file: &File| file.fd().0.cast_unsigned();
    let address = [pointer(&name[..]), name.len() as u32];
    assert_eq!(call(BIND, [fd(&server), address[0], address[1], 0]), Ok(0));
    assert_eq!(call(LISTEN, [fd(&server), 2, 0, 0]), Ok(0));
    assert_eq!(call(CONNECT, [fd(&client), address[0], address[1], 0]), Ok(0));
    let accepted = call(ACCEPT, [fd(&server), 0, 0, 0]).expect("accept").cast_signed();
    let accepted = File::from_fd(Fd(accepted));
    assert_eq!(send(&accepted, b"x", 0), Ok(1));
    assert_eq!(receive(&client, &mut [0; 2], 0), Ok(1));
    let flags = SOCK_NONBLOCK.cast_unsigned();
    assert_eq!(call(CONNECT, [fd(&create(SOCK_STREAM)), address[0], address[1], 0]), Ok(0));
    let second = call(ACCEPT4, [fd(&server), 0, 0, flags]).expect("accept4").cast_signed();
    assert_eq!(receive(&File::from_fd(Fd(second)), &mut [0; 2], 0), Ok(0));
    assert_eq!(call(ACCEPT4, [fd(&server), 0, 0, 1]), Err(Errno::EINVAL));
}
