//! The guest at one moment.

use super::kernel_image::KernelImage;
use super::memory::Memory;
use super::registers::Registers;
use super::roots;
use super::rules::{NO_TEXT, Rules};
use super::walk::{Format, Walk, walk};
use crate::running::Running;
use crate::stop::{Result as Answer, failed};
use std::collections::HashSet;

/// Of a report, the rest being more of the same.
const SHOWN: usize = 5;

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
    pub fn take(guest: &mut Running, bytes: u64) -> Answer<Self> {
        guest.qmp()?.stop()?;
        let sample = Self::take_still(guest, bytes)?;
        guest.qmp()?.cont()?;
        Ok(sample)
    }

    /// Of a guest that stands still.
    pub fn take_still(guest: &mut Running, bytes: u64) -> Answer<Self> {
        let (said, memory) = copy(guest, bytes)?;
        Self::new(&said, memory)
    }

    /// Of what `info registers` said, and all of memory.
    pub fn new(said: &str, memory: Vec<u8>) -> Answer<Self> {
        let registers =
            Registers::parse(said).ok_or_else(|| failed(format!("no registers: {said}")))?;
        Ok(Self { registers, memory: Memory::new(memory) })
    }

    pub fn format(&self) -> Format {
        self.registers.format()
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
}
