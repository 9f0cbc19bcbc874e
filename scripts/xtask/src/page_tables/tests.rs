use super::kernel_image::KernelImage;
use super::memory::Memory;
use super::registers::Registers;
use super::roots;
use super::rules::*;
use super::walk::{Format, Mapping, Rights, walk};
use std::collections::HashSet;

const TWO_LEVEL: Format = Format::TwoLevel { big: true };
const PAE: Format = Format::Pae { no_execute: true };
const ALL: [Format; 4] =
    [TWO_LEVEL, Format::TwoLevel { big: false }, PAE, Format::Pae { no_execute: false }];

const ROOT: u64 = 0x1000;
const KERNEL_LEAF: u64 = 0x2000;
const PROGRAM_LEAF: u64 = 0x3000;
const KERNEL_DIRECTORY: u64 = 0x4000;
const PROGRAM_DIRECTORY: u64 = 0x5000;
const OTHER_ROOT: u64 = 0x6000;
const FRAMES: u64 = 64;
const OWN: u64 = 0x3_0000;

const P: u64 = 1;
const W: u64 = 2;
const U: u64 = 4;
const BIG: u64 = 0x80;
const NX: u64 = 1 << 63;

fn image() -> KernelImage {
    KernelImage {
        page_offset: 0xc000_0000,
        text: 0x1_0000..0x1_2000,
        read_only: 0xf000..0x1_4000,
        whole: 0xf000..0x2_0000,
    }
}

/// Made-up tables: 64 frames mapped at the start of the kernel's part, and one page of a program's.
struct Made {
    memory: Memory,
    format: Format,
}

impl Made {
    fn new(format: Format) -> Self {
        let memory = Memory::new(vec![0; (FRAMES << 12) as usize]);
        let mut made = Self { memory, format };
        let (kernel, program) = match format {
            Format::TwoLevel { .. } => ((ROOT, 768), (ROOT, 1)),
            Format::Pae { .. } => {
                made.put(ROOT, 3, KERNEL_DIRECTORY | P);
                made.put(ROOT, 0, PROGRAM_DIRECTORY | P);
                ((KERNEL_DIRECTORY, 0), (PROGRAM_DIRECTORY, 2))
            }
        };
        made.put(kernel.0, kernel.1, KERNEL_LEAF | P | W | U);
        made.put(program.0, program.1, PROGRAM_LEAF | P | W | U);
        for frame in 0..FRAMES {
            made.put(KERNEL_LEAF, frame, made.kernel_page(frame << 12));
        }
        made.put(PROGRAM_LEAF, 0, OWN | P | W | U | NX);
        made
    }

    /// The same tables with one more entry.
    fn with(mut self, table: u64, index: u64, entry: u64) -> Self {
        self.put(table, index, entry);
        self
    }

    fn is_pae(&self) -> bool {
        matches!(self.format, Format::Pae { .. })
    }

    fn kernel_page(&self, physical: u64) -> u64 {
        let image = image();
        let write = if image.read_only.contains(&physical) { 0 } else { W };
        let no_execute = if image.text.contains(&physical) { 0 } else { NX };
        physical | P | write | no_execute
    }

    fn put(&mut self, table: u64, index: u64, entry: u64) {
        let bytes = if self.is_pae() { 8 } else { 4 };
        let known = if self.format.has_no_execute() { entry } else { entry & !NX };
        for (place, byte) in (table + index * bytes..).zip(&known.to_le_bytes()[..bytes as usize]) {
            self.memory.set(place, *byte);
        }
    }

    fn mappings(&self) -> Vec<Mapping> {
        walk(&self.memory, self.format, ROOT).expect("tables").mappings
    }

    fn at(&self, address: u32) -> Mapping {
        let found = self.mappings().into_iter().find(|mapping| mapping.address == address);
        found.expect("a mapping")
    }

    /// The rules that are broken, each once for each page.
    fn broken(&self) -> Vec<&'static str> {
        let (image, walk) = (image(), walk(&self.memory, self.format, ROOT).expect("tables"));
        let tables: HashSet<u64> = walk.tables.iter().copied().collect();
        let rules = Rules { image: &image, format: self.format };
        assert!(rules.has_met_text(&walk));
        rules.broken(&walk, &tables).into_iter().map(|(rule, _)| rule).collect()
    }
}

