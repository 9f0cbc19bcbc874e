//! Messages with control messages.

use alloc::vec;
use alloc::vec::Vec;
use sys::Result;
use sys::abi::file::Iovec;
use sys::abi::socket::*;
use sys::abi::{Plain, UserMutPtr};
use sys::file::File;
use sys::io::Fd;
use sys::syscall::{input, output, pointer, pointer_mut};

pub const HEAD: usize = size_of::<Cmsghdr>();

/// A control message.
pub fn control(kind: i32, value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; HEAD + value.len()];
    let head = Cmsghdr { len: bytes.len() as u32, level: SOL_SOCKET, kind };
    head.put(&mut bytes).expect("a head").copy_from_slice(value);
    bytes
}

pub fn send_control(to: &File, bytes: &[u8], control: &[u8]) -> Result<u32> {
    send_message(to.fd(), bytes, control, MSG_DONTWAIT)
}

pub fn send_message(to: Fd, bytes: &[u8], control: &[u8], flags: u32) -> Result<u32> {
    let iov = Iovec { base: UserMutPtr::new(pointer(bytes)), len: bytes.len() as u32 };
    let message = Msghdr {
        iov: input(&iov),
        iovlen: 1,
        control: UserMutPtr::new(pointer(control)),
        controllen: control.len() as u32,
        ..Msghdr::default()
    };
    call!(sendmsg(to.0, input(&message), flags | MSG_NOSIGNAL))
}

/// How many bytes came, at most 16, the control messages, with room for so many bytes of them, at
/// most 64, and the flags.
pub fn receive_control(from: &File, flags: u32, room: u32) -> Result<(u32, Vec<u8>, u32)> {
    let (mut bytes, mut control) = ([0u8; 16], [0u8; 64]);
    let mut iov = Iovec { base: UserMutPtr::new(pointer_mut(&mut bytes)), len: 16 };
    let mut message = Msghdr {
        iov: output(&mut iov).as_const(),
        iovlen: 1,
        control: UserMutPtr::new(pointer_mut(&mut control)),
        controllen: room,
        ..Msghdr::default()
    };
    let count = call!(recvmsg(from.fd().0, output(&mut message), MSG_DONTWAIT | flags))?;
    Ok((count, control[..message.controllen as usize].to_vec(), message.flags & !MSG_EOR))
}
