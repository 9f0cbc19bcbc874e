//! `faults [-fs] [-o FILE] PROGRAM [ARGUMENT…]`: every page fault of a program: where, what for, what
//! was done about it, with which frame, and what it cost. `-f` also of the threads and processes it
//! makes; `-s` only the summary.

#![no_std]
#![no_main]

extern crate alloc;

mod regions;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use decode::fault::{Costs, HEADING, line};
use regions::Regions;
use sys::abi::signal::{SIGINT, SIGQUIT};
use sys::abi::trace::{Event, TRACE_CHILDREN, TRACE_FAULTS, What};
use sys::file::File;
use sys::io::STDERR;
use sys::signal::ignore;
use sys::trace::Tracer;
use sys::wait::Status;
use sys::{Errno, env, eprintln};

sys::entry!(main);

/// What cannot be done at all.
const FAILED: i32 = 125;
/// Faults inside the kernel that may come before one is looked at: a read into new memory makes many.
const ROOM: u32 = 1024;

#[derive(Default)]
struct Options<'a> {
    follows: bool,
    only_summary: bool,
    output: Option<&'a [u8]>,
    program: Vec<&'a [u8]>,
}

fn main() -> i32 {
    let Some(options) = parse(env::args().skip(1)) else {
        eprintln!("usage: faults [-fs] [-o FILE] PROGRAM [ARGUMENT...]");
        return 2;
    };
    match watch(&options) {
        Ok(status) => status,
        Err(error) => {
            eprintln!("faults: {error}");
            FAILED
        }
    }
}

fn parse<'a>(arguments: impl Iterator<Item = &'a [u8]>) -> Option<Options<'a>> {
    let mut options = Options::default();
    let mut arguments = arguments.peekable();
    while let Some(option) = arguments.next_if(|next| next.starts_with(b"-")) {
        match option {
            b"--" => break,
            b"-o" => options.output = Some(arguments.next()?),
            b"-f" => options.follows = true,
            b"-s" => options.only_summary = true,
            b"-fs" | b"-sf" => (options.follows, options.only_summary) = (true, true),
            _ => return None,
        }
    }
    options.program = arguments.collect();
    if options.program.is_empty() { None } else { Some(options) }
}

fn watch(options: &Options) -> sys::Result<i32> {
    let file = options.output.map(File::create).transpose()?;
    let write = |text: &str| match &file {
        Some(file) => file.write_all(text.as_bytes()),
        None => STDERR.write_all(text.as_bytes()),
    };
    let tracer = Tracer::new(ROOM)?;
    let follow = if options.follows { TRACE_CHILDREN } else { 0 };
    let program = tracer.start_found(&options.program, TRACE_FAULTS | follow)?;
    for number in [SIGINT, SIGQUIT] {
        ignore(number)?;
    }
    let mut session = Session { program, ..Session::default() };
    if !options.only_summary {
        write(HEADING)?;
    }
    loop {
        let event = match tracer.next() {
            Ok(event) => event,
            Err(Errno::ECHILD) => break,
            Err(Errno::EINTR) => continue,
            Err(error) => return Err(error),
        };
        let text = session.event(&event);
        if !options.only_summary {
            write(&text)?;
        }
        if event.waits() {
            // It may have been killed meanwhile.
            let _ = tracer.resume(event.tid);
        }
    }
    write(&format!("\n{}", session.costs.table()))?;
    if session.lost != 0 {
        write(&format!("{} more inside the kernel went unseen\n", session.lost))?;
    }
    Ok(session.status)
}

/// What has been seen.
#[derive(Default)]
struct Session {
    program: i32,
    /// Whether the program itself runs.
    begun: bool,
    regions: Regions,
    costs: Costs,
    lost: u64,
    status: i32,
}

impl Session {
    /// What is to be said about an event.
    fn event(&mut self, event: &Event) -> String {
        match event.what() {
            Some(What::Executed { .. }) => {
                self.begun = true;
                String::new()
            }
            Some(What::Fault(fault)) if self.begun => {
                self.costs.count(&fault);
                self.lost += u64::from(event.lost);
                let region = self.regions.name(event.pid, &fault);
                let mut text = String::new();
                if event.pid != self.program {
                    text = format!("[pid {:5}] ", event.pid);
                }
                text + &line(&fault, &region) + "\n"
            }
            Some(What::Ended { status }) => {
                if event.pid == self.program {
                    self.status = Status::from_raw(status).code();
                }
                self.lost += u64::from(event.lost);
                String::new()
            }
            _ => String::new(),
        }
    }
}
