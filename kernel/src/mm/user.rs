//! The current program's memory, as system calls see it: a bad address is EFAULT.
//!
//! A copy may fault a page in and so sleep. Inside an atomic kmap it does not: it stops at the
//! first page that is not there, and [`fault_in`] outside of the mapping brings it.

use crate::arch::uaccess::{self, Fault, TASK_SIZE};
use crate::failpoint::fail_point;
use crate::result::{Errno, Result};
use abi::{Plain, UserMutPtr, UserPtr, UserStr};
use alloc::vec::Vec;
use core::mem::MaybeUninit;
use kcore::addr::PAGE_SIZE;

/// Reads a value.
#[inline]
pub fn read<T: Plain>(from: UserPtr<T>) -> Result<T> {
    if fail_point!(UserCopyIn) {
        return Err(Errno::EFAULT);
    }
    read_part(from)
}

/// Reads a part of something larger that can be made to fail as a whole. This fails only where memory
/// does.
#[inline]
pub fn read_part<T: Plain>(from: UserPtr<T>) -> Result<T> {
    let mut value = MaybeUninit::<T>::uninit();
    let place = value.as_mut_ptr();
    // SAFETY: `value` is writable for its size.
    let copied = unsafe { uaccess::copy_value_from_user::<T>(place, from.address()) };
    match copied {
        // SAFETY: every byte was written, and every bit pattern is a `T`.
        Ok(()) => Ok(unsafe { value.assume_init() }),
        Err(_) => Err(Errno::EFAULT),
    }
}

/// Writes a value.
#[inline]
pub fn write<T: Plain>(to: UserMutPtr<T>, value: &T) -> Result<()> {
    if fail_point!(UserCopyOut) {
        return Err(Errno::EFAULT);
    }
    write_part(to, value)
}

/// Writes a part of something larger that can be made to fail as a whole. This fails only where memory
/// does.
#[inline]
pub fn write_part<T: Plain>(to: UserMutPtr<T>, value: &T) -> Result<()> {
    // SAFETY: `value` is readable for its size and has no padding.
    let copied = unsafe { uaccess::copy_value_to_user(to.address(), value) };
    copied.map_err(|_| Errno::EFAULT)
}

/// The value at `from`; `None` where the program gives none.
#[inline]
pub fn read_unless_null<T: Plain>(from: UserPtr<T>) -> Result<Option<T>> {
    if from.is_null() { Ok(None) } else { read(from).map(Some) }
}

/// Reads a structure that grows with the versions of its call: `size` bytes of it. What the program
/// knows and this kernel does not has to be zero, else E2BIG.
pub fn read_versioned<T: Plain>(from: UserPtr<T>, size: u32) -> Result<T> {
    if fail_point!(UserCopyIn) {
        return Err(Errno::EFAULT);
    }
    let known = (size as usize).min(size_of::<T>());
    let mut rest = from.address().wrapping_add(known as u32);
    let end = from.address().wrapping_add(size);
    while rest != end {
        let mut byte = [0];
        read_bytes(UserPtr::new(rest), &mut byte)?;
        if byte != [0] {
            return Err(Errno::E2BIG);
        }
        rest = rest.wrapping_add(1);
    }
    let mut value = T::ZERO;
    // SAFETY: `value` is writable for `known` bytes, and any bytes are a `T`.
    let copied = unsafe { uaccess::copy_from_user((&raw mut value).cast(), from.address(), known) };
    copied.map(|()| value).map_err(|_| Errno::EFAULT)
}

/// Writes the value where the program wants it.
#[inline]
pub fn write_unless_null<T: Plain>(to: UserMutPtr<T>, value: &T) -> Result<()> {
    if to.is_null() { Ok(()) } else { write(to, value) }
}

/// Writes the first `len` bytes of a value: what an older program knows of it.
pub fn write_prefix<T: Plain>(to: UserMutPtr<T>, value: &T, len: usize) -> Result<()> {
    if fail_point!(UserCopyOut) {
        return Err(Errno::EFAULT);
    }
    let from = core::ptr::from_ref(value).cast();
    // SAFETY: `value` is readable for its size and has no padding.
    let copied = unsafe { uaccess::copy_to_user(to.address(), from, len.min(size_of::<T>())) };
    copied.map_err(|_| Errno::EFAULT)
}

