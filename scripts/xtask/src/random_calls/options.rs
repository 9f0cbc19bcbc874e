//! What the command line says of calls at random.

use super::campaign::{Amount, Campaign, program};
use crate::contents::Contents;
use crate::jobs::Job;
use crate::machine::Machine;
use crate::stop::{Result, usage};
use crate::words::Words;
use random::Batch;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Calls on one machine: there are two.
const CALLS: u64 = 1_000_000;
const PROCESSES: u32 = 8;

/// How much, and which.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RandomOptions {
    soak: bool,
    errors: bool,
    seed: Option<u32>,
    calls: Option<u64>,
    processes: Option<u32>,
    /// Only a program that was written down.
    pub program: Option<PathBuf>,
}

impl RandomOptions {
    /// Takes option `name` if it is one of these; false if it is not.
    pub fn option(&mut self, name: &str, words: &mut Words) -> Result<bool> {
        match name {
            "soak" => self.soak = true,
            "errors" => self.errors = true,
            "seed" => self.seed = Some(number(name, words, u32::MAX.into())? as u32),
            "calls" => self.calls = Some(number(name, words, u64::MAX)?),
            "processes" => {
                self.processes = Some(number(name, words, Batch::MOST.into())?.max(1) as u32);
            }
            "program" => self.program = Some(words.value(name, "FILE")?.into()),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The same calls in each test, and others each time that it is a matter of hours.
    fn first_seed(&self) -> u32 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        if self.soak { now.as_secs() as u32 } else { 1 }
    }
}

fn number(name: &str, words: &mut Words, most: u64) -> Result<u64> {
    let text = words.value(name, "7")?;
    let number = text.parse().ok().filter(|number| *number <= most);
    number.ok_or_else(|| usage(format!("--{name} {text}: give a number up to {most}")))
}

/// The test on one machine.
pub fn job(
    name: String,
    machine: &Machine,
    kernel: PathBuf,
    contents: Contents,
    options: &RandomOptions,
) -> Job {
    let (machine, options) = (machine.clone(), options.clone());
    Job::new(name.clone(), move || {
        if let Some(path) = &options.program {
            return program(Path::new(path), &machine, &kernel, contents);
        }
        let amount = match options.soak {
            true => Amount::Endless,
            false => Amount::Calls(options.calls.unwrap_or(CALLS)),
        };
        let campaign = Campaign {
            name,
            machine,
            kernel,
            contents,
            amount,
            seed: options.seed.unwrap_or_else(|| options.first_seed()),
            processes: options.processes.unwrap_or(PROCESSES),
            tells_errors: options.errors,
            also: None,
        };
        campaign.run()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Word;
    use std::ffi::OsString;

    fn parse(line: &str) -> Result<RandomOptions> {
        let mut words = Words::new(line.split(' ').map(OsString::from));
        let mut options = RandomOptions::default();
        while let Some(Word::Option(name)) = words.next_word()? {
            assert!(options.option(&name, &mut words)?, "{name}");
        }
        Ok(options)
    }

    #[test]
    fn options_have_numbers_with_bounds() {
        let options = parse("--soak --errors --seed 7 --calls=20 --processes 3").unwrap();
        assert!(options.soak && options.errors);
        let numbers = (options.seed, options.calls, options.processes);
        assert_eq!(numbers, (Some(7), Some(20), Some(3)));
        for wrong in ["--seed x", "--seed", "--processes 17", "--seed 4294967296"] {
            assert_eq!(parse(wrong).unwrap_err().status, 2, "{wrong}");
        }
    }
}
