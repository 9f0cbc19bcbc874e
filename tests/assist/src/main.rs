//! A server that misbehaves on request. Its arguments are the names it registers: the first at once,
//! the second when it is asked to. With the argument `files` it answers for files instead.

#![no_std]
#![no_main]

extern crate alloc;

mod io_port;
mod misuse;
mod tree;

use alloc::vec;
use assist::*;
use core::cell::Cell;
use core::hint::{black_box, spin_loop};
use core::mem::forget;
use sys::ipc::{
    Caller, Frames, IoPorts, Level, Message, Port, Received, Reply, ReplyParts, Server, Token,
    Transport, serve,
};
use sys::node::Files;
use sys::proto::supervisor::HEARTBEAT;
use sys::service::{Service, ServicePort, check_in};
use sys::{Errno, Result, env, process};

use tree::{Liar, Tree};

sys::entry!(main);

fn main() -> Result<()> {
    let service = check_in()?;
    if name(1) == Ok("files") {
        let tree = Tree { instance: service.instance };
        let Err(why) = service.serve(0, &[], &mut Liar(Files(tree)));
        return Err(why);
    }
    let starts = count(&service)?;
    service.register(name(1)?)?;
    let ports = service.io_ports(0).ok();
    let own = Own { instance: service.instance, starts, is_silent: Cell::new(false), ports };
    let port = service.attach(0)?;
    // What a heartbeat needs is there from now on: it changes no count of a test.
    port.heartbeat()?;
    let own = &own;
    let Err(why) = serve(&Careless { port: &port, own }, &mut Assist { port: &port, own });
    Err(why)
}

struct Own {
    instance: u32,
    /// Servers that have used the frames, with this one.
    starts: u32,
    is_silent: Cell<bool>,
    ports: Option<IoPorts>,
}

/// Which name it is to register.
fn name(argument: usize) -> Result<&'static str> {
    let name = env::args().nth(argument).ok_or(Errno::ENOENT)?;
    core::str::from_utf8(name).map_err(|_| Errno::EINVAL)
}

/// Adds one to the number in the service's frames; 0 without frames.
fn count(service: &Service) -> Result<u32> {
    let frames = match service.frames(0) {
        Ok(frames) => frames,
        Err(Errno::ENOENT) => return Ok(0),
        Err(why) => return Err(why),
    };
    let mut bytes = [0; 4];
    frames.read(0, &mut bytes)?;
    let starts = u32::from_le_bytes(bytes) + 1;
    frames.write(0, &starts.to_le_bytes())?;
    Ok(starts)
}

struct Assist<'a> {
    port: &'a ServicePort,
    own: &'a Own,
}

impl Assist<'_> {
    fn who(&self, caller: &Caller<'_>) -> Result<Reply> {
        Ok(Reply::new().word(self.own.instance).word(process::id() as u32).word(caller.badge))
    }
}

impl Server for Assist<'_> {
    fn handle(&mut self, message: &Message, caller: &mut Caller<'_>) -> Result<Reply> {
        let is_asked_to_end = self.own.instance <= message.get(1);
        match message.label() {
            EXIT if is_asked_to_end => process::exit(message.get(0).cast_signed()),
            CRASH if is_asked_to_end => misuse::crash(),
            HANG if is_asked_to_end => loop {
                spin_loop();
            },
            WHO | EXIT | CRASH | HANG => self.who(caller),
            BE_SILENT => {
                self.own.is_silent.set(true);
                self.who(caller)
            }
            REPLY_WRONGLY => Ok(Reply::new().word(misuse::replies(caller.token))),
            FORGE => Ok(Reply::new().word(misuse::handles())),
            DEMAND => Ok(Reply::new().word(misuse::demands())),
            LEAK => {
                for _ in 0..message.get(0) {
                    // A compiler may leave out what nobody looks at.
                    forget(black_box(vec![1_u8; 4096]));
                    forget(Frames::new(1)?);
                    forget(Port::new(Level::PROGRAM)?);
                }
                self.who(caller)
            }
            REGISTER_LATE => {
                self.port.register(name(2)?)?;
                Ok(Reply::new())
            }
            COUNT => Ok(Reply::new().word(self.own.starts)),
            READ_PORT => {
                let ports = self.own.ports.as_ref().ok_or(Errno::ENOENT)?;
                Ok(io_port::results(ports).into_iter().fold(Reply::new(), Reply::word))
            }
            _ => Err(Errno::ENOSYS),
        }
    }
}

/// Answers heartbeats if the server is in the mood.
struct Careless<'a> {
    port: &'a ServicePort,
    own: &'a Own,
}

impl Transport for Careless<'_> {
    fn receive(&self, deadline: Option<u64>) -> Result<Received<'_>> {
        loop {
            match self.port.port.receive(deadline)? {
                Received::Notification(HEARTBEAT) if self.own.is_silent.get() => {}
                Received::Notification(HEARTBEAT) => self.port.heartbeat()?,
                received => return Ok(received),
            }
        }
    }

    fn reply(&self, token: Token, reply: ReplyParts) -> Result<()> {
        self.port.reply(token, reply)
    }

    fn reply_receive(&self, token: Token, reply: ReplyParts) -> Result<Received<'_>> {
        self.reply(token, reply)?;
        self.receive(None)
    }
}
