//! `scripts/new-app`, as a user calls it: what it makes is built with the rest and runs.

use crate::Outcome;
use crate::guest::Setup;
use abi::frame::Exit;
use std::fs;
use std::path::PathBuf;
use xtask::words::Words;
use xtask::{app, build, workspace};

/// Packages of this tree for as long as a scenario takes.
struct Made {
    folders: Vec<PathBuf>,
    /// The lock file as it was: cargo notes every package there.
    lock: (PathBuf, Vec<u8>),
}

impl Made {
    fn new(commands: &[&[&str]]) -> Result<Self, String> {
        let lock = workspace::root().join("Cargo.lock");
        let bytes = fs::read(&lock).map_err(|why| format!("{}: {why}", lock.display()))?;
        let mut made = Self { folders: Vec::new(), lock: (lock, bytes) };
        for words in commands {
            let name = words.last().ok_or("a command without a name")?;
            app::run(Words::new(words.iter().map(|word| word.into()))).map_err(|stop| stop.why)?;
            made.folders.push(workspace::root().join("user/bin").join(name));
        }
        Ok(made)
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        for folder in &self.folders {
            let _ = fs::remove_dir_all(folder);
        }
        let _ = fs::write(&self.lock.0, &self.lock.1);
    }
}

pub fn what_it_makes_runs(setup: &Setup) -> Outcome {
    let _made = Made::new(&[&["made-alone"], &["--shared", "made-shared"]])?;
    let programs = build::programs(true).map_err(|stop| stop.why)?;
    for (name, is_shared) in [("made-alone", false), ("made-shared", true)] {
        let path = format!("/bin/{name}");
        let ended = setup.program_among(&programs, &[&path])?.run()?;
        ended.expect_exit(Exit::Exited(0))?;
        ended.expect_output(format!("{name} is running\n").as_bytes())?;
        let program = programs.iter().find(|program| program.guest == path);
        let file = program.ok_or_else(|| format!("{path} was not built"))?;
        let bytes = fs::read(&file.stripped).map_err(|why| format!("{path}: {why}"))?;
        let needs = |name: &[u8]| bytes.windows(name.len()).any(|part| part == name);
        if [&b"/lib/ld-folio.so.1\0"[..], b"libsys.so\0"]
            .iter()
            .any(|name| needs(name) != is_shared)
        {
            return Err(format!("{path} is linked as it should not be"));
        }
    }
    Ok(())
}
