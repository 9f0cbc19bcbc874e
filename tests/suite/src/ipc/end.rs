//! Servers and clients end.

use super::example::*;
use crate::child;
use crate::harness::only_on_folio;
use sys::Errno;
use sys::abi::signal::{SIGKILL, SIGSEGV, SIGSYS, SIGUSR1, SignalSet};
use sys::ipc::*;
use sys::wait::Status;

pub fn a_server_that_dies_leaves_its_port() {
    only_on_folio("abi::syscall::ipc");
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

pub fn children_are_watched() {
    only_on_folio("ARCHITECTURE.md, What is on top: user/init");
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
