//! Files: programs along `PATH`, names that match a pattern.

use crate::state::Shell;
use alloc::vec::Vec;
use shell::pattern::{PatternByte, is_pattern, matches};
use sys::command::exec_status;
use sys::{Errno, directory, eprintln, process};

/// Where programs are if `PATH` is not set.
const PATH: &[u8] = b"/bin:/sbin";

/// Becomes the program that the first argument names; the exit status if that fails.
pub fn execute(shell: &Shell, arguments: &[Vec<u8>]) -> i32 {
    let Some(name) = arguments.first() else { return 0 };
    let environment = shell.environment();
    let environment: Vec<&[u8]> = environment.iter().map(Vec::as_slice).collect();
    let arguments: Vec<&[u8]> = arguments.iter().map(Vec::as_slice).collect();
    let attempt = |path: &[u8]| process::exec(path, &arguments, &environment);
    let mut error = Errno::ENOENT;
    if name.contains(&b'/') {
        error = attempt(name);
    } else {
        for folder in shell.variable(b"PATH").unwrap_or(PATH).split(|&byte| byte == b':') {
            let folder = if folder.is_empty() { b"." } else { folder };
            let failed = attempt(&[folder, b"/", name].concat());
            // A file that cannot be executed is worth telling; a missing one only at last.
            if !matches!(failed, Errno::ENOENT | Errno::ENOTDIR) {
                error = failed;
            }
        }
    }
    match error {
        Errno::ENOENT => eprintln!("sh: {}: not found", name.escape_ascii()),
        error => eprintln!("sh: {}: {error}", name.escape_ascii()),
    }
    exec_status(error)
}

/// The paths that match a pattern, sorted.
pub fn matching(pattern: &[PatternByte]) -> Vec<Vec<u8>> {
    let root = pattern.first().is_some_and(|first| first.byte == b'/');
    let mut found = Vec::from([if root { b"/".to_vec() } else { Vec::new() }]);
    let parts = pattern.split(|sign| sign.byte == b'/').filter(|part| !part.is_empty());
    let count = parts.clone().count();
    for (index, part) in parts.enumerate() {
        let last = index + 1 == count;
        found = found.iter().flat_map(|folder| in_folder(folder, part, last)).collect();
    }
    found.sort();
    found
}

/// The names in `folder` that match a part of a path, each as a path; with a `/` behind all but the
/// last part.
fn in_folder(folder: &[u8], part: &[PatternByte], last: bool) -> Vec<Vec<u8>> {
    let end: &[u8] = if last { b"" } else { b"/" };
    if !is_pattern(part) {
        let name = part.iter().map(|sign| sign.byte);
        let path: Vec<u8> = folder.iter().copied().chain(name).collect();
        let exists = sys::file::lstat(&path).is_ok();
        return exists.then(|| [&path, end].concat()).into_iter().collect();
    }
    let place = if folder.is_empty() { &b"."[..] } else { folder };
    let entries = directory::entries(place).unwrap_or_default();
    let names = entries.into_iter().map(|entry| entry.name);
    let names = names.filter(|name| !matches!(name.as_slice(), b"." | b".."));
    let names = names.filter(|name| matches(part, name));
    names.map(|name| [folder, &name, end].concat()).collect()
}
