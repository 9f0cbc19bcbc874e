//! `check`: layers, unit tests that nobody runs, format and lints.

use crate::cargo::{self, Target};
use crate::stop::{Result, usage};
use crate::words::Words;
use crate::{build, layers, unit_tests, vdso, workspace};
use std::path::Path;
use std::process::{Command, Stdio};

pub const USAGE: &str = "\
usage: cargo xtask check

Checks the layers of the kernel, that the unit tests of every package are run, the format of every
package, and the lints of all of them for host and guest.
";

/// Something that can be checked without a guest.
pub type Check = fn() -> Verdict;
/// What is wrong, if anything is.
pub type Verdict = std::result::Result<(), String>;

/// Every check and its name.
pub const CHECKS: [(&str, Check); 4] =
    [("layers", layers), ("tests", tests), ("format", format), ("lints", lints)];

/// Runs the command; its exit status.
pub fn run(mut words: Words) -> Result<u8> {
    if words.next_word()?.is_some() {
        return Err(usage(USAGE));
    }
    let mut status = 0;
    for (name, check) in CHECKS {
        match check() {
            Ok(()) => println!("ok {name}"),
            Err(why) => {
                println!("not ok {name}\n{why}");
                status = 1;
            }
        }
    }
    Ok(status)
}

/// rustfmt has nothing to change.
fn format() -> Verdict {
    let mut command = cargo::command("cargo-fmt");
    command.args(["fmt", "--all", "--", "--check"]);
    quiet("what `cargo fmt --all` mends", command)
}

/// clippy has nothing to say, on the host and for both guest targets.
fn lints() -> Verdict {
    const DENY: [&str; 3] = ["--", "-D", "warnings"];
    let mut host = cargo::command("cargo-clippy");
    host.args(["clippy", "--quiet", "--all-targets"]).args(DENY);
    quiet("clippy on the host packages", host)?;
    let features = workspace::kernel_features().unwrap_or_default();
    let vdso = build::vdso().map_err(|stop| stop.why)?;
    for wanted in ["", "pae", "ktest", "faults"] {
        if !wanted.is_empty() && !features.iter().any(|feature| feature == wanted) {
            continue;
        }
        let mut kernel = cargo::for_target("cargo-clippy", "clippy", Target::Kernel);
        kernel.env(vdso::VARIABLE, &vdso);
        kernel.args(["--quiet", "--package", "kernel", "--profile", "checked"]);
        kernel.args(["--features", wanted]).args(DENY);
        quiet(&format!("clippy on the kernel ({wanted})"), kernel)?;
    }
    let packages = workspace::guest_packages().map_err(|stop| stop.why)?;
    if !packages.is_empty() {
        let mut user = cargo::for_target("cargo-clippy", "clippy", Target::User);
        user.args(["--quiet", "--profile", "release", "--package", "vdso"]);
        for package in &packages {
            user.args(["--package", &package.name]);
        }
        user.args(DENY);
        quiet("clippy on the user programs", user)?;
    }
    Ok(())
}

/// Runs a command whose output matters only if it fails.
fn quiet(what: &str, mut command: Command) -> Verdict {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{what}: {error}: run scripts/setup"))?;
    if output.status.success() {
        return Ok(());
    }
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    Err(format!("{what}:\n{}{}", text(&output.stdout), text(&output.stderr)))
}

/// The imports of every kernel file against the table of layers.
fn layers() -> Verdict {
    let top = workspace::root().join("kernel/src");
    let mut found = Vec::new();
    workspace::sources(&top, &mut |path, source| {
        if let Some(file) = path.strip_prefix(&top).ok().and_then(Path::to_str) {
            found.extend(layers::violations(file, source));
        }
    })
    .map_err(|stop| stop.why)?;
    if found.is_empty() { Ok(()) } else { Err(found.join("\n")) }
}

/// The packages with unit tests against those that `cargo test` takes.
fn tests() -> Verdict {
    let root = workspace::root();
    let manifest = root.join("Cargo.toml");
    let text = std::fs::read_to_string(&manifest)
        .map_err(|error| format!("cannot read {}: {error}", manifest.display()))?;
    let members = unit_tests::default_members(&text);
    let mut found = Vec::new();
    for package in workspace::packages().map_err(|stop| stop.why)? {
        let mut has_tests = false;
        let mut look = |_: &Path, source: &str| has_tests |= unit_tests::has_tests(source);
        workspace::sources(&root.join(&package.folder).join("src"), &mut look)
            .map_err(|stop| stop.why)?;
        let folder = package.folder.to_string_lossy();
        if has_tests && !unit_tests::is_member(&folder, &members) {
            found.push(format!("{folder}: unit tests, but not in default-members of Cargo.toml"));
        }
    }
    if found.is_empty() { Ok(()) } else { Err(found.join("\n")) }
}
