//! The supervisor with a kernel that only remembers.

use crate::manifest::{Grant, Manifest, Mount};
use crate::supervisor::{CHILD_ENDED, Machine, Progress, Supervisor};
use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Arguments;
use sys::abi::frame::Exit;
use sys::abi::signal::SIGSEGV;
use sys::ipc::{Answer, Call, Connection, Handle, Level, Loopback, Reply, Server, Token};
use sys::proto::Name;
use sys::proto::supervisor::{Entry, GrantKind, Request, State};
use sys::wait::Status;
use sys::{Errno, Result};

const MS: u64 = 1_000_000;
const SECOND: u64 = 1000 * MS;

#[derive(Default)]
struct Fake {
    now: u64,
    next: u32,
    log: Vec<String>,
    /// What happened, in words.
    events: Vec<String>,
    ended: VecDeque<(i32, Status)>,
    refuses: Option<Errno>,
    failure: Option<Errno>,
    dead: Vec<u32>,
    /// Of all servers.
    progress: Option<Progress>,
}

impl Fake {
    fn handle(&mut self) -> Handle {
        self.next += 1;
        Handle::from_raw(self.next)
    }

    fn event(&mut self, event: Arguments<'_>) {
        self.events.push(event.to_string());
    }
}

impl Machine for Fake {
    fn now(&self) -> u64 {
        self.now
    }

    fn log(&mut self, line: Arguments<'_>) {
        self.log.push(line.to_string());
    }

    fn make_port(&mut self, _: Level) -> Result<Handle> {
        Ok(self.handle())
    }

    fn make_grant(&mut self, grant: Grant) -> Result<Handle> {
        match grant {
            Grant::Irq(4) => Err(Errno::EBUSY),
            _ => Ok(self.handle()),
        }
    }

    fn mount(&mut self, port: &Handle, mount: &Mount) -> Result<()> {
        self.event(format_args!("mount {} {} {}", port.raw(), mount.directory, mount.kind));
        if mount.directory == "/none" { Err(Errno::ENOENT) } else { Ok(()) }
    }

    fn fail_port(&mut self, port: &Handle) {
        self.event(format_args!("fail {}", port.raw()));
    }

    fn ask_for_heartbeat(&mut self, port: &Handle) {
        self.event(format_args!("beat {}", port.raw()));
    }

    fn start(&mut self, manifest: &Manifest) -> Result<i32> {
        if let Some(why) = self.refuses {
            return Err(why);
        }
        self.next += 1;
        let pid = self.next;
        self.event(format_args!("start {} {pid}", manifest.service));
        Ok(pid.cast_signed())
    }

    fn progress(&mut self, _: i32) -> Option<Progress> {
        self.progress
    }

    fn kill(&mut self, pid: i32) {
        self.event(format_args!("kill {pid}"));
    }

    fn is_alive(&mut self, pid: u32) -> bool {
        !self.dead.contains(&pid)
    }

    fn take_ended(&mut self) -> Option<(i32, Status)> {
        self.ended.pop_front()
    }

    fn reply(&mut self, token: Token, answer: Result<Reply>) {
        let answer = answer.map(|reply| reply.into_parts().is_some());
        self.event(format_args!("reply {} {answer:?}", token.0));
    }

    fn session_failure(&mut self) -> Option<Errno> {
        self.failure.take()
    }

    fn shut_down(&mut self, exit: Exit) {
        self.event(format_args!("shut down {exit:?}"));
    }

    fn collapse(&mut self) {
        self.event(format_args!("collapse"));
    }
}

/// A supervisor, and callers of it.
struct World(Loopback<Supervisor<Fake>>);

impl World {
    fn new(manifests: &[(&str, &str)]) -> Self {
        let mut supervisor = Supervisor::new(Fake::default());
        for (service, text) in manifests {
            let service = Name::new(service).unwrap();
            supervisor.add(Manifest::parse(service, text.as_bytes()).unwrap());
        }
        Self(Loopback::new(supervisor))
    }

    fn fake<R>(&self, look: impl FnOnce(&mut Fake) -> R) -> R {
        self.0.with(|supervisor| look(supervisor.machine()))
    }

    fn events(&self) -> Vec<String> {
        self.fake(|fake| core::mem::take(&mut fake.events))
    }

    fn ask(&self, pid: u32, request: Request) -> Result<Answer> {
        self.0.badge.set(pid);
        let encoded = request.encode();
        self.0.call(Call::new(encoded.label).words(encoded.words()))
    }

    fn look_up(&self, client: u32, name: &str, waits: bool) -> Result<u32> {
        let name = Name::new(name).unwrap();
        let mut answer = self.ask(client, Request::LookUp { name, waits })?;
        answer.take_handle(0).map(|handle| handle.raw())
    }

