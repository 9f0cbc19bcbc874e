//! Shared objects whose files are damaged.

use crate::objects::{Elf, Libraries, NOT_FOUND, only_here, run};
use sys::file;
use sys::wait::Status;

const DEMO: &str = "/bin/shared-demo";
const TALLY: &str = "/lib/libtally.so";

/// Whatever a library's file has, the linker says what it thinks of it and harms nobody. Nothing of
/// the library runs here.
pub fn damaged_libraries_are_refused_or_harmless() {
    only_here();
    const ROUNDS: u32 = 300;
    let whole = file::read(TALLY).expect("read");
    let dynamic = Elf(whole.clone()).dynamic();
    let mut random = 0x5eed_1e55_u32;
    let mut next = |below: usize| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 8) as usize % below
    };
    let mut refused = 0;
    for round in 0..ROUNDS {
        let mut damaged = whole.clone();
        for _ in 0..=next(3) {
            // Headers and tables, or the dynamic section.
            let at = if next(2) == 0 { next(0x400) } else { dynamic + next(0xa0) };
            damaged[at] = next(256) as u8;
        }
        if next(8) == 0 {
            damaged.truncate(next(whole.len()));
        }
        let mut libraries = Libraries::new();
        libraries.add("libtally.so", &damaged);
        let variable = libraries.variable();
        let (status, text) = run(DEMO, &[], &[&variable, "LD_TRACE_LOADED_OBJECTS=1"]);
        match status {
            Status::Exited(0) => {}
            NOT_FOUND => {
                assert_eq!(text.lines().count(), 1, "{text}");
                refused += 1;
            }
            _ => panic!("round {round}: {status:?}: {text}"),
        }
        // What runs may do anything to itself.
        if round % 8 == 0 {
            let _ = run(DEMO, &[], &[&variable]);
        }
    }
    assert!(refused > ROUNDS / 10, "{refused}");
}