/// Reads one word. As with Linux's `get_user`, this fails only where memory does.
#[inline]
pub fn read_word(from: UserPtr<u32>) -> Result<u32> {
    uaccess::get_user(from.address()).map_err(|_| Errno::EFAULT)
}

/// Writes one word. As with Linux's `put_user`, this fails only where memory does.
#[inline]
pub fn write_word(to: UserMutPtr<u32>, value: u32) -> Result<()> {
    uaccess::put_user(to.address(), value).map_err(|_| Errno::EFAULT)
}

/// Fills `to` or fails.
pub fn read_bytes(from: UserPtr<u8>, to: &mut [u8]) -> Result<()> {
    if fail_point!(UserCopyIn) {
        return Err(Errno::EFAULT);
    }
    // SAFETY: `to` is writable for its length.
    let copied = unsafe { uaccess::copy_from_user(to.as_mut_ptr(), from.address(), to.len()) };
    copied.map_err(|_| Errno::EFAULT)
}

/// Writes all of `from` or fails.
pub fn write_bytes(to: UserMutPtr<u8>, from: &[u8]) -> Result<()> {
    if fail_point!(UserCopyOut) {
        return Err(Errno::EFAULT);
    }
    // SAFETY: `from` is readable for its length.
    let copied = unsafe { uaccess::copy_to_user(to.address(), from.as_ptr(), from.len()) };
    copied.map_err(|_| Errno::EFAULT)
}

/// Writes `len` zeros.
pub fn clear_bytes(to: UserMutPtr<u8>, len: u32) -> Result<()> {
    if fail_point!(UserCopyOut) {
        return Err(Errno::EFAULT);
    }
    uaccess::clear_user(to.address(), len as usize).map_err(|_| Errno::EFAULT)
}

/// Strings up to this length take one allocation of their size.
const SHORT: usize = 128;

/// Reads a string without its NUL. `too_long` if there is none in the first `max` bytes.
pub fn c_string(from: UserStr, max: usize, too_long: Errno) -> Result<Vec<u8>> {
    let mut short = [0; SHORT];
    let room = short.get_mut(..max.min(SHORT)).unwrap_or_default();
    let len = string(from, room)?;
    let mut bytes = Vec::new();
    if len < room.len() {
        bytes.try_reserve_exact(len).map_err(|_| Errno::ENOMEM)?;
        bytes.extend_from_slice(room.get(..len).unwrap_or_default());
        return Ok(bytes);
    }
    bytes.try_reserve_exact(max).map_err(|_| Errno::ENOMEM)?;
    bytes.resize(max, 0);
    let len = string(from, &mut bytes)?;
    if len == max {
        return Err(too_long);
    }
    bytes.truncate(len);
    Ok(bytes)
}

/// Reads the beginning of a string, as much as fits; returns the bytes before its NUL.
pub fn c_string_prefix(from: UserStr, to: &mut [u8]) -> Result<usize> {
    string(from, to)
}

fn string(from: UserStr, to: &mut [u8]) -> Result<usize> {
    if fail_point!(UserCopyIn) {
        return Err(Errno::EFAULT);
    }
    uaccess::copy_string_from_user(to, from.address()).map_err(|_| Errno::EFAULT)
}

/// Makes the pages of a range present for reading or writing, as far as they can be.
pub fn fault_in(address: u32, len: usize, write: bool) -> Result<()> {
    let mut page = address & !(PAGE_SIZE - 1);
    let end = u64::from(address) + len as u64;
    while u64::from(page) < end {
        let probe = page.max(address);
        if write {
            // Reading first would map the zero page; an empty addition leaves the byte as it is.
            uaccess::touch_user(probe).map_err(|_| Errno::EFAULT)?;
        } else {
            uaccess::peek_user(probe).map_err(|_| Errno::EFAULT)?;
        }
        let Some(next) = page.checked_add(PAGE_SIZE) else { break };
        page = next;
    }
    Ok(())
}