    fn register(&self, server: u32, name: &str) -> Result<()> {
        self.ask(server, Request::Register(Name::new(name).unwrap())).map(drop)
    }

    fn entry(&self, index: u32) -> Entry {
        let answer = self.ask(9999, Request::List { index }).unwrap();
        Entry::decode(answer.message.words()).unwrap()
    }

    fn pid(&self) -> u32 {
        self.entry(0).pid
    }

    /// Lets time pass, event by event.
    fn pass(&self, time: u64) {
        let end = self.fake(|fake| fake.now) + time;
        self.0.with(|supervisor| {
            while let Some(deadline) = supervisor.deadline()
                && deadline <= end
            {
                supervisor.machine().now = deadline.max(supervisor.machine().now);
                supervisor.expired();
            }
            supervisor.machine().now = end;
        });
    }

    fn ends(&self, pid: u32, status: Status) {
        self.0.with(|supervisor| {
            supervisor.machine().ended.push_back((pid.cast_signed(), status));
            supervisor.notified(CHILD_ENDED);
        });
    }
}

const DISK: &str =
    "program /sbin/disk\nlevel 1\nname disk\nname disk-0\nirq 14\nframes 1\nframes 2";

#[test]
fn a_server_gets_its_port_and_what_its_manifest_grants() {
    let world = World::new(&[("disk", DISK)]);
    assert_eq!(world.events(), ["start disk 5"]);
    assert_eq!(world.entry(0).state, State::Starting);
    let mut answer = world.ask(5, Request::CheckIn).unwrap();
    assert_eq!((answer.message.get(0), answer.take_handle(0).unwrap().raw()), (1, 1));
    assert_eq!(world.entry(0).state, State::Running);
    let grant = |pid, kind, index| {
        let mut answer = world.ask(pid, Request::Grant { kind, index })?;
        answer.take_handle(0).map(|handle| handle.raw())
    };
    assert_eq!(grant(5, GrantKind::Irq, 0), Ok(2));
    assert_eq!(grant(5, GrantKind::Frames, 1), Ok(4));
    assert_eq!(grant(5, GrantKind::Irq, 1), Err(Errno::ENOENT));
    assert_eq!(grant(5, GrantKind::IoPorts, 0), Err(Errno::ENOENT));
    // Nobody else is the server.
    for request in [Request::CheckIn, Request::Alive] {
        assert_eq!(world.ask(6, request).unwrap_err(), Errno::EPERM);
    }
    assert_eq!(grant(6, GrantKind::Irq, 0), Err(Errno::EPERM));
    assert_eq!(world.register(6, "disk"), Err(Errno::EPERM));
    assert_eq!(world.0.call(Call::new(99)).unwrap_err(), Errno::EINVAL);
}

#[test]
fn names_are_there_once_registered_and_outlive_servers() {
    let world = World::new(&[("disk", DISK)]);
    let pid = world.pid();
    assert_eq!(world.look_up(50, "disk", false), Err(Errno::ENOENT));
    assert_eq!(world.look_up(50, "fs", true), Err(Errno::ENOENT));
    // An answer that comes later.
    assert_eq!(world.look_up(50, "disk", true), Err(Errno::EOPNOTSUPP));
    assert_eq!(world.register(pid, "tape"), Err(Errno::EPERM));
    world.events();
    assert_eq!(world.register(pid, "disk"), Ok(()));
    assert_eq!(world.events().len(), 1);
    assert_eq!(world.look_up(50, "disk", false), Ok(1));
    assert_eq!(world.look_up(50, "disk-0", false), Err(Errno::ENOENT));
    world.ends(pid, Status::Signaled(SIGSEGV));
    assert_eq!(world.look_up(51, "disk", true), Ok(1));
}

#[test]
fn a_look_up_that_waits_can_be_given_up_or_forgotten() {
    let world = World::new(&[("disk", DISK)]);
    let _ = world.look_up(50, "disk", true);
    world.events();
    world.0.with(|supervisor| {
        for token in 0..200 {
            supervisor.cancelled(Token(token));
        }
    });
    assert_eq!(world.events().len(), 1);
    // Clients that were killed make room.
    for client in 100..164 {
        assert_eq!(world.look_up(client, "disk", true), Err(Errno::EOPNOTSUPP));
    }
    assert_eq!(world.look_up(164, "disk", true), Err(Errno::EAGAIN));
    world.fake(|fake| fake.dead.push(130));
    assert_eq!(world.look_up(164, "disk", true), Err(Errno::EOPNOTSUPP));
    assert_eq!(world.look_up(165, "disk", true), Err(Errno::EAGAIN));
}

