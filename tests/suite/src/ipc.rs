//! Messages between processes. All of it is Folio's own.

use crate::child;
use crate::harness::only_on_folio;
use alloc::vec;
use alloc::vec::Vec;
use sys::abi::memory::{MADV_DONTNEED, MADV_REMOVE, PROT_NONE, PROT_READ, PROT_WRITE};
use sys::abi::signal::{SIGKILL, SIGSEGV, SIGSYS, SIGUSR1, SignalSet};
use sys::ipc::*;
use sys::memory::Mapping;
use sys::syscall::{ipc, output};
use sys::wait::Status;
use sys::{Errno, Result};

tests![
    words_go_and_come_back,
    leases_are_copied_to_and_fro,
    memory_that_is_not_there_is_efault,
    a_block_that_is_not_there_is_efault,
    handles_travel_with_the_rights_they_are_given,
    a_server_that_dies_leaves_its_port,
    calls_only_go_down,
    badges_tell_clients_apart,
    bits_arrive_once_and_deadlines_pass,
    a_signal_asks_the_server_to_come_to_an_end,
    a_client_can_be_killed_while_it_waits,
    a_server_can_end_a_client,
    frames_are_shared,
    handles_are_closed_and_revoked,
    children_are_watched,
    lines_and_ports_are_for_init,
];

const PAGE: u32 = 4096;

/// Of the ports here: low enough that a process at level 9 may call them.
fn level() -> Level {
    Level::new(8).expect("a level")
}

/// Bit that the end of the client sets.
const CLIENT_ENDED: u32 = 1 << 31;

pub const ADD: u16 = 1;
const REVERSE: u16 = 2;
const SHOOT: u16 = 3;
const PASS: u16 = 4;
const DIE: u16 = 5;
const WHO: u16 = 6;
const FAULT: u16 = 7;
const FILL: u16 = 8;

/// A server for all these tests. It ends with its client.
struct Example<'a> {
    port: &'a ServedPort,
    later: Vec<Token>,
}

