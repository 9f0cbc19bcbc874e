//! The dynamic section: where everything else is.

use crate::{Defect, Range};
use alloc::vec::Vec;
use elf::abi::*;
use elf::dynamic::DynamicTable;
use elf::endian::LittleEndian;
use elf::file::Class;

/// What the dynamic section says, unchecked: addresses and offsets into the string table.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Dynamic {
    pub needed: Vec<u32>,
    pub soname: Option<u32>,
    pub rpath: Option<u32>,
    pub runpath: Option<u32>,
    pub strings: Option<u32>,
    pub strings_len: u32,
    pub symbols: Option<u32>,
    pub gnu_hash: Option<u32>,
    pub sysv_hash: Option<u32>,
    pub versions: Option<u32>,
    pub relocations: Table,
    /// How many of the relocations, at the beginning, are R_386_RELATIVE.
    pub relative_count: u32,
    /// The relocations of the procedure linkage table.
    pub plt_relocations: Table,
    pub plt_got: Option<u32>,
    pub init: Option<u32>,
    pub fini: Option<u32>,
    pub preinit_array: Table,
    pub init_array: Table,
    pub fini_array: Table,
    /// Where in the section the word is that leads debuggers to the linker's list.
    pub debug: Option<u32>,
    /// Looks for its symbols in itself first.
    pub symbolic: bool,
    /// Everything is to be bound before it runs.
    pub bind_now: bool,
    /// Stays for ever once it was loaded.
    pub no_delete: bool,
}

/// An array of the dynamic section.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Table {
    pub start: u32,
    pub len: u32,
}

impl Table {
    /// As a range, if it ends below the end of memory.
    pub fn range(self) -> Option<Range> {
        self.start.checked_add(self.len)?;
        Some(Range { start: self.start, len: self.len })
    }
}

impl Dynamic {
    /// Reads the section up to DT_NULL.
    pub fn parse(bytes: &[u8]) -> Result<Self, Defect> {
        let mut all = Self::default();
        let table = DynamicTable::new(LittleEndian, Class::ELF32, bytes);
        for (index, entry) in table.iter().enumerate() {
            let value = entry.d_val() as u32;
            match entry.d_tag {
                DT_NULL => return Ok(all),
                DT_NEEDED => all.needed.push(value),
                DT_SONAME => all.soname = Some(value),
                DT_RPATH => all.rpath = Some(value),
                DT_RUNPATH => all.runpath = Some(value),
                DT_STRTAB => all.strings = Some(value),
                DT_STRSZ => all.strings_len = value,
                DT_SYMTAB => all.symbols = Some(value),
                DT_GNU_HASH => all.gnu_hash = Some(value),
                DT_HASH => all.sysv_hash = Some(value),
                DT_VERSYM => all.versions = Some(value),
                DT_REL => all.relocations.start = value,
                DT_RELSZ => all.relocations.len = value,
                DT_RELCOUNT => all.relative_count = value,
                DT_JMPREL => all.plt_relocations.start = value,
                DT_PLTRELSZ => all.plt_relocations.len = value,
                DT_PLTGOT => all.plt_got = Some(value),
                DT_INIT => all.init = Some(value),
                DT_FINI => all.fini = Some(value),
                DT_PREINIT_ARRAY => all.preinit_array.start = value,
                DT_PREINIT_ARRAYSZ => all.preinit_array.len = value,
                DT_INIT_ARRAY => all.init_array.start = value,
                DT_INIT_ARRAYSZ => all.init_array.len = value,
                DT_FINI_ARRAY => all.fini_array.start = value,
                DT_FINI_ARRAYSZ => all.fini_array.len = value,
                DT_DEBUG => all.debug = Some(index as u32 * 8 + 4),
                DT_SYMBOLIC => all.symbolic = true,
                DT_BIND_NOW => all.bind_now = true,
                DT_FLAGS => {
                    all.symbolic |= value & DF_SYMBOLIC as u32 != 0;
                    all.bind_now |= value & DF_BIND_NOW as u32 != 0;
                    if value & DF_TEXTREL as u32 != 0 {
                        return Err(TEXT);
                    }
                }
                DT_FLAGS_1 => {
                    all.bind_now |= value & DF_1_NOW as u32 != 0;
                    all.no_delete |= value & DF_1_NODELETE as u32 != 0;
                }
                DT_TEXTREL => return Err(TEXT),
                DT_SYMENT if value != 16 => return Err(WIDTH),
                DT_RELENT if value != 8 => return Err(WIDTH),
                DT_PLTREL if i64::from(value) != DT_REL => return Err(RELA),
                DT_RELA | DT_RELASZ => return Err(RELA),
                _ => {}
            }
        }
        Err(Defect("a dynamic section without an end"))
    }

    /// Whether anything is to be called before others use the object.
    pub const fn wants_begin(&self) -> bool {
        self.init.is_some() || self.init_array.len != 0
    }

    /// Whether anything is to be called when nobody uses it any more.
    pub const fn wants_end(&self) -> bool {
        self.fini.is_some() || self.fini_array.len != 0
    }
}

pub(crate) const TEXT: Defect = Defect("text relocations: it was not compiled to lie anywhere");
const WIDTH: Defect = Defect("entries of another width than i386's");
const RELA: Defect = Defect("relocations with addends, which i386 has not");
