//! A server for messages, outside of the scenarios' faults but for what it does for them.

use crate::faults::without_faults;
use alloc::vec;
use alloc::vec::Vec;
use sys::Errno;
use sys::ipc::*;
use sys::process::{self, Fork};

/// Answers with each word plus one.
pub const ADD: u16 = 1;
/// Fills the second lease with what the first has, backwards.
pub const REVERSE: u16 = 2;
/// Takes frames that begin with a number; answers with others that begin with the next one.
pub const PASS: u16 = 3;
/// Answers with the bits it has been notified of.
pub const BITS: u16 = 4;
/// Ends.
pub const DIE: u16 = 5;

struct Partner {
    bits: u32,
}

impl Server for Partner {
    fn handle(&mut self, message: &Message, caller: &mut Caller<'_>) -> sys::Result<Reply> {
        match message.label() {
            ADD => {
                Ok(message.words().iter().fold(Reply::new(), |reply, word| reply.word(word + 1)))
            }
            REVERSE => {
                let mut bytes: Vec<u8> = vec![0; caller.readable(0)? as usize];
                let read = caller.read(0, 0, &mut bytes)?;
                bytes.truncate(read);
                bytes.reverse();
                Ok(Reply::new().word(caller.write(1, 0, &bytes)? as u32))
            }
            PASS => {
                let frames = Frames(caller.take_handle(0)?);
                let mut word = [0; 4];
                frames.read(0, &mut word)?;
                let next = u32::from_le_bytes(word) + 1;
                let other = Frames::new(1)?;
                other.write(0, &next.to_le_bytes())?;
                Ok(Reply::new().pass(other.0, Rights::READ | Rights::WRITE))
            }
            BITS => Ok(Reply::new().word(self.bits)),
            DIE => process::exit(3),
            _ => Err(Errno::ENOSYS),
        }
    }

    fn notified(&mut self, bits: u32) {
        self.bits |= bits;
    }
}

/// Starts the server, and makes this process one that may call it.
pub fn start() -> sys::Result<Port> {
    without_faults(|| {
        let level = Level::new(8).ok_or(Errno::EINVAL)?;
        let port = Port::new(level)?;
        let (read, write) = sys::file::pipe()?;
        match process::fork()? {
            Fork::Parent(pid) => {
                let rights = Rights::CALL | Rights::ATTACH | Rights::CONTROL;
                let number = Child::open(pid)?.give(&port.0, rights)?;
                write.write_all(&number.to_le_bytes())?;
                raise_level(Level::PROGRAM)?;
                Ok(port)
            }
            Fork::Child => process::exit(i32::from(serve_port(&read, level).is_err())),
        }
    })
}

fn serve_port(read: &sys::file::File, level: Level) -> sys::Result<()> {
    let mut number = [0; 4];
    read.read(&mut number)?;
    raise_level(level)?;
    let port = Port(Handle::from_raw(u32::from_le_bytes(number)));
    let Err(errno) = serve(&port.attach(u32::MAX)?, &mut Partner { bits: 0 });
    Err(errno)
}