#[test]
fn good_tables_break_no_rule() {
    for format in ALL {
        let made = Made::new(format);
        assert_eq!(made.broken(), [""; 0], "{format:?}");
        assert_eq!(made.mappings().len(), FRAMES as usize + 1);
        let own = made.at(0x40_0000);
        let rights = Rights { write: true, user: true, execute: !format.has_no_execute() };
        assert_eq!((own.physical, own.rights), (OWN, rights));
        assert_eq!(own.entry, PROGRAM_LEAF);
    }
}

#[test]
fn each_bad_entry_is_found() {
    let frame = |address: u64| address >> 12;
    for format in ALL {
        let text = image().text.start;
        let constants = image().text.end;
        let bad = [
            (READ_ONLY, KERNEL_LEAF, frame(text), text | P | W | NX),
            (READ_ONLY, KERNEL_LEAF, frame(constants), constants | P | W | NX),
            (USER, KERNEL_LEAF, frame(OWN), OWN | P | W | U | NX),
            // Another address of the text.
            (READ_ONLY, KERNEL_LEAF, 60, text | P | W | NX),
            (TABLE, PROGRAM_LEAF, 1, KERNEL_LEAF | P | U | NX),
            (TABLE, PROGRAM_LEAF, 1, ROOT | P | W | U | NX),
            (IMAGE, PROGRAM_LEAF, 1, 0x1_f000 | P | W | U | NX),
            (READ_ONLY, PROGRAM_LEAF, 1, text | P | W | U | NX),
        ];
        for (rule, table, index, entry) in bad {
            let made = Made::new(format);
            // The text itself has to be there as a whole.
            let entry = if entry & !0xfff & !NX == text && table == KERNEL_LEAF && index != 60 {
                entry & !NX
            } else {
                entry
            };
            let broken = made.with(table, index, entry).broken();
            assert!(broken.contains(&rule), "{format:?}: {rule}: {broken:?}");
        }
        let executes = Made::new(format).with(KERNEL_LEAF, 40, 0x2_8000 | P | W).broken();
        match format.has_no_execute() {
            true => assert_eq!(executes, [DATA_EXECUTES, ONLY_TEXT]),
            false => assert_eq!(executes, [""; 0]),
        }
    }
}

#[test]
fn the_last_page_may_not_be_mapped() {
    let made = Made::new(TWO_LEVEL).with(ROOT, 1023, 0x7000 | P | W).with(0x7000, 1023, OWN | P);
    assert_eq!(made.broken(), [LAST_PAGE]);
}

#[test]
fn a_right_has_to_be_given_at_every_level() {
    for format in [TWO_LEVEL, PAE] {
        let (table, index) = match format {
            TWO_LEVEL => (ROOT, 1),
            _ => (PROGRAM_DIRECTORY, 2),
        };
        let rights = |directory: u64, page: u64| {
            let made = Made::new(format).with(table, index, PROGRAM_LEAF | directory);
            made.with(PROGRAM_LEAF, 0, OWN | page).at(0x40_0000).rights
        };
        let (all, no_write) = (P | W | U, P | U);
        let expected = |write, user| Rights { write, user, execute: true };
        assert_eq!(rights(all, all), expected(true, true));
        assert_eq!(rights(no_write, all), expected(false, true));
        assert_eq!(rights(all, no_write), expected(false, true));
        assert_eq!(rights(P | W, all), expected(true, false));
        if format == PAE {
            assert!(!rights(all | NX, all).execute && !rights(all, all | NX).execute);
        }
    }
}

#[test]
fn big_pages_are_pages() {
    let big = 0x40_0000 | P | W | BIG | NX;
    let made = Made::new(TWO_LEVEL).with(ROOT, 769, big);
    let found = made.at(0xc040_0000);
    assert_eq!((found.physical, found.bytes), (0x40_0000, 4 << 20));
    // Bits 13 to 20 are the address above 4 GiB.
    let high = Made::new(TWO_LEVEL).with(ROOT, 769, big | 3 << 13).at(0xc040_0000);
    assert_eq!(high.physical, 3 << 32 | 0x40_0000);
    let found = Made::new(PAE).with(KERNEL_DIRECTORY, 1, 0x60_0000 | P | BIG | NX).at(0xc020_0000);
    assert_eq!((found.physical, found.bytes, found.rights.execute), (0x60_0000, 2 << 20, false));
    // Without CR4.PSE the bit means nothing, and here would be a table.
    let made = Made::new(Format::TwoLevel { big: false }).with(ROOT, 769, big);
    assert!(walk(&made.memory, made.format, ROOT).is_err());
    // One that covers text is an alias of it.
    let made = Made::new(TWO_LEVEL).with(ROOT, 769, P | W | BIG);
    assert_eq!(made.broken(), [READ_ONLY]);
}

