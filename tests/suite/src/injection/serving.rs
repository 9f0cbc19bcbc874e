//! For whom a server works, as far as faults go.

use super::machine_wide::machine_wide;
use super::{Context, always, needs_failpoints, wake_nobody};
use crate::child;
use crate::ipc::{ADD, level, start_client};
use sys::Errno;
use sys::abi::failpoint::{
    FAULT_CHILDREN, FAULT_MARKED, FAULT_THREAD_MARK, FAULT_THREAD_NTH, Failpoint, FaultPlan,
};
use sys::abi::signal::SIGKILL;
use sys::ipc::{
    Call, Connection, Port, Received, ReplyParts, Rights, ServedPort, Token, Transport,
};
use sys::process::{id, kill};
use sys::statistics::Asker;
use sys::wait::Status;

fn served() -> ServedPort {
    Port::new(level()).expect("a port").attach(0).expect("attach")
}

/// A context whose children all fail at futexes.
fn of_children() -> Context {
    Context::new(&FaultPlan { flags: FAULT_CHILDREN, ..always(Failpoint::Futex) })
}

/// A child of this process that has called, and its call.
fn call_of_child(served: &ServedPort) -> (i32, Token) {
    let (pid, _) = start_client(&served.port, Rights::CALL, |port| {
        port.call(Call::new(ADD)).expect("call");
    });
    match served.receive(None) {
        Ok(Received::Call(_, caller)) => (pid, caller.token),
        _ => panic!("no call"),
    }
}

fn answer(served: &ServedPort, (pid, token): (i32, Token)) {
    served.reply(token, ReplyParts::default()).expect("reply");
    assert_eq!(child::wait(pid), Status::Exited(0));
}

fn mark(value: u32) {
    Asker::OF_SELF.set_faults(id(), FAULT_THREAD_MARK, value).expect("a mark");
}

pub fn a_request_is_over_though_nobody_looked() {
    needs_failpoints();
    let served = served();
    let context = of_children();
    mark(1);
    let call = context.run(|| call_of_child(&served));
    mark(0);
    assert_eq!(wake_nobody(), Err(Errno::EFAULT), "the caller's");
    drop(context);
    answer(&served, call);
    let own = Context::new(&always(Failpoint::Futex));
    assert_eq!(own.run(wake_nobody), Err(Errno::EFAULT), "this thread's");
    let marked = Context::new(&machine_wide(FAULT_MARKED));
    assert_eq!(wake_nobody(), Ok(0));
    assert_eq!({ marked.state().opportunities }, 0);
}

pub fn an_answer_to_one_is_no_answer_to_another() {
    needs_failpoints();
    let served = served();
    let context = of_children();
    let first = call_of_child(&served);
    let second = context.run(|| call_of_child(&served));
    answer(&served, first);
    assert_eq!(wake_nobody(), Err(Errno::EFAULT));
    answer(&served, second);
    assert_eq!(wake_nobody(), Ok(0));
}

pub fn an_answer_to_nobody_ends_a_request_too() {
    needs_failpoints();
    let served = served();
    let context = of_children();
    let (pid, token) = context.run(|| call_of_child(&served));
    kill(pid, SIGKILL).expect("kill");
    assert_eq!(child::wait(pid), Status::Signaled(SIGKILL));
    assert_eq!(wake_nobody(), Err(Errno::EFAULT), "still for the caller");
    served.reply(token, ReplyParts::default()).expect("no error");
    assert_eq!(wake_nobody(), Ok(0));
    assert_eq!({ context.state().faults }, 1);
}

pub fn what_a_closed_context_leaves_is_the_servers() {
    needs_failpoints();
    let served = served();
    let own = Context::new(&always(Failpoint::Futex));
    let context = of_children();
    let call = context.run(|| call_of_child(&served));
    drop(context);
    assert_eq!(own.run(wake_nobody), Err(Errno::EFAULT));
    let [first, ..] = own.state().records;
    assert_eq!({ first.served }, 0);
    answer(&served, call);
}

pub fn what_is_over_hides_no_other() {
    needs_failpoints();
    let served = served();
    let context = of_children();
    let (pid, _) = context.run(|| {
        start_client(&served.port, Rights::CALL, |port| {
            Asker::OF_SELF.set_faults(id(), FAULT_THREAD_NTH, 1).expect("nth");
            assert_eq!(wake_nobody(), Err(Errno::EFAULT));
            assert_eq!(wake_nobody(), Err(Errno::EFAULT), "the context's");
            port.call(Call::new(ADD)).expect("call");
        })
    });
    let Ok(Received::Call(_, caller)) = served.receive(None) else { panic!("no call") };
    let before = context.state().faults;
    assert_eq!(wake_nobody(), Err(Errno::EFAULT), "the caller's");
    let state = context.state();
    assert_eq!({ state.faults }, before + 1);
    let last = state.records[before as usize];
    assert_eq!(({ last.tid }, { last.served }), (id(), 1));
    answer(&served, (pid, caller.token));
}
