//! Puts names and lines behind the raw return addresses of a panic report.

mod frames;

pub use frames::{Frame, Frames};

use crate::stop::{Result, failed, io};
use crate::workspace;
use elf::ElfBytes;
use elf::endian::LittleEndian;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// The lines of a log, with function, file and line after every `  at 0x…` that has them.
pub fn resolve(lines: &[String], kernel: &Path) -> Vec<String> {
    let addresses: Vec<u32> = lines.iter().filter_map(|line| return_address(line)).collect();
    if addresses.is_empty() {
        return lines.to_vec();
    }
    // A return address is behind its call, which may be the last instruction of a function.
    let wanted = addresses.iter().map(|address| format!("{:#x}", address.saturating_sub(1)));
    let output = Command::new("addr2line")
        .args(["--addresses", "--functions", "--inlines", "--demangle", "--pretty-print", "--exe"])
        .arg(kernel)
        .args(wanted)
        .stdin(Stdio::null())
        .output();
    let text = match &output {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout),
        // Without binutils the report has raw addresses only.
        _ => return lines.to_vec(),
    };
    // Files of this tree are named from its top.
    let text = text.replace(&format!("{}/", workspace::root().display()), "");
    let mut places = split_places(&text).into_iter();
    let mut resolved = Vec::new();
    for line in lines {
        resolved.push(line.clone());
        if return_address(line).is_some() {
            resolved.extend(places.next().into_iter().flatten());
        }
    }
    resolved
}

/// The address of what the linker calls `name`.
pub fn address(kernel: &Path, name: &str) -> Result<u32> {
    let bytes = fs::read(kernel).map_err(|error| io("read", kernel, error))?;
    find(&bytes, name).ok_or_else(|| failed(format!("{}: it has no {name}", kernel.display())))
}

/// The address of what Rust calls so: the end of a path, as `["mm", "page", "MEM_MAP"]`.
pub fn address_in(kernel: &Path, path: &[&str]) -> Result<u32> {
    let bytes = fs::read(kernel).map_err(|error| io("read", kernel, error))?;
    // Both ways of mangling count the letters of each word.
    let words: String = path.iter().map(|word| format!("{}{word}", word.len())).collect();
    find_by(&bytes, |name| name.starts_with("_") && name.contains(&words))
        .ok_or_else(|| failed(format!("{}: it has no {}", kernel.display(), path.join("::"))))
}

fn find(image: &[u8], name: &str) -> Option<u32> {
    find_by(image, |other| other == name)
}

fn find_by(image: &[u8], is_it: impl Fn(&str) -> bool) -> Option<u32> {
    let image = ElfBytes::<LittleEndian>::minimal_parse(image).ok()?;
    let (symbols, names) = image.symbol_table().ok()??;
    let symbol =
        symbols.iter().find(|symbol| names.get(symbol.st_name as usize).is_ok_and(&is_it))?;
    u32::try_from(symbol.st_value).ok()
}

/// One list of lines per address, the innermost function first.
fn split_places(text: &str) -> Vec<Vec<String>> {
    let mut places: Vec<Vec<String>> = Vec::new();
    for line in text.lines() {
        let place = match line.split_once(": ") {
            Some((address, place)) if address.starts_with("0x") => {
                places.push(Vec::new());
                place
            }
            _ => line.trim_start(),
        };
        if let Some(list) = places.last_mut()
            && !place.starts_with("??")
        {
            list.push(format!("       {place}"));
        }
    }
    places
}

/// A Rust name without the hash at its end.
pub fn without_hash(name: &str) -> String {
    match name.rsplit_once("::h") {
        Some((start, hash)) if hash.len() == 16 => start.to_owned(),
        _ => name.to_owned(),
    }
}

/// The address of a line of a call path.
pub fn return_address(line: &str) -> Option<u32> {
    let (_, address) = line.split_once("  at 0x")?;
    let end = address.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(address.len());
    u32::from_str_radix(address.get(..end)?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn return_addresses_are_recognised() {
        assert_eq!(return_address("[    0.1]   at 0xc0101234"), Some(0xc010_1234));
        assert_eq!(return_address("  at 0xC0101234 (main)"), Some(0xc010_1234));
        assert_eq!(return_address("looking at 0xc0101234"), None);
        assert_eq!(return_address("  at 0xfffffffff"), None);
    }

    #[test]
    fn inlined_functions_belong_to_their_address() {
        let text = "0xc0100000: kernel::a at a.rs:1\n (inlined by) kernel::b at b.rs:2\n\
                    0xc0100001: ?? ??:0\n0xc0100002: kernel::c at c.rs:3\n";
        let places = split_places(text);
        assert_eq!(places.len(), 3);
        assert_eq!(places[0].len(), 2);
        assert!(places[1].is_empty() && places[2][0].ends_with("kernel::c at c.rs:3"));
    }
}
