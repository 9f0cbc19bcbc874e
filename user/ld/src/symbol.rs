//! One entry of a symbol table.

use crate::bytes::{half, word};
use elf::abi::*;

/// How a symbol's value is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SymbolKind {
    /// An address of the object.
    Address,
    /// A number that no bias is added to.
    Absolute,
    /// An offset in the object's thread-local memory.
    ThreadLocal,
    /// The address of a function that answers with the address.
    Indirect,
}

/// An entry of a symbol table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Symbol {
    /// Where its name begins in the string table.
    pub name: u32,
    pub value: u32,
    pub size: u32,
    info: u8,
    other: u8,
    section: u16,
}

impl Symbol {
    /// Entry `index` of the table.
    #[inline]
    pub(crate) fn read(table: &[u8], index: u32) -> Option<Self> {
        let start = (index as usize).checked_mul(16)?;
        let entry = table.get(start..start.checked_add(16)?)?;
        let [info, other] = half(entry, 6)?.to_le_bytes();
        let section = half(entry, 7)?;
        let (name, value, size) = (word(entry, 0)?, word(entry, 1)?, word(entry, 2)?);
        Some(Self { name, value, size, info, other, section })
    }

    /// Somebody else may define it, or nobody.
    pub const fn is_weak(self) -> bool {
        self.info >> 4 == STB_WEAK
    }

    /// Nobody else is asked for it.
    pub(crate) const fn is_own(self) -> bool {
        self.info >> 4 == STB_LOCAL || (self.is_defined() && self.is_hidden())
    }

    const fn is_hidden(self) -> bool {
        matches!(self.other & 3, STV_HIDDEN | STV_INTERNAL)
    }

    pub(crate) const fn is_defined(self) -> bool {
        self.section != SHN_UNDEF
    }

    /// Whether it is what others may mean by its name.
    pub(crate) const fn is_offered(self) -> bool {
        let bound = matches!(self.info >> 4, STB_GLOBAL | STB_WEAK | STB_GNU_UNIQUE);
        let kind = matches!(
            self.info & 15,
            STT_NOTYPE | STT_OBJECT | STT_FUNC | STT_COMMON | STT_TLS | STT_GNU_IFUNC
        );
        bound && kind && self.is_defined() && !self.is_hidden()
    }

    /// Whether it is the entry of a linkage table that a program takes for another object's function.
    pub(crate) const fn stands_in(self) -> bool {
        !self.is_defined() && self.value != 0 && self.info & 15 == STT_FUNC
    }

    /// How the value is meant.
    pub const fn kind(self) -> SymbolKind {
        match self.info & 15 {
            STT_TLS => SymbolKind::ThreadLocal,
            STT_GNU_IFUNC => SymbolKind::Indirect,
            _ if self.section == SHN_ABS => SymbolKind::Absolute,
            _ => SymbolKind::Address,
        }
    }
}
