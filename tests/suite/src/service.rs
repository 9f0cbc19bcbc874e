//! Services: what `init` does for servers that die, hang and lie, and for their clients. The server
//! is `tests/assist`.

use crate::child;
use crate::harness::only_on_folio;
use alloc::vec::Vec;
use assist::*;
use sys::abi::errno::decode;
use sys::abi::signal::{SIGKILL, SIGSTOP};
use sys::ipc::{Call, Connection, Level, Message, Port, raise_level};
use sys::proto::supervisor::{Entry, State};
use sys::service::{check_in, connect, list, try_connect};
use sys::wait::Status;
use sys::{Errno, Result, file, process, time};

tests![
    a_service_is_found_by_its_name,
    the_next_server_answers_what_may_be_done_twice,
    other_calls_fail_once_and_the_connection_stays,
    a_server_can_be_killed_by_anybody_who_may_and_comes_back,
    a_server_that_shows_no_sign_of_life_is_replaced,
    nobody_else_notices,
    frames_outlive_their_server,
    what_a_server_leaks_ends_with_it,
    the_kernel_reads_ports_for_those_who_have_them,
    a_look_up_waits_for_the_name,
    a_service_that_dies_too_often_is_given_up,
];

const SECOND: core::time::Duration = core::time::Duration::from_secs(1);

/// Runs a test as a program that services may be called by.
pub fn as_program(test: impl FnOnce()) {
    only_on_folio("ARCHITECTURE.md, What is on top: user/init");
    if file::stat("/etc/services/assist.conf").is_err() {
        skip!("this archive has no assist service");
    }
    let ended = child::run(|| {
        raise_level(Level::PROGRAM).expect("level");
        test();
        0
    });
    assert_eq!(ended, Status::Exited(0));
}

/// Instance and process id of a service's server.
fn who(message: &Message) -> (u32, i32) {
    (message.get(0), message.get(1).cast_signed())
}

fn ask(port: &Port, call: Call<'_>) -> Result<(u32, i32)> {
    port.call(call).map(|answer| who(&answer.message))
}

fn entry(service: &str) -> Entry {
    list().find(|entry| entry.name.as_str() == service).expect("a service")
}

/// Until the service's server has checked in, and is not process `old`.
fn await_server(service: &str, old: i32) -> Entry {
    let deadline = time::now() + 20 * SECOND;
    loop {
        let entry = entry(service);
        if entry.state == State::Running && entry.pid.cast_signed() != old {
            return entry;
        }
        assert!(time::now() < deadline, "{service} is {}", entry.state.as_str());
        time::sleep(SECOND / 100);
    }
}

pub fn a_service_is_found_by_its_name() {
    as_program(|| {
        let port = connect("assist").expect("assist");
        let answer = port.call(Call::new(WHO)).expect("who").message;
        // The badge is this process, whatever it says.
        assert_eq!(answer.get(2), process::id().cast_unsigned());
        let entry = entry("assist");
        assert_eq!((entry.starts, entry.pid), (answer.get(0), answer.get(1)));
        assert_eq!((entry.state, entry.level), (State::Running, 8));
        assert_eq!(connect("no-such-service").unwrap_err(), Errno::ENOENT);
        assert_eq!(try_connect("Assist").unwrap_err(), Errno::EINVAL);
        // A client has nothing of what its server has.
        assert_eq!(port.fail(), Err(Errno::EPERM));
        assert_eq!(port.notify(1), Err(Errno::EPERM));
        assert_eq!(port.0.duplicate(sys::ipc::Rights::CALL).unwrap_err(), Errno::EPERM);
        assert_eq!(port.attach(0).unwrap_err(), Errno::EPERM);
        assert_eq!(check_in().unwrap_err(), Errno::EPERM);
    });
}

