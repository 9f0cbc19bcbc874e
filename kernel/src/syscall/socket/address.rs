//! Addresses of sockets. None here has a name: names are what servers bind.

use super::with_socket;
use crate::file::caller;
use crate::mm::user;
use crate::result::{Errno, Result};
use abi::file::W_OK;
use abi::socket::{AF_UNIX, AF_UNSPEC, SOCKADDR_STORAGE, SOCKADDR_UN, SUN_PATH};
use abi::{UserMutPtr, UserPtr};

/// An address as a program gives it.
pub(super) struct Address {
    bytes: [u8; SOCKADDR_STORAGE as usize],
    len: u32,
}

impl Address {
    fn family(&self) -> Option<i32> {
        let (family, _) = self.bytes.split_first_chunk()?;
        (self.len >= SUN_PATH).then(|| i32::from(u16::from_le_bytes(*family)))
    }

    /// Of no family: for dissolving.
    pub(super) fn is_unspecified(&self) -> bool {
        self.family() == Some(AF_UNSPEC)
    }
}

/// EINVAL if it is too long, EFAULT.
pub(super) fn read(from: UserPtr<u8>, length: i32) -> Result<Address> {
    let len = u32::try_from(length).ok().filter(|len| *len <= SOCKADDR_STORAGE);
    let len = len.ok_or(Errno::EINVAL)?;
    let mut bytes = [0; SOCKADDR_STORAGE as usize];
    if len != 0 {
        user::read_bytes(from, bytes.get_mut(..len as usize).unwrap_or_default())?;
    }
    Ok(Address { bytes, len })
}

/// Why nobody is found at an address.
pub(super) fn look_up(address: &Address) -> Errno {
    if !(SUN_PATH + 1..=SOCKADDR_UN).contains(&address.len) || address.family() != Some(AF_UNIX) {
        return Errno::EINVAL;
    }
    let path = address.bytes.get(SUN_PATH as usize..address.len as usize).unwrap_or_default();
    let path = path.split(|byte| *byte == 0).next().unwrap_or_default();
    if path.is_empty() {
        // Of those that have no place in the tree there is none.
        return Errno::ECONNREFUSED;
    }
    let identity = caller::identity();
    let found = caller::from_working_directory(|start| {
        let attributes = start.find(path, true)?.attributes(start.caller)?;
        identity.may(&attributes, W_OK)
    });
    // Whatever is there, nobody listens.
    found.err().unwrap_or(Errno::ECONNREFUSED)
}

/// Writes an address of which there is only the family, or nothing.
pub(super) fn write_nameless(
    to: UserMutPtr<u8>,
    length: UserMutPtr<i32>,
    has_family: bool,
) -> Result<()> {
    let bytes = (AF_UNIX as u16).to_le_bytes();
    let own: i32 = if has_family { SUN_PATH as i32 } else { 0 };
    let room = user::read(length.as_const())?.min(own);
    let room = usize::try_from(room).map_err(|_| Errno::EINVAL)?;
    user::write_bytes(to, bytes.get(..room).unwrap_or_default())?;
    user::write(length, &own)
}

pub fn getsockname(fd: i32, address: UserMutPtr<u8>, length: UserMutPtr<i32>) -> Result<u32> {
    with_socket(fd, |_, _| write_nameless(address, length, true).map(|()| 0))
}

pub fn getpeername(fd: i32, address: UserMutPtr<u8>, length: UserMutPtr<i32>) -> Result<u32> {
    with_socket(fd, |_, socket| {
        if !socket.is_connected() {
            return Err(Errno::ENOTCONN);
        }
        write_nameless(address, length, true).map(|()| 0)
    })
}
