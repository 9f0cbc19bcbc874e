//! Everything below the strings: pointers, auxiliary vector, random bytes, platform name.

use super::StringArea;
use crate::addr::{PAGE_MASK, PAGE_SIZE};
use abi::auxv::{
    AT_BASE, AT_CLKTCK, AT_EGID, AT_ENTRY, AT_EUID, AT_EXECFN, AT_FLAGS, AT_GID, AT_HWCAP,
    AT_HWCAP2, AT_MINSIGSTKSZ, AT_NULL, AT_PAGESZ, AT_PHDR, AT_PHENT, AT_PHNUM, AT_PLATFORM,
    AT_RANDOM, AT_SECURE, AT_SYSINFO, AT_SYSINFO_EHDR, AT_UID,
};
use abi::errno::Errno;

const PLATFORM: [u8; 5] = *b"i686\0";
const RANDOM_LEN: u32 = 16;
const ALIGNMENT: u32 = 16;

/// What the kernel tells a program besides its strings. The entries whose values follow from the
/// stack itself (AT_RANDOM, AT_EXECFN, AT_PLATFORM) are added by [`StackTable`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct AuxiliaryVector {
    /// The vDSO's entry and its ELF header: both or none, glibc crashes on one alone.
    pub vdso: Option<(u32, u32)>,
    pub min_signal_stack: u32,
    /// CPUID 1 EDX.
    pub hwcap: u32,
    pub hwcap2: u32,
    pub program_headers: u32,
    pub program_header_count: u32,
    /// Load bias of the interpreter, 0 without one.
    pub base: u32,
    pub entry: u32,
    pub uid: u32,
    pub effective_uid: u32,
    pub gid: u32,
    pub effective_gid: u32,
    pub secure: bool,
}

const MAX_ENTRIES: usize = 23;

/// The lower part of the first stack.
#[derive(Debug)]
pub struct StackTable<'a> {
    strings: &'a StringArea,
    random: [u8; RANDOM_LEN as usize],
    random_address: u32,
    platform_address: u32,
    stack_pointer: u32,
    entries: [(u32, u32); MAX_ENTRIES],
    entry_count: u32,
}

impl<'a> StackTable<'a> {
    /// `gap` is the random distance between strings and table, below 8192 or 0. E2BIG if the
    /// table does not fit below the strings, or if strings are missing.
    pub fn new(
        strings: &'a StringArea,
        auxiliary: &AuxiliaryVector,
        random: [u8; 16],
        gap: u32,
    ) -> Result<Self, Errno> {
        if !strings.is_complete() {
            return Err(Errno::E2BIG);
        }
        let below = |address: u32, bytes: u32| address.checked_sub(bytes).ok_or(Errno::E2BIG);
        let start = below(strings.position(), gap % 8192)? & !(ALIGNMENT - 1);
        let platform_address = below(start, PLATFORM.len() as u32)?;
        let random_address = below(platform_address, RANDOM_LEN)?;

        let mut table = Self {
            strings,
            random,
            random_address,
            platform_address,
            stack_pointer: 0,
            entries: [(AT_NULL, 0); MAX_ENTRIES],
            entry_count: 0,
        };
        table.collect(auxiliary);
        let words = 3 + strings.argument_count() + strings.environment_count();
        let bytes = 8 * table.entry_count + 4 * words;
        table.stack_pointer = below(random_address, bytes)? & !(ALIGNMENT - 1);
        Ok(table)
    }

    /// In Linux's order; AT_NULL, of which the array is made, ends it.
    fn collect(&mut self, auxiliary: &AuxiliaryVector) {
        let vdso = auxiliary.vdso.unwrap_or_default();
        let values = [
            (AT_SYSINFO, vdso.0),
            (AT_SYSINFO_EHDR, vdso.1),
            (AT_MINSIGSTKSZ, auxiliary.min_signal_stack),
            (AT_HWCAP, auxiliary.hwcap),
            (AT_PAGESZ, PAGE_SIZE),
            (AT_CLKTCK, 100),
            (AT_PHDR, auxiliary.program_headers),
            (AT_PHENT, 32),
            (AT_PHNUM, auxiliary.program_header_count),
            (AT_BASE, auxiliary.base),
            (AT_FLAGS, 0),
            (AT_ENTRY, auxiliary.entry),
            (AT_UID, auxiliary.uid),
            (AT_EUID, auxiliary.effective_uid),
            (AT_GID, auxiliary.gid),
            (AT_EGID, auxiliary.effective_gid),
            (AT_SECURE, u32::from(auxiliary.secure)),
            (AT_RANDOM, self.random_address),
            (AT_HWCAP2, auxiliary.hwcap2),
            (AT_EXECFN, self.strings.path()),
            (AT_PLATFORM, self.platform_address),
        ];
        let first = if auxiliary.vdso.is_some() { 0 } else { 2 };
        let values = values.get(first..).unwrap_or(&[]);
        for (to, from) in self.entries.iter_mut().zip(values) {
            *to = *from;
        }
        self.entry_count = values.len() as u32 + 1;
    }

    /// The value of ESP at the program's first instruction.
    pub fn stack_pointer(&self) -> u32 {
        self.stack_pointer
    }

    /// First byte behind the part [`fill`](Self::fill) writes.
    pub fn end(&self) -> u32 {
        self.platform_address + PLATFORM.len() as u32
    }

    /// The auxiliary vector with its end, for `/proc/PID/auxv`.
    pub fn auxiliary(&self) -> &[(u32, u32)] {
        self.entries.get(..self.entry_count as usize).unwrap_or(&self.entries)
    }

    /// Word `index` counted from the stack pointer.
    fn word(&self, index: u32) -> u32 {
        let arguments = self.strings.argument_count() + 1;
        let environment = self.strings.environment_count() + 1;
        let Some(index) = index.checked_sub(1) else { return arguments - 1 };
        if index < arguments {
            return self.strings.argument(index);
        }
        let index = index - arguments;
        if index < environment {
            return self.strings.environment(index);
        }
        let index = index - environment;
        let (kind, value) = self.entries.get(index as usize / 2).copied().unwrap_or_default();
        if index.is_multiple_of(2) { kind } else { value }
    }

    fn word_count(&self) -> u32 {
        3 + self.strings.argument_count() + self.strings.environment_count() + 2 * self.entry_count
    }

    /// The pages that hold a part of the table, by address.
    pub fn pages(&self) -> impl Iterator<Item = u32> + use<> {
        (self.stack_pointer & PAGE_MASK..self.end()).step_by(PAGE_SIZE as usize)
    }

    /// Writes what belongs into the page at `page_address`. The rest of it stays as it is.
    pub fn fill(&self, page_address: u32, page: &mut [u8]) {
        let page_end = page_address.saturating_add(page.len() as u32);
        // Words never straddle pages: the stack pointer is a multiple of 16.
        let first = page_address.saturating_sub(self.stack_pointer) / 4;
        let last = (page_end.saturating_sub(self.stack_pointer) / 4).min(self.word_count());
        let start = self.stack_pointer.saturating_sub(page_address) as usize;
        if let Some(words) = page.get_mut(start..) {
            for (index, to) in (first..last).zip(words.as_chunks_mut::<4>().0) {
                *to = self.word(index).to_le_bytes();
            }
        }
        let mut byte = |address: u32, value: u8| {
            let offset = address.checked_sub(page_address);
            if let Some(to) = offset.and_then(|offset| page.get_mut(offset as usize)) {
                *to = value;
            }
        };
        for (address, value) in (self.random_address..).zip(self.random.into_iter().chain(PLATFORM))
        {
            byte(address, value);
        }
    }
}
