//! The command line of `test`.

use crate::fault_tests::{self, Ask};
use crate::machine::Machine;
use crate::random_calls::RandomOptions;
use crate::stop::{Result, usage};
use crate::words::{Word, Words};
use std::path::PathBuf;

pub const USAGE: &str = "\
usage: scripts/test [options] [host|ktest|suite|fault|random|stress|harness|oracle|foreign|all]
                    [FILTER]
       scripts/test [options] fault --replay ID [--gdb]

host    unit tests on this machine; what `cargo xtask check` checks: layers, format, lints
ktest   the kernel's own tests, in QEMU
suite   tests by system calls, in QEMU and on this Linux
fault   everything that can fail in the kernel fails, one by one, while programs work; changes of
        running servers (servers::); then faults from outside (flips::, nmi::, clock::, pressure::)
random  a million calls at random from eight processes on each format of page tables; a crash is
        reduced to a program that repeats it
stress  threads that change an address space while others fault in it, for a minute each test, and
        some more with a switch of tasks wherever one may come
harness how guests end that must not end well: crashes, damaged archives, wrong machines
oracle  Debian's busybox, which has to do the same as on Debian's Linux in QEMU
foreign scripts for Debian's shells, tools, Lua, SQLite and Python, which have to do the same too
all     everything, on all six kernel images and special machines, and a minute of stress
no word: host, ktest, suite and harness on the default image, but for the harness's slow scenarios, and
        a smoke test of the other five and of a release kernel

FILTER is a part of a test's name. With fault it may be one fault from outside or of a server, as the
report names it: flips::heap/17, nmi::tick/1+3, clock::17, pressure::50, servers::proc:17.

  --long               with stress and all: ten minutes of stress; with fault and all: a million
                       faults, thousands of flips and 5,000 changes of servers, which takes some
                       hours
  --soak               with random: on and on, with a line every ten seconds
  --errors             with random: and how often calls ended with which error
  --seed N, --calls N, --processes N
                       with random: where chance begins, and how much of it
  --program FILE       with random: only a program that a crash was reduced to
  --report FOLDER      with fault: where its report goes, by default to target/faults: index.html for
                       people, faults.jsonl with a line for each fault, junit.xml
  --replay ID          with fault: one run or fault of a report again, the same each time
  --gdb                with --replay: stop in gdb where its first fault is made
  --junit FILE         write the results as JUnit XML
  --memory SIZE, --pae, --no-pae, --split 3g|2g|1g, --cpu MODEL, --cmdline TEXT
                       the machine, as for scripts/run

The last line is `N passed, N failed, N skipped`. Exit status: 0 if nothing failed, 1 if a test did,
2 wrong usage.
";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ring {
    Host,
    Ktest,
    Suite,
    Fault,
    Random,
    Stress,
    Harness,
    Oracle,
    Foreign,
    All,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Options {
    pub machine: Machine,
    pub ring: Option<Ring>,
    pub filter: Option<String>,
    pub junit: Option<PathBuf>,
    pub long: bool,
    pub random: RandomOptions,
    pub report: Option<PathBuf>,
    pub replay: Option<String>,
    pub gdb: bool,
}

