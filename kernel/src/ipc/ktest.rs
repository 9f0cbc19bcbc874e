use super::caller::Call;
use super::port::{Port, slots_in_use};
use super::request::{self, Question, Request};
use super::server::{self, Reply, Wanted};
use super::slot::{Words, forget_program, leave, own_slot};
use crate::ktest::{Outcome, check, tests};
use crate::result::{Errno, Result};
use crate::task::{self, Sleep, Task, work};
use crate::time;
use abi::ipc::{Kind, Level, Tag};
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use kcore::endpoint::{OnServerDeath, ReplyToken};
use kcore::run_queue::Priority;
use spin::Mutex;

tests![
    a_call_comes_back_with_all_its_words,
    callers_wait_for_a_server_and_meet_the_next_one,
    a_call_that_may_not_be_done_twice_fails_with_its_server,
    calls_only_go_down,
    bits_and_deadlines_end_a_wait,
    a_signal_asks_the_server_and_a_kill_does_not,
    the_kernels_requests_wait_for_nobody,
    a_request_that_is_dropped_is_taken_back,
    nothing_is_left_over,
];

const SERVER: u32 = 77;

/// The port that the tasks of a test share.
static PORT: Mutex<Option<Arc<Port>>> = Mutex::new(None);
static DONE: AtomicU32 = AtomicU32::new(0);
static RESULT: AtomicU32 = AtomicU32::new(0);

fn shared() -> Result<Arc<Port>> {
    PORT.lock().clone().ok_or(Errno::EIO)
}

fn open(level: u8) -> core::result::Result<Arc<Port>, &'static str> {
    let level = Level::new(level).ok_or("level")?;
    let port = Port::new(level).map_err(|_| "no memory")?;
    *PORT.lock() = Some(port.clone());
    DONE.store(0, Relaxed);
    RESULT.store(0, Relaxed);
    Ok(port)
}

fn close() {
    let port = PORT.lock().take();
    drop(port);
    leave();
    settle();
}

fn spawn(first: fn(usize), argument: usize) -> core::result::Result<Arc<Task>, &'static str> {
    let task = Task::new(b"ktest", Priority::NORMAL, first, argument).map_err(|_| "no memory")?;
    task::start(task.clone());
    Ok(task)
}

/// Lets the others run until they all sleep or have ended.
fn settle() {
    (0..20).for_each(|_| task::yield_now());
}

fn call(tag: Tag, words: Words) -> Result<(Tag, Words)> {
    let on_server_death =
        if tag.is_retry() { OnServerDeath::Retry } else { OnServerDeath::OwnerDead };
    let from = Level::PROGRAM;
    let mut call = Call { tag, badge: 5, from, on_server_death, attachments: None };
    shared()?.call(
        own_slot()?,
        &mut call,
        |to| {
            *to = words;
            Ok(())
        },
        |slot| (slot.tag, slot.words),
    )
}

struct Received {
    tag: Tag,
    badge: u32,
    token: ReplyToken,
    words: Words,
}

fn receive(
    mask: u32,
    deadline: Option<u64>,
    reply: Option<&mut Reply>,
    words: Words,
) -> Result<Received> {
    let (port, own) = (shared()?, own_slot()?);
    port.subscribe(own, mask)?;
    let wanted = Wanted { server: SERVER, deadline };
    server::receive(
        own,
        wanted,
        reply,
        |to| {
            *to = words;
            Ok(())
        },
        |slot| Received {
            tag: slot.tag,
            badge: slot.badge,
            token: ReplyToken::from_raw(slot.token),
            words: slot.words,
        },
    )
}

fn reply_to(token: ReplyToken, label: u16) -> Reply {
    Reply { server: SERVER, token, tag: Tag::new(label, 16), attachments: None }
}

