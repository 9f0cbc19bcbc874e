//! Calls of a server in another process, and its replies. Folio's own.

use crate::meter::Meter;
use crate::row::Row;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use sys::abi::errno::decode;
use sys::abi::ipc::Tag;
use sys::abi::process::Utsname;
use sys::file::pipe;
use sys::ipc::{
    Call, Caller, Child, Connection, Handle, Level, Message, Port, Received, Reply, Rights,
    ServedPort, Server, Transport, raise_level, serve,
};
use sys::process::{self, Fork};
use sys::syscall::{MessageRegisters, enter_message, linux, message_number, output};
use sys::{Errno, Result};

pub const ROWS: &[Row] = &[
    Row { name: "ipc_call", run: |meter| bare_calls(meter, 16) },
    Row { name: "ipc_call_4_words", run: |meter| bare_calls(meter, 4) },
    Row { name: "ipc_call_libsys", run: calls },
    Row { name: "ipc_lease_4k", run: lease },
];

/// The handles of the servers' ports; 0 before there are any.
static PORTS: [AtomicU32; 2] = [const { AtomicU32::new(0) }; 2];

/// Serves with libsys.
const PLAIN: usize = 0;
/// Serves with system calls alone.
const BARE: usize = 1;

const COPY: u16 = 1;

/// Sends words back as they came, and reads leases.
struct Echo;

impl Server for Echo {
    fn handle(&mut self, message: &Message, caller: &mut Caller<'_>) -> Result<Reply> {
        if message.label() == COPY {
            let mut bytes = [0; 4096];
            let count = caller.read(0, 0, &mut bytes)?;
            return Ok(Reply::new().word(count as u32));
        }
        Ok(Reply::from(*message))
    }
}

/// Starts both servers, which stay until the end, and puts this process above their ports.
fn start_servers() -> Result<()> {
    let mut name = Utsname::default();
    // SAFETY: the structure is ours.
    unsafe { linux::uname(output(&mut name)) }?;
    if !name.version.starts_with(b"Folio") {
        return Err(Errno::ENOSYS);
    }
    for (place, run) in PORTS.iter().zip([run_plain, run_bare]) {
        let port = Port::new(Level::CONSOLE)?;
        let (read, write) = pipe()?;
        let pid = match process::fork()? {
            Fork::Child => process::exit(match run_server(&read, run) {
                Ok(()) => 0,
                Err(_) => 1,
            }),
            Fork::Parent(pid) => pid,
        };
        let handle = Child::open(pid)?.give(&port.0, Rights::ATTACH)?;
        write.write(&handle.to_le_bytes())?;
        place.store(port.0.into_raw(), Relaxed);
    }
    raise_level(Level::PROGRAM).map(drop)
}

fn run_server(handle: &sys::file::File, run: fn(&ServedPort) -> Result<()>) -> Result<()> {
    let mut number = [0; 4];
    handle.read(&mut number)?;
    run(&Port(Handle::from_raw(u32::from_le_bytes(number))).attach(0)?)
}

fn run_plain(port: &ServedPort) -> Result<()> {
    serve(port, &mut Echo).map(drop)
}

/// Sends every message back as it came.
fn run_bare(port: &ServedPort) -> Result<()> {
    let Received::Call(message, caller) = port.receive(None)? else { return Err(Errno::EPROTO) };
    let [w0, w1, w2, w3] = [0, 1, 2, 3].map(|word| message.get(word));
    let mut registers = MessageRegisters {
        eax: 0,
        ebx: caller.token.0,
        ecx: Tag::new(0, message.words().len() as u32).raw(),
        edx: w0,
        esi: w1,
        edi: w2,
        ebp: w3,
    };
    loop {
        registers.eax = message_number::reply_receive;
        // SAFETY: this process's block is its own.
        decode(unsafe { enter_message(&mut registers) })?;
    }
}

fn with_server(kind: usize, body: impl FnOnce(&Port) -> Result<()>) -> Result<()> {
    let handle = || PORTS.get(kind).map_or(0, |port| port.load(Relaxed));
    if handle() == 0 {
        start_servers()?;
    }
    let port = Port(Handle::from_raw(handle()));
    let result = body(&port);
    // It is the next measurement's.
    port.0.into_raw();
    result
}

/// By a `Connection`, to a `Server`.
fn calls(meter: &mut Meter) -> Result<()> {
    with_server(PLAIN, |port| {
        let count = meter.count(5000);
        let words: [u32; 16] = core::array::from_fn(|word| word as u32);
        if port.call(Call::new(0).words(&words))?.message.words() != words {
            return Err(Errno::EPROTO);
        }
        meter.time(count, || {
            (0..count).try_for_each(|_| port.call(Call::new(0).words(&words)).map(drop))
        })
    })
}

/// By the system calls alone, as the other rows make theirs.
fn bare_calls(meter: &mut Meter, words: u32) -> Result<()> {
    with_server(BARE, |port| {
        let count = meter.count(5000);
        // The block is known after this.
        port.call(Call::new(0))?;
        let request = MessageRegisters {
            eax: message_number::call,
            ebx: port.0.raw(),
            ecx: Tag::new(0, words).raw(),
            edx: 1,
            esi: 2,
            edi: 3,
            ebp: 4,
        };
        let call = || {
            let mut registers = request;
            // SAFETY: this process's block is its own.
            decode(unsafe { enter_message(&mut registers) })?;
            if (registers.edx, registers.ebp) == (1, 4) { Ok(()) } else { Err(Errno::EPROTO) }
        };
        call()?;
        meter.time(count, || (0..count).try_for_each(|_| call()))
    })
}

fn lease(meter: &mut Meter) -> Result<()> {
    with_server(PLAIN, |port| {
        let (count, bytes) = (meter.count(5000), [1; 4096]);
        let call = || Call::new(COPY).lend(&bytes);
        if port.call(call())?.message.get(0) != 4096 {
            return Err(Errno::EIO);
        }
        meter.time(count, || (0..count).try_for_each(|_| port.call(call()).map(drop)))
    })
}
