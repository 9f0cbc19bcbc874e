//! Addresses of sockets as programs pass them.

use super::with_socket;
use crate::file::socket::Address;
use crate::mm::user;
use crate::result::{Errno, Result};
use abi::socket::{AF_UNIX, AF_UNSPEC, SOCKADDR_STORAGE, SUN_PATH};
use abi::{UserMutPtr, UserPtr};
use kcore::socket::{Name, length, parse};

/// An address as a program gives it.
pub(super) struct Given {
    bytes: [u8; SOCKADDR_STORAGE as usize],
    len: u32,
}

impl Given {
    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len as usize).unwrap_or_default()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Of no family: for dissolving.
    pub(super) fn is_unspecified(&self) -> bool {
        let family = self.bytes().split_first_chunk().map(|(family, _)| *family);
        family.map(u16::from_le_bytes) == Some(AF_UNSPEC as u16)
    }

    /// What it names. EINVAL.
    pub(super) fn name(&self) -> Result<Name<'_>> {
        parse(self.bytes())
    }
}

/// EINVAL if it is too long, EFAULT.
pub(super) fn read(from: UserPtr<u8>, length: i32) -> Result<Given> {
    let len = u32::try_from(length).ok().filter(|len| *len <= SOCKADDR_STORAGE);
    let len = len.ok_or(Errno::EINVAL)?;
    let mut bytes = [0; SOCKADDR_STORAGE as usize];
    if len != 0 {
        user::read_bytes(from, bytes.get_mut(..len as usize).unwrap_or_default())?;
    }
    Ok(Given { bytes, len })
}

/// Writes the address of a socket, cut to `room`. Returns its length.
fn write_part(to: UserMutPtr<u8>, room: usize, address: Option<&Address>) -> Result<usize> {
    let name = address.map_or(&b""[..], Address::bytes);
    let family = (AF_UNIX as u16).to_le_bytes();
    user::write_bytes(to, family.get(..room).unwrap_or(&family))?;
    let room = room.saturating_sub(SUN_PATH as usize);
    if room != 0 && !name.is_empty() {
        let behind = to.checked_add(SUN_PATH).ok_or(Errno::EFAULT)?;
        user::write_bytes(behind, name.get(..room).unwrap_or(name))?;
    }
    Ok(length(name.len()))
}

/// Writes the address of a socket, and how long it is.
pub(super) fn write(
    to: UserMutPtr<u8>,
    length: UserMutPtr<i32>,
    address: Option<&Address>,
) -> Result<()> {
    let room = usize::try_from(user::read(length.as_const())?).map_err(|_| Errno::EINVAL)?;
    let len = write_part(to, room, address)?;
    user::write(length, &(len as i32))
}

/// The same for who sent a message: nothing at all if he has no name.
pub(super) fn write_sender(
    to: UserMutPtr<u8>,
    length: UserMutPtr<i32>,
    sender: Option<&Address>,
) -> Result<()> {
    if sender.is_some() {
        return write(to, length, sender);
    }
    if user::read(length.as_const())? < 0 {
        return Err(Errno::EINVAL);
    }
    user::write(length, &0)
}

pub fn getsockname(fd: i32, address: UserMutPtr<u8>, length: UserMutPtr<i32>) -> Result<u32> {
    with_socket(fd, |_, socket| write(address, length, socket.name().as_deref()).map(|()| 0))
}

pub fn getpeername(fd: i32, address: UserMutPtr<u8>, length: UserMutPtr<i32>) -> Result<u32> {
    with_socket(fd, |_, socket| {
        let name = socket.partner_name()?;
        write(address, length, name.as_deref()).map(|()| 0)
    })
}