/// A copy that begins again once [`fault_in`] has brought what it missed. Only so often without getting
/// on: whatever keeps it from that may never stop.
pub struct Retries {
    futile: u32,
}

impl Retries {
    /// Pages that were brought may be gone again before they are used, but hardly so often in a row.
    const MOST: u32 = 64;

    pub const fn new() -> Self {
        Self { futile: 0 }
    }

    /// The copy has moved `done` bytes since the last time, and misses some. EFAULT if it is to give up.
    pub fn again(&mut self, done: usize) -> Result<()> {
        self.futile = if done == 0 { self.futile + 1 } else { 0 };
        if self.futile <= Self::MOST { Ok(()) } else { Err(Errno::EFAULT) }
    }
}

/// A range of the program's memory that a call consumes from the front. The range lies below
/// TASK_SIZE; that is all that holding one proves.
#[derive(Clone, Copy, Debug)]
pub struct UserSlice {
    address: u32,
    len: u32,
}

impl UserSlice {
    /// No memory.
    pub const EMPTY: Self = Self { address: 0, len: 0 };

    pub fn new(address: u32, len: u32) -> Result<Self> {
        if len <= TASK_SIZE && address <= TASK_SIZE - len {
            Ok(Self { address, len })
        } else {
            Err(Errno::EFAULT)
        }
    }

    pub fn address(&self) -> u32 {
        self.address
    }

    pub fn len(&self) -> usize {
        self.len as usize
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Leaves at most `len` bytes.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(u32::try_from(len).unwrap_or(u32::MAX));
    }

    /// Fills `to` from the front of the range; fewer bytes if the range or the memory ends.
    #[inline]
    pub fn copy_in(&mut self, to: &mut [u8]) -> usize {
        // SAFETY: `to` is writable for its length.
        unsafe { self.copy_in_raw(to.as_mut_ptr(), to.len()) }
    }

    /// [`copy_in`](Self::copy_in) to memory that programs may use at the same time.
    ///
    /// # Safety
    /// `len` bytes at `to` are mapped, and the kernel has no reference to them.
    pub unsafe fn copy_in_raw(&mut self, to: *mut u8, len: usize) -> usize {
        if fail_point!(UserCopyIn) {
            return 0;
        }
        let count = len.min(self.len());
        // SAFETY: passed on to the caller.
        let copied = unsafe { uaccess::copy_from_user(to, self.address, count) };
        self.advance(count, copied)
    }

    /// Writes `from` to the front of the range; fewer bytes if the range or the memory ends.
    #[inline]
    pub fn copy_out(&mut self, from: &[u8]) -> usize {
        // SAFETY: `from` is readable for its length.
        unsafe { self.copy_out_raw(from.as_ptr(), from.len()) }
    }

    /// [`copy_out`](Self::copy_out) from memory that programs may write at the same time.
    ///
    /// # Safety
    /// `len` bytes at `from` are mapped.
    pub unsafe fn copy_out_raw(&mut self, from: *const u8, len: usize) -> usize {
        if fail_point!(UserCopyOut) {
            return 0;
        }
        let count = len.min(self.len());
        // SAFETY: passed on to the caller.
        let copied = unsafe { uaccess::copy_to_user(self.address, from, count) };
        self.advance(count, copied)
    }

    /// Writes zeros to at most `len` bytes at the front of the range; fewer if the memory ends.
    pub fn clear(&mut self, len: usize) -> usize {
        if fail_point!(UserCopyOut) {
            return 0;
        }
        let count = len.min(self.len());
        self.advance(count, uaccess::clear_user(self.address, count))
    }

    /// Passes over `count` bytes.
    pub fn skip(&mut self, count: usize) {
        self.advance(count.min(self.len()), Ok(()));
    }

    fn advance(&mut self, count: usize, copied: core::result::Result<(), Fault>) -> usize {
        let done = count - copied.err().map_or(0, |fault| fault.not_copied);
        // `done` is at most `len`.
        self.address += done as u32;
        self.len -= done as u32;
        done
    }
}
