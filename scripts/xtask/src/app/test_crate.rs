//! A crate of fault tests, which may lie anywhere.

use super::fits;
use crate::stop::{Result, io, usage};
use crate::workspace;
use std::fs;
use std::path::Path;

const MANIFEST: &str = "\
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
//! Which failures in the kernel these programs survive: `cargo test`; `cargo test -- --help`.

harness::campaign! {
    #[sweep]
    fn a_greeting_is_said(guest) {
        guest.run(\"/bin/hello\", &[])?.says(\"hello, world\\n\")
    }
}
";

/// What the crate has as this tree has it: the versions of other crates, and of Rust.
const SHARED: [&str; 2] = ["Cargo.lock", "rust-toolchain.toml"];

/// Makes it in a new folder.
pub fn make(folder: &Path) -> Result<u8> {
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
    let root = workspace::root();
    let lock = root.join(SHARED[0]);
    let locked = fs::read_to_string(&lock).map_err(|error| io("read", &lock, error))?;
    if locked.lines().any(|line| line == format!("name = \"{name}\"")) {
        return Err(usage(format!("{name}: a package that Folio needs has that name already")));
    }
    let harness = root.join("tests/harness");
    let harness = harness.to_str().ok_or_else(|| usage("the path of this tree is not UTF-8"))?;
    let manifest = MANIFEST.replace("NAME", name).replace("HARNESS", &escaped(harness));
    let tests = folder.join("tests");
    fs::create_dir_all(&tests).map_err(|error| io("create", &tests, error))?;
    for (path, text) in [
        (folder.join("Cargo.toml"), manifest.as_str()),
        (folder.join(".gitignore"), "/target\n"),
        (tests.join("faults.rs"), TEST),
    ] {
        fs::write(&path, text).map_err(|error| io("write", &path, error))?;
    }
    for file in SHARED {
        let copy = folder.join(file);
        fs::copy(root.join(file), &copy).map_err(|error| io("write", &copy, error))?;
    }
    println!("{shown}/tests/faults.rs is the test; cargo test in {shown} runs it");
    Ok(0)
}

/// A string of TOML.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transient::Transient;

    #[test]
    fn a_folder_that_is_there_stays_as_it_is() {
        let own = Transient::folder(&std::env::temp_dir(), "new-app").unwrap();
        let folder = own.path().join("my-tests");
        make(&folder).unwrap();
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        assert!(manifest.contains("name = \"my-tests\"") && manifest.contains("tests/harness\""));
        assert!(make(&folder).unwrap_err().why.contains("is there already"));
        for wrong in ["My", "harness", "xtask"] {
            assert_eq!(make(&own.path().join(wrong)).unwrap_err().status, 2, "{wrong}");
        }
    }
}