#[test]
fn what_is_no_table_is_an_error() {
    let outside = Made::new(PAE).with(KERNEL_DIRECTORY, 7, 0x1000_0000 | P);
    assert!(walk(&outside.memory, PAE, ROOT).is_err());
    let reserved = Made::new(PAE).with(ROOT, 1, PROGRAM_DIRECTORY | P | W);
    assert!(walk(&reserved.memory, PAE, ROOT).is_err_and(|why| why.contains("reserved")));
}

#[test]
fn a_walk_that_meets_no_text_is_none() {
    let made = Made::new(TWO_LEVEL).with(KERNEL_LEAF, 0x11, 0);
    let (image, walk) = (image(), walk(&made.memory, TWO_LEVEL, ROOT).expect("tables"));
    assert!(!Rules { image: &image, format: TWO_LEVEL }.has_met_text(&walk));
}

#[test]
fn the_roots_of_all_address_spaces_are_found() {
    for format in ALL {
        let kernel = if matches!(format, Format::Pae { .. }) {
            (3, KERNEL_DIRECTORY | P)
        } else {
            // The processor has used that one.
            (768, KERNEL_LEAF | P | W | U | 0x20)
        };
        let made = Made::new(format).with(OTHER_ROOT, kernel.0, kernel.1);
        let found = roots::all(&made.memory, format, ROOT, image().page_offset);
        assert_eq!(found, [ROOT, OTHER_ROOT], "{format:?}");
    }
}

#[test]
fn registers_are_found_in_what_qemu_says() {
    let text = "EIP=c0101234\r\nCR0=80010033 CR2=bfff0000 CR3=01fa2000 CR4=00300ef0\r\n\
                EFER=0000000000000800\r\n";
    let found = Registers { cr0: 0x8001_0033, cr3: 0x01fa_2000, cr4: 0x30_0ef0, efer: 0x800 };
    assert_eq!(Registers::parse(text), Some(found));
    assert_eq!(Registers::parse("nothing"), None);
}

/// A file with program headers only: flags, address, physical address, bytes.
fn file(parts: &[(u32, u32, u32, u32)]) -> Vec<u8> {
    let mut bytes = b"\x7fELF\x01\x01\x01".to_vec();
    bytes.resize(16, 0);
    for half in [2_u16, 3] {
        bytes.extend(half.to_le_bytes());
    }
    for word in [1, 0x10_0000, 52, 0, 0] {
        bytes.extend(u32::to_le_bytes(word));
    }
    for half in [52, 32, parts.len() as u16, 40, 0, 0] {
        bytes.extend(half.to_le_bytes());
    }
    for (flags, address, physical, length) in parts {
        for word in [1, 0, *address, *physical, *length, *length, *flags, 4096] {
            bytes.extend(word.to_le_bytes());
        }
    }
    bytes
}

#[test]
fn the_parts_of_an_image_are_those_of_its_headers() {
    let parts = [
        (5, 0x10_0000, 0x10_0000, 0x800),
        (5, 0x8010_1000, 0x10_1000, 0x5000),
        (4, 0x8010_6000, 0x10_6000, 0x1234),
        (6, 0x8010_8000, 0x10_8000, 0x4567),
    ];
    let expected = KernelImage {
        page_offset: 0x8000_0000,
        text: 0x10_1000..0x10_6000,
        read_only: 0x10_0000..0x10_8000,
        whole: 0x10_0000..0x10_d000,
    };
    assert_eq!(KernelImage::parse(&file(&parts)), Some(expected));
    assert_eq!(KernelImage::parse(&file(&parts[..2])), None);
    assert_eq!(KernelImage::parse(b"no file"), None);
}
