//! `faults [-fs] [-o FILE] PROGRAM [ARGUMENT…]`: every page fault of a program: where, what for, what
//! was done about it, with which frame, and what it cost. `-f` also of the threads and processes it
//! makes; `-s` only the summary.

#![no_std]
#![no_main]

extern crate alloc;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Display;
use decode::fault::{Costs, HEADING, line};
use decode::region::Regions;
use sys::abi::signal::{SIGINT, SIGQUIT};
use sys::abi::trace::{Event, TRACE_CHILDREN, TRACE_FAULTS, What};
use sys::file::File;
use sys::io::STDERR;
use sys::options::Options;
use sys::signal::ignore;
use sys::trace::Tracer;
use sys::wait::Status;
use sys::{Errno, command, env, eprintln};

sys::entry!(main);

/// What cannot be done at all.
const FAILED: i32 = 125;
/// Faults inside the kernel that may come before one is looked at: a read into new memory makes many.
const ROOM: u32 = 1024;

fn main() -> i32 {
    match Options::parse(env::args().skip(1), "+fso:") {
        Ok(options) if !options.operands.is_empty() => {
            watch(&options).unwrap_or_else(|status| status)
        }
        wrong => {
            if let Err(wrong) = wrong {
                eprintln!("faults: {wrong}");
            }
            eprintln!("usage: faults [-fs] [-o FILE] PROGRAM [ARGUMENT...]");
            2
        }
    }
}

/// Says what could not be done; `status`.
fn complain(what: impl Display, error: Errno, status: i32) -> i32 {
    eprintln!("faults: {what}: {error}");
    status
}

/// The exit status; an error has been told about.
fn watch(options: &Options) -> Result<i32, i32> {
    let file = options.value(b'o').map(|path| {
        File::create(path).map_err(|error| complain(path.escape_ascii(), error, FAILED))
    });
    let file = file.transpose()?;
    let tracer = Tracer::new(ROOM).map_err(|error| complain("no tracer", error, FAILED))?;
    let follow = if options.has(b'f') { TRACE_CHILDREN } else { 0 };
    let name = options.operands.first().copied().unwrap_or_default();
    let program = tracer
        .start_found(&options.operands, TRACE_FAULTS | follow)
        .map_err(|error| complain(name.escape_ascii(), error, command::exec_status(error)))?;
    let session = Session { program, ..Session::default() };
    session
        .show(&tracer, file, options.has(b's'))
        .map_err(|error| complain("tracing", error, FAILED))
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
    /// Shows what happens, to the end; the exit status of the program.
    fn show(mut self, tracer: &Tracer, file: Option<File>, only_summary: bool) -> sys::Result<i32> {
        let write = |text: &str| match &file {
            Some(file) => file.write_all(text.as_bytes()),
            None => STDERR.write_all(text.as_bytes()),
        };
        // The terminal's signals are for the program.
        for number in [SIGINT, SIGQUIT] {
            ignore(number)?;
        }
        if !only_summary {
            write(HEADING)?;
        }
        loop {
            let event = match tracer.next() {
                Ok(event) => event,
                Err(Errno::ECHILD) => break,
                Err(Errno::EINTR) => continue,
                Err(error) => return Err(error),
            };
            let text = self.event(&event);
            if !only_summary {
                write(&text)?;
            }
            if event.waits() {
                // It may have been killed meanwhile.
                let _ = tracer.resume(event.tid);
            }
        }
        write(&format!("\n{}", self.costs.table()))?;
        if self.lost != 0 {
            write(&format!("{} more inside the kernel went unseen\n", self.lost))?;
        }
        Ok(self.status)
    }

    /// What is to be said about an event.
    fn event(&mut self, event: &Event) -> String {
        match event.what() {
            Some(What::Executed { .. }) => {
                self.begun = true;
                self.regions.forget(event.pid);
                String::new()
            }
            Some(What::Fault(fault)) if self.begun => {
                self.costs.count(&fault);
                self.lost += u64::from(event.lost);
                let region = self.regions.name(event.pid, &fault, || maps(event.pid));
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

/// The areas of a process, which stands still, or is inside the kernel for a call: they are those
/// of its fault.
fn maps(pid: i32) -> Vec<u8> {
    sys::file::read(format!("/proc/{pid}/maps")).unwrap_or_default()
}
