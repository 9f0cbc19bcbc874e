//! The machine a kernel runs on, as the options describe it.

use crate::stop::{Result, usage};
use crate::words::Words;
use std::fmt;

const MIB: u64 = 1 << 20;

/// Where user space ends and the kernel begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    ThreeOne,
    TwoTwo,
    OneThree,
}

impl Split {
    pub const ALL: [Self; 3] = [Self::ThreeOne, Self::TwoTwo, Self::OneThree];

    /// As `--split` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::ThreeOne => "3g",
            Self::TwoTwo => "2g",
            Self::OneThree => "1g",
        }
    }

    /// The kernel feature that selects it.
    pub fn feature(self) -> Option<&'static str> {
        match self {
            Self::ThreeOne => None,
            Self::TwoTwo => Some("split-2g"),
            Self::OneThree => Some("split-1g"),
        }
    }
}

/// Page-table format and split: what a kernel image is built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    pub pae: bool,
    pub split: Split,
}

impl Layout {
    pub const DEFAULT: Self = Self { pae: true, split: Split::ThreeOne };

    /// All six, the default one first.
    pub fn all() -> impl Iterator<Item = Self> {
        [true, false].into_iter().flat_map(|pae| Split::ALL.map(|split| Self { pae, split }))
    }

    /// The features the kernel package has to have for it.
    pub fn features(self) -> impl Iterator<Item = &'static str> {
        self.pae.then_some("pae").into_iter().chain(self.split.feature())
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let format = if self.pae { "pae" } else { "2level" };
        write!(f, "{format}-{}", self.split.name())
    }
}

/// What emulates the processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accelerator {
    Tcg,
    Kvm,
}

/// What `run` and `test` let the user choose about the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// In bytes, whole MiB.
    pub memory: u64,
    pub layout: Layout,
    /// A QEMU CPU model with its features.
    pub cpu: String,
    /// Text for the kernel's command line.
    pub cmdline: String,
    pub accelerator: Accelerator,
    /// Instruction counting: the same counts and clock in every run.
    pub icount: bool,
    /// Wait for a debugger here before the first instruction.
    pub gdb: Option<String>,
    /// A plugin of the emulator's, with its arguments.
    pub plugin: Option<String>,
}

impl Default for Machine {
    fn default() -> Self {
        Self {
            memory: 128 * MIB,
            layout: Layout::DEFAULT,
            cpu: "max".to_owned(),
            cmdline: String::new(),
            accelerator: Accelerator::Tcg,
            icount: false,
            gdb: None,
            plugin: None,
        }
    }
}