impl<'a> Example<'a> {
    fn new(port: &'a ServedPort) -> Self {
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
fn with_client(body: fn(Port)) -> (Status, ServedPort, Vec<Token>) {
    only_on_folio("design §6");
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

pub fn words_go_and_come_back() {
    serves_well(|port| {
        for count in [0, 1, 4, 5, 16] {
            let call = (0..count).fold(Call::new(ADD), |call, word| call.word(word * 1000));
            let answer = port.call(call).expect("call");
            let expected: Vec<u32> = (0..count).map(|word| word * 1000 + 1).collect();
            assert_eq!(answer.message.words(), expected);
        }
        assert_eq!(port.call(Call::new(99)).unwrap_err(), Errno::ENOSYS);
    });
}

pub fn leases_are_copied_to_and_fro() {
    serves_well(|port| {
        let text = b"0123456789";
        let mut backwards = [0; 12];
        let call = Call::new(REVERSE).lend(text).lend_mut(&mut backwards);
        assert_eq!(port.call(call).expect("call").message.get(0), 10);
        assert_eq!(&backwards, b"9876543210\0\0");
        // Sixteen pages that nobody has touched yet, and no more.
        let mapping = Mapping::anonymous(18 * PAGE).expect("memory");
        // SAFETY: the mapping is ours alone.
        let memory = |start: u32, length: u32| unsafe {
            core::slice::from_raw_parts_mut(
                mapping.as_mut_ptr().add(start as usize),
                length as usize,
            )
        };
        let call = Call::new(FILL).word(7).lend_mut(memory(PAGE, 16 * PAGE));
        assert_eq!(port.call(call).expect("call").message.get(0), 16 * PAGE);
        assert!(memory(PAGE, 16 * PAGE).iter().all(|byte| *byte == 7));
        assert!(memory(0, PAGE).iter().chain(memory(17 * PAGE, PAGE).iter()).all(|b| *b == 0));
        let call = Call::new(FILL).word(8).lend_mut(memory(PAGE - 1, 16 * PAGE));
        assert_eq!(port.call(call).unwrap_err(), Errno::E2BIG);
        // Lent for reading only; lent at all.
        assert_eq!(port.call(Call::new(FILL).lend(text)).unwrap_err(), Errno::EINVAL);
        assert_eq!(port.call(Call::new(REVERSE)).unwrap_err(), Errno::EINVAL);
        assert!(memory(PAGE, 16 * PAGE).iter().all(|byte| *byte == 7));
    });
}

pub fn memory_that_is_not_there_is_efault() {
    serves_well(|port| {
        let mapping = Mapping::new(
            PAGE,
            PROT_NONE,
            sys::abi::memory::MAP_PRIVATE | sys::abi::memory::MAP_ANONYMOUS,
            sys::io::Fd(-1),
            0,
        );
        let mapping = mapping.expect("memory");
        for (address, protection) in
            [(0, 0), (mapping.address(), 0), (0xffff_f000, 0), (mapping.address(), PROT_READ)]
        {
            if protection != 0 {
                // SAFETY: nobody has a reference into it.
                unsafe { mapping.protect(protection) }.expect("mprotect");
            }
            // SAFETY: the reference is never followed here; the kernel looks before the server.
            let memory = unsafe { core::slice::from_raw_parts_mut(address.max(1) as *mut u8, 10) };
            let call = Call::new(FILL).lend_mut(memory);
            assert_eq!(port.call(call).unwrap_err(), Errno::EFAULT, "{address:#x}");
        }
        // The server is still there.
        // SAFETY: nobody has a reference into it.
        unsafe { mapping.protect(PROT_READ | PROT_WRITE) }.expect("mprotect");
        assert_eq!(port.call(Call::new(ADD).word(1)).expect("call").message.words(), [2]);
    });
}

pub fn a_block_that_is_not_there_is_efault() {
    serves_well(|port| {
        port.call(Call::new(ADD).word(1)).expect("the block is known by now");
        // SAFETY: the kernel is told of memory that is not there, and then of nothing.
        unsafe {
            assert_eq!(ipc::message_block(sys::abi::UserMutPtr::new(2)), Err(Errno::EINVAL));
            assert_eq!(
                ipc::message_block(sys::abi::UserMutPtr::new(0xffff_ff00)),
                Err(Errno::EFAULT)
            );
            assert_eq!(ipc::message_block(sys::abi::UserMutPtr::new(0x1000)), Ok(0));
        }
        let long = || (0..5).fold(Call::new(ADD), Call::word);
        assert_eq!(port.call(long()).unwrap_err(), Errno::EFAULT);
        // SAFETY: as above.
        unsafe { ipc::message_block(sys::abi::UserMutPtr::NULL) }.expect("nowhere");
        assert_eq!(port.call(long()).unwrap_err(), Errno::EFAULT);
        assert_eq!(port.call(Call::new(ADD).word(1)).expect("in registers").message.get(0), 2);
    });
}

pub fn handles_travel_with_the_rights_they_are_given() {
    serves_well(|port| {
        let frames = Frames::new(2).expect("frames");
        let call = Call::new(PASS).pass(&frames.0, Rights::WRITE);
        let mut answer = port.call(call).expect("call");
        let mut bytes = [0; 4];
        assert_eq!(frames.read(PAGE - 2, &mut bytes), Ok(4));
        assert_eq!(&bytes, b"back");
        let new = Frames(answer.take_handle(0).expect("a handle"));
        assert_eq!(new.read(0, &mut bytes), Ok(4));
        assert_eq!(&bytes, b"new\0");
        assert_eq!(new.write(0, b"x"), Err(Errno::EPERM));
        assert_eq!(new.0.duplicate(Rights::READ).unwrap_err(), Errno::EPERM);
        // What may not be handed on is not.
        let call = Call::new(PASS).pass(&new.0, Rights::READ);
        assert_eq!(port.call(call).unwrap_err(), Errno::EPERM);
        // A port that nobody may serve or give up.
        assert_eq!(port.fail().unwrap_err(), Errno::EPERM);
        assert_eq!(port.attach(0).unwrap_err(), Errno::EPERM);
    });
}

pub fn a_server_that_dies_leaves_its_port() {
    only_on_folio("design §6");
    let port = Port::new(level()).expect("a port");
    let body: fn(Port) = |port| {
        assert_eq!(port.call(Call::new(DIE)).unwrap_err(), Errno::EOWNERDEAD);
        // This one goes to the next instance, and the next.
        let answer = port.call(Call::new(ADD).word(5).retry()).expect("call");
        assert_eq!(answer.message.words(), [6]);
    };
    let (client, _handle) = start_client(&port, Rights::CALL, body);
    let server: fn(Port) = |port| {
        let port = port.attach(0).expect("attach");
        let _ = serve(&port, &mut Example::new(&port));
    };
    let dying: fn(Port) = |port| {
        let port = port.attach(0).expect("attach");
        // Received, and never answered.
        let Ok(Received::Call(message, _)) = port.receive(None) else { panic!("no call") };
        assert_eq!((message.label(), message.words()), (ADD, [5].as_slice()));
        sys::process::exit(4)
    };
    for (body, status) in [(server, 3), (dying, 4), (dying, 4)] {
        let (pid, _handle) = start_server(&port, body);
        assert_eq!(child::wait(pid), Status::Exited(status));
    }
    let (pid, last) = start_server(&port, server);
    assert_eq!(child::wait(client), Status::Exited(0));
    last.signal(SIGKILL).expect("signal");
    assert_eq!(child::wait(pid), Status::Signaled(SIGKILL));
    assert_eq!(last.signal(SIGKILL), Err(Errno::ESRCH));
}

fn start_server(port: &Port, body: fn(Port)) -> (i32, Child) {
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

pub fn calls_only_go_down() {
    only_on_folio("design §6, levels");
    let port = Port::new(level()).expect("a port");
    let (pid, _handle) = start_client(&port, Rights::CALL, |port| {
        assert_eq!(raise_level(level()), Err(Errno::EPERM));
        assert_eq!(Port::new(level()).unwrap_err(), Errno::EPERM);
        let own = Port::new(Level::PROGRAM).expect("a port nobody can call");
        let own = own.attach(0).expect("attach");
        assert_eq!(own.port.call(Call::new(ADD)).unwrap_err(), Errno::EDEADLK);
        drop(port);
    });
    assert_eq!(child::wait(pid), Status::Exited(0));
    // This process is as high as it can be: it may serve any port, and call none.
    let old = raise_level(Level::INIT);
    if old.is_ok() {
        assert_eq!(port.call(Call::new(ADD)).unwrap_err(), Errno::EDEADLK);
    }
}

pub fn badges_tell_clients_apart() {
    only_on_folio("design §6");
    let port = Port::new(level()).expect("a port");
    let badged = port.0.mint(Rights::CALL | Rights::TRANSFER | Rights::DUPLICATE, 77);
    let badged = Port(badged.expect("mint"));
    assert_eq!(badged.0.mint(Rights::CALL, 78).unwrap_err(), Errno::EPERM);
    assert_eq!(port.0.mint(Rights::CALL, 0).unwrap_err(), Errno::EINVAL);
    assert_eq!(port.0.mint(Rights::CALL, 1 << 31).unwrap_err(), Errno::EINVAL);
    let (pid, client) = start_client(&badged, Rights::CALL, |port| {
        assert_eq!(port.call(Call::new(WHO)).expect("call").message.get(0), 77);
    });
    client.watch(&port, CLIENT_ENDED).expect("watch");
    let port = port.attach(CLIENT_ENDED).expect("attach");
    let _ = serve(&port, &mut Example::new(&port));
    assert_eq!(child::wait(pid), Status::Exited(0));
}

pub fn bits_arrive_once_and_deadlines_pass() {
    only_on_folio("design §6");
    let port = Port::new(level()).expect("a port");
    port.notify(0b1010).expect("notify");
    port.notify(0b0010).expect("notify");
    let served = port.attach(0b0110).expect("attach");
    let now = || sys::time::now().as_nanos() as u64;
    assert!(matches!(served.receive(None), Ok(Received::Notification(0b0010))));
    let before = now();
    assert_eq!(served.receive(Some(before + 30_000_000)).err(), Some(Errno::ETIMEDOUT));
    assert!(now() >= before + 30_000_000);
    assert_eq!(served.receive(Some(0)).err(), Some(Errno::ETIMEDOUT));
    let (pid, _handle) = start_client(&served.port, Rights::NOTIFY, |port| {
        port.notify(0b0100).expect("notify");
        assert_eq!(port.call(Call::new(ADD)).unwrap_err(), Errno::EPERM);
    });
    assert!(matches!(served.receive(None), Ok(Received::Notification(0b0100))));
    assert_eq!(child::wait(pid), Status::Exited(0));
}

pub fn a_signal_asks_the_server_to_come_to_an_end() {
    let (status, _, later) = with_client(|port| {
        extern "C" fn nothing(_: i32) {}
        let (action, mask) = (sys::signal::Action::Handler(nothing), SignalSet::EMPTY);
        // SAFETY: the handler does nothing.
        unsafe { sys::signal::set_action(SIGUSR1, action, 0, mask) }.expect("handler");
        let own = sys::process::id().cast_unsigned();
        let call = Call::new(SHOOT).word(own).word(SIGUSR1.cast_unsigned());
        assert_eq!(port.call(call).unwrap_err(), Errno::EINTR);
    });
    assert_eq!((status, later.len()), (Status::Exited(0), 0));
}

pub fn a_client_can_be_killed_while_it_waits() {
    let (status, port, later) = with_client(|port| {
        let own = sys::process::id().cast_unsigned();
        let call = Call::new(SHOOT).word(own).word(SIGKILL.cast_unsigned());
        let _ = port.call(call.lend(b"soon gone"));
    });
    assert_eq!((status, later.len()), (Status::Signaled(SIGKILL), 1));
    let token = later[0];
    assert_eq!(port.read(token, 0, 0, &mut [0]), Err(Errno::ESRCH));
    assert_eq!(port.reply(token, ReplyParts::default()), Ok(()));
}

pub fn a_server_can_end_a_client() {
    assert_eq!(with_client(|port| drop(port.call(Call::new(FAULT)))).0, Status::Signaled(SIGSYS));
    let port = Port::new(level()).expect("a port").attach(0).expect("attach");
    assert_eq!(port.reply_fault(Token(12345), SIGSEGV), Err(Errno::ESRCH));
    assert_eq!(port.reply_fault(Token(12345), 0), Err(Errno::EINVAL));
}

pub fn frames_are_shared() {
    only_on_folio("design §6");
    assert_eq!(Frames::new(0).unwrap_err(), Errno::EINVAL);
    assert_eq!(Frames::new(1025).unwrap_err(), Errno::EINVAL);
    let frames = Frames::new(3).expect("frames");
    let mapped = frames.map(1, 2, true).expect("map");
    let second = frames.map(2, 1, false).expect("map again");
    // SAFETY: the first byte of each mapping.
    unsafe {
        mapped.as_mut_ptr().add(PAGE as usize).write_volatile(42);
        assert_eq!(second.as_mut_ptr().read_volatile(), 42);
    }
    let mut byte = [0];
    assert_eq!(frames.read(2 * PAGE, &mut byte), Ok(1));
    assert_eq!(byte, [42]);
    assert_eq!(frames.read(3 * PAGE, &mut byte), Ok(0));
    assert_eq!(frames.write(3 * PAGE - 1, b"over the end"), Ok(1));
    assert_eq!(frames.map(2, 2, true).unwrap_err(), Errno::EINVAL);
    assert_eq!(frames.map(0, 0, true).unwrap_err(), Errno::EINVAL);
    // Nobody takes pages away that others have by their address.
    let start = mapped.as_mut_ptr() as usize as u32;
    let address = |page| frames.physical_address(page);
    let before = [1, 2].map(address);
    assert_eq!(call!(madvise(start, 2 * PAGE, MADV_REMOVE)), Err(Errno::EINVAL));
    assert_eq!(call!(madvise(start, 2 * PAGE, MADV_DONTNEED)), Ok(0));
    assert_eq!([1, 2].map(address), before);
    // SAFETY: as above.
    assert_eq!(unsafe { mapped.as_mut_ptr().add(PAGE as usize).read_volatile() }, 42);
    assert!(address(0).expect("address") % 4096 == 0 && address(0) != address(1));
    assert_eq!(address(3), Err(Errno::EINVAL));
    let reader = Frames(frames.0.duplicate(Rights::READ | Rights::MAP).expect("duplicate"));
    assert!(reader.map(0, 1, false).is_ok());
    assert_eq!(reader.map(0, 1, true).unwrap_err(), Errno::EPERM);
    assert_eq!(reader.physical_address(0).unwrap_err(), Errno::EPERM);
    // A child has neither the mapping nor the handle.
    let start = second.as_mut_ptr();
    let status = child::run(|| {
        assert_eq!(frames.read(0, &mut [0]), Err(Errno::EBADF));
        // SAFETY: SIGSEGV is what is expected.
        i32::from(unsafe { start.read_volatile() })
    });
    assert_eq!(status, Status::Signaled(SIGSEGV));
}

pub fn handles_are_closed_and_revoked() {
    only_on_folio("design §6");
    let port = Port::new(level()).expect("a port");
    let copy = port.0.duplicate(Rights::NOTIFY | Rights::DUPLICATE).expect("duplicate");
    assert_eq!(copy.revoke_others(), Err(Errno::EPERM));
    let copy = Port(copy);
    assert_eq!(copy.notify(1), Ok(()));
    port.0.revoke_others().expect("revoke");
    assert_eq!(copy.notify(1), Err(Errno::EBADF));
    assert_eq!(copy.0.duplicate(Rights::NOTIFY).unwrap_err(), Errno::EBADF);
    assert_eq!(port.notify(1), Ok(()));
    let number = copy.0.raw();
    drop(copy);
    // SAFETY: the calls touch no memory but `lent`, which is ours.
    unsafe {
        assert_eq!(ipc::handle_close(number), Err(Errno::EBADF));
        assert_eq!(ipc::notify(port.0.raw() ^ 1 << 16, 1), Err(Errno::EBADF));
        let mut lent = sys::abi::ipc::Lent::default();
        assert_eq!(ipc::lease_info(1, 0, output(&mut lent)), Err(Errno::ESRCH));
        assert_eq!(ipc::irq_ack(port.0.raw()), Err(Errno::EBADF));
    }
    let all: Vec<Result<Handle>> = (0..2000).map(|_| port.0.duplicate(Rights::CALL)).collect();
    let count = all.iter().filter(|handle| handle.is_ok()).count();
    assert_eq!(count, 1023, "1024 with the port's own");
    assert!(all.iter().skip(count).all(|handle| *handle == Err(Errno::EMFILE)));
}

pub fn children_are_watched() {
    only_on_folio("design §6, supervision");
    let port = Port::new(level()).expect("a port");
    let pid = child::start(|| 0);
    let handle = Child::open(pid).expect("the child");
    handle.watch(&port, 0b1).expect("watch");
    let served = port.attach(0b1).expect("attach");
    assert!(matches!(served.receive(None), Ok(Received::Notification(0b1))));
    // At once, as it has ended.
    handle.watch(&served.port, 0b1).expect("watch");
    assert!(matches!(served.receive(Some(0)), Ok(Received::Notification(0b1))));
    assert_eq!(child::wait(pid), Status::Exited(0));
    assert_eq!(handle.give(&served.port.0, Rights::CALL), Err(Errno::ESRCH));
    assert_eq!(Child::open(pid).unwrap_err(), Errno::ECHILD);
    assert_eq!(Child::open(sys::process::id()).unwrap_err(), Errno::ECHILD);
    assert_eq!(Child::open(-1).unwrap_err(), Errno::ECHILD);
}

pub fn lines_and_ports_are_for_init() {
    only_on_folio("design §6, drivers");
    let status = child::run(|| {
        raise_level(Level::PROGRAM).expect("level");
        assert_eq!(Irq::new(5).unwrap_err(), Errno::EPERM);
        assert_eq!(IoPorts::new(0x3f8, 8).unwrap_err(), Errno::EPERM);
        let port = Port::new(Level::PROGRAM).expect("a port");
        assert_eq!(set_supervisor(&port).unwrap_err(), Errno::EPERM);
        0
    });
    assert_eq!(status, Status::Exited(0));
    if raise_level(Level::INIT).is_err() {
        return;
    }
    assert_eq!(Irq::new(16).unwrap_err(), Errno::EINVAL);
    let line = Irq::new(5).expect("a line");
    assert_eq!(Irq::new(5).unwrap_err(), Errno::EBUSY);
    drop(line);
    drop(Irq::new(5).expect("the line again"));
    assert_eq!(IoPorts::new(0, 0).unwrap_err(), Errno::EINVAL);
    assert_eq!(IoPorts::new(0xffff, 2).unwrap_err(), Errno::EINVAL);
    // The speaker's gate: reading it harms nobody.
    let status = child::run(|| {
        let ports = IoPorts::new(0x61, 1).expect("a port");
        ports.enable().expect("enable");
        in_byte(0x61);
        drop(ports);
        in_byte(0x60);
        0
    });
    assert_eq!(status, Status::Signaled(SIGSEGV));
}

/// Reads an I/O port.
fn in_byte(port: u16) {
    // SAFETY: reading the ports of this test changes nothing that the program has.
    unsafe { core::arch::asm!("in al, dx", in("dx") port, out("al") _) };
}