#[test]
fn a_dead_server_is_replaced_and_the_next_one_has_the_same_port() {
    let world = World::new(&[("disk", DISK)]);
    let first = world.pid();
    world.ask(first, Request::CheckIn).unwrap();
    world.events();
    world.ends(first, Status::Signaled(SIGSEGV));
    let second = world.pid();
    assert_ne!(first, second);
    assert_eq!(world.events(), [format!("start disk {second}")]);
    let mut answer = world.ask(second, Request::CheckIn).unwrap();
    assert_eq!((answer.message.get(0), answer.take_handle(0).unwrap().raw()), (2, 1));
    assert_eq!(world.ask(first, Request::Alive).unwrap_err(), Errno::EPERM);
    assert!(world.fake(|fake| fake.log[0].contains("SIGSEGV")));
}

#[test]
fn servers_that_die_at_once_come_back_later_and_later_until_it_is_enough() {
    let world = World::new(&[("disk", DISK)]);
    world.events();
    let mut starts = Vec::new();
    for _ in 0..5 {
        world.ends(world.pid(), Status::Exited(0));
        let died = world.fake(|fake| fake.now);
        while world.pid() == 0 {
            world.pass(MS);
        }
        starts.push((world.fake(|fake| fake.now) - died) / MS);
    }
    assert_eq!(starts, [0, 100, 200, 400, 800]);
    let _ = world.look_up(50, "disk", true);
    world.events();
    world.ends(world.pid(), Status::Exited(0));
    let events = world.events();
    assert_eq!(events[0], "fail 1");
    assert!(events[1].ends_with("Err(EIO)"), "{events:?}");
    assert_eq!(world.entry(0).state, State::GivenUp);
    assert_eq!(world.look_up(50, "disk", true), Err(Errno::EIO));
    world.pass(100 * SECOND);
    assert!(world.events().is_empty());
}

#[test]
fn a_server_that_works_again_and_again_is_never_given_up() {
    let world = World::new(&[("disk", DISK)]);
    for _ in 0..50 {
        let pid = world.pid();
        world.ask(pid, Request::CheckIn).unwrap();
        for _ in 0..60 {
            world.pass(SECOND / 4);
            world.ask(pid, Request::Alive).unwrap();
        }
        world.ends(pid, Status::Signaled(9));
        assert_ne!(world.pid(), 0);
    }
}

#[test]
fn a_server_that_does_not_answer_is_killed() {
    let world = World::new(&[("disk", DISK)]);
    let pid = world.pid();
    world.ask(pid, Request::CheckIn).unwrap();
    world.events();
    world.pass(2 * SECOND);
    assert_eq!(world.events(), ["beat 1"; 4]);
    world.ask(pid, Request::Alive).unwrap();
    world.pass(2 * SECOND);
    assert_eq!(world.events(), ["beat 1"; 4]);
    world.pass(SECOND / 2);
    assert_eq!(world.events(), [format!("kill {pid}")]);
    // Its end takes a while.
    world.pass(10 * SECOND);
    assert!(world.events().is_empty());
    world.ends(pid, Status::Signaled(9));
    assert_eq!(world.entry(0).starts, 2);
}

#[test]
fn a_server_that_does_not_check_in_is_killed() {
    let world = World::new(&[("disk", DISK)]);
    world.events();
    world.pass(5 * SECOND / 2);
    assert_eq!(world.events(), [format!("kill {}", world.pid())]);
}

/// Somebody with a higher priority has the processor all the time.
#[test]
fn a_server_without_a_turn_is_not_to_blame() {
    let world = World::new(&[("disk", DISK)]);
    let pid = world.pid();
    let progress = |ticks, is_runnable| {
        let progress = Some(Progress { ticks, is_runnable });
        world.0.with(|supervisor| supervisor.machine().progress = progress);
    };
    world.ask(pid, Request::CheckIn).unwrap();
    world.events();
    progress(7, true);
    world.pass(10 * SECOND);
    assert_eq!(world.events(), ["beat 1"; 4]);
    // It had one, and has answered.
    world.ask(pid, Request::Alive).unwrap();
    progress(8, true);
    world.pass(SECOND);
    assert_eq!(world.events(), ["beat 1"; 2]);
    // It had more, and has not: it runs in a circle.
    progress(900, true);
    world.pass(3 * SECOND / 2);
    assert_eq!(world.events(), ["beat 1".into(), "beat 1".into(), format!("kill {pid}")]);
}

