//! Sockets of this machine.

use crate::faults::files::{self, Made};
use crate::faults::{Failure, Outcome, child, join, told, whole};
use alloc::format;
use alloc::vec::Vec;
use sys::Errno;
use sys::abi::file::Iovec;
use sys::abi::poll::{POLLIN, Pollfd};
use sys::abi::process::WNOHANG;
use sys::abi::socket::*;
use sys::abi::{Plain, UserMutPtr, UserPtr};
use sys::file::{File, pipe};
use sys::io::Fd;
use sys::syscall::{input, output, pointer, pointer_mut};

fn pair(kind: i32) -> sys::Result<(File, File)> {
    let mut fds = [0; 2];
    call!(socketpair(AF_UNIX, kind, 0, output(&mut fds)))?;
    let [first, second] = fds.map(|fd| File::from_fd(Fd(fd)));
    Ok((first, second))
}

fn create(kind: i32) -> sys::Result<File> {
    let fd = call!(socket(AF_UNIX, kind, 0))?;
    Ok(File::from_fd(Fd(fd.cast_signed())))
}

/// A name that no other process has; with a slash in front, in `/tmp`.
fn address(name: &str) -> Vec<u8> {
    let family = (AF_UNIX as u16).to_le_bytes();
    let own = match name.strip_prefix('/') {
        Some(name) => format!("{}\0", files::path(name)),
        None => format!("\0{}-{name}", sys::process::id()),
    };
    [&family[..], own.as_bytes()].concat()
}

fn bind(socket: &File, address: &[u8]) -> sys::Result<()> {
    let place = UserPtr::new(pointer(address));
    call!(bind(socket.fd().0, place, address.len() as i32)).map(drop)
}

fn connect(socket: &File, address: &[u8]) -> sys::Result<()> {
    let place = UserPtr::new(pointer(address));
    call!(connect(socket.fd().0, place, address.len() as i32)).map(drop)
}

pub fn a_stream_carries_bytes() -> Outcome {
    let (one, other) = pair(SOCK_STREAM)?;
    let text = [3; 9000];
    let sent = one.write(&text)?;
    whole(sent, text.len())?;
    other.write_all(b"back")?;
    let (mut found, mut all) = ([0; 9000], 0);
    while all < sent {
        let read = other.read(&mut found)?;
        assert!(found[..read].iter().all(|byte| *byte == 3));
        all += read;
    }
    let read = one.read(&mut found)?;
    assert_eq!(&found[..read], b"back");
    const SHUT_WR: i32 = 1;
    call!(shutdown(one.fd().0, SHUT_WR))?;
    assert_eq!(other.read(&mut found)?, 0);
    Ok(())
}

pub fn messages_keep_their_bounds() -> Outcome {
    for kind in [SOCK_DGRAM, SOCK_SEQPACKET] {
        let (one, other) = pair(kind)?;
        for length in [1, 5000, 30] {
            one.write_all(&[4; 5000][..length])?;
        }
        let mut found = [0; 6000];
        for length in [1, 5000, 30] {
            assert_eq!(other.read(&mut found)?, length);
            assert!(found[..length].iter().all(|byte| *byte == 4));
        }
    }
    Ok(())
}

fn serves(name: &str) -> Outcome {
    let (path, name) = (name.strip_prefix('/').map(files::path), address(name));
    let server = create(SOCK_STREAM)?;
    bind(&server, &name)?;
    let _made = path.map(Made::at);
    call!(listen(server.fd().0, 3))?;
    let pid = child(|| {
        let client = create(SOCK_STREAM)?;
        connect(&client, &name)?;
        client.write_all(b"question")?;
        let mut found = [0; 16];
        let read = client.read(&mut found)?;
        assert!(read == 0 || &found[..read] == b"answer");
        whole(read, 6)
    })?;
    // A client that has failed does not come.
    let mut fd = Pollfd { fd: server.fd().0, events: POLLIN, revents: 0 };
    while call!(poll(output(&mut fd), 1, 1))? == 0 {
        if let Some((_, status)) = sys::process::wait(pid, WNOHANG)? {
            return told(status);
        }
    }
    let (mut from, mut length) = ([0u8; 112], 112);
    let place = UserMutPtr::new(pointer_mut(&mut from));
    let fd = call!(accept4(server.fd().0, place, output(&mut length), SOCK_CLOEXEC))?;
    let connection = File::from_fd(Fd(fd.cast_signed()));
    let mut found = [0; 16];
    let read = connection.read(&mut found)?;
    assert!(read == 0 || &found[..read] == b"question");
    connection.write_all(b"answer")?;
    drop(connection);
    join(pid)?;
    whole(read, 8)
}

