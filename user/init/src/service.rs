//! One service: its port, what it may have, and the life of its server.

use crate::manifest::Manifest;
use crate::restart::{History, Verdict};
use crate::supervisor::{Machine, Progress};
use alloc::vec::Vec;
use sys::ipc::{Handle, Rights};
use sys::proto::Name;
use sys::proto::supervisor::{Entry, GrantKind, State};
use sys::wait::Status;
use sys::{Errno, Result};

/// A service.
pub struct Service {
    manifest: Manifest,
    /// Its servers come and go; callers wait here.
    port: Handle,
    grants: Vec<(GrantKind, Handle)>,
    history: History,
    condition: Condition,
    starts: u32,
    /// Which of the manifest's names were registered.
    registered: Vec<bool>,
}

/// How it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Condition {
    Served(Server),
    /// The next server starts at this time.
    Resting(u64),
    GivenUp,
}

/// A running server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Server {
    pid: i32,
    since: u64,
    has_checked_in: bool,
    /// Since it last showed that it works, this often it was asked to.
    unanswered: u32,
    /// Its processor time when it was asked for the first time of those.
    ticks: u32,
    /// When it is asked next; `None` for never.
    next_beat: Option<u64>,
}

/// What a look-up finds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found {
    /// No such name.
    Nothing,
    /// The name is the service's, but no server has registered it yet.
    NotYet,
    /// The service.
    Service,
    /// A service without a future.
    GivenUp,
}

impl Service {
    /// A service whose first server is to start now. Makes all that it may have.
    pub fn new(manifest: Manifest, machine: &mut impl Machine) -> Result<Self> {
        let port = machine.make_port(manifest.level)?;
        let mut grants = Vec::new();
        for grant in &manifest.grants {
            grants.push((grant.kind(), machine.make_grant(*grant)?));
        }
        // Files are waited for from now on, whoever has not started yet.
        for mount in &manifest.mounts {
            machine.mount(&port, mount)?;
        }
        let history = History::new(manifest.restart, manifest.pauses);
        let registered = alloc::vec![false; manifest.names.len()];
        let condition = Condition::Resting(machine.now());
        Ok(Self { manifest, port, grants, history, condition, starts: 0, registered })
    }

    /// By what it is known to people.
    pub fn name(&self) -> Name {
        self.manifest.service
    }

    /// Whether it may be looked up by this name.
    pub fn has_name(&self, name: &Name) -> bool {
        self.manifest.names.contains(name)
    }

    /// Whether this process is its server.
    pub fn is_served_by(&self, pid: i32) -> bool {
        matches!(self.condition, Condition::Served(server) if server.pid == pid)
    }

    /// When [`work`](Self::work) has something to do; `None` for never.
    pub fn deadline(&self) -> Option<u64> {
        match self.condition {
            Condition::Served(server) => server.next_beat,
            Condition::Resting(until) => Some(until),
            Condition::GivenUp => None,
        }
    }

    /// Starts the next server if it is time, or asks whether the one there is works.
    pub fn work(&mut self, machine: &mut impl Machine) {
        match self.condition {
            Condition::Resting(until) if machine.now() >= until => self.start(machine),
            Condition::Served(server)
                if server.next_beat.is_some_and(|beat| machine.now() >= beat) =>
            {
                self.beat(machine);
            }
            _ => {}
        }
    }

    fn start(&mut self, machine: &mut impl Machine) {
        let since = machine.now();
        self.starts = self.starts.saturating_add(1);
        match machine.start(&self.manifest) {
            Ok(pid) => {
                self.condition = Condition::Served(Server {
                    pid,
                    since,
                    has_checked_in: false,
                    unanswered: 0,
                    ticks: 0,
                    next_beat: self.beat_after(since),
                });
            }
            Err(why) => {
                let service = self.name();
                machine.log(format_args!("{service}: cannot start its server: {why}"));
                self.bury(since, machine);
            }
        }
    }

    fn beat(&mut self, machine: &mut impl Machine) {
        let (now, service) = (machine.now(), self.manifest.service);
        let patience = self.manifest.heartbeat.map_or(u32::MAX, |heartbeat| heartbeat.patience);
        let next_beat = self.beat_after(now);
        let Condition::Served(server) = &mut self.condition else { return };
        let pid = server.pid;
        if server.unanswered >= patience {
            // Somebody above it has the processor: it could not answer, and he is not it.
            let waits = Progress { ticks: server.ticks, is_runnable: true };
            if machine.progress(pid) == Some(waits) {
                server.next_beat = next_beat;
                return;
            }
            machine.log(format_args!("{service}: server {pid} does not answer: killed"));
            machine.kill(pid);
            // Its end will be told.
            server.next_beat = None;
            return;
        }
        if server.unanswered == 0 {
            server.ticks = machine.progress(pid).map_or(0, |progress| progress.ticks);
        }
        server.unanswered += 1;
        server.next_beat = next_beat;
        if server.has_checked_in {
            machine.ask_for_heartbeat(&self.port);
        }
    }

