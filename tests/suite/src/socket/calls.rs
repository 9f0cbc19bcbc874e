//! Pairs of sockets, and short ways to the calls on them.

use sys::Result;
use sys::abi::poll::Pollfd;
use sys::abi::socket::*;
use sys::abi::{UserMutPtr, UserPtr};
use sys::file::File;
use sys::io::Fd;
use sys::syscall::{input, output, pointer, pointer_mut};

pub const KINDS: [i32; 3] = [SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET];
pub const NO_ADDRESS: (UserPtr<u8>, i32) = (UserPtr::NULL, 0);

pub fn create(kind: i32) -> File {
    let fd = call!(socket(AF_UNIX, kind | SOCK_CLOEXEC, 0)).expect("socket");
    File::from_fd(Fd(fd.cast_signed()))
}

pub fn pair(kind: i32) -> (File, File) {
    let mut fds = [0; 2];
    call!(socketpair(AF_UNIX, kind, 0, output(&mut fds))).expect("socketpair");
    let [first, second] = fds.map(|fd| File::from_fd(Fd(fd)));
    (first, second)
}

pub fn send(to: &File, bytes: &[u8], flags: u32) -> Result<u32> {
    let (address, length) = NO_ADDRESS;
    let buffer = UserPtr::new(pointer(bytes));
    call!(sendto(to.fd().0, buffer, bytes.len() as u32, flags, address, length))
}

pub fn receive(from: &File, buffer: &mut [u8], flags: u32) -> Result<u32> {
    let (place, count) = (UserMutPtr::new(pointer_mut(buffer)), buffer.len() as u32);
    call!(recvfrom(from.fd().0, place, count, flags, UserMutPtr::NULL, UserMutPtr::NULL))
}

pub fn events(file: &File) -> u16 {
    let mut fd = Pollfd { fd: file.fd().0, events: 0x3fff, revents: 0 };
    call!(poll(output(&mut fd), 1, 0)).expect("poll");
    fd.revents
}

pub fn option(file: &File, option: i32) -> Result<i32> {
    let (mut value, mut length) = (-1i32, 4i32);
    let place = output(&mut value).cast();
    call!(getsockopt(file.fd().0, SOL_SOCKET, option, place, output(&mut length)))?;
    assert_eq!(length, 4);
    Ok(value)
}

pub fn set(file: &File, option: i32, value: i32) -> Result<u32> {
    call!(setsockopt(file.fd().0, SOL_SOCKET, option, input(&value).cast(), 4))
}
