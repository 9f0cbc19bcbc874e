//! The shell: `sh`, `sh FILE [ARGUMENT…]`, `sh -c TEXT [NAME [ARGUMENT…]]`.

#![no_std]
#![no_main]

extern crate alloc;

mod builtin;
mod execute;
mod input;
mod job;
mod lookup;
mod pipeline;
mod redirect;
mod state;
mod terminal;

use alloc::vec::Vec;
use input::Lines;
use shell::parse::{self, Error};
use state::Shell;
use sys::io::STDIN;
use sys::{env, eprintln, file, terminal as tty};

sys::entry!(main);

fn main() -> i32 {
    let mut arguments = env::args().map(<[u8]>::to_vec).skip(1);
    match arguments.next() {
        None => {
            let mut shell = Shell::new(b"sh".to_vec(), Vec::new());
            if tty::is_terminal(STDIN) { interact(&mut shell) } else { read_all(&mut shell) }
        }
        Some(option) if option == b"-c" => {
            let Some(text) = arguments.next() else {
                eprintln!("sh: -c: a text is missing");
                return 2;
            };
            let name = arguments.next().unwrap_or_else(|| b"sh".to_vec());
            run_text(&mut Shell::new(name, arguments.collect()), &text)
        }
        Some(option) if option.starts_with(b"-") => {
            eprintln!("usage: sh [FILE [ARGUMENT...]]\n       sh -c TEXT [NAME [ARGUMENT...]]");
            2
        }
        Some(path) => match file::read(&path) {
            Ok(text) => run_text(&mut Shell::new(path, arguments.collect()), &text),
            Err(error) => {
                eprintln!("sh: {}: {error}", path.escape_ascii());
                if error == sys::Errno::ENOENT { 127 } else { 126 }
            }
        },
    }
}

/// Runs a text that is there as a whole.
fn run_text(shell: &mut Shell, text: &[u8]) -> i32 {
    match parse::parse(text) {
        Ok(list) => {
            execute::list(shell, &list);
            shell.exit_status()
        }
        Err(error) => {
            complain(error);
            2
        }
    }
}

/// Runs what comes from standard input line by line, so that commands can read the rest of it.
fn read_all(shell: &mut Shell) -> i32 {
    let mut text = Vec::new();
    while shell.is_running() {
        let more = input::read_line(STDIN, &mut text);
        match parse::parse(&text) {
            Err(Error::Incomplete) if more => continue,
            Ok(list) => execute::list(shell, &list),
            Err(error) => {
                complain(error);
                shell.status = 2;
            }
        }
        text.clear();
        if !more {
            break;
        }
    }
    shell.exit_status()
}

/// Talks with a person.
fn interact(shell: &mut Shell) -> i32 {
    shell.take_terminal();
    let mut lines = Lines::default();
    let mut text = Vec::new();
    while shell.is_running() {
        shell.report_jobs();
        let prompt = if text.is_empty() { shell.prompt() } else { b"> ".to_vec() };
        match lines.read(&prompt) {
            input::Line::Text(line) => {
                text.extend_from_slice(&line);
                text.push(b'\n');
            }
            input::Line::Interrupted => {
                text.clear();
                shell.status = 130;
                continue;
            }
            input::Line::End => break,
        }
        match parse::parse(&text) {
            Err(Error::Incomplete) => continue,
            Ok(list) => {
                shell.history = lines.history().map(<[u8]>::to_vec).collect();
                execute::list(shell, &list);
            }
            Err(error) => {
                complain(error);
                shell.status = 2;
            }
        }
        text.clear();
    }
    shell.exit_status()
}

fn complain(error: Error) {
    let why = match error {
        Error::Incomplete => "the text ends too early",
        Error::Unexpected(what) => what,
        Error::Deep => "parentheses too deep",
    };
    eprintln!("sh: {why}");
}
