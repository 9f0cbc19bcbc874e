//! `rm [-rf] PATH…`: removes files; `-r` also folders with all that is in them, `-f` minds none that
//! is missing.

#![no_std]
#![no_main]

extern crate alloc;

use alloc::vec::Vec;
use sys::options::Options;
use sys::{Errno, directory, env, eprintln};

sys::entry!(main);

fn main() -> i32 {
    let options = match Options::parse(env::args().skip(1), "rf") {
        Ok(options) if !options.operands.is_empty() || options.has(b'f') => options,
        _ => {
            eprintln!("usage: rm [-rf] PATH...");
            return 2;
        }
    };
    let mut status = 0;
    for &path in &options.operands {
        let result = match path.rsplit(|&byte| byte == b'/').next() {
            Some(b"." | b"..") => Err((path.to_vec(), Errno::EINVAL)),
            _ => remove(path.to_vec(), options.has(b'r')),
        };
        match result {
            Err((_, Errno::ENOENT)) if options.has(b'f') => {}
            Err((path, error)) => {
                eprintln!("rm: {}: {error}", path.escape_ascii());
                status = 1;
            }
            Ok(()) => {}
        }
    }
    status
}

/// Removes a file or, with all that is in it, a folder; the path and the reason if that fails.
///
/// Folders wait on a list of their own, so that their depth does not matter.
fn remove(path: Vec<u8>, folders: bool) -> Result<(), (Vec<u8>, Errno)> {
    let mut rest = Vec::from([path]);
    while let Some(path) = rest.pop() {
        match directory::remove_file(&path) {
            Ok(()) => {}
            Err(Errno::EISDIR) if folders => match directory::remove(&path) {
                Ok(()) => {}
                Err(Errno::ENOTEMPTY | Errno::EEXIST) => {
                    let inside = match inside(&path) {
                        Ok(inside) if !inside.is_empty() => inside,
                        // What is in there cannot be seen, so it would come round for ever.
                        Ok(_) => return Err((path, Errno::ENOTEMPTY)),
                        Err(error) => return Err((path, error)),
                    };
                    rest.push(path);
                    rest.extend(inside);
                }
                Err(error) => return Err((path, error)),
            },
            Err(error) => return Err((path, error)),
        }
    }
    Ok(())
}

fn inside(folder: &[u8]) -> sys::Result<Vec<Vec<u8>>> {
    let names = directory::entries(folder)?.into_iter().map(|entry| entry.name);
    let names = names.filter(|name| !matches!(name.as_slice(), b"." | b".."));
    Ok(names.map(|name| [folder, b"/", &name].concat()).collect())
}
