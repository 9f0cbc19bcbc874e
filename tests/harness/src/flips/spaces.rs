//! Address spaces and what they are made of. A root has no name, but the program that runs there is
//! mapped.

use elf::ElfBytes;
use elf::abi::PT_LOAD;
use elf::endian::LittleEndian;
use xtask::page_tables::{Format, KernelImage, Mapping, Memory, Sample, Walk, walk};

const PAGE: u64 = 4096;

/// The page of a program's file where it begins, by which it is known.
#[derive(Clone, Debug)]
pub struct Face {
    name: String,
    address: u32,
    bytes: Vec<u8>,
}

impl Face {
    /// `None` if the file is no program.
    pub fn of(name: &str, file: &[u8]) -> Option<Self> {
        let elf = ElfBytes::<LittleEndian>::minimal_parse(file).ok()?;
        let entry = elf.ehdr.e_entry;
        let part = elf.segments()?.iter().find(|part| {
            part.p_type == PT_LOAD && (part.p_vaddr..part.p_vaddr + part.p_filesz).contains(&entry)
        })?;
        // The page of the entry, as far as it is the file's.
        let start = (entry & !(PAGE - 1)).max(part.p_vaddr);
        let end = ((start + PAGE) & !(PAGE - 1)).min(part.p_vaddr + part.p_filesz);
        let offset = usize::try_from(part.p_offset + start - part.p_vaddr).ok()?;
        let bytes = file.get(offset..offset + usize::try_from(end - start).ok()?)?;
        Some(Self { name: name.into(), address: u32::try_from(start).ok()?, bytes: bytes.into() })
    }

    fn is_at(&self, memory: &Memory, mappings: &[Mapping]) -> bool {
        let page = self.address & !(PAGE as u32 - 1);
        let mapping = mappings.iter().find(|mapping| mapping.address == page);
        let here = |mapping: &Mapping| mapping.physical + u64::from(self.address - page);
        let bytes = mapping.and_then(|mapping| memory.slice(here(mapping), self.bytes.len()));
        bytes == Some(&self.bytes)
    }
}

/// Bytes of one use.
pub struct Part {
    pub address: u64,
    pub bytes: u64,
    pub what: String,
}

/// An address space.
pub struct Space {
    name: String,
    root: u64,
    walk: Walk,
}

/// All of them.
pub fn spaces(sample: &Sample, image: &KernelImage, faces: &[Face]) -> Result<Vec<Space>, String> {
    let space = |root| {
        let walk = walk(&sample.memory, sample.format(), root)?;
        let known = faces.iter().find(|face| face.is_at(&sample.memory, &walk.mappings));
        let name = known.map_or("a program".into(), |face| face.name.clone());
        Ok(Space { name, root, walk })
    };
    sample.roots(image).into_iter().map(space).collect()
}

impl Space {
    /// What its program has of memory.
    pub fn pages(&self) -> Vec<Part> {
        let mappings = self.walk.mappings.iter().filter(|mapping| mapping.rights.user);
        let part = |mapping: &Mapping| Part {
            address: mapping.physical,
            bytes: mapping.bytes,
            what: format!("{} at {:#010x}", self.name, mapping.address),
        };
        mappings.map(part).collect()
    }
}

/// The entries in use of each space's own tables, and of the tables that all have.
pub fn tables(memory: &Memory, format: Format, spaces: &[Space]) -> Vec<Vec<Part>> {
    let is_pae = matches!(format, Format::Pae { .. });
    let is_everybodys = |table: &u64| spaces.iter().all(|space| space.walk.tables.contains(table));
    let entries = |table: u64, bytes: u64, what: String| {
        let each = if is_pae { 8 } else { 4 };
        let is_used = move |address: &u64| match is_pae {
            true => memory.long(*address) != Some(0),
            false => memory.word(*address) != Some(0),
        };
        let places = (table..table + bytes).step_by(each as usize).filter(is_used);
        places.map(move |address| Part { address, bytes: each, what: what.clone() })
    };
    let of_space = |space: &Space| {
        // The first one is four entries of a frame, with PAE.
        let first = match is_pae {
            true => entries(space.root, 32, format!("an entry of {}'s first table", space.name)),
            false => entries(space.root, PAGE, format!("an entry of {}'s directory", space.name)),
        };
        let others = space.walk.tables.iter().skip(1).filter(|table| !is_everybodys(table));
        let what = format!("an entry of {}'s tables", space.name);
        first.chain(others.flat_map(|table| entries(*table, PAGE, what.clone()))).collect()
    };
    let shared = spaces.first().into_iter().flat_map(|space| &space.walk.tables);
    let shared = shared.filter(|table| is_everybodys(table));
    let of_kernel =
        shared.flat_map(|table| entries(*table, PAGE, "an entry of the kernel's".into()));
    spaces.iter().map(of_space).chain([of_kernel.collect()]).collect()
}
