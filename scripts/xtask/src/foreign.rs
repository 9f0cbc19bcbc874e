//! Programs that nobody here built, linked dynamically and loaded by glibc's own loader, each running
//! a script of ordinary work from `tests/foreign` on Folio and on Debian's Linux: what they print and
//! how they end has to be the same.

use crate::build::{self, Program};
use crate::captured::capture;
use crate::contents::{Add, Contents};
use crate::debian::{self, Fetched};
use crate::machine::Machine;
use crate::oracle::disagreement;
use crate::qemu::System;
use crate::report::Case;
use crate::stop::Result;
use crate::workspace;
use std::path::Path;
use std::time::Duration;

/// Longer than any honest run takes.
const TIMEOUT: Duration = Duration::from_secs(300);
/// Enough for an archive of whole packages, and for Linux to unpack it.
const MEMORY: u64 = 1 << 30;

/// A program and its script.
struct Work {
    name: &'static str,
    /// Path and arguments.
    words: &'static [&'static str],
}

const WORKS: &[Work] = &[
    Work { name: "dash", words: &["/bin/dash", "/foreign/dash.sh"] },
    Work { name: "bash", words: &["/bin/bash", "/foreign/bash.sh"] },
    Work { name: "coreutils", words: &["/bin/bash", "/foreign/coreutils.sh"] },
    Work { name: "lua", words: &["/usr/bin/lua5.4", "/foreign/lua.lua"] },
    Work { name: "sqlite", words: &["/bin/dash", "-c", SQLITE] },
    Work { name: "python", words: &["/usr/bin/python3.11", "/foreign/python.py"] },
];

const SQLITE: &str = "exec /usr/bin/sqlite3 /tmp/first.db </foreign/sqlite.sql";

/// Lets the programs work whose name contains `filter`, with a case for each.
pub fn run(
    machine: &Machine,
    kernel: &Path,
    programs: &[Program],
    filter: Option<&str>,
) -> Result<Vec<Case>> {
    let wanted = |work: &&Work| filter.is_none_or(|filter| work.name.contains(filter));
    let works: Vec<&Work> = WORKS.iter().filter(wanted).collect();
    if works.is_empty() {
        return Ok(Vec::new());
    }
    let (linux, foreign) = match (debian::kernel(machine.layout.pae), debian::programs()) {
        (Ok(linux), Ok(foreign)) => (linux, foreign),
        (Err(stop), _) | (_, Err(stop)) => {
            return Ok(vec![Case::skipped("Debian's packages", stop.why)]);
        }
    };
    let machine = &Machine { memory: machine.memory.max(MEMORY), ..machine.clone() };
    let mut cases = Vec::new();
    for Work { name, words } in works {
        eprintln!("foreign: {name}");
        let ask = |system| capture(machine, system, contents(programs, &foreign)?, words, TIMEOUT);
        let expected = ask((System::Linux, &linux.path))?;
        let found = ask((System::Folio, kernel))?;
        cases.push(match disagreement(&expected, &found, kernel) {
            None => Case::passed(*name),
            Some(why) => Case::failed(*name, why),
        });
    }
    Ok(cases)
}

/// The packages, and the scripts.
fn contents(programs: &[Program], foreign: &Fetched) -> Result<Contents> {
    let mut contents = build::contents_for_linux(programs)?;
    contents.add(&Add { host: foreign.path.clone(), guest: b"/".to_vec() })?;
    let scripts = workspace::root().join("tests/foreign");
    contents.add(&Add { host: scripts, guest: b"/foreign".to_vec() })?;
    Ok(contents)
}
