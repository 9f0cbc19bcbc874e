//! A server for all these tests, and its clients.

use crate::child;
use crate::harness::only_on_folio;
use alloc::vec;
use alloc::vec::Vec;
use sys::abi::signal::SIGSYS;
use sys::ipc::*;
use sys::wait::Status;
use sys::{Errno, Result};

pub const PAGE: u32 = 4096;

/// Of the ports here: low enough that a process at level 9 may call them.
pub fn level() -> Level {
    Level::new(8).expect("a level")
}

/// Bit that the end of the client sets.
pub const CLIENT_ENDED: u32 = 1 << 31;

pub const ADD: u16 = 1;
pub const REVERSE: u16 = 2;
pub const SHOOT: u16 = 3;
pub const PASS: u16 = 4;
pub const DIE: u16 = 5;
pub const WHO: u16 = 6;
pub const FAULT: u16 = 7;
pub const FILL: u16 = 8;

/// A server for all these tests. It ends with its client.
pub struct Example<'a> {
    port: &'a ServedPort,
    pub later: Vec<Token>,
}

impl<'a> Example<'a> {
    pub fn new(port: &'a ServedPort) -> Self {
        Self { port, later: Vec::new() }
    }
}

impl Server for Example<'_> {
    fn handle(&mut self, message: &Message, caller: &mut Caller<'_>) -> Result<Reply> {
        match message.label() {
            ADD => {
                Ok(message.words().iter().fold(Reply::new(), |reply, word| reply.word(word + 1)))
            }
            REVERSE => {
                let mut bytes = vec![0; caller.readable(0)? as usize];
                assert_eq!(caller.read(0, 0, &mut bytes), Ok(bytes.len()));
                bytes.reverse();
                Ok(Reply::new().word(caller.write(1, 0, &bytes)? as u32))
            }
            SHOOT => {
                let (pid, signal) = (message.get(0).cast_signed(), message.get(1).cast_signed());
                sys::process::kill(pid, signal)?;
                self.later.push(caller.token);
                Ok(Reply::later())
            }
            PASS => {
                let frames = Frames(caller.take_handle(0)?);
                assert_eq!(frames.write(PAGE - 2, b"back"), Ok(4));
                let other = Frames::new(1)?;
                other.write(0, b"new")?;
                Ok(Reply::new().pass(other.0, Rights::READ))
            }
            DIE => sys::process::exit(3),
            WHO => Ok(Reply::new().word(caller.badge)),
            FAULT => {
                self.port.reply_fault(caller.token, SIGSYS)?;
                assert_eq!(caller.readable(0), Err(Errno::EINVAL));
                Ok(Reply::new())
            }
            FILL => {
                let length = caller.writable(0)?;
                let mut done = 0;
                while done < length {
                    done += caller.write(0, done, &[message.get(0) as u8; 1000])? as u32;
                }
                assert_eq!(caller.write(0, length + 1, b"x"), Err(Errno::EFAULT));
                Ok(Reply::new().word(done))
            }
            _ => Err(Errno::ENOSYS),
        }
    }

    fn notified(&mut self, bits: u32) {
        if bits & CLIENT_ENDED != 0 {
            self.port.port.fail().expect("fail");
        }
    }

    fn cancelled(&mut self, token: Token) {
        assert_eq!(self.later.pop(), Some(token));
        let message = Message::new(Errno::EINTR.number());
        self.port.reply(token, ReplyParts { message, ..ReplyParts::default() }).expect("reply");
    }
}

/// How a client gets at the port: its parent gives it a handle, and the number by a pipe.
pub fn start_client(port: &Port, rights: Rights, body: fn(Port)) -> (i32, Child) {
    let (read, write) = sys::file::pipe().expect("pipe");
    let pid = child::start(|| {
        let mut number = [0; 4];
        assert_eq!(read.read(&mut number), Ok(4));
        raise_level(Level::PROGRAM).expect("level");
        body(Port(Handle::from_raw(u32::from_le_bytes(number))));
        0
    });
    let client = Child::open(pid).expect("the child");
    let number = client.give(&port.0, rights).expect("give");
    assert_eq!(write.write(&number.to_le_bytes()), Ok(4));
    (pid, client)
}

/// Serves until a client that runs `body` has ended, which may hand the port on; how it ended, the port, and the calls that
/// were not answered.
pub fn with_client(body: fn(Port)) -> (Status, ServedPort, Vec<Token>) {
    only_on_folio("abi::syscall::ipc");
    let port = Port::new(level()).expect("a port");
    let rights = Rights::CALL | Rights::NOTIFY | Rights::DUPLICATE | Rights::TRANSFER;
    let (pid, client) = start_client(&port, rights, body);
    client.watch(&port, CLIENT_ENDED).expect("watch");
    let port = port.attach(u32::MAX).expect("attach");
    let mut server = Example::new(&port);
    assert_eq!(serve(&port, &mut server).unwrap_err(), Errno::EPIPE);
    let later = server.later;
    (child::wait(pid), port, later)
}

pub fn serves_well(body: fn(Port)) {
    assert_eq!(with_client(body).0, Status::Exited(0));
}

pub fn start_server(port: &Port, body: fn(Port)) -> (i32, Child) {
    let (read, write) = sys::file::pipe().expect("pipe");
    let pid = child::start(|| {
        let mut number = [0; 4];
        assert_eq!(read.read(&mut number), Ok(4));
        raise_level(level()).expect("level");
        body(Port(Handle::from_raw(u32::from_le_bytes(number))));
        0
    });
    let server = Child::open(pid).expect("the child");
    let rights = Rights::CALL | Rights::ATTACH | Rights::CONTROL;
    let number = server.give(&port.0, rights).expect("give");
    assert_eq!(write.write(&number.to_le_bytes()), Ok(4));
    (pid, server)
}
