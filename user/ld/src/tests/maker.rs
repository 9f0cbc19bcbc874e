//! Writes shared objects.

use crate::{PAGE, gnu_hash, sysv_hash};
use std::string::String;
use std::vec;
use std::vec::Vec;

/// Where the writable segment lies, and its data in it.
pub const DATA: u32 = 0x1000;
pub const WORDS: u32 = DATA + 0x200;
const DYNAMIC_LEN: u32 = 0x200;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hash {
    Gnu,
    Sysv,
}

#[derive(Clone, Debug)]
pub struct Defined {
    pub name: String,
    pub value: u32,
    /// STT_*.
    pub kind: u8,
    pub size: u32,
    /// An entry of the linkage table, which the object takes for another's function.
    pub stands_in: bool,
}

/// What the object is to have.
#[derive(Clone, Debug)]
pub struct Maker {
    pub soname: String,
    pub needed: Vec<String>,
    pub hash: Hash,
    pub defined: Vec<Defined>,
    /// Names, and whether they are weak.
    pub undefined: Vec<(String, bool)>,
    /// The words at [`WORDS`].
    pub words: Vec<u32>,
    /// Index of the word, name of the symbol or none, kind.
    pub relocations: Vec<(usize, Option<String>, u8)>,
    /// The same for the linkage table.
    pub plt: Vec<(usize, String)>,
    /// Length of its thread-local memory.
    pub tls: u32,
}

impl Maker {
    pub fn new(soname: &str) -> Self {
        Self {
            soname: soname.into(),
            needed: vec![],
            hash: Hash::Gnu,
            defined: vec![],
            undefined: vec![],
            words: vec![0; 8],
            relocations: vec![],
            plt: vec![],
            tls: 0,
        }
    }

    pub fn define(&mut self, name: &str, value: u32) {
        self.defined.push(Defined { name: name.into(), value, kind: 1, size: 4, stands_in: false });
    }

    /// The file. Headers and tables are its first segment, which ends before [`DATA`].
    pub fn make(&self) -> Vec<u8> {
        let mut strings = Strings(vec![0]);
        let buckets = self.defined.len() as u32 / 2 + 1;
        let mut defined = self.defined.clone();
        if self.hash == Hash::Gnu {
            defined.sort_by_key(|symbol| gnu_hash(symbol.name.as_bytes()) % buckets);
        }
        let mut symbols = vec![0; 16];
        let mut names = vec![String::new()];
        for (name, weak) in &self.undefined {
            let info = if *weak { 0x20 } else { 0x10 };
            symbols.extend(symbol(strings.add(name), 0, 0, info, 0));
            names.push(name.clone());
        }
        for one in &defined {
            let info = 0x10 | one.kind;
            let section = u16::from(!one.stands_in);
            symbols.extend(symbol(strings.add(&one.name), one.value, one.size, info, section));
            names.push(one.name.clone());
        }
        let index = |name: &String| names.iter().position(|known| known == name).unwrap() as u32;
        let relocation = |word: usize, symbol: u32, kind: u8| {
            [WORDS + 4 * word as u32, symbol << 8 | u32::from(kind)].map(u32::to_le_bytes).concat()
        };
        let relocations: Vec<u8> = self
            .relocations
            .iter()
            .flat_map(|(word, name, kind)| relocation(*word, name.as_ref().map_or(0, index), *kind))
            .collect();
        let plt: Vec<u8> =
            self.plt.iter().flat_map(|(word, name)| relocation(*word, index(name), 7)).collect();
        let hash = match self.hash {
            Hash::Gnu => gnu_table(&names[self.undefined.len() + 1..], names.len(), buckets),
            Hash::Sysv => sysv_table(&names, buckets),
        };
        let mut dynamic = vec![];
        for name in &self.needed {
            dynamic.extend([1, strings.add(name)]);
        }
        dynamic.extend([14, strings.add(&self.soname)]);
        let mut file = vec![0; 0x200];
        let mut place = |bytes: &[u8]| {
            file.resize(file.len().next_multiple_of(4), 0);
            let start = file.len() as u32;
            file.extend(bytes);
            start
        };
        let relative = self.relocations.iter().take_while(|(_, _, kind)| *kind == 8).count();
        dynamic.extend([6, place(&symbols), 5, place(&strings.0), 10, strings.0.len() as u32]);
        let hash_tag = if self.hash == Hash::Gnu { 0x6fff_fef5 } else { 4 };
        dynamic.extend([hash_tag, place(&hash), 11, 16, 19, 8, 0x6fff_fffa, relative as u32]);
        dynamic.extend([17, place(&relocations), 18, relocations.len() as u32]);
        dynamic.extend([23, place(&plt), 2, plt.len() as u32, 20, 17, 3, WORDS, 0, 0]);
        let constant = file.len() as u32;
        assert!(constant <= DATA && 4 * dynamic.len() as u32 <= DYNAMIC_LEN);
        file.resize(DATA as usize, 0);
        file.extend(dynamic.iter().flat_map(|word| word.to_le_bytes()));
        file.resize(WORDS as usize, 0);
        file.extend(self.words.iter().flat_map(|word| word.to_le_bytes()));
        let data = file.len() as u32 - DATA;
        let mut headers = vec![
            [1, 0, 0, 0, constant, constant, 5, PAGE],
            [1, DATA, DATA, DATA, data, data + 100, 6, PAGE],
            [2, DATA, DATA, DATA, DYNAMIC_LEN, DYNAMIC_LEN, 6, 4],
        ];
        if self.tls > 0 {
            headers.push([7, WORDS, WORDS, WORDS, 0, self.tls, 4, 4]);
        }
        file[..4].copy_from_slice(b"\x7fELF");
        file[4..7].copy_from_slice(&[1, 1, 1]);
        let header = [3 | 3 << 16, 1, 0, 52, 0, 0, 52 | 32 << 16, headers.len() as u32];
        let words = header.into_iter().chain(headers.into_iter().flatten());
        for (index, word) in words.enumerate() {
            // The file header has 52 bytes; the last of its words is half of it.
            let at = if index < 8 { 16 + 4 * index } else { 52 + 4 * (index - 8) };
            file[at..at + 4].copy_from_slice(&u32::to_le_bytes(word));
        }
        file
    }
}

