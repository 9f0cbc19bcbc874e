//! Tests of Folio by system calls, from inside the guest.
//!
//! `suite [FILTER…]` runs the tests whose names contain one of the words; `suite --list` names them,
//! and `suite --stress SECONDS` lets those of `stress` go on for so long each. Each test runs in a
//! process of its own with a time limit; a panic fails it. Where a test makes only Linux calls it also
//! runs on Linux, which says what is right.

#![no_std]
#![no_main]

extern crate alloc;

#[macro_use]
mod harness;

mod abort;
mod anonymous;
mod attributes;
mod avx;
mod brk;
mod calls;
mod child;
mod clone3;
mod compiled_objects;
mod copy;
mod copy_on_write;
mod cpu_clock;
mod cpu_timer;
mod damaged_objects;
mod descriptor;
mod directory;
mod dumpable;
mod epoll;
mod eventfd;
mod exception;
mod exec;
mod fast_entry;
mod fault;
mod faults;
mod fifo;
mod file;
mod file_mapping;
mod fork;
mod forking;
mod fpu;
mod futex;
mod fuzz;
mod init;
mod injection;
mod ipc;
mod ipc_threads;
mod isolation;
mod large;
mod leak;
mod lock;
mod mount;
mod mprotect;
mod mremap;
mod munmap;
mod objects;
mod output;
mod page_tables;
mod permission;
mod pipe;
mod pointer;
mod proc_walk;
mod process_memory;
mod procfs;
mod random_calls;
mod range_errors;
mod scene;
mod scratch;
mod served;
mod served_proc;
mod service;
mod shared;
mod sharing;
mod signal;
mod signalfd;
mod socket;
mod start;
mod statistics;
mod stress;
mod sweep;
mod thread_area;
mod threads;
mod time;
mod timer;
mod timerfd;
mod tools;
mod trace;
mod trace_tools;
mod usage;
mod user_limits;
mod vdso;
mod wait;

use harness::Case;

/// All tests, in the order in which they run.
const TESTS: &[&[Case]] = &[
    output::TESTS,
    start::TESTS,
    abort::TESTS,
    anonymous::TESTS,
    large::TESTS,
    copy_on_write::TESTS,
    brk::TESTS,
    munmap::TESTS,
    mprotect::TESTS,
    mremap::TESTS,
    range_errors::TESTS,
    file_mapping::TESTS,
    fork::TESTS,
    page_tables::TESTS,
    faults::TESTS,
    wait::TESTS,
    exec::TESTS,
    fuzz::TESTS,
    socket::transfer::TESTS,
    socket::end::TESTS,
    socket::unconnected::TESTS,
    socket::credentials::TESTS,
    socket::name::TESTS,
    socket::option::TESTS,
    socket::rights::TESTS,
    socket::several::TESTS,
    stress::TESTS,
    forking::TESTS,
    clone3::TESTS,
    threads::TESTS,
    process_memory::TESTS,
    permission::TESTS,
    tools::TESTS,
    trace::TESTS,
    trace_tools::TESTS,
    epoll::TESTS,
    eventfd::TESTS,
    timerfd::TESTS,
    signalfd::TESTS,
    cpu_clock::TESTS,
    cpu_timer::TESTS,
    timer::TESTS,
    pipe::TESTS,
    descriptor::TESTS,
    file::TESTS,
    attributes::TESTS,
    copy::TESTS,
    fifo::TESTS,
    lock::TESTS,
    directory::TESTS,
    dumpable::TESTS,
    pointer::TESTS,
    sweep::TESTS,
    random_calls::TESTS,
    exception::TESTS,
    signal::TESTS,
    vdso::TESTS,
    fast_entry::TESTS,
    thread_area::TESTS,
    avx::TESTS,
    fpu::TESTS,
    time::TESTS,
    futex::TESTS,
    proc_walk::TESTS,
    procfs::TESTS,
    sharing::TESTS,
    statistics::TESTS,
    usage::TESTS,
    user_limits::TESTS,
    ipc::TESTS,
    ipc_threads::TESTS,
    isolation::TESTS,
    shared::TESTS,
    compiled_objects::TESTS,
    damaged_objects::TESTS,
    served_proc::TESTS,
    served::TESTS,
    mount::TESTS,
    service::TESTS,
    init::TESTS,
    injection::TESTS,
    leak::TESTS,
];

sys::entry!(main);

fn main() -> i32 {
    let mut arguments = sys::env::args().skip(1);
    match arguments.clone().next() {
        Some(b"--child") => exec::child(arguments.nth(1)),
        Some(b"--list") => harness::list(TESTS),
        Some(b"--faults") => faults::run(arguments.skip(1)),
        Some(b"--stress") => match stress::run_for(arguments.nth(1)) {
            true => harness::run(TESTS, [&b"stress::"[..]].into_iter()),
            false => {
                sys::eprintln!("usage: suite --stress SECONDS");
                2
            }
        },
        _ => harness::run(TESTS, arguments),
    }
}
