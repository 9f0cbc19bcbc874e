//! `new-app`: a new program in `user/bin`, or a crate of fault tests anywhere.

mod test_crate;

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
        return test_crate::make(Path::new(&name));
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