/// Replies to `count` calls with their words in the opposite order.
fn serve(count: usize) {
    let mut reply = None;
    for _ in 0..count {
        let (mut last, words) = match reply.take() {
            Some((token, words)) => (Some(reply_to(token, 0)), words),
            None => (None, [0; 16]),
        };
        let Ok(received) = receive(0, None, last.as_mut(), words) else { break };
        let mut words = received.words;
        words.reverse();
        reply = Some((received.token, words));
    }
    if let Some((token, words)) = reply {
        let _ = server::reply(&mut reply_to(token, 0), |to| {
            *to = words;
            Ok(())
        });
    }
    leave();
    DONE.fetch_add(1, Relaxed);
}

fn words(first: u32) -> Words {
    core::array::from_fn(|at| first + at as u32)
}

/// Calls once; the outcome goes to RESULT.
fn call_once(tag: usize) {
    let result = call(Tag::from_raw(tag as u32), words(7));
    let result = result.and_then(|(tag, words)| match Errno::from_number(tag.label()) {
        Some(errno) => Err(errno),
        None => Ok(1000 + words[0]),
    });
    RESULT.store(result.unwrap_or_else(|errno| u32::from(errno.number())), Relaxed);
    leave();
    DONE.fetch_add(1, Relaxed);
}

fn a_call_comes_back_with_all_its_words() -> Outcome {
    open(4)?.attach(SERVER);
    spawn(serve, 3)?;
    settle();
    for first in [1, 100, 1000] {
        let Ok((tag, reply)) = call(Tag::new(9, 16), words(first)) else { return Err("call") };
        let mut expected = words(first);
        expected.reverse();
        check!(reply == expected && tag == Tag::new(0, 16));
    }
    settle();
    check!(DONE.load(Relaxed) == 1);
    close();
    Ok(())
}

fn callers_wait_for_a_server_and_meet_the_next_one() -> Outcome {
    let port = open(4)?;
    let caller = spawn(call_once, Tag::new(3, 16).retry().raw() as usize)?;
    settle();
    check!(RESULT.load(Relaxed) == 0);
    port.attach(SERVER);
    let Ok(received) = receive(0, None, None, [0; 16]) else { return Err("receive") };
    check!(received.words == words(7) && received.badge == 5 && received.tag.label() == 3);
    // The instance dies over it; the next one has it again.
    forget_program();
    port.detach(SERVER);
    settle();
    check!(RESULT.load(Relaxed) == 0);
    port.attach(SERVER);
    let Ok(again) = receive(0, None, None, [0; 16]) else { return Err("receive again") };
    check!(again.words == words(7) && again.token != received.token);
    // The token of the dead instance is worth nothing.
    check!(server::fail_call(SERVER, received.token, Errno::EPERM).is_ok());
    settle();
    check!(RESULT.load(Relaxed) == 0);
    check!(
        server::reply(&mut reply_to(again.token, 0), |to| {
            to[0] = 42;
            Ok(())
        })
        .is_ok()
    );
    settle();
    check!(RESULT.load(Relaxed) == 1042 && Arc::strong_count(&caller) == 1);
    close();
    Ok(())
}

fn a_call_that_may_not_be_done_twice_fails_with_its_server() -> Outcome {
    let port = open(4)?;
    port.attach(SERVER);
    spawn(call_once, Tag::new(3, 16).raw() as usize)?;
    check!(receive(0, None, None, [0; 16]).is_ok());
    forget_program();
    settle();
    check!(RESULT.load(Relaxed) == u32::from(Errno::EOWNERDEAD.number()));
    RESULT.store(0, Relaxed);
    port.fail();
    call_once(0);
    check!(RESULT.load(Relaxed) == u32::from(Errno::EIO.number()));
    check!(receive(0, None, None, [0; 16]).err() == Some(Errno::EPIPE));
    close();
    Ok(())
}

fn calls_only_go_down() -> Outcome {
    open(9)?.attach(SERVER);
    check!(call(Tag::new(0, 0), [0; 16]) == Err(Errno::EDEADLK));
    close();
    Ok(())
}

