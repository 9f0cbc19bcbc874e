//! The command line of a campaign.

use super::id::Id;
use std::ffi::OsString;
use std::path::PathBuf;
use xtask::machine::Machine;
use xtask::stop::{Result, usage};
use xtask::words::{Word, Words};

pub const USAGE: &str = "\
usage: cargo test [--test NAME] [-- [options] [FILTER...]]

Runs scenarios over and over, each time with another failure in the kernel on behalf of the programs
they run: those whose names contain a FILTER, or all.

  --replay ID          one fault again, as the report names it, with what the kernel says about it
  --report FOLDER      where the report goes (target/faults/NAME)
  --list               the scenarios
  --exact              a FILTER is a whole name
  --memory SIZE, --pae, --no-pae, --split 3g|2g|1g, --cpu MODEL, --cmdline TEXT
                       the machine, as for scripts/run

Exit status: 0 if nothing was wrong, 1 if something was, 2 wrong usage, 125 if there was no guest.
";

pub struct Options {
    pub machine: Machine,
    pub task: Task,
    /// Where the report goes.
    pub report: Option<PathBuf>,
}

pub enum Task {
    Help,
    List,
    Sweep(Wanted),
    /// One fault, with what the kernel says about it.
    Replay(Id),
}

/// Which scenarios run.
#[derive(Default)]
pub struct Wanted {
    filters: Vec<String>,
    is_exact: bool,
}

impl Wanted {
    /// Without filters, all.
    pub fn includes(&self, name: &str) -> bool {
        let fits = |filter: &String| match self.is_exact {
            true => name == filter,
            false => name.contains(filter.as_str()),
        };
        self.filters.is_empty() || self.filters.iter().any(fits)
    }
}

/// What people and `cargo test` say to tests of every kind, and means nothing to this one.
const OF_NO_MEANING: [&str; 5] =
    ["nocapture", "no-capture", "show-output", "quiet", "include-ignored"];

impl Options {
    pub fn read(words: impl Iterator<Item = OsString>) -> Result<Self> {
        let mut words = Words::new(words);
        let (mut machine, mut wanted) = (Machine::default(), Wanted::default());
        let (mut report, mut task) = (None, None);
        while let Some(word) = words.next_word()? {
            let name = match word {
                Word::Option(name) => name,
                Word::Plain(word) if word == "-q" => continue,
                Word::Plain(word) if word == "-h" => "help".into(),
                Word::Plain(word) => {
                    wanted.filters.push(word.to_string_lossy().into_owned());
                    continue;
                }
                Word::Rest(_) => return Err(usage("-- is not understood here; see --help")),
            };
            match name.as_str() {
                "help" => task = Some(Task::Help),
                "list" => task = Some(Task::List),
                "exact" => wanted.is_exact = true,
                "report" => report = Some(words.value(&name, "FOLDER")?.into()),
                "replay" => {
                    let id = words.value(&name, "greets:17")?;
                    let parsed = Id::parse(&id).ok_or_else(|| {
                        usage(format!("--replay {id}: give SCENARIO:NTH, or what a report has"))
                    });
                    task = Some(Task::Replay(parsed?));
                }
                "test-threads" | "color" | "format" => drop(words.value(&name, "1")?),
                name if OF_NO_MEANING.contains(&name) => {}
                _ if machine.option(&name, &mut words)? => {}
                _ => return Err(usage(format!("--{name}: no such option; see --help"))),
            }
        }
        Ok(Self { machine, task: task.unwrap_or(Task::Sweep(wanted)), report })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Options> {
        Options::read(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn filters_choose_scenarios() {
        let Task::Sweep(wanted) = read("file greet").unwrap().task else { panic!() };
        assert!(wanted.includes("a_file_is_read") && !wanted.includes("a_pipe"));
        let Task::Sweep(wanted) = read("--exact a_file").unwrap().task else { panic!() };
        assert!(wanted.includes("a_file") && !wanted.includes("a_file_is_read"));
        let Task::Sweep(wanted) = read("").unwrap().task else { panic!() };
        assert!(wanted.includes("all"));
    }

    #[test]
    fn what_cargo_test_says_to_every_test_is_no_mistake() {
        let line = "--nocapture --test-threads=1 --test-threads 2 -q --format pretty --no-pae x";
        let options = read(line).unwrap();
        let Task::Sweep(wanted) = options.task else { panic!() };
        assert!(wanted.includes("xy") && !wanted.includes("1") && !options.machine.layout.pae);
        assert!(matches!(read("--list").unwrap().task, Task::List));
        assert!(matches!(read("-h").unwrap().task, Task::Help));
    }

    #[test]
    fn misuse_ends_with_status_2() {
        for line in ["--nope", "--replay", "--replay x", "--report", "-- x"] {
            assert_eq!(read(line).err().unwrap().status, 2, "{line}");
        }
        let Task::Replay(id) = read("--replay a:3,4@k.rs:7").unwrap().task else { panic!() };
        assert_eq!(id.to_string(), "a:3,4@k.rs:7");
    }
}