#[test]
fn a_server_that_waits_for_something_else_is_killed() {
    let world = World::new(&[("disk", DISK)]);
    world.ask(world.pid(), Request::CheckIn).unwrap();
    world.0.with(|supervisor| {
        supervisor.machine().progress = Some(Progress { ticks: 7, is_runnable: false });
    });
    world.events();
    world.pass(5 * SECOND / 2);
    assert_eq!(world.events().last(), Some(&format!("kill {}", world.pid())));
}

/// The host stopped the machine for a while: a server that had no time is not to blame.
#[test]
fn a_pause_of_the_machine_costs_one_beat() {
    let world = World::new(&[("disk", DISK)]);
    world.ask(world.pid(), Request::CheckIn).unwrap();
    world.events();
    world.0.with(|supervisor| {
        supervisor.machine().now += 60 * SECOND;
        supervisor.expired();
        supervisor.expired();
    });
    assert_eq!(world.events(), ["beat 1"]);
}

#[test]
fn nobody_asks_a_server_whose_manifest_says_never() {
    let world = World::new(&[("x", "program /x\nlevel 8\nheartbeat never")]);
    world.ask(world.pid(), Request::CheckIn).unwrap();
    world.events();
    world.pass(1000 * SECOND);
    assert!(world.events().is_empty());
}

#[test]
fn a_service_the_machine_needs_takes_it_along() {
    let text = "program /x\nlevel 1\nrestart never\nessential";
    let world = World::new(&[("x", text)]);
    world.events();
    world.ends(world.pid(), Status::Exited(1));
    assert_eq!(world.events(), ["fail 1", "collapse"]);
}

#[test]
fn a_server_that_cannot_be_started_is_tried_again() {
    let world = World::new(&[("disk", DISK)]);
    world.events();
    world.fake(|fake| fake.refuses = Some(Errno::ENOMEM));
    world.ends(world.pid(), Status::Exited(1));
    assert_eq!(world.entry(0).state, State::Resting);
    world.fake(|fake| fake.refuses = None);
    world.pass(SECOND);
    assert_eq!(world.entry(0).state, State::Starting);
}

#[test]
fn services_that_cannot_be_made_are_left_out() {
    let taken = "program /x\nlevel 1\nname disk-0";
    let busy = "program /y\nlevel 1\nirq 4";
    let world = World::new(&[("disk", DISK), ("other", taken), ("busy", busy)]);
    let log = world.fake(|fake| fake.log.clone());
    assert!(log[0].contains("another service is called disk-0"), "{log:?}");
    assert!(log[1].contains("busy: it cannot have"), "{log:?}");
    assert_eq!(world.ask(1, Request::List { index: 1 }).unwrap_err(), Errno::ENOENT);
}

#[test]
fn files_are_mounted_before_the_first_server_starts() {
    let proc = "program /x\nlevel 4\nmount /proc proc\nmount /mnt proc";
    let world = World::new(&[("proc", proc), ("none", "program /y\nlevel 4\nmount /none x")]);
    let events = world.events();
    let place = |what: &str| events.iter().position(|event| event.contains(what));
    assert!(place("/proc proc") < place("/mnt proc"), "{events:?}");
    assert!(place("/mnt proc") < place("start proc"), "{events:?}");
    assert_eq!(place("start none"), None);
    assert!(world.fake(|fake| fake.log[0].contains("none: it cannot have")));
}

#[test]
fn the_end_of_the_session_is_that_of_the_machine() {
    for (status, failure, expected) in [
        (Status::Exited(7), None, Exit::Exited(7)),
        (Status::Signaled(11), None, Exit::Signalled(11)),
        (Status::Exited(127), None, Exit::Exited(127)),
        (Status::Exited(127), Some(Errno::ENOENT), Exit::NotFound),
        (Status::Exited(126), Some(Errno::EACCES), Exit::NotExecutable),
    ] {
        let world = World::new(&[]);
        world.0.with(|supervisor| supervisor.set_session(77));
        world.fake(|fake| fake.failure = failure);
        // An orphan.
        world.ends(76, Status::Exited(1));
        assert!(world.events().is_empty());
        world.ends(77, status);
        assert_eq!(world.events(), [format!("shut down {expected:?}")]);
    }
}

/// Callers without a pause cannot keep services from their turn.
#[test]
fn a_flood_of_calls_does_not_stop_the_clock() {
    let world = World::new(&[("disk", DISK)]);
    world.ask(world.pid(), Request::CheckIn).unwrap();
    world.events();
    world.fake(|fake| fake.now += SECOND);
    for _ in 0..64 {
        let _ = world.look_up(50, "disk", false);
    }
    assert_eq!(world.events(), ["beat 1"]);
}
