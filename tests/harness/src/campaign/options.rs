//! The command line of a campaign.

use super::sweep::Choice;
use std::ffi::OsString;
use std::path::PathBuf;
use xtask::machine::Machine;
use xtask::stop::{Result, usage};
use xtask::words::{Word, Words};

pub struct Options {
    pub machine: Machine,
    pub task: Task,
    /// Where the report goes.
    pub report: Option<PathBuf>,
}

pub enum Task {
    /// All scenarios whose names contain one of the filters, or all.
    Sweep { filters: Vec<String> },
    /// One fault, with what the kernel says about it.
    Replay { scenario: String, choice: Choice },
}

impl Options {
    /// `[machine options] [--report FOLDER] [--replay SCENARIO/CHOICE | FILTER…]`. What `cargo test`
    /// adds for tests of another kind is left alone.
    pub fn read(words: impl Iterator<Item = OsString>) -> Result<Self> {
        let mut words = Words::new(words);
        let (mut machine, mut filters) = (Machine::default(), Vec::new());
        let (mut report, mut replay) = (None, None);
        while let Some(word) = words.next_word()? {
            match word {
                Word::Option(name) if machine.option(&name, &mut words)? => {}
                Word::Option(name) if name == "report" => {
                    report = Some(PathBuf::from(words.value("report", "FOLDER")?));
                }
                Word::Option(name) if name == "replay" => {
                    let id = words.value("replay", "greets/17")?;
                    let parsed = id.rsplit_once('/').and_then(|(scenario, choice)| {
                        Some(Task::Replay {
                            scenario: scenario.into(),
                            choice: Choice::parse(choice)?,
                        })
                    });
                    replay = Some(parsed.ok_or_else(|| {
                        usage(format!(
                            "--replay {id}: SCENARIO/NTH or SCENARIO/NTH+THEN, as a report has it"
                        ))
                    })?);
                }
                Word::Option(name) => return Err(usage(format!("--{name}: no such option"))),
                Word::Plain(word) => filters.push(word.to_string_lossy().into_owned()),
                Word::Rest(_) => return Err(usage("-- is not understood here")),
            }
        }
        Ok(Self { machine, task: replay.unwrap_or(Task::Sweep { filters }), report })
    }
}