impl Machine {
    /// Takes option `name` if it is about the machine; false if it is not.
    pub fn option(&mut self, name: &str, words: &mut Words) -> Result<bool> {
        match name {
            "memory" => self.memory = memory(&words.value(name, "128M")?)?,
            "pae" => self.layout.pae = true,
            "no-pae" => self.layout.pae = false,
            "split" => self.layout.split = split(&words.value(name, "3g")?)?,
            "cpu" => self.cpu = cpu(words.value(name, "max")?)?,
            "cmdline" => {
                let text = words.value(name, "\"highmem=48M\"")?;
                if text.contains(['\0', '\n']) {
                    return Err(usage("--cmdline takes one line of text"));
                }
                if !self.cmdline.is_empty() {
                    self.cmdline.push(' ');
                }
                self.cmdline.push_str(&text);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl Machine {
    /// The options that make this machine, but for those of debugging and measuring.
    pub fn words(&self) -> Vec<String> {
        let pae = if self.layout.pae { "--pae" } else { "--no-pae" };
        let mut words: Vec<String> = vec![
            format!("--memory={}M", self.memory / MIB),
            pae.into(),
            format!("--split={}", self.layout.split.name()),
            format!("--cpu={}", self.cpu),
        ];
        if !self.cmdline.is_empty() {
            words.push(format!("--cmdline={}", self.cmdline));
        }
        words
    }
}

/// `128M`, `3G`, `4096` (MiB): bytes.
fn memory(text: &str) -> Result<u64> {
    let wrong = || {
        usage(format!(
            "--memory {text}: give a size from 1M to 64G as a number with K, M or G, as in 128M"
        ))
    };
    let (digits, unit) = match text.char_indices().last() {
        Some((at, 'k' | 'K')) => (&text[..at], 1 << 10),
        Some((at, 'm' | 'M')) => (&text[..at], MIB),
        Some((at, 'g' | 'G')) => (&text[..at], 1 << 30),
        _ => (text, MIB),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let bytes = digits.parse::<u64>().ok().and_then(|count| count.checked_mul(unit));
    match bytes {
        Some(bytes) if (MIB..=64 << 30).contains(&bytes) && bytes.is_multiple_of(MIB) => Ok(bytes),
        _ => Err(wrong()),
    }
}

fn split(text: &str) -> Result<Split> {
    Split::ALL
        .into_iter()
        .find(|split| split.name() == text)
        .ok_or_else(|| usage(format!("--split {text}: give 3g, 2g or 1g")))
}

fn cpu(text: String) -> Result<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.,=+".contains(c);
    if text.is_empty() || text.starts_with(['-', ',']) || !text.chars().all(plain) {
        return Err(usage(format!(
            "--cpu {text}: give a QEMU model, as in max or max,pse=off (qemu-system-i386 -cpu help \
             lists them)"
        )));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;

    fn parse(line: &str) -> Result<Machine> {
        let mut words = Words::new(line.split(' ').map(OsString::from));
        let mut machine = Machine::default();
        while let Some(crate::words::Word::Option(name)) = words.next_word()? {
            assert!(machine.option(&name, &mut words)?, "{name}");
        }
        Ok(machine)
    }

    #[test]
    fn sizes_have_units_and_bounds() {
        assert_eq!(memory("128M"), Ok(128 * MIB));
        assert_eq!(memory("3g"), Ok(3 << 30));
        assert_eq!(memory("64"), Ok(64 * MIB));
        assert_eq!(memory("2048K"), Ok(2 * MIB));
        for wrong in ["", "M", "0", "x", "-1M", "+1M", "1T", "1500K", "65G", "99999999999999999999"]
        {
            assert_eq!(memory(wrong).unwrap_err().status, 2, "{wrong}");
        }
    }

    #[test]
    fn the_options_reach_the_machine() {
        let machine =
            parse("--memory 3G --no-pae --split 1g --cpu max,pge=off --cmdline=a --cmdline b");
        let machine = machine.unwrap();
        assert_eq!(machine.memory, 3 << 30);
        assert_eq!(machine.layout.to_string(), "2level-1g");
        assert_eq!(machine.cpu, "max,pge=off");
        assert_eq!(machine.cmdline, "a b");
    }

    #[test]
    fn the_words_of_a_machine_make_it_again() {
        let line = "--memory 3G --no-pae --split 1g --cpu max,pge=off --cmdline=a=b";
        for line in [line, "--split 2g"] {
            let machine = parse(line).unwrap();
            assert_eq!(parse(&machine.words().join(" ")), Ok(machine));
        }
    }

    #[test]
    fn nonsense_is_a_usage_error() {
        for line in ["--split 4g", "--cpu ", "--cpu a/b", "--cpu -x", "--cmdline a\0b", "--memory"]
        {
            assert_eq!(parse(line).unwrap_err().status, 2, "{line}");
        }
    }

    #[test]
    fn there_are_six_layouts() {
        let names: Vec<String> = Layout::all().map(|layout| layout.to_string()).collect();
        assert_eq!(names.join(" "), "pae-3g pae-2g pae-1g 2level-3g 2level-2g 2level-1g");
        assert_eq!(Layout::all().next(), Some(Layout::DEFAULT));
        let two = Layout { pae: true, split: Split::TwoTwo };
        assert_eq!(two.features().collect::<Vec<_>>(), ["pae", "split-2g"]);
    }
}
