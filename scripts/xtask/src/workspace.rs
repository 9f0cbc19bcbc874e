//! Where things are in the tree, and which packages there are.

use crate::stop::{Result, io};
use std::fs;
use std::path::{Path, PathBuf};

/// The top folder of the tree.
pub fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.ancestors().nth(2).unwrap_or(xtask).to_owned()
}

/// Where cargo builds.
pub fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => std::path::absolute(&folder).unwrap_or_else(|_| folder.into()),
        None => root().join("target"),
    }
}

/// A package of the tree.
#[derive(Debug, PartialEq, Eq)]
pub struct Package {
    pub name: String,
    /// Relative to the top folder.
    pub folder: PathBuf,
}

/// Every package below `user/`, `libsys.so`, and the guest packages below `tests/`.
pub fn guest_packages() -> Result<Vec<Package>> {
    let mut packages = Vec::new();
    for folder in [
        "user",
        "libsys/so",
        "tests/suite",
        "tests/agent",
        "tests/assist",
        "tests/killer",
        "tests/saboteur",
        "tests/linked",
        "tests/linux-init",
        "tests/random",
        "tests/worker",
    ] {
        find_packages(Path::new(folder), &mut packages)?;
    }
    packages.sort_by(|a, b| a.folder.cmp(&b.folder));
    Ok(packages)
}

/// Every package of the tree.
pub fn packages() -> Result<Vec<Package>> {
    let mut packages = Vec::new();
    for folder in ["kernel", "libsys", "scripts", "tests", "user"] {
        find_packages(Path::new(folder), &mut packages)?;
    }
    Ok(packages)
}

fn find_packages(folder: &Path, packages: &mut Vec<Package>) -> Result<()> {
    let path = root().join(folder);
    if !path.is_dir() {
        return Ok(());
    }
    let manifest = path.join("Cargo.toml");
    if manifest.is_file() {
        let text = fs::read_to_string(&manifest).map_err(|error| io("read", &manifest, error))?;
        if let Some(name) = package_name(&text) {
            packages.push(Package { name: name.to_owned(), folder: folder.to_owned() });
        }
    }
    for item in fs::read_dir(&path).map_err(|error| io("read", &path, error))?.flatten() {
        let name = item.file_name();
        if item.path().is_dir() && name != "src" && name != "target" {
            find_packages(&folder.join(name), packages)?;
        }
    }
    Ok(())
}

/// Shows each source of Rust in a folder and below, in order.
pub fn sources(folder: &Path, each: &mut impl FnMut(&Path, &str)) -> Result<()> {
    let items = fs::read_dir(folder).map_err(|error| io("read", folder, error))?;
    let mut paths: Vec<_> = items.flatten().map(|item| item.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            sources(&path, each)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&path).map_err(|error| io("read", &path, error))?;
            each(&path, &source);
        }
    }
    Ok(())
}

/// The kernel's features, or `None` without a kernel.
pub fn kernel_features() -> Option<Vec<String>> {
    let text = fs::read_to_string(root().join("kernel/Cargo.toml")).ok()?;
    Some(section(&text, "[features]").map(|(name, _)| name.to_owned()).collect())
}

/// Whether the kernel has tests of its own to run.
pub fn kernel_has_tests() -> bool {
    let mut has = false;
    let mut look = |_: &Path, text: &str| has |= text.contains("feature = \"ktest\"");
    sources(&root().join("kernel/src"), &mut look).is_ok() && has
}

fn package_name(manifest: &str) -> Option<&str> {
    section(manifest, "[package]").find_map(|(key, value)| {
        let value = value.strip_prefix('"')?.strip_suffix('"')?;
        (key == "name").then_some(value)
    })
}

/// The `key = value` lines below `header`.
fn section<'a>(manifest: &'a str, header: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
    manifest
        .lines()
        .map(str::trim)
        .skip_while(move |line| *line != header)
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| (key.trim(), value.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_are_read_by_section() {
        let manifest = "[package]\nname = \"hello\"\nversion.workspace = true\n\n[features]\n\
                        pae = []\nktest = [\"x\"]\n[dependencies]\nlibsys.workspace = true\n";
        assert_eq!(package_name(manifest), Some("hello"));
        let features: Vec<_> = section(manifest, "[features]").map(|(key, _)| key).collect();
        assert_eq!(features, ["pae", "ktest"]);
        assert_eq!(package_name("[workspace]\nname = \"no\""), None);
    }

    #[test]
    fn the_root_is_the_workspace() {
        assert!(root().join("rust-toolchain.toml").is_file());
    }
}
