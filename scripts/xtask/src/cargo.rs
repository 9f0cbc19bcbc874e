//! Runs cargo for one target at a time.
//!
//! `RUSTC_BOOTSTRAP` is set here and nowhere else, and only for guest targets: it would leak to
//! host build scripts, which then probe for nightly features.

use crate::stop::{Result, failed};
use crate::{guest, workspace};
use std::io::{BufRead, BufReader, IsTerminal};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// What a guest package is built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Kernel,
    User,
}

impl Target {
    fn specification(self) -> &'static str {
        match self {
            Self::Kernel => "linker/i686-kernel.json",
            Self::User => "linker/i686-user.json",
        }
    }
}

/// A tool beside the cargo that runs us: two toolchains in one PATH must not mix.
pub fn tool(name: &str) -> PathBuf {
    let cargo = std::env::var_os("CARGO").map(PathBuf::from);
    let beside = cargo.and_then(|cargo| Some(cargo.parent()?.join(name)));
    beside.filter(|tool| tool.is_file()).unwrap_or_else(|| name.into())
}

/// A cargo tool that works on this tree and sees nothing of the cargo that runs us.
pub fn command(name: &str) -> Command {
    let mut command = Command::new(tool(name));
    command.current_dir(workspace::root());
    for (variable, _) in std::env::vars_os() {
        let name = variable.to_string_lossy();
        let inherited = ["CARGO_PKG_", "CARGO_MANIFEST", "CARGO_BIN_", "CARGO_CRATE_"];
        if inherited.iter().any(|prefix| name.starts_with(prefix)) {
            command.env_remove(&variable);
        }
    }
    command.env("CARGO", tool("cargo"));
    command.env("RUSTC", tool("rustc"));
    command.env("RUSTDOC", tool("rustdoc"));
    command.env("RUSTFMT", tool("rustfmt"));
    command
}

/// The same command, ended with everything it started after some seconds.
pub fn limited(command: Command, seconds: &str) -> Command {
    let Some(timeout) = guest::find("timeout") else { return command };
    let mut limited = Command::new(timeout);
    limited.args(["--kill-after=5", seconds]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        limited.current_dir(folder);
    }
    limited
}

/// `cargo SUBCOMMAND` for a guest target, with the standard library built for it.
pub fn for_target(tool: &str, subcommand: &str, target: Target) -> Command {
    let mut command = command(tool);
    for flags in
        ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS", "CARGO_BUILD_TARGET"]
    {
        command.env_remove(flags);
    }
    command.env("RUSTC_BOOTSTRAP", "1");
    command.arg(subcommand);
    command.args(["--target", target.specification()]);
    command.args(["-Zbuild-std=core,alloc,compiler_builtins"]);
    command.args(["-Zbuild-std-features=compiler-builtins-mem", "-Zjson-target-spec"]);
    command
}

/// An executable or a shared object that cargo has built.
#[derive(Debug, PartialEq, Eq)]
pub struct Built {
    /// The package's manifest.
    pub manifest: PathBuf,
    pub file: PathBuf,
}

/// Runs a `cargo build` and answers what it built. Its progress is shown if this command's standard
/// error is a terminal or `show` says so, and what the compiler says if it fails: warnings are for
/// `check`.
pub fn build(mut command: Command, what: &str, show: bool) -> Result<Vec<Built>> {
    let show = show || std::io::stderr().is_terminal();
    command.args(["--message-format", "json-render-diagnostics"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| {
        failed(format!("cannot start cargo ({error}): run scripts/setup to install Rust"))
    })?;
    let messages = child.stdout.take();
    let progress = child.stderr.take();
    let reader = std::thread::spawn(move || {
        let mut told = String::new();
        for line in progress.into_iter().flat_map(|pipe| BufReader::new(pipe).lines()).flatten() {
            let step = line.trim_start();
            let working = ["Compiling ", "Downloading ", "Blocking "];
            if working.iter().any(|verb| step.starts_with(verb)) {
                if show {
                    eprintln!("{line}");
                }
            } else if !step.starts_with("Finished ") {
                told.push_str(&line);
                told.push('\n');
            }
        }
        told
    });
    let mut built = Vec::new();
    for line in messages.into_iter().flat_map(|pipe| BufReader::new(pipe).lines()).flatten() {
        built.extend(artifact(&line));
    }
    let told = reader.join().unwrap_or_default();
    let status = child.wait().map_err(|error| failed(format!("cargo: {error}")))?;
    if !status.success() {
        return Err(failed(format!("{}building {what} failed", without_patch_note(&told))));
    }
    Ok(built)
}

/// Drops cargo's note that a build does not need the `x86_64` patch, which only the kernel does.
fn without_patch_note(told: &str) -> String {
    let mut kept = String::new();
    let mut note = false;
    for line in told.lines() {
        if line.starts_with("warning: ") || line.starts_with("error") {
            note = line.starts_with("warning: patch `x86_64 ");
        }
        if !note {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// The executable or shared object that one line of cargo's messages announces.
fn artifact(line: &str) -> Option<Built> {
    line.contains("\"reason\":\"compiler-artifact\"").then_some(())?;
    let shared = ["\"kind\":[\"dylib\"]", "\"kind\":[\"cdylib\"]"];
    let file = if shared.iter().any(|kind| line.contains(kind)) {
        string_at(line, "\"filenames\":[\"")?
    } else {
        json_string(line, "executable")?
    };
    let manifest = json_string(line, "manifest_path")?;
    Some(Built { manifest: manifest.into(), file: file.into() })
}

/// The first string called `key` in a line of JSON.
fn json_string(line: &str, key: &str) -> Option<String> {
    string_at(line, &format!("\"{key}\":\""))
}

/// The string that goes on behind `marker`.
fn string_at(line: &str, marker: &str) -> Option<String> {
    let start = line.find(marker)? + marker.len();
    let mut text = String::new();
    let mut chars = line.get(start..)?.chars();
    loop {
        match chars.next()? {
            '"' => return Some(text),
            '\\' => match chars.next()? {
                plain @ ('"' | '\\' | '/') => text.push(plain),
                _ => return None,
            },
            plain => text.push(plain),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn artifacts_are_found_in_the_messages() {
        let line = r#"{"reason":"compiler-artifact","manifest_path":"/a \"b\"/Cargo.toml","target":{"kind":["bin"]},"executable":"/t/hello","fresh":true}"#;
        let built = artifact(line).unwrap();
        assert_eq!(built.manifest, Path::new("/a \"b\"/Cargo.toml"));
        assert_eq!(built.file, Path::new("/t/hello"));
        let shared = r#"{"reason":"compiler-artifact","manifest_path":"/s","target":{"kind":["dylib"]},"filenames":["/t/libs.so"],"executable":null}"#;
        assert_eq!(artifact(shared).unwrap().file, Path::new("/t/libs.so"));
        let library = r#"{"reason":"compiler-artifact","manifest_path":"/a","executable":null}"#;
        assert_eq!(artifact(library), None);
        assert_eq!(artifact(r#"{"reason":"build-finished","success":true}"#), None);
    }

    #[test]
    fn the_note_about_the_patch_is_dropped() {
        let told = "warning: patch `x86_64 v0.14.99 (p)` was not used\nhelp: Check\n      more\n\
                    warning: unused\n  --> a.rs\n";
        assert_eq!(without_patch_note(told), "warning: unused\n  --> a.rs\n");
    }
}
