//! Processes that the shell started: in the foreground, in the background, stopped.

use crate::state::Shell;
use crate::terminal::LEFT_TO_COMMANDS;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use sys::abi::process::{WCONTINUED, WNOHANG, WUNTRACED};
use sys::abi::signal::SIGCONT;
use sys::process::{self, Fork};
use sys::wait::Status;
use sys::{Errno, signal};

/// Signals do again what they do by default.
pub fn default_signals() {
    for signal in LEFT_TO_COMMANDS {
        let _ = signal::set_default(signal);
    }
}

/// Starts a process that runs `body` and exits with what it returns.
///
/// With a terminal it goes into `group`, or one of its own, and perhaps into the foreground.
pub fn fork(
    shell: &mut Shell,
    group: Option<i32>,
    foreground: bool,
    body: impl FnOnce(&mut Shell) -> i32,
) -> Result<i32, Errno> {
    match process::fork()? {
        Fork::Parent(pid) => {
            if let Some(terminal) = &shell.terminal {
                // Parent and child both do it, so that it is done before either goes on.
                let group = group.unwrap_or(pid);
                let _ = process::set_group(pid, group);
                if foreground {
                    terminal.give_to(group);
                }
            }
            Ok(pid)
        }
        Fork::Child => {
            if let Some(terminal) = &shell.terminal {
                let _ = process::set_group(0, group.unwrap_or(0));
                if foreground {
                    terminal.give_to(process::group());
                }
                default_signals();
            }
            process::exit(body(shell))
        }
    }
}

/// Waits for the end of one process.
pub fn wait_for(pid: i32) -> Result<Status, Errno> {
    loop {
        match process::wait(pid, 0) {
            Ok(Some((_, status))) => return Ok(status),
            Ok(None) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Waits for a pipeline; if it is stopped it becomes a job.
pub fn foreground(shell: &mut Shell, pids: Vec<i32>, name: String) -> Result<Status, Errno> {
    let options = if shell.terminal.is_some() { WUNTRACED } else { 0 };
    let mut job = Job { number: 0, pids, last: Status::Exited(0), name, stopped: false };
    let result = job.wait(options);
    if let Some(terminal) = &shell.terminal {
        terminal.take_back();
    }
    result?;
    let status = job.last;
    if job.stopped {
        let number = shell.jobs.keep(job);
        sys::eprintln!("\n[{number}] stopped");
    }
    Ok(status)
}

/// A pipeline the shell does not wait for.
struct Job {
    number: usize,
    /// Processes that have not ended; the first led the group.
    pids: Vec<i32>,
    /// How the last of them ended, or that it stopped.
    last: Status,
    name: String,
    stopped: bool,
}

impl Job {
    /// Waits for each process, until all ended or one stopped.
    fn wait(&mut self, options: u32) -> Result<(), Errno> {
        self.stopped = false;
        while let Some(&pid) = self.pids.first() {
            match process::wait(pid, options) {
                Ok(Some((_, status @ Status::Stopped(_)))) => {
                    self.last = status;
                    self.stopped = true;
                    return Ok(());
                }
                Ok(Some((_, Status::Continued))) | Err(Errno::EINTR) => {}
                Ok(Some((_, status))) => {
                    self.last = status;
                    self.pids.remove(0);
                }
                Ok(None) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn describe(&self) -> String {
        let state = match self.last {
            _ if self.stopped => String::from("stopped"),
            _ if !self.pids.is_empty() => String::from("running"),
            Status::Exited(0) => String::from("done"),
            Status::Exited(code) => format!("exit {code}"),
            other => format!("signal {}", other.code() - 128),
        };
        format!("[{}] {state}\t{}", self.number, self.name)
    }
}

/// All jobs.
#[derive(Default)]
pub struct Jobs {
    jobs: Vec<Job>,
}

impl Jobs {
    /// Adds a pipeline that runs in the background; its number.
    pub fn add(&mut self, pids: Vec<i32>, name: String) -> usize {
        self.keep(Job { number: 0, pids, last: Status::Exited(0), name, stopped: false })
    }

    fn keep(&mut self, mut job: Job) -> usize {
        job.number = self.jobs.iter().map(|job| job.number).max().unwrap_or(0) + 1;
        let number = job.number;
        self.jobs.push(job);
        number
    }

    /// Looks after all jobs without waiting; a line for each that ended, which is then forgotten.
    pub fn collect(&mut self) -> Vec<String> {
        for job in &mut self.jobs {
            let stopped = job.stopped;
            if job.wait(WNOHANG | WUNTRACED | WCONTINUED).is_err() {
                job.pids.clear();
            }
            // Nothing new: what is stopped stays so until it is told to go on.
            job.stopped |= stopped && !job.pids.is_empty();
        }
        let (ended, rest) = core::mem::take(&mut self.jobs)
            .into_iter()
            .partition::<Vec<Job>, _>(|job| job.pids.is_empty());
        self.jobs = rest;
        ended.iter().map(Job::describe).collect()
    }

    /// A line for each job.
    pub fn describe(&self) -> impl Iterator<Item = String> + '_ {
        self.jobs.iter().map(Job::describe)
    }

    /// Takes a job out, by number or the latest one.
    fn take(&mut self, number: Option<usize>) -> Option<Job> {
        let index = match number {
            Some(number) => self.jobs.iter().position(|job| job.number == number)?,
            None => self.jobs.len().checked_sub(1)?,
        };
        Some(self.jobs.remove(index))
    }
}

/// Lets a job go on in the foreground and waits for it, or in the background.
pub fn resume(shell: &mut Shell, number: Option<usize>, front: bool) -> Result<i32, Errno> {
    let Some(mut job) = shell.jobs.take(number) else { return Err(Errno::ESRCH) };
    let Some(&group) = job.pids.first() else { return Ok(job.last.code()) };
    // SAFETY: the call names no memory.
    let group = unsafe { sys::syscall::linux::getpgid(group) }.map_or(group, u32::cast_signed);
    if front && let Some(terminal) = &shell.terminal {
        terminal.give_to(group);
    }
    process::kill(-group, SIGCONT)?;
    job.stopped = false;
    if front {
        return foreground(shell, job.pids, job.name).map(Status::code);
    }
    shell.jobs.keep(job);
    Ok(0)
}

/// Waits for all jobs that are not stopped, or for one process; the status of the last.
pub fn wait_all(shell: &mut Shell, pid: Option<i32>) -> Result<i32, Errno> {
    let mut status = 0;
    let jobs = core::mem::take(&mut shell.jobs.jobs);
    for mut job in jobs {
        let wanted = pid.is_none_or(|pid| job.pids.contains(&pid)) && !job.stopped;
        if wanted {
            job.wait(0)?;
            status = job.last.code();
        } else {
            shell.jobs.jobs.push(job);
        }
    }
    Ok(status)
}