pub fn a_server_accepts_who_connects() -> Outcome {
    serves("stream")
}

pub fn a_server_with_a_file_accepts_who_connects() -> Outcome {
    serves("/stream")
}

pub fn datagrams_go_to_names() -> Outcome {
    let (name, own) = (address("to"), address("from"));
    let (receiver, sender) = (create(SOCK_DGRAM)?, create(SOCK_DGRAM)?);
    bind(&receiver, &name)?;
    bind(&sender, &own)?;
    let (text, to) = (b"datagram", UserPtr::new(pointer(&name[..])));
    let bytes = UserPtr::new(pointer(text));
    call!(sendto(sender.fd().0, bytes, 8, MSG_DONTWAIT, to, name.len() as i32))?;
    let (mut found, mut from, mut length) = ([0u8; 16], [0u8; 112], 112i32);
    let places = [pointer_mut(&mut found), pointer_mut(&mut from)].map(UserMutPtr::new);
    let fd = receiver.fd().0;
    let got = call!(recvfrom(fd, places[0], 16, MSG_DONTWAIT, places[1], output(&mut length)))?;
    assert_eq!((&found[..got as usize], &from[..length as usize]), (&text[..], &own[..]));
    connect(&sender, &name)?;
    sender.write_all(b"again")?;
    assert_eq!(receiver.read(&mut found)?, 5);
    Ok(())
}

pub fn several_messages_go_together() -> Outcome {
    let (one, other) = pair(SOCK_SEQPACKET)?;
    let text = *b"some text";
    let iov = Iovec { base: UserMutPtr::new(pointer(&text)), len: 9 };
    let head = Msghdr { iov: input(&iov), iovlen: 1, ..Msghdr::default() };
    let mut messages = [Mmsghdr { head, len: 0 }; 4];
    let sent =
        call!(sendmmsg(one.fd().0, UserMutPtr::new(pointer_mut(&mut messages)), 4, MSG_DONTWAIT))?;
    let mut bytes = [[0u8; 16]; 4];
    let vectors =
        bytes.each_mut().map(|bytes| Iovec { base: UserMutPtr::new(pointer_mut(bytes)), len: 16 });
    for (message, vector) in messages.iter_mut().zip(&vectors) {
        message.head = Msghdr { iov: input(vector), iovlen: 1, ..Msghdr::default() };
    }
    let place = UserMutPtr::new(pointer_mut(&mut messages));
    let none = UserMutPtr::NULL;
    let got = call!(recvmmsg(other.fd().0, place, 4, MSG_DONTWAIT, none))?;
    assert!(got <= sent && sent <= 4);
    assert!(bytes.iter().take(got as usize).all(|bytes| bytes[..9] == text));
    whole(sent as usize, 4)?;
    whole(got as usize, 4)
}

const HEAD: usize = size_of::<Cmsghdr>();

/// Sends descriptors with a byte.
fn send_files(to: &File, files: &[&File]) -> sys::Result<u32> {
    let mut control = [0u8; HEAD + 16];
    let length = HEAD + files.len() * 4;
    let head = Cmsghdr { len: length as u32, level: SOL_SOCKET, kind: SCM_RIGHTS };
    let rest = head.put(&mut control).expect("room for a head");
    for (place, file) in rest.chunks_mut(4).zip(files) {
        place.copy_from_slice(&file.fd().0.to_le_bytes());
    }
    let iov = Iovec { base: UserMutPtr::new(pointer(b"x")), len: 1 };
    let message = Msghdr {
        iov: input(&iov),
        iovlen: 1,
        control: UserMutPtr::new(pointer(&control)),
        controllen: length as u32,
        ..Msghdr::default()
    };
    call!(sendmsg(to.fd().0, input(&message), MSG_DONTWAIT | MSG_NOSIGNAL))
}

