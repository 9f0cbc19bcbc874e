//! The two hash tables by which names are found.

use crate::bytes::{half, word};
use crate::symbol::Symbol;

/// A name that is looked for, in as many objects as it takes.
#[derive(Clone, Copy, Debug)]
pub struct Name<'n> {
    pub(crate) text: &'n [u8],
    gnu: u32,
    /// Whether the entry of a linkage table will do that a program takes for the function.
    of_address: bool,
}

impl<'n> Name<'n> {
    /// Looked up for what is there.
    pub fn new(text: &'n [u8]) -> Self {
        Self { text, gnu: gnu_hash(text), of_address: false }
    }

    /// Looked up for an address that may be compared with others. A program that does not lie
    /// anywhere has the entry of its linkage table for that of another object's function, and
    /// everybody has to mean the same.
    pub fn of_address(text: &'n [u8]) -> Self {
        Self { of_address: true, ..Self::new(text) }
    }
}

/// The hash of DT_GNU_HASH.
pub fn gnu_hash(name: &[u8]) -> u32 {
    name.iter().fold(5381, |hash: u32, byte| hash.wrapping_mul(33).wrapping_add(u32::from(*byte)))
}

/// The hash of DT_HASH, from the System V ABI.
pub fn sysv_hash(name: &[u8]) -> u32 {
    name.iter().fold(0, |hash: u32, byte| {
        let hash = (hash << 4).wrapping_add(u32::from(*byte));
        let high = hash & 0xf000_0000;
        (hash ^ (high >> 24)) & !high
    })
}

/// The tables that names are looked up in. Each begins where the object says and goes on to the end
/// of its segment: what they have in them need not be true.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SymbolTables<'a> {
    pub strings: &'a [u8],
    pub symbols: &'a [u8],
    pub gnu_hash: Option<&'a [u8]>,
    pub sysv_hash: Option<&'a [u8]>,
    pub versions: Option<&'a [u8]>,
}

impl<'a> SymbolTables<'a> {
    /// The string at this offset, if it ends.
    pub fn string(&self, offset: u32) -> Option<&'a [u8]> {
        let rest = self.strings.get(offset as usize..)?;
        rest.get(..rest.iter().position(|byte| *byte == 0)?)
    }

    /// What the object defines by this name.
    pub fn find(&self, name: &Name<'_>) -> Option<Symbol> {
        match (self.gnu_hash, self.sysv_hash) {
            (Some(table), _) => self.find_gnu(table, name),
            (None, Some(table)) => self.find_sysv(table, name),
            (None, None) => None,
        }
    }

    /// Header: number of buckets, index of the first symbol, words of the filter, its second shift.
    /// Filter, buckets and chains follow; a chain ends with an odd hash.
    fn find_gnu(&self, table: &[u8], name: &Name<'_>) -> Option<Symbol> {
        let buckets = word(table, 0).filter(|count| *count > 0)?;
        let first = word(table, 1)?;
        let filters = word(table, 2).filter(|count| count.is_power_of_two())?;
        let shift = word(table, 3)?;
        let hash = name.gnu;
        let filter = word(table, 4 + ((hash / 32) & (filters - 1)) as usize)?;
        if filter >> (hash & 31) & filter >> (hash.wrapping_shr(shift) & 31) & 1 == 0 {
            return None;
        }
        let bucket_table = (filters as usize).checked_add(4)?;
        let mut index = word(table, bucket_table.checked_add((hash % buckets) as usize)?)?;
        let chains = bucket_table.checked_add(buckets as usize)?;
        let mut link = chains.checked_add(index.checked_sub(first)? as usize)?;
        loop {
            let found = word(table, link)?;
            if found | 1 == hash | 1
                && let Some(symbol) = self.matches(index, name)
            {
                return Some(symbol);
            }
            if found & 1 != 0 {
                return None;
            }
            (index, link) = (index.checked_add(1)?, link.checked_add(1)?);
        }
    }

    /// Number of buckets, length of the chains, then buckets and chains; index 0 ends a chain.
    fn find_sysv(&self, table: &[u8], name: &Name<'_>) -> Option<Symbol> {
        let buckets = word(table, 0).filter(|count| *count > 0)?;
        let count = word(table, 1)?;
        let chains = (buckets as usize).checked_add(2)?;
        let mut index = word(table, ((sysv_hash(name.text) % buckets) as usize).checked_add(2)?)?;
        // A damaged chain may go round, and its length be more than there is.
        for _ in 0..(count as usize).min(table.len() / 4) {
            if index == 0 {
                return None;
            }
            if let Some(symbol) = self.matches(index, name) {
                return Some(symbol);
            }
            index = word(table, chains.checked_add(index as usize)?)?;
        }
        None
    }

    #[inline]
    fn matches(&self, index: u32, name: &Name<'_>) -> Option<Symbol> {
        /// Not the version that is meant by the name alone.
        const HIDDEN: u16 = 1 << 15;
        let symbol = Symbol::read(self.symbols, index)?;
        let text = self.strings.get(symbol.name as usize..)?;
        let same = text.get(name.text.len()) == Some(&0) && text.starts_with(name.text);
        let version = self.versions.and_then(|table| half(table, index as usize)).unwrap_or(1);
        let offered = symbol.is_offered() || (name.of_address && symbol.stands_in());
        (same && offered && version & HIDDEN == 0).then_some(symbol)
    }
}
