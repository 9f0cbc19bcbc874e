//! Threads that call a server at the same time, each with its own messages.

use alloc::sync::Arc;
use core::convert::Infallible;
use sys::file::{File, pipe};
use sys::ipc::{
    Call, Caller, Child, Connection, Handle, Level, Message, Port, Reply, Rights, Server,
    raise_level, serve,
};
use sys::process::{self, Fork};
use sys::thread::spawn;
use sys::{Result, println};

/// Sends words back as they came.
struct Echo;

impl Server for Echo {
    fn handle(&mut self, message: &Message, _caller: &mut Caller<'_>) -> Result<Reply> {
        Ok(Reply::from(*message))
    }

    fn notified(&mut self, _bits: u32) {
        // The client has ended.
        process::exit(0)
    }
}

fn calls(port: &Port, caller: u32) -> u32 {
    let good = |round: &u32| {
        let words = [caller << 16 | round; 16];
        let call = words.into_iter().fold(Call::new(1), Call::word);
        port.call(call).is_ok_and(|answer| answer.message.words() == words)
    };
    (0..100).filter(good).count() as u32
}

fn client(number: &File) -> Result<()> {
    let mut bytes = [0; 4];
    number.read(&mut bytes)?;
    raise_level(Level::PROGRAM)?;
    let port = Arc::new(Port(Handle::from_raw(u32::from_le_bytes(bytes))));
    println!("one thread: {}", calls(&port, 0));
    let its = port.clone();
    let thread = spawn(move || println!("that thread: {}", calls(&its, 1)))?;
    let count = calls(&port, 2);
    thread.join();
    println!("this thread: {count}");
    Ok(())
}

/// Serves another process, which has threads.
pub fn messages() -> Result<Infallible> {
    let (read, write) = pipe()?;
    let pid = match process::fork()? {
        Fork::Child => process::exit(i32::from(client(&read).is_err())),
        Fork::Parent(pid) => pid,
    };
    let port = Port::new(Level::CONSOLE)?;
    let client = Child::open(pid)?;
    client.watch(&port, 1)?;
    write.write(&client.give(&port.0, Rights::CALL)?.to_le_bytes())?;
    let port = port.attach(1)?;
    serve(&port, &mut Echo)
}
