//! Places for the strings of a new program, within Linux's limits.

use abi::errno::Errno;
use alloc::vec::Vec;

/// Longest single string, its NUL included.
pub const MAX_ARG_STRLEN: u32 = 128 << 10;
/// What any program may use for strings and pointers, however small its stack limit.
const ARG_MAX: u32 = 128 << 10;
/// Three quarters of the default stack limit: what no program may exceed.
const LARGEST_AREA: u32 = 6 << 20;
const POINTER: u32 = 4;

/// The strings' addresses, given out downwards: first the path, then the environment from its
/// last string to its first, then the arguments likewise.
#[derive(Debug)]
pub struct StringArea {
    position: u32,
    floor: u32,
    path: u32,
    arguments: u32,
    environment: u32,
    /// In the order given out.
    addresses: Vec<u32>,
    environment_end: u32,
}

impl StringArea {
    /// `top` is the end of the stack. E2BIG if the pointers alone are too many.
    ///
    /// A program without arguments gets one empty argument: pass 1 and push it, as Linux does.
    pub fn new(
        top: u32,
        arguments: u32,
        environment: u32,
        stack_limit: u32,
    ) -> Result<Self, Errno> {
        let limit = LARGEST_AREA.min(stack_limit / 4).max(ARG_MAX);
        let count = arguments.max(1).checked_add(environment).ok_or(Errno::E2BIG)?;
        let pointers = count.checked_mul(POINTER).ok_or(Errno::E2BIG)?;
        let room = limit.checked_sub(pointers).filter(|room| *room > 0).ok_or(Errno::E2BIG)?;
        let mut addresses = Vec::new();
        addresses.try_reserve_exact(count as usize).map_err(|_| Errno::ENOMEM)?;
        let position = top.checked_sub(POINTER).ok_or(Errno::ENOMEM)?;
        let floor = position.checked_sub(room).ok_or(Errno::ENOMEM)?;
        Ok(Self {
            position,
            floor,
            path: position,
            arguments,
            environment,
            addresses,
            environment_end: position,
        })
    }

    /// The place of the path; `len` counts the NUL. To be called first.
    pub fn push_path(&mut self, len: u32) -> Result<u32, Errno> {
        self.path = self.take(len)?;
        self.environment_end = self.path;
        Ok(self.path)
    }

    /// The place of the next string, from the last of the environment to the first argument.
    /// `len` counts the NUL. E2BIG also for more strings than were announced.
    pub fn push(&mut self, len: u32) -> Result<u32, Errno> {
        if self.addresses.len() as u32 >= self.arguments + self.environment {
            return Err(Errno::E2BIG);
        }
        let address = self.take(len)?;
        self.addresses.push(address);
        Ok(address)
    }

    /// A script runs as its interpreter's: the first argument gives way to `count` others, which
    /// are to be pushed again from the last to the first. To be called when the area is complete.
    pub fn replace_first_argument(&mut self, count: u32) -> Result<(), Errno> {
        self.addresses.try_reserve_exact(count as usize).map_err(|_| Errno::ENOMEM)?;
        self.arguments = self.arguments.saturating_sub(1).checked_add(count).ok_or(Errno::E2BIG)?;
        self.addresses.pop();
        self.position = self.addresses.last().copied().unwrap_or(self.path);
        Ok(())
    }

    fn take(&mut self, len: u32) -> Result<u32, Errno> {
        if len == 0 || len > MAX_ARG_STRLEN {
            return Err(Errno::E2BIG);
        }
        let address = self.position.checked_sub(len).ok_or(Errno::E2BIG)?;
        if address < self.floor {
            return Err(Errno::E2BIG);
        }
        self.position = address;
        Ok(address)
    }

    /// Whether every announced string has its place.
    pub fn is_complete(&self) -> bool {
        self.addresses.len() as u32 == self.arguments + self.environment
    }

    /// The lowest byte given out.
    pub fn position(&self) -> u32 {
        self.position
    }

    pub fn path(&self) -> u32 {
        self.path
    }

    pub fn argument_count(&self) -> u32 {
        self.arguments
    }

    pub fn environment_count(&self) -> u32 {
        self.environment
    }

    /// For `mm_struct`: the arguments' bytes.
    pub fn argument_bytes(&self) -> (u32, u32) {
        (self.position, self.environment_bytes().0)
    }

    /// For `mm_struct`: the environment's bytes.
    pub fn environment_bytes(&self) -> (u32, u32) {
        let first =
            self.environment.checked_sub(1).and_then(|last| self.addresses.get(last as usize));
        (first.copied().unwrap_or(self.environment_end), self.environment_end)
    }

    /// Address of argument `index`, 0 (the NULL behind the last) past the end.
    pub(super) fn argument(&self, index: u32) -> u32 {
        if index >= self.arguments {
            return 0;
        }
        self.nth(self.environment + self.arguments - 1 - index)
    }

    /// Address of environment string `index`, 0 (the NULL behind the last) past the end.
    pub(super) fn environment(&self, index: u32) -> u32 {
        if index >= self.environment {
            return 0;
        }
        self.nth(self.environment - 1 - index)
    }

    fn nth(&self, index: u32) -> u32 {
        self.addresses.get(index as usize).copied().unwrap_or(0)
    }
}