impl Options {
    pub fn parse(mut words: Words) -> Result<Self> {
        let mut options = Self::default();
        let mut plain = Vec::new();
        while let Some(word) = words.next_word()? {
            match word {
                Word::Plain(word) => plain.push(word),
                Word::Rest(words) => plain.extend(words),
                Word::Option(name) if options.machine.option(&name, &mut words)? => {}
                Word::Option(name) if name == "junit" => {
                    options.junit = Some(words.value(&name, "FILE")?.into());
                }
                Word::Option(name) if name == "long" => options.long = true,
                Word::Option(name) if options.random.option(&name, &mut words)? => {}
                Word::Option(name) if name == "gdb" => options.gdb = true,
                Word::Option(name) if name == "report" => {
                    options.report = Some(words.value(&name, "FOLDER")?.into());
                }
                Word::Option(name) if name == "replay" => {
                    options.replay = Some(words.value(&name, "pipe::bytes_go_through:17")?);
                }
                Word::Option(name) => {
                    return Err(usage(format!(
                        "--{name}: no such option; see scripts/test --help"
                    )));
                }
            }
        }
        for word in plain {
            let word = word
                .into_string()
                .map_err(|word| usage(format!("{}: not UTF-8", word.to_string_lossy())))?;
            let ring = match word.as_str() {
                "host" => Some(Ring::Host),
                "ktest" => Some(Ring::Ktest),
                "suite" => Some(Ring::Suite),
                "stress" => Some(Ring::Stress),
                "harness" => Some(Ring::Harness),
                "oracle" => Some(Ring::Oracle),
                "foreign" => Some(Ring::Foreign),
                "all" => Some(Ring::All),
                "fault" => Some(Ring::Fault),
                "random" => Some(Ring::Random),
                _ => None,
            };
            if ring.is_some() && options.ring.is_none() && options.filter.is_none() {
                options.ring = ring;
            } else if word.is_empty() || word.contains(char::is_whitespace) {
                return Err(usage("a FILTER is one word"));
            } else if options.filter.is_none() {
                options.filter = Some(word);
            } else {
                return Err(usage(format!(
                    "{word}: one FILTER is enough; see scripts/test --help"
                )));
            }
        }
        let may_be_long = matches!(options.ring, Some(Ring::Fault | Ring::Stress | Ring::All));
        if options.long && !may_be_long {
            return Err(usage("--long goes with fault, stress and all; see scripts/test --help"));
        }
        if options.random != RandomOptions::default() && options.ring != Some(Ring::Random) {
            return Err(usage(
                "--soak, --errors, --seed, --calls, --processes and --program go with random; see \
                 scripts/test --help",
            ));
        }
        let has_faults = matches!(options.ring, Some(Ring::Fault | Ring::All));
        if options.report.is_some() && !has_faults {
            return Err(usage("--report goes with fault and all; see scripts/test --help"));
        }
        let is_more = options.filter.is_some() || options.long || options.junit.is_some();
        if options.replay.is_some() && (options.ring != Some(Ring::Fault) || is_more) {
            return Err(usage(
                "--replay goes with fault, and with --gdb alone; see scripts/test --help",
            ));
        }
        if options.gdb && options.replay.is_none() {
            return Err(usage(
                "--gdb goes with fault --replay; scripts/debug runs gdb on anything",
            ));
        }
        Ok(options)
    }

    /// What is asked of the scenarios in which things fail.
    pub fn faults(&self) -> Ask {
        Ask {
            filter: self.filter.clone(),
            long: self.long,
            folder: self.report.clone().unwrap_or_else(fault_tests::usual_folder),
            is_alone: self.ring == Some(Ring::Fault),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;

    fn parse(line: &str) -> Result<Options> {
        Options::parse(Words::new(line.split_whitespace().map(OsString::from)))
    }

    #[test]
    fn a_ring_a_filter_and_the_machine() {
        let options = parse("suite mmap --no-pae --junit out.xml --memory 256M").unwrap();
        assert_eq!(options.ring, Some(Ring::Suite));
        assert_eq!(options.filter.as_deref(), Some("mmap"));
        assert_eq!(options.junit, Some("out.xml".into()));
        assert_eq!(options.machine.memory, 256 << 20);
        assert!(!options.machine.layout.pae);
        assert!(parse("all --long").unwrap().long);
        assert_eq!(parse("random --soak").unwrap().ring, Some(Ring::Random));
        let replay = parse("fault --replay pipe::a:3,9 --gdb --report out").unwrap();
        assert_eq!((replay.replay.as_deref(), replay.gdb), (Some("pipe::a:3,9"), true));
        assert_eq!(replay.faults().folder, PathBuf::from("out"));
        assert_eq!(parse("").unwrap(), Options::default());
        assert_eq!(parse("vma").unwrap().filter.as_deref(), Some("vma"));
    }

    #[test]
    fn misuse_ends_with_status_2() {
        assert_eq!(Options::parse(Words::new(["a b".into()])).unwrap_err().status, 2);
        for line in [
            "host a b",
            "--smp 2",
            "--split 5g",
            "--junit",
            "suite --long",
            "suite --report out",
            "suite --replay a:1",
            "fault --replay a:1 b",
            "fault --gdb",
            "suite --soak",
        ] {
            assert_eq!(parse(line).unwrap_err().status, 2, "{line}");
        }
    }
}
