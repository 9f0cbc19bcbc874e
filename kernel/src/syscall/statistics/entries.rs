//! Arrays of entries that a caller has room for.

use crate::mm::user;
use crate::result::{Errno, Result};
use abi::{Plain, UserMutPtr};

/// What is left of a caller's array.
pub struct Entries<T: 'static> {
    to: UserMutPtr<T>,
    room: u32,
    written: u32,
}

impl<T: Plain> Entries<T> {
    pub fn new(to: UserMutPtr<T>, size: u32) -> Self {
        Self { to, room: size / size_of::<T>() as u32, written: 0 }
    }

    pub fn has_room(&self) -> bool {
        self.written < self.room
    }

    /// Writes the next entry, for which there is room.
    pub fn push(&mut self, entry: &T) -> Result<()> {
        user::write(self.to.checked_add(self.written).ok_or(Errno::EFAULT)?, entry)?;
        self.written += 1;
        Ok(())
    }

    /// Bytes written.
    pub fn finish(self) -> Result<u32> {
        Ok(self.written * size_of::<T>() as u32)
    }
}

/// Writes the first bytes of a structure, as many as the caller knows of; says how many.
pub fn write_structure<T: Plain>(to: UserMutPtr<T>, value: &T, size: u32) -> Result<u32> {
    let len = size.min(size_of::<T>() as u32);
    user::write_prefix(to, value, len as usize)?;
    Ok(len)
}
