//! The processor's registers that paging depends on.

use super::walk::Format;

const CR0_WP: u32 = 1 << 16;
const CR4_PSE: u32 = 1 << 4;
const CR4_PAE: u32 = 1 << 5;
const CR4_UMIP: u32 = 1 << 11;
const CR4_SMEP: u32 = 1 << 20;
const CR4_SMAP: u32 = 1 << 21;
const EFER_NXE: u64 = 1 << 11;

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

    /// How it reads page tables.
    pub fn format(&self) -> Format {
        let Self { cr4, efer, .. } = *self;
        match cr4 & CR4_PAE != 0 {
            true => Format::Pae { no_execute: efer & EFER_NXE != 0 },
            false => Format::TwoLevel { big: cr4 & CR4_PSE != 0 },
        }
    }

    /// Whether the processor's own protections are on that a model with these features has.
    pub fn check_switches(&self, cpu: &str) -> Result<(), String> {
        let Self { cr0, cr4, efer, .. } = *self;
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
            Some((name, ..)) => Err(format!("{name} is off: {self:x?}")),
            None => Ok(()),
        }
    }
}
