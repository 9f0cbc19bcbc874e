//! What `init` does, event by event.

use crate::manifest::{Grant, Manifest, Mount};
use crate::service::{Found, Service};
use crate::session::{exit_of, exit_of_failure};
use alloc::vec::Vec;
use core::fmt::Arguments;
use sys::abi::frame::Exit;
use sys::ipc::{Caller, Handle, Level, Message, Reply, Rights, Server, Token};
use sys::proto::Name;
use sys::proto::supervisor::{GrantKind, Request};
use sys::wait::Status;
use sys::{Errno, Result};

/// The bit of `init`'s port that the end of a child sets.
pub const CHILD_ENDED: u32 = 1;
/// Look-ups that wait at the same time.
const MAX_WAITING: usize = 64;
/// After so many calls without a pause, services have their turn.
const TURN: u32 = 64;

/// How far a process has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    /// Processor time, clock ticks.
    pub ticks: u32,
    /// Whether it goes on as soon as it gets the processor.
    pub is_runnable: bool,
}

/// What the supervisor needs the kernel for.
pub trait Machine {
    /// CLOCK_MONOTONIC in nanoseconds.
    fn now(&self) -> u64;
    /// A line for the kernel's log.
    fn log(&mut self, line: Arguments<'_>);
    /// A new port.
    fn make_port(&mut self, level: Level) -> Result<Handle>;
    /// What a manifest grants.
    fn make_grant(&mut self, grant: Grant) -> Result<Handle>;
    /// Makes a directory the place of the files that the server behind a port answers for.
    fn mount(&mut self, port: &Handle, mount: &Mount) -> Result<()>;
    /// Every call of the port fails from now on.
    fn fail_port(&mut self, port: &Handle);
    /// Wants to hear from the server behind a port.
    fn ask_for_heartbeat(&mut self, port: &Handle);
    /// Starts a server; its process id.
    fn start(&mut self, manifest: &Manifest) -> Result<i32>;
    /// How far a process has come; `None` if there is no such process.
    fn progress(&mut self, pid: i32) -> Option<Progress>;
    /// Kills a child.
    fn kill(&mut self, pid: i32);
    /// Whether there is such a process.
    fn is_alive(&mut self, pid: u32) -> bool;
    /// A child that has ended, and how.
    fn take_ended(&mut self) -> Option<(i32, Status)>;
    /// Answers a call that had to wait.
    fn reply(&mut self, token: Token, answer: Result<Reply>);
    /// Why the session's program could not be executed, if it could not. Asked after its end.
    fn session_failure(&mut self) -> Option<Errno>;
    /// The session is over, and with it the machine. Does not return but in tests.
    fn shut_down(&mut self, exit: Exit);
    /// An essential service is lost. Does not return but in tests.
    fn collapse(&mut self);
}

/// A look-up that waits for its name.
struct Waiting {
    token: Token,
    client: u32,
    name: Name,
}

/// All of it.
pub struct Supervisor<M> {
    machine: M,
    services: Vec<Service>,
    waiting: Vec<Waiting>,
    /// The program that the machine was booted for.
    session: Option<i32>,
    /// Calls so far.
    calls: u32,
}

impl<M: Machine> Supervisor<M> {
    /// Without services.
    pub fn new(machine: M) -> Self {
        let waiting = Vec::with_capacity(MAX_WAITING);
        Self { machine, services: Vec::new(), waiting, session: None, calls: 0 }
    }

    /// What it needs the kernel for.
    pub fn machine(&mut self) -> &mut M {
        &mut self.machine
    }

    /// Makes a service and starts its first server. A name that another service has is refused.
    pub fn add(&mut self, manifest: Manifest) {
        let (service, is_essential) = (manifest.service, manifest.is_essential);
        let is_taken = |name: &&Name| self.services.iter().any(|other| other.has_name(name));
        if let Some(name) = manifest.names.iter().find(is_taken) {
            self.machine.log(format_args!("{service}: another service is called {name}"));
            return;
        }
        match Service::new(manifest, &mut self.machine) {
            Ok(mut service) => {
                service.work(&mut self.machine);
                self.services.push(service);
            }
            Err(why) => {
                self.machine.log(format_args!("{service}: it cannot have what it needs: {why}"));
                if is_essential {
                    self.machine.collapse();
                }
            }
        }
    }

    /// The end of this process is that of the machine.
    pub fn set_session(&mut self, pid: i32) {
        self.session = Some(pid);
    }

    /// The service that a caller serves.
    fn served_by(&mut self, caller: &Caller<'_>) -> Result<&mut Service> {
        let pid = caller.badge.cast_signed();
        let mut services = self.services.iter_mut();
        services.find(|service| service.is_served_by(pid)).ok_or(Errno::EPERM)
    }

