//! `debug`: gdb on a kernel that has not executed anything yet.

use crate::build::{self, Image, Kind, Profile};
use crate::guest::find;
use crate::machine::Machine;
use crate::stop::{Result, failed, io};
use crate::words::{Word, Words};
use crate::workspace;
use std::ffi::OsString;
use std::fs::File;
use std::process::{Command, Stdio};

pub const USAGE: &str = "\
usage: scripts/debug [options of scripts/run] [-- PROGRAM [ARGS...]]

Starts the program in a fresh guest under gdb, which has the kernel's symbols and the commands of
scripts/folio.gdb. What the program writes goes to target/images/debug.out, the kernel's log to
target/images/debug.log.
";

/// Runs the command; its exit status.
pub fn run(words: Words) -> Result<u8> {
    let gdb = find("gdb")
        .ok_or_else(|| failed("gdb is not installed; in Debian: apt-get install gdb"))?;
    let words = words.rest();
    let machine = machine(&words)?;
    let image = Image { layout: machine.layout, profile: Profile::Release, kind: Kind::Plain };
    let kernel = build::kernel(image, true)?;
    build::programs(true)?;
    let folder = build::images()?;
    let path = folder.join("debug.out");
    let output = File::create(&path).map_err(|error| io("create", &path, error))?;
    let both = output.try_clone().map_err(|error| io("write", &path, error))?;
    let xtask = std::env::current_exe().map_err(|error| failed(format!("xtask: {error}")))?;
    let mut guest = Command::new(xtask)
        .args(["run", "--gdb", "--kernel-log"])
        .arg(folder.join("debug.log"))
        .args(words)
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(both)
        .spawn()
        .map_err(|error| failed(format!("cannot start the guest: {error}")))?;
    let status = Command::new(gdb)
        .current_dir(workspace::root())
        .arg("-q")
        .arg(&kernel)
        .args(["-x", "scripts/folio.gdb", "-ex", "target remote 127.0.0.1:1234"])
        .status();
    // It may have ended with the debugger.
    let _ = guest.kill();
    let _ = guest.wait();
    let status = status.map_err(|error| failed(format!("gdb: {error}")))?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(125))
}

/// The machine that `run` will read out of the same words.
fn machine(words: &[OsString]) -> Result<Machine> {
    let mut machine = Machine::default();
    let mut words = Words::new(words.iter().cloned());
    while let Some(word) = words.next_word()? {
        match word {
            Word::Option(name) if machine.option(&name, &mut words)? => {}
            // `run` judges the rest; here only its values have to be passed over.
            Word::Option(name) if ["icount", "gdb"].contains(&name.as_str()) => {}
            Word::Option(name) => drop(words.value(&name, "VALUE")?),
            Word::Plain(_) | Word::Rest(_) => {}
        }
    }
    Ok(machine)
}
