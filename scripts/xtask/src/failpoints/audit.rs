//! What an image has of fault injection: everything, or nothing at all.

use super::{SECTION, Site, catalogue};
use crate::build::Kind;
use crate::stop::{Result, failed, io};
use crate::workspace;
use elf::ElfBytes;
use elf::endian::LittleEndian;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Parts of names that only fault injection has: two modules, the way aside, the catalogue's ends.
const SYMBOLS: [&str; 4] = ["6kernel9failpoint", "5kcore9failpoint", "call_aside", "__failpoints_"];

/// Fails unless a kernel with failpoints has each of the sources', and another one no trace of any.
pub fn audit(kernel: &Path, kind: Kind) -> Result<()> {
    let why = match kind {
        Kind::Faults => incomplete(&in_sources()?, &catalogue(kernel)?),
        Kind::Plain | Kind::Ktest => {
            let bytes = fs::read(kernel).map_err(|error| io("read", kernel, error))?;
            traces(&bytes)
        }
    };
    match why {
        Some(why) => Err(failed(format!("{}: {why}", kernel.display()))),
        None => Ok(()),
    }
}

/// What is left of failpoints in an image that has none.
fn traces(image: &[u8]) -> Option<String> {
    let Ok(image) = ElfBytes::<LittleEndian>::minimal_parse(image) else {
        return Some("no ELF file".into());
    };
    if !matches!(image.section_header_by_name(SECTION), Ok(None)) {
        return Some(format!("a plain kernel with a section {SECTION}"));
    }
    let Ok(Some((symbols, names))) = image.symbol_table() else {
        return Some("no symbols to look at".into());
    };
    let names = symbols.iter().filter_map(|symbol| names.get(symbol.st_name as usize).ok());
    leftover(names).map(|name| format!("a plain kernel with {name}"))
}

fn leftover<'a>(mut names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names.find(|name| SYMBOLS.iter().any(|part| name.contains(part)))
}

/// A file from the top of the tree, and a line in it.
type Place = (String, u32);

/// How the places of the sources and the sites of an image differ.
fn incomplete(places: &BTreeSet<Place>, sites: &[Site]) -> Option<String> {
    let found: BTreeSet<Place> = sites.iter().map(|site| (site.file.clone(), site.line)).collect();
    let list = |of: &BTreeSet<Place>, less: &BTreeSet<Place>| {
        let places = of.difference(less).map(|(file, line)| format!("\n  {file}:{line}"));
        places.collect::<String>()
    };
    let (missing, unknown) = (list(places, &found), list(&found, places));
    match (missing.is_empty(), unknown.is_empty(), sites.is_empty()) {
        (_, _, true) => Some("a kernel for fault injection without failpoints".into()),
        (true, true, _) => None,
        (false, _, _) => Some(format!("failpoints of the sources are not in it:{missing}")),
        (true, false, _) => Some(format!("failpoints that the sources do not have:{unknown}")),
    }
}

/// Every `fail_point!` of the kernel but the macro itself.
fn in_sources() -> Result<BTreeSet<Place>> {
    let mut places = BTreeSet::new();
    let root = workspace::root();
    workspace::sources(&root.join("kernel/src"), &mut |path, source| {
        let Some(file) = path.strip_prefix(&root).ok().and_then(Path::to_str) else { return };
        if !file.ends_with("failpoint/mod.rs") {
            places.extend(lines(source).map(|line| (file.to_owned(), line)));
        }
    })?;
    Ok(places)
}

fn lines(source: &str) -> impl Iterator<Item = u32> {
    let passes =
        |line: &str| line.split("//").next().is_some_and(|code| code.contains("fail_point!("));
    (1..).zip(source.lines()).filter(move |(_, line)| passes(line)).map(|(number, _)| number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbol_gives_it_away() {
        let innocent = ["_RNvNtNtCs1_6kernel7syscall9failpoint12fault_create", "switch_stacks"];
        assert_eq!(leftover(innocent.into_iter()), None);
        for name in ["_RNvNtNtCs1_6kernel9failpoint6decide6decide", "__failpoints_start"] {
            assert_eq!(leftover(innocent.into_iter().chain([name])), Some(name));
        }
        assert!(traces(b"no image").is_some());
    }

    #[test]
    fn an_image_has_what_the_sources_have() {
        let source = "// fail_point!(Slab)\nif fail_point!(Slab) {}\nfail_point!(\n    Fork\n);\n";
        let places: BTreeSet<Place> = lines(source).map(|line| ("a.rs".into(), line)).collect();
        assert_eq!(places.iter().map(|(_, line)| *line).collect::<Vec<_>>(), [2, 3]);
        let site = |line| Site { name: "failslab".into(), file: "a.rs".into(), line };
        assert_eq!(incomplete(&places, &[site(2), site(3)]), None);
        assert!(incomplete(&places, &[site(2)]).unwrap().ends_with("a.rs:3"));
        assert!(incomplete(&places, &[site(2), site(3), site(9)]).unwrap().ends_with("a.rs:9"));
        assert!(incomplete(&BTreeSet::new(), &[]).is_some());
    }

    #[test]
    fn the_kernel_has_failpoints() {
        let places = in_sources().unwrap();
        assert!(places.iter().any(|(file, _)| file == "kernel/src/mm/heap.rs"), "{places:?}");
    }
}