struct Strings(Vec<u8>);

impl Strings {
    fn add(&mut self, name: &str) -> u32 {
        let start = self.0.len() as u32;
        self.0.extend(name.as_bytes());
        self.0.push(0);
        start
    }
}

fn symbol(name: u32, value: u32, size: u32, info: u8, section: u16) -> Vec<u8> {
    let last = u32::from(info) | u32::from(section) << 16;
    [name, value, size, last].map(u32::to_le_bytes).concat()
}

fn gnu_table(defined: &[String], count: usize, buckets: u32) -> Vec<u8> {
    const SHIFT: u32 = 6;
    let first = (count - defined.len()) as u32;
    let hashes: Vec<u32> = defined.iter().map(|name| gnu_hash(name.as_bytes())).collect();
    let mut filter = [0u32; 2];
    for hash in &hashes {
        filter[((hash / 32) & 1) as usize] |= 1 << (hash & 31) | 1 << (hash >> SHIFT & 31);
    }
    let mut table = vec![buckets, first, 2, SHIFT, filter[0], filter[1]];
    for bucket in 0..buckets {
        let start = hashes.iter().position(|hash| hash % buckets == bucket);
        table.push(start.map_or(0, |start| first + start as u32));
    }
    for (index, hash) in hashes.iter().enumerate() {
        let last = hashes.get(index + 1).is_none_or(|next| next % buckets != hash % buckets);
        table.push(hash & !1 | u32::from(last));
    }
    table.into_iter().flat_map(u32::to_le_bytes).collect()
}

fn sysv_table(names: &[String], buckets: u32) -> Vec<u8> {
    let (mut heads, mut chains) = (vec![0; buckets as usize], vec![0; names.len()]);
    for (index, name) in names.iter().enumerate().skip(1) {
        let head: &mut u32 = &mut heads[(sysv_hash(name.as_bytes()) % buckets) as usize];
        chains[index] = *head;
        *head = index as u32;
    }
    let table = [vec![buckets, names.len() as u32], heads, chains].concat();
    table.into_iter().flat_map(u32::to_le_bytes).collect()
}