/// The descriptors, and whether some are missing.
fn receive_files(from: &File) -> sys::Result<(Vec<File>, bool)> {
    let (mut bytes, mut control) = ([0u8; 16], [0u8; HEAD + 16]);
    let iov = Iovec { base: UserMutPtr::new(pointer_mut(&mut bytes)), len: 16 };
    let mut message = Msghdr {
        iov: input(&iov),
        iovlen: 1,
        control: UserMutPtr::new(pointer_mut(&mut control)),
        controllen: control.len() as u32,
        ..Msghdr::default()
    };
    call!(recvmsg(from.fd().0, output(&mut message), MSG_DONTWAIT | MSG_CMSG_CLOEXEC))?;
    let mut files = Vec::new();
    let used = &control[..message.controllen as usize];
    if let Some((head, rest)) = Cmsghdr::take(used) {
        for fd in rest[..head.len as usize - HEAD].as_chunks::<4>().0 {
            files.push(File::from_fd(Fd(i32::from_le_bytes(*fd))));
        }
    }
    Ok((files, message.flags & MSG_CTRUNC != 0))
}

pub fn descriptors_go_along() -> Outcome {
    let (one, other) = pair(SOCK_STREAM)?;
    let (read, write) = pipe()?;
    send_files(&one, &[&read, &write])?;
    drop((read, write));
    let (files, truncated) = receive_files(&other)?;
    let [read, write] = &files[..] else {
        assert!(truncated);
        return Err(Errno::EMFILE.into());
    };
    write.write_all(b"through")?;
    assert_eq!(read.read(&mut [0; 16])?, 7);
    Ok(())
}

pub fn sockets_travel_in_sockets() -> Outcome {
    let (one, other) = pair(SOCK_DGRAM)?;
    let (first, second) = pair(SOCK_STREAM)?;
    // One that nobody takes out goes with what carries it, and a ring of two as well.
    send_files(&first, &[&one, &second])?;
    send_files(&one, &[&first])?;
    drop((first, second));
    let (files, _) = receive_files(&other)?;
    drop(files);
    Ok(())
}

pub fn a_partner_is_known() -> Outcome {
    let (one, other) = pair(SOCK_STREAM)?;
    let on = 1i32;
    let value = UserPtr::new(pointer(&on));
    call!(setsockopt(other.fd().0, SOL_SOCKET, SO_PASSCRED, value, 4))?;
    let (mut partner, mut length) = (Ucred::default(), 12i32);
    let place = output(&mut partner).cast();
    call!(getsockopt(one.fd().0, SOL_SOCKET, SO_PEERCRED, place, output(&mut length)))?;
    assert_eq!(partner.pid, sys::process::id());
    one.write_all(b"x")?;
    let (mut control, mut bytes) = ([0u8; 32], [0u8; 4]);
    let iov = Iovec { base: UserMutPtr::new(pointer_mut(&mut bytes)), len: 4 };
    let mut message = Msghdr {
        iov: input(&iov),
        iovlen: 1,
        control: UserMutPtr::new(pointer_mut(&mut control)),
        controllen: 32,
        ..Msghdr::default()
    };
    call!(recvmsg(other.fd().0, output(&mut message), MSG_DONTWAIT))?;
    if message.controllen == 0 {
        // As on Linux, only the message came.
        return Err(Failure::Short);
    }
    let (head, rest) = Cmsghdr::take(&control).expect("a head");
    assert_eq!({ head.kind }, SCM_CREDENTIALS);
    assert_eq!(Ucred::take(rest).map(|(user, _)| { user.pid }), Some(sys::process::id()));
    Ok(())
}
