//! Where the bytes of one transfer come from or go to.

use crate::mm::object::Object;
use crate::mm::user::{self, UserSlice};
use crate::result::{Errno, Result};
use abi::file::MAX_RW_COUNT;

/// A range of the program's memory (`read`), or several (`readv`), consumed from the front.
#[derive(Clone, Copy, Debug)]
pub struct UserBuffers<'a> {
    front: UserSlice,
    rest: &'a [UserSlice],
    len: usize,
}

impl UserBuffers<'static> {
    /// One range, cut to what one call moves. EFAULT if it is not the program's.
    #[inline]
    pub fn one(address: u32, len: u32) -> Result<Self> {
        // The whole range is checked, as Linux does, before it is cut.
        let mut front = UserSlice::new(address, len)?;
        front.truncate(MAX_RW_COUNT as usize);
        Ok(Self { front, rest: &[], len: front.len() })
    }
}

impl<'a> UserBuffers<'a> {
    /// Several ranges, which together are not longer than what one call moves.
    pub fn several(ranges: &'a [UserSlice]) -> Self {
        let len = ranges.iter().map(UserSlice::len).sum();
        match ranges.split_first() {
            Some((front, rest)) => Self { front: *front, rest, len },
            None => Self { front: UserSlice::EMPTY, rest: &[], len },
        }
    }

    /// Bytes left.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Leaves at most `len` bytes.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
        if self.rest.is_empty() {
            self.front.truncate(len);
        }
    }

    /// Moves through the ranges one by one: `step` gets each with the bytes done so far, consumes
    /// of it what it can, and ends the transfer by leaving some. What was done before an error
    /// counts, and hides it.
    #[inline]
    pub fn each(
        &mut self,
        mut step: impl FnMut(&mut UserSlice, usize) -> Result<usize>,
    ) -> Result<usize> {
        let mut done = 0;
        loop {
            let mut range = self.front;
            range.truncate(self.len);
            let wanted = range.len();
            let count = match step(&mut range, done) {
                Ok(count) => count,
                Err(error) if done == 0 => return Err(error),
                Err(_) => return Ok(done),
            };
            self.front.skip(count);
            self.len -= count;
            done += count;
            if count < wanted || self.len == 0 {
                return Ok(done);
            }
            let Some((front, rest)) = self.rest.split_first() else { return Ok(done) };
            (self.front, self.rest) = (*front, rest);
        }
    }

    /// Writes `from` to the front; fewer bytes if the memory is not there.
    pub fn copy_out(&mut self, mut from: &[u8]) -> usize {
        let mut done = 0;
        while !from.is_empty() && self.len != 0 {
            let count = self.front.copy_out(from.get(..self.len).unwrap_or(from));
            self.len -= count;
            done += count;
            from = from.get(count..).unwrap_or_default();
            if !self.next_range() {
                break;
            }
        }
        done
    }

    /// Writes all of `from` to the front; how much that is. EFAULT if the memory is not there.
    pub fn copy_out_all(&mut self, from: &[u8]) -> Result<usize> {
        if self.copy_out(from) == from.len() { Ok(from.len()) } else { Err(Errno::EFAULT) }
    }

    /// Fills `to` from the front; fewer bytes if the memory is not there.
    pub fn copy_in(&mut self, to: &mut [u8]) -> usize {
        let mut done = 0;
        while let Some(rest) = to.get_mut(done..)
            && !rest.is_empty()
            && self.len != 0
        {
            let room = rest.len().min(self.len);
            let count = self.front.copy_in(rest.get_mut(..room).unwrap_or_default());
            self.len -= count;
            done += count;
            if !self.next_range() {
                break;
            }
        }
        done
    }

    /// Goes on to the next range if the first is used up; false if there is nothing to go on with.
    fn next_range(&mut self) -> bool {
        if !self.front.is_empty() {
            return false;
        }
        let Some((front, rest)) = self.rest.split_first() else { return false };
        (self.front, self.rest) = (*front, rest);
        true
    }

    /// Makes the first `len` bytes present; EFAULT if they cannot be.
    #[cold]
    pub fn fault_in(&self, len: usize, write: bool) -> Result<()> {
        let mut left = len.min(self.len);
        for range in core::iter::once(&self.front).chain(self.rest) {
            let count = range.len().min(left);
            if count != 0 {
                user::fault_in(range.address(), count, write)?;
                left -= count;
            }
        }
        Ok(())
    }
}

/// What is written comes from the program, or from the kernel (`sendfile`).
#[derive(Clone, Copy)]
pub enum Source<'a> {
    User(UserBuffers<'a>),
    Kernel(&'a [u8]),
}

impl Source<'_> {
    #[inline]
    pub fn len(&self) -> usize {
        match self {
            Self::User(buffers) => buffers.len(),
            Self::Kernel(bytes) => bytes.len(),
        }
    }

    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Leaves at most `len` bytes.
    pub fn truncate(&mut self, len: usize) {
        match self {
            Self::User(buffers) => buffers.truncate(len),
            Self::Kernel(bytes) => *bytes = bytes.get(..len).unwrap_or(bytes),
        }
    }

    /// Fills `to`; fewer bytes if the memory is not there.
    pub fn copy_in(&mut self, to: &mut [u8]) -> usize {
        match self {
            Self::User(buffers) => buffers.copy_in(to),
            Self::Kernel(bytes) => {
                let count = bytes.len().min(to.len());
                let (now, rest) = bytes.split_at(count);
                if let Some(to) = to.get_mut(..count) {
                    to.copy_from_slice(now);
                }
                *bytes = rest;
                count
            }
        }
    }

    /// Makes the first `len` bytes present; EFAULT if they cannot be.
    pub fn fault_in(&self, len: usize) -> Result<()> {
        match self {
            Self::User(buffers) => buffers.fault_in(len, false),
            Self::Kernel(_) => Ok(()),
        }
    }

    /// Writes everything to an object.
    #[inline]
    pub fn write_to(&mut self, object: &Object, offset: u64) -> Result<usize> {
        match self {
            Self::User(buffers) => {
                buffers.each(|range, done| object.write(offset + done as u64, range))
            }
            Self::Kernel(bytes) => object.write_kernel(offset, bytes),
        }
    }
}
