//! The guest at one moment.

use super::kernel_image::KernelImage;
use super::memory::Memory;
use super::roots;
use super::rules::{NO_TEXT, Rules};
use super::walk::{Format, Walk, walk};
use crate::guest::why;
use std::collections::HashSet;
use xtask::running::Running;
use xtask::stop::Result as Answer;

const CR0_WP: u32 = 1 << 16;
const CR4_PSE: u32 = 1 << 4;
const CR4_PAE: u32 = 1 << 5;
const CR4_UMIP: u32 = 1 << 11;
const CR4_SMEP: u32 = 1 << 20;
const CR4_SMAP: u32 = 1 << 21;
const EFER_NXE: u64 = 1 << 11;
/// Of a report, the rest being more of the same.
const SHOWN: usize = 5;

/// Of the processor, those that paging depends on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Registers {
    pub cr0: u32,
    pub cr3: u32,
    pub cr4: u32,
    pub efer: u64,
}

impl Registers {
    /// As `info registers` shows them.
    pub fn parse(text: &str) -> Option<Self> {
        let value = |name: &str| {
            let (_, rest) = text.split_once(&format!("{name}="))?;
            let end = rest.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(rest.len());
            u64::from_str_radix(&rest[..end], 16).ok()
        };
        let word = |name: &str| u32::try_from(value(name)?).ok();
        let (cr0, cr3, cr4) = (word("CR0")?, word("CR3")?, word("CR4")?);
        Some(Self { cr0, cr3, cr4, efer: value("EFER")? })
    }
}

fn copy(guest: &mut Running, bytes: u64) -> Answer<(String, Vec<u8>)> {
    let said = guest.qmp()?.monitor("info registers")?;
    let memory = guest.memory(0, bytes as usize)?;
    Ok((said, memory))
}

/// Registers and memory.
#[derive(Clone)]
pub struct Sample {
    pub registers: Registers,
    pub memory: Memory,
}

impl Sample {
    /// Stops the guest for as long as it takes.
    pub fn take(guest: &mut Running, bytes: u64) -> Result<Self, String> {
        why(guest.qmp()).and_then(|qmp| why(qmp.stop()))?;
        let sample = Self::take_still(guest, bytes)?;
        why(guest.qmp()).and_then(|qmp| why(qmp.cont()))?;
        Ok(sample)
    }

    /// Of a guest that stands still.
    pub fn take_still(guest: &mut Running, bytes: u64) -> Result<Self, String> {
        let (said, memory) = copy(guest, bytes).map_err(|stop| stop.why)?;
        let registers = Registers::parse(&said).ok_or_else(|| format!("no registers: {said}"))?;
        Ok(Self { registers, memory: Memory::new(memory) })
    }

    pub fn format(&self) -> Format {
        let Registers { cr4, efer, .. } = self.registers;
        match cr4 & CR4_PAE != 0 {
            true => Format::Pae { no_execute: efer & EFER_NXE != 0 },
            false => Format::TwoLevel { big: cr4 & CR4_PSE != 0 },
        }
    }

    /// The roots of all address spaces, that of the moment first.
    pub fn roots(&self, image: &KernelImage) -> Vec<u64> {
        let format = self.format();
        let own = format.root(self.registers.cr3);
        let others = roots::all(&self.memory, format, own, image.page_offset);
        let others = others.into_iter().filter(|root| *root != own);
        [own].into_iter().chain(others).collect()
    }

    /// Every table against every rule. How many address spaces there were, or what is wrong.
    pub fn check(&self, image: &KernelImage) -> Result<usize, String> {
        let rules = Rules { image, format: self.format() };
        let walks: Vec<Walk> = self
            .roots(image)
            .into_iter()
            .map(|root| walk(&self.memory, rules.format, root))
            .collect::<Result<_, String>>()?;
        let tables: HashSet<u64> = walks.iter().flat_map(|walk| &walk.tables).copied().collect();
        if !walks.iter().all(|walk| rules.has_met_text(walk)) {
            return Err(NO_TEXT.into());
        }
        let broken: Vec<_> = walks.iter().flat_map(|walk| rules.broken(walk, &tables)).collect();
        if broken.is_empty() {
            return Ok(walks.len());
        }
        let mut report = format!("{} pages break a rule", broken.len());
        for (rule, mapping) in broken.iter().take(SHOWN) {
            report += &format!("\n{rule}: {mapping:x?}");
        }
        Err(report)
    }

    /// Whether the processor's own protections are on that a model with these features has.
    pub fn check_switches(&self, cpu: &str) -> Result<(), String> {
        let Registers { cr0, cr4, efer, .. } = self.registers;
        let has =
            |feature: &str| cpu.starts_with("max") && !cpu.contains(&format!("{feature}=off"));
        let is_pae = cr4 & CR4_PAE != 0;
        let switches = [
            ("CR0.WP", cr0 & CR0_WP != 0, true),
            ("CR4.SMEP", cr4 & CR4_SMEP != 0, has("smep")),
            ("CR4.SMAP", cr4 & CR4_SMAP != 0, has("smap")),
            ("CR4.UMIP", cr4 & CR4_UMIP != 0, has("umip")),
            ("EFER.NXE", efer & EFER_NXE != 0, has("nx") && is_pae),
        ];
        match switches.iter().find(|(_, is_on, is_wanted)| is_wanted & !is_on) {
            Some((name, ..)) => Err(format!("{name} is off: {:x?}", self.registers)),
            None => Ok(()),
        }
    }
}