fn bits_and_deadlines_end_a_wait() -> Outcome {
    let port = open(4)?;
    port.attach(SERVER);
    port.notification.notify(0b101);
    let Ok(first) = receive(0b110, None, None, [0; 16]) else { return Err("pending bits") };
    check!(first.tag.kind() == Some(Kind::Notification) && first.words[0] == 0b100);
    let before = time::monotonic();
    let late = receive(0b10, Some(before + 20_000_000), None, [0; 16]);
    check!(late.err() == Some(Errno::ETIMEDOUT) && time::monotonic() >= before + 20_000_000);
    spawn(
        |_| {
            if let Ok(port) = shared() {
                port.notification.notify(0b1000);
                port.notification.notify(0b10);
            }
        },
        0,
    )?;
    let Ok(second) = receive(0b10, None, None, [0; 16]) else { return Err("bits") };
    check!(second.words[0] == 0b10);
    // Bit 0 was set in the beginning, and nobody took it.
    check!(port.notification.take(u32::MAX) == 0b1001);
    close();
    Ok(())
}

fn a_signal_asks_the_server_and_a_kill_does_not() -> Outcome {
    let eintr = u32::from(Errno::EINTR.number());
    open(4)?.attach(SERVER);
    let caller = spawn(call_once, 0)?;
    let Ok(received) = receive(0, None, None, [0; 16]) else { return Err("receive") };
    task::notify(&caller, work::SIGNAL);
    settle();
    check!(RESULT.load(Relaxed) == 0);
    let Ok(cancel) = receive(0, None, None, [0; 16]) else { return Err("cancel") };
    check!(cancel.tag.kind() == Some(Kind::Cancel) && cancel.token == received.token);
    check!(server::fail_call(SERVER, received.token, Errno::EINTR).is_ok());
    settle();
    check!(RESULT.load(Relaxed) == eintr);

    RESULT.store(0, Relaxed);
    let caller = spawn(call_once, 0)?;
    let Ok(received) = receive(0, None, None, [0; 16]) else { return Err("receive") };
    task::notify(&caller, work::SIGNAL | work::KILL);
    settle();
    check!(RESULT.load(Relaxed) == eintr);
    check!(server::fail_call(SERVER, received.token, Errno::EPERM).is_ok());

    // Nobody has received this one: it may be made again.
    RESULT.store(0, Relaxed);
    let caller = spawn(call_once, 0)?;
    settle();
    task::notify(&caller, work::SIGNAL);
    settle();
    check!(RESULT.load(Relaxed) == 512);
    close();
    Ok(())
}

fn question(label: u16) -> Question {
    let tag = Tag::new(label, 16);
    Question { tag, words: words(1), from: Level::PROGRAM, attachments: None }
}

fn the_kernels_requests_wait_for_nobody() -> Outcome {
    let port = open(4)?;
    let Ok(mut request) = Request::new() else { return Err("no memory") };
    check!(request.send(&port, question(1)).is_ok());
    check!(request.send(&port, question(1)) == Err(Errno::EBUSY));
    port.attach(SERVER);
    spawn(serve, 3)?;
    let Ok(Ok(answer)) = request.wait(Sleep::Interruptible) else { return Err("no answer") };
    check!(answer.words[0] == 16 && answer.words[15] == 1);
    let Ok(answer) = request::call(&port, question(2)) else { return Err("no answer") };
    check!(answer.words[0] == 16);
    check!(request.send(&port, question(3)).is_ok());
    check!(matches!(request.wait(Sleep::Interruptible), Ok(Ok(_))));
    settle();
    check!(DONE.load(Relaxed) == 1);
    close();
    Ok(())
}

fn a_request_that_is_dropped_is_taken_back() -> Outcome {
    let port = open(4)?;
    port.attach(SERVER);
    let Ok(mut request) = Request::new() else { return Err("no memory") };
    check!(request.send(&port, question(1)).is_ok());
    drop(request);
    let now = time::monotonic();
    check!(receive(0, Some(now), None, [0; 16]).err() == Some(Errno::ETIMEDOUT));
    close();
    Ok(())
}

fn nothing_is_left_over() -> Outcome {
    settle();
    check!(slots_in_use() == 0);
    Ok(())
}
