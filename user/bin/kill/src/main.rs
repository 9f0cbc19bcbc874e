//! `kill [-SIGNAL] PROCESS…`, `kill -l`: sends a signal, SIGTERM without any; a negative process is
//! a group.

#![no_std]
#![no_main]

extern crate alloc;

use alloc::vec::Vec;
use sys::abi::signal::{NSIG, SIGTERM, name};
use sys::{env, eprintln, println, process};

sys::entry!(main);

fn main() -> i32 {
    let mut arguments: Vec<&[u8]> = env::args().skip(1).collect();
    let mut signal = SIGTERM;
    if let [first @ [b'-', word @ ..], ..] = arguments[..] {
        match word {
            b"l" => {
                (1..NSIG).filter_map(|signal| Some((signal, name(signal)?))).for_each(
                    |(number, name)| println!("{number:2} {}", name.trim_start_matches("SIG")),
                );
                return 0;
            }
            b"-" => {}
            word => match number_of(word) {
                Some(number) => signal = number,
                None => {
                    eprintln!("kill: {}: no such signal", first.escape_ascii());
                    return 2;
                }
            },
        }
        arguments.remove(0);
        if arguments.first() == Some(&&b"--"[..]) {
            arguments.remove(0);
        }
    }
    if arguments.is_empty() {
        eprintln!("usage: kill [-SIGNAL] PROCESS...\n       kill -l");
        return 2;
    }
    let mut status = 0;
    for argument in arguments {
        let pid = core::str::from_utf8(argument).ok().and_then(|text| text.parse().ok());
        let result = match pid {
            Some(pid) => process::kill(pid, signal),
            None => Err(sys::Errno::EINVAL),
        };
        if let Err(error) = result {
            eprintln!("kill: {}: {error}", argument.escape_ascii());
            status = 1;
        }
    }
    status
}

/// A signal by number or name, with or without `SIG`; 0 only asks.
fn number_of(word: &[u8]) -> Option<i32> {
    let word = core::str::from_utf8(word).ok()?;
    if let Ok(number) = word.parse() {
        return (0..=NSIG).contains(&number).then_some(number);
    }
    let short = word.strip_prefix("SIG").unwrap_or(word);
    (1..NSIG).find(|&signal| name(signal).and_then(|name| name.strip_prefix("SIG")) == Some(short))
}