    /// Counted from now: a machine that stood still costs a server one beat, not many.
    fn beat_after(&self, now: u64) -> Option<u64> {
        self.manifest.heartbeat.map(|heartbeat| now.saturating_add(heartbeat.interval))
    }

    /// Its server has ended.
    pub fn ended(&mut self, status: Status, machine: &mut impl Machine) {
        let Condition::Served(server) = self.condition else { return };
        let (service, pid) = (self.name(), server.pid);
        match status {
            Status::Signaled(signal) => {
                let name = sys::abi::signal::name(signal).unwrap_or("a signal");
                machine.log(format_args!("{service}: server {pid} was ended by {name}"));
            }
            status => {
                let code = status.code();
                machine.log(format_args!("{service}: server {pid} ended with status {code}"));
            }
        }
        self.bury(server.since, machine);
    }

    fn bury(&mut self, since: u64, machine: &mut impl Machine) {
        match self.history.died(since, machine.now()) {
            Verdict::StartAt(time) => {
                self.condition = Condition::Resting(time);
                self.work(machine);
            }
            Verdict::GiveUp => self.give_up(machine),
        }
    }

    /// There will be no more servers: every call fails.
    pub fn give_up(&mut self, machine: &mut impl Machine) {
        self.condition = Condition::GivenUp;
        let service = self.name();
        machine.log(format_args!("{service}: given up"));
        machine.fail_port(&self.port);
        // Last first: what the kernel takes back may need what it lent later.
        while self.grants.pop().is_some() {}
        if self.manifest.is_essential {
            machine.collapse();
        }
    }

    /// Its server has started: which one it is, and the port for it.
    pub fn check_in(&mut self) -> Result<(u32, Handle)> {
        let Condition::Served(server) = &mut self.condition else { return Err(Errno::EPERM) };
        server.has_checked_in = true;
        server.unanswered = 0;
        Ok((self.starts, self.port.duplicate(Rights::all())?))
    }

    /// What of a kind the manifest grants.
    pub fn grant(&self, kind: GrantKind, index: u32) -> Result<Handle> {
        let mut of_kind = self.grants.iter().filter(|(other, _)| *other == kind);
        let (_, handle) = of_kind.nth(index as usize).ok_or(Errno::ENOENT)?;
        handle.duplicate(Rights::all())
    }

    /// Its server works.
    pub fn is_alive(&mut self) {
        if let Condition::Served(server) = &mut self.condition {
            server.unanswered = 0;
        }
    }

    /// Its server offers the service under a name. EPERM if that is not one of its own.
    pub fn register(&mut self, name: &Name) -> Result<()> {
        let place = self.manifest.names.iter().position(|own| own == name).ok_or(Errno::EPERM)?;
        if let Some(registered) = self.registered.get_mut(place) {
            *registered = true;
        }
        Ok(())
    }

    /// What a look-up of this name finds here.
    pub fn find(&self, name: &Name) -> Found {
        match self.manifest.names.iter().position(|own| own == name) {
            None => Found::Nothing,
            Some(_) if self.condition == Condition::GivenUp => Found::GivenUp,
            Some(place) if self.registered.get(place) == Some(&true) => Found::Service,
            Some(_) => Found::NotYet,
        }
    }

    /// The port for a client.
    pub fn connect(&self, client: u32) -> Result<Handle> {
        self.port.mint(Rights::CALL | Rights::TRANSFER, client)
    }

    /// For people.
    pub fn entry(&self) -> Entry {
        let (state, pid) = match self.condition {
            Condition::Served(server) if server.has_checked_in => (State::Running, server.pid),
            Condition::Served(server) => (State::Starting, server.pid),
            Condition::Resting(_) => (State::Resting, 0),
            Condition::GivenUp => (State::GivenUp, 0),
        };
        Entry {
            state,
            pid: pid.cast_unsigned(),
            starts: self.starts,
            level: u32::from(self.manifest.level.number()),
            name: self.name(),
        }
    }
}
