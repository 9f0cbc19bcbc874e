//! `cat [FILE…]`: copies files, or standard input, to standard output.

#![no_std]
#![no_main]

use sys::io::{Fd, STDIN, STDOUT};
use sys::{Errno, env, eprintln, file::File};

sys::entry!(main);

fn main() -> i32 {
    let mut status = 0;
    let mut report = |name: &[u8], result: Result<(), Error>| match result {
        Ok(()) => true,
        Err(Error::Input(error)) => {
            eprintln!("cat: {}: {error}", name.escape_ascii());
            status = 1;
            true
        }
        Err(Error::Output(error)) => {
            eprintln!("cat: standard output: {error}");
            status = 1;
            false
        }
    };
    if env::arg_count() <= 1 {
        report(b"standard input", copy(STDIN));
    }
    for name in env::args().skip(1) {
        let result = match name {
            b"-" => copy(STDIN),
            path => File::open(path).map_err(Error::Input).and_then(|file| copy(file.fd())),
        };
        if !report(name, result) {
            break;
        }
    }
    status
}

/// Which side failed.
enum Error {
    Input(Errno),
    Output(Errno),
}

fn copy(from: Fd) -> Result<(), Error> {
    let mut buffer = [0; 32768];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => {
                let bytes = buffer.get(..count).unwrap_or_default();
                STDOUT.write_all(bytes).map_err(Error::Output)?;
            }
            Err(Errno::EINTR) => {}
            Err(error) => return Err(Error::Input(error)),
        }
    }
}
