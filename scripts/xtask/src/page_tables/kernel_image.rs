//! Where the parts of a kernel's image lie.

use elf::ElfBytes;
use elf::abi::{PF_W, PF_X, PT_LOAD};
use elf::endian::LittleEndian;
use std::ops::Range;
use std::path::Path;

/// Physical addresses, whole pages.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KernelImage {
    /// Where the kernel's part of every address space begins.
    pub page_offset: u32,
    pub text: Range<u64>,
    /// All that is never written: what runs before paging, text, constants.
    pub read_only: Range<u64>,
    pub whole: Range<u64>,
}

impl KernelImage {
    /// As the program headers say.
    pub fn read(file: &Path) -> Result<Self, String> {
        let bytes = std::fs::read(file).map_err(|why| format!("{}: {why}", file.display()))?;
        Self::parse(&bytes).ok_or_else(|| format!("{}: no kernel's image", file.display()))
    }

    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let elf = ElfBytes::<LittleEndian>::minimal_parse(bytes).ok()?;
        let parts: Vec<_> = elf
            .segments()?
            .iter()
            .filter(|part| part.p_type == PT_LOAD && part.p_memsz != 0)
            .collect();
        // What runs before paging is linked where it is loaded.
        let high = || parts.iter().filter(|part| part.p_vaddr != part.p_paddr);
        let text = high().find(|part| part.p_flags & PF_X != 0)?;
        let data = high().find(|part| part.p_flags & PF_W != 0)?;
        let constants = high().find(|part| part.p_flags & (PF_X | PF_W) == 0)?;
        let start = parts.iter().map(|part| part.p_paddr).min()? & !0xfff;
        let end = parts.iter().map(|part| part.p_paddr + part.p_memsz).max()?;
        Some(Self {
            page_offset: u32::try_from(text.p_vaddr - text.p_paddr).ok()?,
            text: text.p_paddr & !0xfff..constants.p_paddr & !0xfff,
            read_only: start..data.p_paddr & !0xfff,
            whole: start..end.next_multiple_of(0x1000),
        })
    }
}
