//! Shared objects whose files are damaged.

use crate::objects::{Elf, Libraries, NOT_FOUND, only_here, run};
use alloc::format;
use sys::file;
use sys::wait::Status;

tests![damaged_libraries_are_refused_or_harmless, tables_that_lie_are_refused_or_harmless];

const DEMO: &str = "/bin/shared-demo";
const TALLY: &str = "/lib/libtally.so";

/// Numbers that are the same each time.
struct Random(u32);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as usize % end
    }
}

/// Has the linker look at a damaged library, or run what is left of it; whether it was refused.
/// Nothing of the library runs in the first case. In the other it may do anything to itself.
fn try_with(damaged: &[u8], what: &str, runs: bool) -> bool {
    let mut libraries = Libraries::new();
    libraries.add("libtally.so", damaged);
    let variable = libraries.variable();
    let (status, text) = run(DEMO, &[], &[&variable, "LD_TRACE_LOADED_OBJECTS=1"]);
    if runs {
        let _ = run(DEMO, &[], &[&variable]);
    }
    match status {
        Status::Exited(0) => false,
        NOT_FOUND => {
            assert_eq!(text.lines().count(), 1, "{what}: {text}");
            true
        }
        _ => panic!("{what}: {status:?}: {text}"),
    }
}

/// Whatever a library's file has, the linker says what it thinks of it and harms nobody.
pub fn damaged_libraries_are_refused_or_harmless() {
    only_here();
    const ROUNDS: u32 = 300;
    let whole = file::read(TALLY).expect("read");
    let dynamic = Elf(whole.clone()).dynamic();
    let mut random = Random(0x5eed_1e55);
    let mut refused = 0;
    for round in 0..ROUNDS {
        let mut damaged = whole.clone();
        for _ in 0..=random.below(3) {
            // Headers and tables, or the dynamic section.
            let in_headers = random.below(2) == 0;
            let at = if in_headers { random.below(0x400) } else { dynamic + random.below(0xa0) };
            damaged[at] = random.below(256) as u8;
        }
        if random.below(8) == 0 {
            damaged.truncate(random.below(whole.len()));
        }
        let is_refused = try_with(&damaged, &format!("round {round}"), round % 8 == 0);
        refused += u32::from(is_refused);
    }
    assert!(refused > ROUNDS / 10, "{refused}");
}

/// Each table that the dynamic section leads to, and the section itself, with words that are far off:
/// each word's neighbours are true, so that the linker comes as far as it can.
pub fn tables_that_lie_are_refused_or_harmless() {
    only_here();
    const ROUNDS: usize = 24;
    let whole = Elf::read(TALLY);
    let mut random = Random(0x7ab1_e5e5);
    let value = |tag| whole.word(whole.entry(tag)) as usize;
    // The static linker puts the hash table, the symbols and the strings one behind the other.
    let tables = [
        ("hash table", Some(DT_GNU_HASH), value(DT_SYMTAB) - value(DT_GNU_HASH)),
        ("symbols", Some(DT_SYMTAB), value(DT_STRTAB) - value(DT_SYMTAB)),
        ("strings", Some(DT_STRTAB), value(DT_STRSZ)),
        ("relocations", Some(DT_REL), value(DT_RELSZ)),
        ("linkage table", Some(DT_JMPREL), value(DT_PLTRELSZ)),
        ("dynamic section", None, 8 * 20),
    ];
    for (name, tag, len) in tables {
        let start = match tag {
            // The tables lie in the first segment, which the file begins with.
            Some(tag) => value(tag),
            None => whole.dynamic(),
        };
        let mut refused = 0;
        for round in 0..ROUNDS {
            let mut damaged = Elf(whole.0.clone());
            let at = start + random.below(len / 4) * 4;
            let old = damaged.word(at);
            let far = [0, u32::MAX, 0x8000_0000, old ^ 1, old.wrapping_add(0x1000), old << 8];
            damaged.set(at, far[random.below(far.len())]);
            let what = format!("{name}, {at:#x}, round {round}");
            refused += usize::from(try_with(&damaged.0, &what, round % 4 == 0));
        }
        assert!((1..ROUNDS).contains(&refused), "{name}: {refused}");
    }
}

const DT_PLTRELSZ: u32 = 2;
const DT_STRTAB: u32 = 5;
const DT_SYMTAB: u32 = 6;
const DT_STRSZ: u32 = 10;
const DT_REL: u32 = 17;
const DT_RELSZ: u32 = 18;
const DT_JMPREL: u32 = 23;
const DT_GNU_HASH: u32 = 0x6fff_fef5;