/// The first server dies over the call, in each of these ways; the next one answers it.
pub fn the_next_server_answers_what_may_be_done_twice() {
    as_program(|| {
        let port = connect("assist").expect("assist");
        for how in [EXIT, CRASH, HANG] {
            let (first, pid) = ask(&port, Call::new(WHO)).expect("who");
            let call = Call::new(how).word(7).word(first).retry();
            let (second, next_pid) = ask(&port, call).expect("the next one");
            assert_eq!(second, first + 1, "way {how}");
            assert_ne!(pid, next_pid);
            assert_eq!(process::kill(pid, 0), Err(Errno::ESRCH));
        }
    });
}

pub fn other_calls_fail_once_and_the_connection_stays() {
    as_program(|| {
        let port = connect("assist").expect("assist");
        for how in [EXIT, CRASH, HANG] {
            let (first, _) = ask(&port, Call::new(WHO)).expect("who");
            let call = Call::new(how).word(0).word(first);
            assert_eq!(ask(&port, call), Err(Errno::EOWNERDEAD), "way {how}");
            assert_eq!(ask(&port, Call::new(WHO)).map(|(instance, _)| instance), Ok(first + 1));
            // The name has been there all the time.
            let again = try_connect("assist").expect("assist");
            assert_eq!(ask(&again, Call::new(WHO)).map(|(instance, _)| instance), Ok(first + 1));
        }
    });
}

pub fn a_server_can_be_killed_by_anybody_who_may_and_comes_back() {
    as_program(|| {
        let port = connect("assist").expect("assist");
        let mut before = ask(&port, Call::new(WHO)).expect("who");
        // One that is stopped answers nothing either.
        for signal in [SIGKILL, SIGSTOP, SIGKILL] {
            process::kill(before.1, signal).expect("kill");
            let after = ask(&port, Call::new(WHO).retry()).expect("who");
            assert_eq!(after.0, before.0 + 1);
            before = after;
        }
    });
}

pub fn a_server_that_shows_no_sign_of_life_is_replaced() {
    as_program(|| {
        let port = connect("assist").expect("assist");
        let (first, pid) = ask(&port, Call::new(BE_SILENT)).expect("be silent");
        // It answers calls as before, but that is not what it was asked for.
        while entry("assist").pid.cast_signed() == pid {
            let (instance, _) = ask(&port, Call::new(WHO).retry()).expect("who");
            assert!(instance == first || instance == first + 1);
            time::sleep(SECOND / 50);
        }
        assert_eq!(await_server("assist", pid).starts, first + 1);
    });
}

/// Whoever does not use the service cannot tell that its server dies again and again.
pub fn nobody_else_notices() {
    as_program(|| {
        let bystander = connect("bystander").expect("bystander");
        let before = ask(&bystander, Call::new(WHO)).expect("who");
        let (read, write) = file::pipe().expect("pipe");
        let writer = child::start(|| {
            for number in 0..2000_u32 {
                write.write_all(&number.to_le_bytes()).expect("write");
            }
            0
        });
        drop(write);
        let port = connect("assist").expect("assist");
        for _ in 0..5 {
            let (first, _) = ask(&port, Call::new(WHO)).expect("who");
            let killer = Call::new(CRASH).word(0).word(first).retry();
            assert_eq!(ask(&port, killer).map(|(instance, _)| instance), Ok(first + 1));
            assert_eq!(ask(&bystander, Call::new(WHO)), Ok(before));
        }
        let mut expected = 0..2000_u32;
        let mut number = [0; 4];
        while read.read(&mut number).expect("read") == 4 {
            assert_eq!(Some(u32::from_le_bytes(number)), expected.next());
        }
        assert_eq!(expected.next(), None);
        assert_eq!(child::wait(writer), Status::Exited(0));
        assert_eq!(entry("bystander").starts, before.0);
    });
}

pub fn frames_outlive_their_server() {
    as_program(|| {
        let port = connect("assist").expect("assist");
        let count = || port.call(Call::new(COUNT).retry()).expect("count").message.get(0);
        let (first, _) = ask(&port, Call::new(WHO)).expect("who");
        assert_eq!(count(), first);
        ask(&port, Call::new(EXIT).word(0).word(first).retry()).expect("the next one");
        assert_eq!(count(), first + 1);
    });
}

