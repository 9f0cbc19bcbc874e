//! The end by SIGABRT, and that of a program whose heap gets no more memory.

use crate::child;
use crate::fault::PAGE;
use crate::objects::{only_here, run};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use sys::abi::process::{RLIMIT_AS, Rlimit};
use sys::abi::signal::{SA_RESTART, SIG_BLOCK, SIGABRT, SignalSet};
use sys::file::{self, File};
use sys::io::STDERR;
use sys::process;
use sys::signal::{Action, change_mask, ignore, set_action};
use sys::syscall::input;
use sys::wait::Status;

tests![
    a_heap_without_memory_is_an_abort,
    so_it_is_in_a_shared_program,
    who_asks_whether_there_is_memory_is_told,
    nobody_prevents_an_abort,
    a_handler_runs_before_an_abort,
];

const MUCH: usize = 8 << 20;

/// The process gets no further mapping.
fn end_mappings() {
    let none = Rlimit { cur: PAGE, max: PAGE };
    assert_eq!(call!(setrlimit(RLIMIT_AS, input(&none))), Ok(0));
}

/// How a child ends, and what it writes to standard error.
fn run_child(body: impl FnOnce()) -> (Status, String) {
    let (read, write) = file::pipe().expect("pipe");
    let status = child::run(|| {
        file::duplicate_to(write.fd(), STDERR).expect("dup2");
        body();
        0
    });
    drop(write);
    (status, text(&read))
}

fn text(pipe: &File) -> String {
    let mut bytes = Vec::new();
    pipe.read_to_end(&mut bytes).expect("read");
    String::from_utf8(bytes).expect("text")
}

pub fn a_heap_without_memory_is_an_abort() {
    let (status, said) = run_child(|| {
        end_mappings();
        drop(core::hint::black_box(Vec::<u8>::with_capacity(MUCH)));
    });
    let program = sys::env::program();
    assert_eq!(said, format!("{program}: memory allocation of {MUCH} bytes failed\n"));
    assert_eq!(status, Status::Signaled(SIGABRT));
}

pub fn so_it_is_in_a_shared_program() {
    only_here();
    let (status, said) = run("/bin/linked", &["heap"], &[]);
    assert_eq!(said, format!("/bin/linked: memory allocation of {MUCH} bytes failed\n"));
    assert_eq!(status, Status::Signaled(SIGABRT));
}

pub fn who_asks_whether_there_is_memory_is_told() {
    let (status, said) = run_child(|| {
        end_mappings();
        assert!(Vec::<u8>::new().try_reserve(MUCH).is_err());
    });
    assert_eq!((status, said), (Status::Exited(0), String::new()));
}

pub fn nobody_prevents_an_abort() {
    let (status, _) = run_child(|| {
        ignore(SIGABRT).expect("rt_sigaction");
        change_mask(SIG_BLOCK, SignalSet::of(SIGABRT)).expect("rt_sigprocmask");
        process::abort()
    });
    assert_eq!(status, Status::Signaled(SIGABRT));
}

extern "C" fn says(_: i32) {
    let _ = STDERR.write(b"goodbye");
}

pub fn a_handler_runs_before_an_abort() {
    let (status, said) = run_child(|| {
        // SAFETY: the handler only writes.
        unsafe { set_action(SIGABRT, Action::Handler(says), SA_RESTART, SignalSet::EMPTY) }
            .expect("rt_sigaction");
        process::abort()
    });
    assert_eq!((status, said.as_str()), (Status::Signaled(SIGABRT), "goodbye"));
}
