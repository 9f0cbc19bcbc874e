//! `mkdir [-p] FOLDER…`: makes folders; `-p` also those above them, and minds none that is there.

#![no_std]
#![no_main]

use sys::abi::file::{S_IFDIR, S_IFMT};
use sys::options::Options;
use sys::{Errno, directory, env, eprintln, file};

sys::entry!(main);

fn main() -> i32 {
    let options = match Options::parse(env::args().skip(1), "p") {
        Ok(options) if !options.operands.is_empty() => options,
        _ => {
            eprintln!("usage: mkdir [-p] FOLDER...");
            return 2;
        }
    };
    let mut status = 0;
    for &path in &options.operands {
        let result =
            if options.has(b'p') { create_all(path) } else { directory::create(path, 0o777) };
        if let Err(error) = result {
            eprintln!("mkdir: {}: {error}", path.escape_ascii());
            status = 1;
        }
    }
    status
}

fn create_all(path: &[u8]) -> sys::Result<()> {
    let ends = path.iter().enumerate().filter(|(index, byte)| *index > 0 && **byte == b'/');
    let ends = ends.map(|(index, _)| index).chain([path.len()]);
    for end in ends {
        let part = path.get(..end).unwrap_or_default();
        match directory::create(part, 0o777) {
            Err(Errno::EEXIST) if is_folder(part) => {}
            // A read-only file system does not say whether there is one.
            Err(Errno::EROFS) if is_folder(part) => {}
            result => result?,
        }
    }
    Ok(())
}

fn is_folder(path: &[u8]) -> bool {
    file::stat(path).is_ok_and(|stat| stat.mode & S_IFMT == S_IFDIR)
}