    fn register(&mut self, name: Name, caller: &Caller<'_>) -> Result<Reply> {
        self.served_by(caller)?.register(&name)?;
        self.settle();
        Ok(Reply::new())
    }

    fn look_up(&mut self, name: Name, waits: bool, caller: &Caller<'_>) -> Result<Reply> {
        match find(&self.services, &name)? {
            Some(service) => connect(service, caller.badge),
            None if !waits => Err(Errno::ENOENT),
            None => {
                if self.waiting.len() == MAX_WAITING {
                    // Of clients that were killed nobody tells.
                    let machine = &mut self.machine;
                    self.waiting.retain(|waiting| machine.is_alive(waiting.client));
                }
                if self.waiting.len() == MAX_WAITING {
                    return Err(Errno::EAGAIN);
                }
                self.waiting.push(Waiting { token: caller.token, client: caller.badge, name });
                Ok(Reply::later())
            }
        }
    }

    /// Answers look-ups that need wait no longer.
    fn settle(&mut self) {
        let Self { machine, services, waiting, .. } = self;
        waiting.retain(|waiting| {
            let answer = match find(services, &waiting.name) {
                Ok(None) => return true,
                Ok(Some(service)) => connect(service, waiting.client),
                Err(errno) => Err(errno),
            };
            machine.reply(waiting.token, answer);
            false
        });
    }

    fn reap(&mut self) {
        while let Some((pid, status)) = self.machine.take_ended() {
            let mut services = self.services.iter_mut();
            if let Some(service) = services.find(|service| service.is_served_by(pid)) {
                service.ended(status, &mut self.machine);
                self.settle();
            } else if self.session == Some(pid) {
                let failure = self.machine.session_failure();
                self.machine.shut_down(failure.map_or_else(|| exit_of(status), exit_of_failure));
            }
        }
    }
}

impl<M: Machine> Server for Supervisor<M> {
    fn handle(&mut self, message: &Message, caller: &mut Caller<'_>) -> Result<Reply> {
        self.calls = self.calls.wrapping_add(1);
        if self.calls.is_multiple_of(TURN) {
            self.expired();
        }
        match Request::decode(message.label(), message.words()).ok_or(Errno::EINVAL)? {
            Request::CheckIn => {
                let (instance, port) = self.served_by(caller)?.check_in()?;
                let rights = Rights::ATTACH | Rights::NOTIFY | Rights::CALL;
                Ok(Reply::new().word(instance).pass(port, rights))
            }
            Request::Grant { kind, index } => {
                let handle = self.served_by(caller)?.grant(kind, index)?;
                Ok(Reply::new().pass(handle, rights_of(kind)))
            }
            Request::Register(name) => self.register(name, caller),
            Request::LookUp { name, waits } => self.look_up(name, waits, caller),
            Request::Alive => {
                self.served_by(caller)?.is_alive();
                Ok(Reply::new())
            }
            Request::List { index } => {
                let service = self.services.get(index as usize).ok_or(Errno::ENOENT)?;
                Ok(Message::new(0).with_words(service.entry().encode().words()).into())
            }
        }
    }

    fn notified(&mut self, bits: u32) {
        if bits & CHILD_ENDED != 0 {
            self.reap();
        }
    }

    fn cancelled(&mut self, token: Token) {
        if let Some(place) = self.waiting.iter().position(|waiting| waiting.token == token) {
            self.waiting.swap_remove(place);
            self.machine.reply(token, Err(Errno::EINTR));
        }
    }

    fn deadline(&self) -> Option<u64> {
        self.services.iter().filter_map(Service::deadline).min()
    }

    fn expired(&mut self) {
        for service in &mut self.services {
            service.work(&mut self.machine);
        }
        self.settle();
    }
}

/// The service of a name that can be called. `None`: it is to come.
///
/// ENOENT: there is no such name. EIO: the service was given up.
fn find<'a>(services: &'a [Service], name: &Name) -> Result<Option<&'a Service>> {
    for service in services {
        match service.find(name) {
            Found::Nothing => {}
            Found::NotYet => return Ok(None),
            Found::Service => return Ok(Some(service)),
            Found::GivenUp => return Err(Errno::EIO),
        }
    }
    Err(Errno::ENOENT)
}

fn connect(service: &Service, client: u32) -> Result<Reply> {
    Ok(Reply::new().pass(service.connect(client)?, Rights::CALL))
}

/// What servers may do with what they are granted.
const fn rights_of(kind: GrantKind) -> Rights {
    match kind {
        GrantKind::Irq | GrantKind::Console => Rights::CONTROL,
        GrantKind::IoPorts => Rights::DMA,
        GrantKind::Statistics => Rights::READ,
        GrantKind::Frames => Rights::READ.union(Rights::WRITE).union(Rights::MAP),
    }
}
