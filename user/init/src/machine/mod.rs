//! What `init` needs the kernel for, done by system calls.

mod boot;
mod start;

pub use boot::run;

use crate::manifest::{Grant, Manifest, Mount};
use crate::supervisor::{CHILD_ENDED, Machine, Progress};
use core::fmt::Arguments;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use start::Streams;
use sys::abi::file::O_WRONLY;
use sys::abi::frame::Exit;
use sys::abi::process::WNOHANG;
use sys::abi::signal::{SA_NOCLDSTOP, SIGCHLD, SIGKILL, SignalSet};
use sys::abi::syscall::folio::ProcessStatistics;
use sys::console::Line;
use sys::file::File;
use sys::ipc::{
    Frames, Handle, IoPorts, Irq, Level, Port, Reply, ReplyParts, ServedPort, Token, Transport,
};
use sys::proto::supervisor::HEARTBEAT;
use sys::signal::Action;
use sys::statistics::StatisticsRight;
use sys::syscall::{folio, ipc, output};
use sys::wait::Status;
use sys::{Errno, Result, process};

/// The kernel, for the supervisor.
pub struct Kernel<'a> {
    /// Where the supervisor is called.
    port: &'a ServedPort,
    log: &'a File,
    streams: Streams,
    /// Tells why the session's program could not be executed, if it could not.
    failure: Option<File>,
}

/// The handle of the supervisor's port, for the signal handler.
static PORT: AtomicU32 = AtomicU32::new(0);

extern "C" fn child_ended(_: i32) {
    // SAFETY: sets bits in the kernel. A bit is not lost as a signal between two waits would be.
    let _ = unsafe { ipc::notify(PORT.load(Relaxed), CHILD_ENDED) };
}

/// The ends of children set a bit of the port from now on.
fn watch_children(port: &Port) -> Result<()> {
    PORT.store(port.0.raw(), Relaxed);
    let action = Action::Handler(child_ended);
    // SAFETY: the handler makes one system call and touches no memory of the program's.
    unsafe { sys::signal::set_action(SIGCHLD, action, SA_NOCLDSTOP, SignalSet::EMPTY) }.map(drop)
}

/// The kernel's log.
fn open_log() -> Result<File> {
    File::open_with("/dev/kmsg", O_WRONLY, 0)
}

/// A line for the kernel's log.
fn log(file: &File, line: Arguments<'_>) {
    // There is nobody to tell that it failed.
    let _ = sys::io::write_fmt(file.fd(), format_args!("init: {line}\n"));
}

impl Machine for Kernel<'_> {
    fn now(&self) -> u64 {
        u64::try_from(sys::time::now().as_nanos()).unwrap_or(u64::MAX)
    }

    fn log(&mut self, line: Arguments<'_>) {
        log(self.log, line);
    }

    fn make_port(&mut self, level: Level) -> Result<Handle> {
        Port::new(level).map(|port| port.0)
    }

    fn make_grant(&mut self, grant: Grant) -> Result<Handle> {
        match grant {
            Grant::Irq(line) => Irq::new(line).map(|irq| irq.0),
            Grant::IoPorts { first, count } => IoPorts::new(first, count).map(|ports| ports.0),
            Grant::Frames(pages) => Frames::new(pages).map(|frames| frames.0),
            Grant::Console => Line::new().map(|line| line.0),
            Grant::Statistics => StatisticsRight::new().map(|right| right.0),
        }
    }

    fn mount(&mut self, port: &Handle, mount: &Mount) -> Result<()> {
        sys::ipc::mount(port, &mount.directory, &mount.kind)
    }

    fn fail_port(&mut self, port: &Handle) {
        // SAFETY: changes no memory. It is the supervisor's own port: this cannot fail.
        let _ = unsafe { ipc::port_fail(port.raw()) };
    }

    fn ask_for_heartbeat(&mut self, port: &Handle) {
        // SAFETY: as above.
        let _ = unsafe { ipc::notify(port.raw(), HEARTBEAT) };
    }

    fn start(&mut self, manifest: &Manifest) -> Result<i32> {
        start::server(manifest, &self.streams)
    }

    fn progress(&mut self, pid: i32) -> Option<Progress> {
        let mut entry = ProcessStatistics::default();
        let size = size_of::<ProcessStatistics>() as u32;
        // SAFETY: the call writes one structure.
        unsafe { folio::processes(pid - 1, output(&mut entry), size) }.ok()?;
        (entry.pid == pid).then_some(Progress {
            ticks: entry.user_ticks.wrapping_add(entry.kernel_ticks),
            is_runnable: entry.state == u32::from(b'R'),
        })
    }

    fn kill(&mut self, pid: i32) {
        // It has ended already, perhaps.
        let _ = process::kill(pid, SIGKILL);
    }

    fn is_alive(&mut self, pid: u32) -> bool {
        process::kill(pid.cast_signed(), 0).is_ok()
    }

    fn take_ended(&mut self) -> Option<(i32, Status)> {
        process::wait(-1, WNOHANG).ok().flatten()
    }

    fn reply(&mut self, token: Token, answer: Result<Reply>) {
        let parts = answer.map_or_else(|why| Some(ReplyParts::error(why)), Reply::into_parts);
        if let Some(parts) = parts {
            // The caller may be gone.
            let _ = self.port.reply(token, parts);
        }
    }

    fn session_failure(&mut self) -> Option<Errno> {
        let mut number = [0; 2];
        // Whoever could write there has ended: this does not wait.
        match self.failure.take()?.read(&mut number) {
            Ok(2) => Errno::from_number(u16::from_le_bytes(number)),
            _ => None,
        }
    }

    fn shut_down(&mut self, exit: Exit) {
        let why = process::shut_down(exit);
        self.log(format_args!("cannot end the machine: {why}"));
        self.collapse();
    }

    fn collapse(&mut self) {
        // The kernel says the rest.
        process::exit(1);
    }
}
