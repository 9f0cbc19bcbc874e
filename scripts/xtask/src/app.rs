//! `new-app`: a new program in `user/bin`, or a crate of fault tests anywhere.

use crate::stop::{Result, io, usage};
use crate::words::{Word, Words};
use crate::workspace;
use std::fs;
use std::path::Path;

pub const USAGE: &str = "\
usage: scripts/new-app [--shared] NAME
       scripts/new-app --test FOLDER

Makes user/bin/NAME. The next scripts/run builds it and has it in the archive as /bin/NAME.

  --shared  linked with libsys.so, which all such programs share, not with a copy of its own
  --test    a crate of tests in a new folder, best outside of this tree: what programs on Folio
            make of every failure in the kernel; `cargo test` there runs them
";

const MANIFEST: &str = "\
[package]
name = \"NAME\"
version.workspace = true
edition.workspace = true
rust-version.workspace = true
license.workspace = true
publish.workspace = true
build = \"../../../linker/program.rs\"

[dependencies]
SYS

[lints]
workspace = true
";

const STATIC: &str = "sys.workspace = true";
const SHARED: &str = "sys = { package = \"libsys-so\", path = \"../../../libsys/so\" }";

const MAIN: &str = "\
//! Says what it is for.

#![no_std]
#![no_main]

use sys::println;

sys::entry!(main);

fn main() {
    println!(\"NAME is running\");
}
";

const TEST_MANIFEST: &str = "\
[package]
name = \"NAME\"
version = \"0.1.0\"
edition = \"2024\"
publish = false

[dev-dependencies]
harness = { path = \"HARNESS\" }

[[test]]
name = \"faults\"
harness = false

# Folio's own packages are no part of this one's workspace.
[workspace]
";

const TEST: &str = "\
//! Which failures in the kernel these programs survive: `cargo test`.

harness::campaign! {
    #[sweep]
    fn a_greeting_is_said(guest) {
        guest.run(\"/bin/hello\", &[])?.says(\"hello, world\\n\")
    }
}
";

/// Runs the command; its exit status.
pub fn run(mut words: Words) -> Result<u8> {
    let (mut name, mut sys, mut is_test) = (None, STATIC, false);
    while let Some(word) = words.next_word()? {
        match word {
            Word::Plain(plain) if name.is_none() => {
                name = Some(plain.to_string_lossy().into_owned());
            }
            Word::Option(option) if option == "shared" => sys = SHARED,
            Word::Option(option) if option == "test" => is_test = true,
            _ => return Err(usage(USAGE)),
        }
    }
    let name = name.ok_or_else(|| usage(USAGE))?;
    if is_test {
        return make_test(Path::new(&name));
    }
    if !fits(&name) {
        return Err(usage(format!(
            "{name}: a program's name has lower-case letters, digits and -, and begins with a letter"
        )));
    }
    let taken = workspace::guest_packages()?.into_iter().find(|package| package.name == name);
    if let Some(package) = taken {
        return Err(usage(format!("{name}: {} has that name already", package.folder.display())));
    }
    if ["kernel", "kcore", "abi", "proto", "sys", "xtask", "core", "alloc", "std", "test"]
        .contains(&name.as_str())
    {
        return Err(usage(format!(
            "{name}: a package of the tree or of Rust has that name already"
        )));
    }
    let folder = workspace::root().join("user/bin").join(&name);
    let source = folder.join("src");
    fs::create_dir_all(&source).map_err(|error| io("create", &source, error))?;
    for (path, text) in [
        (folder.join("Cargo.toml"), manifest(&name, sys)),
        (source.join("main.rs"), MAIN.replace("NAME", &name)),
    ] {
        fs::write(&path, text).map_err(|error| io("write", &path, error))?;
    }
    println!("user/bin/{name}/src/main.rs is the program; scripts/run -- /bin/{name} runs it");
    Ok(0)
}

/// Makes a crate of tests in a new folder.
fn make_test(folder: &Path) -> Result<u8> {
    let shown = folder.display();
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if !fits(name) {
        return Err(usage(format!(
            "{shown}: a crate's name has lower-case letters, digits and -, and begins with a letter"
        )));
    }
    if folder.exists() {
        return Err(usage(format!("{shown} is there already")));
    }
    let tests = folder.join("tests");
    fs::create_dir_all(&tests).map_err(|error| io("create", &tests, error))?;
    let source = folder.join("src");
    fs::create_dir_all(&source).map_err(|error| io("create", &source, error))?;
    let harness = workspace::root().join("tests/harness");
    let harness = harness.to_str().ok_or_else(|| usage("the path of this tree is not UTF-8"))?;
    let manifest = TEST_MANIFEST.replace("NAME", name).replace("HARNESS", harness);
    for (path, text) in [
        (folder.join("Cargo.toml"), manifest.as_str()),
        (tests.join("faults.rs"), TEST),
        (source.join("lib.rs"), "//! All that is here is below `tests`.\n"),
    ] {
        fs::write(&path, text).map_err(|error| io("write", &path, error))?;
    }
    println!("{shown}/tests/faults.rs is the test; cargo test in {shown} runs it");
    Ok(0)
}

fn manifest(name: &str, sys: &str) -> String {
    MANIFEST.replace("NAME", name).replace("SYS", sys)
}

fn fits(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.len() <= 64
        && !name.ends_with('-')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_programs_are_built_as_those_of_the_tree() {
        let hello = include_str!("../../../user/bin/hello/Cargo.toml");
        assert_eq!(manifest("hello", STATIC), hello);
        let shared = include_str!("../../../user/bin/ls/Cargo.toml");
        assert_eq!(manifest("ls", SHARED), shared);
    }

    #[test]
    fn names_are_package_names() {
        assert!(fits("hello-2"));
        for wrong in ["", "Hello", "2x", "-x", "x-", "a/b", "a b", "..", "é"] {
            assert!(!fits(wrong), "{wrong}");
        }
    }
}
