//! `strace [-cf] [-e trace=CALL,…] [-o FILE] (-p PID | PROGRAM [ARGUMENT…])`: every system call of
//! a program, with arguments and results. `-f` also of the threads and processes it makes; `-c` only
//! how often and how dear each is.

#![no_std]
#![no_main]

extern crate alloc;

mod options;

use alloc::string::String;
use core::fmt::Display;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use decode::Memory;
use decode::report::Report;
use decode::summary::Summary;
use options::{Options, Target};
use sys::abi::signal::{SIGINT, SIGQUIT, SIGTERM, SignalSet};
use sys::abi::trace::{Call, Event, What};
use sys::file::File;
use sys::io::STDERR;
use sys::signal::{self, Action};
use sys::trace::{Tracer, read_memory};
use sys::wait::Status;
use sys::{Errno, command, env, eprintln};

sys::entry!(main);

/// What cannot be done at all.
const FAILED: i32 = 125;

fn main() -> i32 {
    match Options::parse(env::args().skip(1)) {
        Ok(options) => trace(&options).unwrap_or_else(|status| status),
        Err(why) => {
            eprintln!("strace: {why}");
            eprintln!(
                "usage: strace [-cf] [-e trace=CALL,...] [-o FILE] (-p PID | PROGRAM [ARGUMENT...])"
            );
            2
        }
    }
}

/// Says what could not be done; `status`.
fn complain(what: impl Display, error: Errno, status: i32) -> i32 {
    eprintln!("strace: {what}: {error}");
    status
}

/// The memory of the thread that an event is about.
struct Thread(i32);

impl Memory for Thread {
    fn read(&self, address: u32, to: &mut [u8]) -> usize {
        read_memory(self.0, address, to).unwrap_or(0)
    }
}

/// Where the lines go.
enum Output {
    Standard,
    File(File),
}

impl Output {
    fn write(&self, text: &str) -> sys::Result<()> {
        match self {
            Self::Standard => STDERR.write_all(text.as_bytes()),
            Self::File(file) => file.write_all(text.as_bytes()),
        }
    }
}

/// The exit status; an error has been told about.
fn trace(options: &Options) -> Result<i32, i32> {
    let output = match options.output {
        Some(path) => Output::File(
            File::create(path).map_err(|error| complain(path.escape_ascii(), error, FAILED))?,
        ),
        None => Output::Standard,
    };
    let tracer = Tracer::new(0).map_err(|error| complain("no tracer", error, FAILED))?;
    let mut session = Session::new(options);
    match &options.target {
        Target::Process(pid) => {
            // Asked to end, it leaves the program to itself.
            for number in [SIGINT, SIGTERM] {
                let action = Action::Handler(interrupted);
                // SAFETY: the handler stores to an atomic.
                let set = unsafe { signal::set_action(number, action, 0, SignalSet::EMPTY) };
                set.map_err(|error| complain("rt_sigaction", error, FAILED))?;
            }
            let attached = tracer.attach(*pid, options.what());
            attached.map_err(|error| complain(pid, error, FAILED))?;
            session.begun = true;
        }
        Target::Program(arguments) => {
            session.program = start(&tracer, arguments, options.what())?;
        }
    }
    watch(options, &tracer, &output, &mut session)
        .map_err(|error| complain("tracing", error, FAILED))?;
    Ok(session.status)
}

/// Starts the program; its process id.
fn start(tracer: &Tracer, arguments: &[&[u8]], what: u32) -> Result<i32, i32> {
    let name = arguments.first().copied().unwrap_or_default();
    let started = tracer.start_found(arguments, what);
    let pid = started
        .map_err(|error| complain(name.escape_ascii(), error, command::exec_status(error)))?;
    // The terminal's signals are for the program.
    for number in [SIGINT, SIGQUIT] {
        signal::ignore(number).map_err(|error| complain("rt_sigaction", error, FAILED))?;
    }
    Ok(pid)
}

/// Shows what happens, to the end.
fn watch(
    options: &Options,
    tracer: &Tracer,
    output: &Output,
    session: &mut Session,
) -> sys::Result<()> {
    loop {
        let event = match tracer.next() {
            Ok(event) => event,
            Err(Errno::ECHILD) => break,
            Err(Errno::EINTR) if !INTERRUPTED.load(Relaxed) => continue,
            Err(Errno::EINTR) => break,
            Err(error) => return Err(error),
        };
        // The signal may have come while it did not wait.
        if INTERRUPTED.load(Relaxed) {
            break;
        }
        output.write(&session.event(&event))?;
        if event.waits() {
            // It may have been killed meanwhile.
            let _ = tracer.resume(event.tid);
        }
    }
    if options.counts {
        output.write(&session.summary.table())?;
    }
    Ok(())
}

/// Whether it was asked to end.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

extern "C" fn interrupted(_: i32) {
    INTERRUPTED.store(true, Relaxed);
}

/// What has been seen.
struct Session<'a> {
    options: &'a Options<'a>,
    report: Report,
    summary: Summary,
    /// The process that was started for this, 0 for none.
    program: i32,
    /// Whether that has come to the program's own calls, or to their beginning.
    begun: bool,
    status: i32,
}

impl<'a> Session<'a> {
    fn new(options: &'a Options<'a>) -> Self {
        let (report, summary) = (Report::default(), Summary::default());
        Self { options, report, summary, program: 0, begun: false, status: 0 }
    }

    /// What is to be said about an event.
    fn event(&mut self, event: &Event) -> String {
        let what = event.what();
        if let Some(What::CallEntered(call)) = what
            && is_exec(&call)
        {
            self.begun = true;
        }
        if let Some(What::Ended { status }) = what
            && event.pid == self.program
        {
            self.status = Status::from_raw(status).code();
        }
        if !self.begun {
            return String::new();
        }
        if self.options.counts {
            if let Some(What::CallLeft(call)) = what
                && self.options.wants(&call)
            {
                self.summary.count(&call);
            }
            return String::new();
        }
        self.report.event(event, &Thread(event.tid), &|name| self.options.wants_name(name));
        self.report.take()
    }
}

fn is_exec(call: &Call) -> bool {
    matches!(decode::table::name(call.table, call.number), Some("execve" | "execveat"))
}