/// Memory and handles that a server keeps for ever it keeps until it dies.
pub fn what_a_server_leaks_ends_with_it() {
    as_program(|| {
        let port = connect("assist").expect("assist");
        let (first, _) = ask(&port, Call::new(LEAK).word(100)).expect("leak");
        ask(&port, Call::new(EXIT).word(0).word(first).retry()).expect("the next one");
    });
}

/// So that a driver that is killed has not read a byte that it did not keep.
pub fn the_kernel_reads_ports_for_those_who_have_them() {
    as_program(|| {
        let port = connect("bystander").expect("bystander");
        let answer = port.call(Call::new(READ_PORT)).expect("an answer").message;
        assert_eq!(answer.get(0), 0);
        assert_eq!(answer.get(1) & !0xff, READ_TAG);
        // Parity and channel check: QEMU's RAM has no errors.
        assert_eq!(answer.get(1) & 0xc0, 0);
        let errors = [2, 3, 4, 5].map(|word| decode(answer.get(word)));
        let expected = [Errno::EINVAL, Errno::EINVAL, Errno::EFAULT, Errno::EFAULT];
        assert_eq!(errors, expected.map(Err));
    });
}

pub fn a_look_up_waits_for_the_name() {
    as_program(|| {
        // Names stay once they are there, so only the first run waits; otherwise all are alike.
        let is_new = try_connect("assist.late").is_err();
        let clients: Vec<i32> = (0..3)
            .map(|_| {
                child::start(|| {
                    let port = connect("assist.late").expect("the late name");
                    i32::from(ask(&port, Call::new(WHO)).is_err())
                })
            })
            .collect();
        // One that is killed meanwhile does not matter.
        let killed = child::start(|| {
            let _ = connect("assist.late");
            time::sleep(1000 * SECOND);
            1
        });
        time::sleep(SECOND / 20);
        if is_new {
            assert_eq!(process::wait(-1, sys::abi::process::WNOHANG), Ok(None));
        }
        process::kill(killed, SIGKILL).expect("kill");
        assert_eq!(child::wait(killed), Status::Signaled(SIGKILL));
        let port = connect("assist").expect("assist");
        port.call(Call::new(REGISTER_LATE)).expect("register");
        for client in clients {
            assert_eq!(child::wait(client), Status::Exited(0));
        }
        let late = try_connect("assist.late").expect("the late name");
        assert_eq!(ask(&late, Call::new(WHO)), ask(&port, Call::new(WHO)));
    });
}

/// Longer and longer breaks, and then none: the port fails, and so do look-ups.
pub fn a_service_that_dies_too_often_is_given_up() {
    as_program(|| {
        let waiting = child::start(|| i32::from(connect("fragile.late").err() != Some(Errno::EIO)));
        let Ok(port) = connect("fragile") else {
            // By an earlier run of this test.
            assert_eq!(entry("fragile").state, State::GivenUp);
            assert_eq!(child::wait(waiting), Status::Exited(0));
            return;
        };
        let mut breaks = Vec::new();
        for _ in 0..4 {
            let (first, _) = ask(&port, Call::new(WHO)).expect("who");
            let start = time::now();
            let (second, _) =
                ask(&port, Call::new(EXIT).word(0).word(first).retry()).expect("next");
            assert_eq!(second, first + 1);
            breaks.push(time::now() - start);
        }
        assert!(breaks.iter().any(|pause| *pause >= SECOND / 10), "{breaks:?}");
        let (first, _) = ask(&port, Call::new(WHO)).expect("who");
        let last = Call::new(EXIT).word(0).word(first).retry();
        assert_eq!(ask(&port, last), Err(Errno::EIO));
        assert_eq!(ask(&port, Call::new(WHO)), Err(Errno::EIO));
        assert_eq!(connect("fragile").unwrap_err(), Errno::EIO);
        assert_eq!(child::wait(waiting), Status::Exited(0));
        let Entry { state, pid, .. } = entry("fragile");
        assert_eq!((state, pid), (State::GivenUp, 0));
    });
}
