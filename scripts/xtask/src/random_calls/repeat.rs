//! Builds a program that was written down, and runs it.

use super::failure::Failure;
use crate::captured::{capture, text};
use crate::cargo::{self, Target};
use crate::contents::Contents;
use crate::machine::Machine;
use crate::qemu::System;
use crate::session::End;
use crate::stop::{Result, failed, io};
use crate::workspace;
use abi::frame::Exit;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(120);
const PROGRAM: &str = "/bin/crash";

const MANIFEST: &str = "\
[package]
name = \"crash\"
version = \"0.1.0\"
edition = \"2024\"
publish = false
build = \"ROOT/linker/program.rs\"

[[bin]]
name = \"crash\"
path = \"SOURCE\"

[dependencies]
random = { path = \"ROOT/tests/random\" }
sys = { package = \"libsys\", path = \"ROOT/libsys\" }

# It is no part of the tree's workspace.
[workspace]
";

/// The program's file.
fn build(source: &Path) -> Result<PathBuf> {
    let source = fs::canonicalize(source).map_err(|error| io("find", source, error))?;
    let folder = workspace::target().join("random/package");
    fs::create_dir_all(&folder).map_err(|error| io("create", &folder, error))?;
    let root = workspace::root();
    let (Some(root_name), Some(source_name)) = (root.to_str(), source.to_str()) else {
        return Err(failed("a path that is not UTF-8"));
    };
    let manifest = MANIFEST.replace("ROOT", root_name).replace("SOURCE", source_name);
    let path = folder.join("Cargo.toml");
    fs::write(&path, manifest).map_err(|error| io("write", &path, error))?;
    // What the tree was built with, it is built with.
    let lock = folder.join("Cargo.lock");
    let copied = fs::copy(root.join("Cargo.lock"), &lock);
    copied.map_err(|error| io("write", &lock, error))?;
    let mut command = cargo::for_target("cargo", "build", Target::User);
    command.args(["--release", "--manifest-path"]).arg(&path);
    command.arg("--target-dir").arg(workspace::target());
    let built = cargo::build(command, source_name, false)?;
    let program = built.into_iter().next();
    program.map(|built| built.file).ok_or_else(|| failed("the package has no program"))
}

/// Runs a program some times, each in a machine that was just booted: what was wrong each time.
pub fn repeat(
    source: &Path,
    machine: &Machine,
    kernel: &Path,
    mut contents: Contents,
    times: u32,
) -> Result<Vec<Option<Failure>>> {
    contents.program(PROGRAM, build(source)?)?;
    let run = |_| {
        let system = (System::Folio, kernel);
        let ran = capture(machine, system, contents.clone(), &[PROGRAM], TIMEOUT)?;
        let stdout = text(&ran.stdout);
        let wrong = stdout.lines().find_map(|line| line.strip_prefix("wrong "));
        Ok(match (&ran.outcome.end, wrong) {
            (_, Some(said)) => Some(Failure::said(said, &ran.outcome.log, kernel)),
            (End::Exit(Exit::Exited(0)), None) => None,
            _ => Some(Failure::ended(&ran, kernel)),
        })
    };
    (0..times).map(run).collect()
}

/// Where a program is written that repeats what came of a seed.
pub fn place(seed: u32) -> Result<PathBuf> {
    let folder = workspace::target().join("random");
    fs::create_dir_all(&folder).map_err(|error| io("create", &folder, error))?;
    Ok(folder.join(format!("crash-{seed}.rs")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_lie_below_target() {
        assert!(place(7).unwrap().ends_with("random/crash-7.rs"));
    }
}
