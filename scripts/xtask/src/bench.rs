//! `bench`: the measuring program, on the release image, with counted instructions.

use crate::run;
use crate::stop::{Result, usage};
use crate::words::{Word, Words};
use crate::workspace;
use std::ffi::OsString;

pub const USAGE: &str = "\
usage: scripts/bench [--no-pae] [--against linux] [NAMES...]

Measures Folio in instructions: the same numbers in every run. NAMES are parts of the measurements'
names; without any, all run.
";

/// What counts the instructions.
const PROGRAM: &str = "/bin/bench";

/// Runs the command; its exit status.
pub fn run(mut words: Words) -> Result<u8> {
    let mut arguments: Vec<OsString> = vec!["--icount".into()];
    let mut names = Vec::new();
    while let Some(word) = words.next()? {
        match word {
            Word::Plain(name) => names.push(name),
            Word::Rest(rest) => names.extend(rest),
            Word::Option(name) => match name.as_str() {
                "against" => {
                    let peer = words.value(&name, "linux")?;
                    return Err(usage(format!("--against {peer}: not in this version")));
                }
                "pae" | "no-pae" => arguments.push(format!("--{name}").into()),
                "memory" | "split" => {
                    let value = words.value(&name, "as for scripts/run")?;
                    arguments.extend([format!("--{name}").into(), value.into()]);
                }
                _ => return Err(usage(format!("--{name}: no such option\n{USAGE}"))),
            },
        }
    }
    if !workspace::root().join("user/bin/bench").is_dir() {
        return Err(usage("bench: not in this version"));
    }
    arguments.extend(["--".into(), PROGRAM.into()]);
    arguments.extend(names);
    run::run(Words::new(arguments))
}
