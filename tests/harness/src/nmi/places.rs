//! Instructions to be interrupted at.

use super::scenarios::{ANOTHER, DOUBLE_FAULT};
use crate::guest::why;
use crate::random::Random;
use elf::ElfBytes;
use elf::endian::LittleEndian;
use std::fmt;
use std::path::Path;
use xtask::symbols;

/// Bytes of a stub in `trap_stubs`.
const STUB: u32 = 16;
const PAGE_FAULT: u32 = 14;
const TIMER: u32 = 32;
/// POPFD, STI, SYSEXIT.
const SYSEXIT: [u8; 4] = [0x9d, 0xfb, 0x0f, 0x35];
/// ADD ESP, 8 and IRETD.
const IRET: [u8; 4] = [0x83, 0xc4, 0x08, 0xcf];

/// So many instructions after the so manyth arrival somewhere, as people name it: `sysenter_entry/1+3`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    pub door: String,
    pub arrivals: u32,
    pub steps: u32,
}

impl Moment {
    pub fn parse(text: &str) -> Option<Self> {
        let (door, rest) = text.split_once('/')?;
        let (arrivals, steps) = rest.split_once('+')?;
        let (arrivals, steps) = (arrivals.parse().ok()?, steps.parse().ok()?);
        Some(Self { door: door.into(), arrivals, steps })
    }

    /// At the first arrival.
    pub fn first(door: &str, steps: u32) -> Self {
        Self { door: door.into(), arrivals: 1, steps }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}+{}", self.door, self.arrivals, self.steps)
    }
}

/// A moment, and the address of its door.
#[derive(Clone, Debug)]
pub struct Place {
    pub moment: Moment,
    pub address: u32,
}

/// Where the kernel begins and ends: by name, and how many instructions from there are worth it.
pub fn doors(kernel: &Path) -> Result<Vec<(&'static str, u32, u32)>, String> {
    let symbol = |name| why(symbols::address(kernel, name));
    let stubs = symbol("trap_stubs")?;
    let bytes = std::fs::read(kernel).map_err(|error| error.to_string())?;
    let behind = |start, code: &[u8; 4]| {
        find(&bytes, start, code).ok_or_else(|| format!("no {code:02x?} behind {start:#x}"))
    };
    Ok(vec![
        ("sysenter_entry", symbol("sysenter_entry")?, 24),
        ("linux_call_stub", symbol("linux_call_stub")?, 16),
        ("folio_call_stub", symbol("folio_call_stub")?, 16),
        ("page_fault", stubs + PAGE_FAULT * STUB, 16),
        ("tick", stubs + TIMER * STUB, 16),
        ("trap_return", symbol("trap_return")?, 10),
        ("iretd", behind(symbol("trap_return")?, &IRET)?, 3),
        ("sysexit", behind(symbol("sysenter_entry")?, &SYSEXIT)?, 4),
    ])
}

/// All instructions at the doors, or every so manyth.
pub fn awkward(kernel: &Path, every: usize) -> Result<Vec<Place>, String> {
    let places = doors(kernel)?.into_iter().flat_map(|(name, address, steps)| {
        // The ways out are short, and each instruction of them matters.
        let every = if steps < 5 { 1 } else { every };
        let steps = (0..steps).step_by(every);
        steps.map(move |steps| Place { moment: Moment::first(name, steps), address })
    });
    Ok(places.collect())
}

/// Where that is.
pub fn place(kernel: &Path, moment: &Moment) -> Result<Place, String> {
    let doors = doors(kernel)?;
    let names = doors.iter().map(|(name, ..)| *name).chain([ANOTHER, DOUBLE_FAULT]);
    let names = names.collect::<Vec<_>>().join(", ");
    let door = doors.iter().find(|(name, ..)| *name == moment.door);
    let (_, address, _) = door.ok_or_else(|| format!("nmi::{moment}: the doors are {names}"))?;
    Ok(Place { moment: moment.clone(), address: *address })
}

/// As chance has it.
pub fn random(kernel: &Path, count: u32, seed: u64) -> Result<Vec<Place>, String> {
    let (doors, mut random) = (doors(kernel)?, Random::new(seed));
    let mut place = || {
        // Every program makes calls and has page faults.
        let (name, address, _) = doors[[0, 3, 5][random.below(3)]];
        let (arrivals, steps) = (1 + random.below(60) as u32, random.below(200) as u32);
        Place { moment: Moment { door: name.into(), arrivals, steps }, address }
    };
    Ok((0..count).map(|_| place()).collect())
}

/// The first address from `start` on where the image has these bytes.
fn find(image: &[u8], start: u32, code: &[u8]) -> Option<u32> {
    let elf = ElfBytes::<LittleEndian>::minimal_parse(image).ok()?;
    let start = u64::from(start);
    let part = elf
        .segments()?
        .iter()
        .find(|part| (part.p_vaddr..part.p_vaddr + part.p_filesz).contains(&start))?;
    let bytes = elf.segment_data(&part).ok()?;
    let offset = usize::try_from(start - part.p_vaddr).ok()?;
    let place = bytes.get(offset..)?.windows(code.len()).position(|bytes| bytes == code)?;
    u32::try_from(start + place as u64).ok()
}
