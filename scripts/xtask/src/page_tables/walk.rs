//! Page tables, entry by entry. SDM 3A 4.3 (two levels), 4.4 (PAE), 4.6 (rights).

use super::memory::Memory;

pub const PAGE: u64 = 4096;

const PRESENT: u64 = 1 << 0;
const WRITE: u64 = 1 << 1;
const USER: u64 = 1 << 2;
const BIG: u64 = 1 << 7;
const NO_EXECUTE: u64 = 1 << 63;
/// Bits 12 to 51 of an entry of PAE.
const PAE_FRAME: u64 = 0x000f_ffff_ffff_f000;
/// Bits of an entry in PAE's first table that must be clear. QEMU notes its use in one of them.
const PAE_RESERVED: u64 = !PAE_FRAME & !0xe19 & !NOTED;
/// What the processor notes in an entry when it uses it.
pub const NOTED: u64 = 0x60;
/// Bits 13 to 20 of a big page's entry are bits 32 to 39 of its address.
const PSE_HIGH: u64 = 0x1f_e000;

/// How the processor reads them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// Ten bits, ten bits. `big`: CR4.PSE.
    TwoLevel { big: bool },
    /// Two bits, nine, nine. `no_execute`: EFER.NXE.
    Pae { no_execute: bool },
}

impl Format {
    /// Whether entries can forbid execution.
    pub fn has_no_execute(self) -> bool {
        self == Self::Pae { no_execute: true }
    }

    /// Where CR3 says that the first table is.
    pub fn root(self, cr3: u32) -> u64 {
        match self {
            Self::TwoLevel { .. } => u64::from(cr3 & !0xfff),
            Self::Pae { .. } => u64::from(cr3 & !0x1f),
        }
    }
}

/// What programs and the kernel may do with a page, all tables taken together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rights {
    pub write: bool,
    pub user: bool,
    pub execute: bool,
}

/// A page, or a big one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mapping {
    pub address: u32,
    /// What is mapped there.
    pub physical: u64,
    pub bytes: u64,
    pub rights: Rights,
    /// Where its entry lies.
    pub entry: u64,
}

/// All that one root leads to.
#[derive(Default)]
pub struct Walk {
    pub mappings: Vec<Mapping>,
    /// The tables themselves, the first one included.
    pub tables: Vec<u64>,
}

/// What the tables from `root` on say, or what is no table.
pub fn walk(memory: &Memory, format: Format, root: u64) -> Result<Walk, String> {
    let mut found = Walk { mappings: Vec::new(), tables: vec![root & !0xfff] };
    let all = Rights { write: true, user: true, execute: true };
    let walker = Walker { memory, format };
    match format {
        Format::TwoLevel { .. } => walker.directory(root, 0, 1 << 22, all, &mut found)?,
        Format::Pae { .. } => {
            for index in 0..4 {
                let entry = walker.entry(root, index)?;
                if entry & PRESENT == 0 {
                    continue;
                }
                if entry & PAE_RESERVED != 0 {
                    return Err(format!("{entry:#x} in the root at {root:#x}: reserved bits"));
                }
                let (table, start) = (entry & PAE_FRAME, (index as u32) << 30);
                found.tables.push(table);
                walker.directory(table, start, 1 << 21, all, &mut found)?;
            }
        }
    }
    Ok(found)
}

struct Walker<'a> {
    memory: &'a Memory,
    format: Format,
}

impl Walker<'_> {
    fn entries(&self) -> u64 {
        PAGE / self.entry_bytes()
    }

    fn entry_bytes(&self) -> u64 {
        if matches!(self.format, Format::Pae { .. }) { 8 } else { 4 }
    }

    fn entry(&self, table: u64, index: u64) -> Result<u64, String> {
        let place = table + index * self.entry_bytes();
        let entry = match self.format {
            Format::TwoLevel { .. } => self.memory.word(place).map(u64::from),
            Format::Pae { .. } => self.memory.long(place),
        };
        entry.ok_or_else(|| format!("the table at {table:#x} lies outside of memory"))
    }

    /// A table of tables and big pages; each of its entries is for `each` addresses.
    fn directory(
        &self,
        table: u64,
        start: u32,
        each: u32,
        rights: Rights,
        found: &mut Walk,
    ) -> Result<(), String> {
        for index in 0..self.entries() {
            let entry = self.entry(table, index)?;
            if entry & PRESENT == 0 {
                continue;
            }
            let address = start + index as u32 * each;
            let rights = self.narrow(rights, entry);
            if entry & BIG != 0 && self.has_big_pages() {
                found.mappings.push(Mapping {
                    address,
                    physical: self.big_frame(entry, each),
                    bytes: each.into(),
                    rights,
                    entry: table + index * self.entry_bytes(),
                });
            } else {
                let leaf = self.frame(entry);
                found.tables.push(leaf);
                self.leaf(leaf, address, rights, found)?;
            }
        }
        Ok(())
    }

    fn leaf(&self, table: u64, start: u32, rights: Rights, found: &mut Walk) -> Result<(), String> {
        for index in 0..self.entries() {
            let entry = self.entry(table, index)?;
            if entry & PRESENT != 0 {
                found.mappings.push(Mapping {
                    address: start + (index * PAGE) as u32,
                    physical: self.frame(entry),
                    bytes: PAGE,
                    rights: self.narrow(rights, entry),
                    entry: table + index * self.entry_bytes(),
                });
            }
        }
        Ok(())
    }

    fn narrow(&self, rights: Rights, entry: u64) -> Rights {
        let forbids = self.format.has_no_execute() && entry & NO_EXECUTE != 0;
        Rights {
            write: rights.write && entry & WRITE != 0,
            user: rights.user && entry & USER != 0,
            execute: rights.execute && !forbids,
        }
    }

    fn has_big_pages(&self) -> bool {
        self.format != Format::TwoLevel { big: false }
    }

    fn frame(&self, entry: u64) -> u64 {
        match self.format {
            Format::TwoLevel { .. } => entry & !0xfff,
            Format::Pae { .. } => entry & PAE_FRAME,
        }
    }

    fn big_frame(&self, entry: u64, bytes: u32) -> u64 {
        let aligned = self.frame(entry) & !u64::from(bytes - 1);
        match self.format {
            Format::TwoLevel { .. } => aligned | (entry & PSE_HIGH) << (32 - 13),
            Format::Pae { .. } => aligned,
        }
    }
}
