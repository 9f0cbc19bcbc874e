//! Processes of somebody else: nobody but root does anything to them.

use super::table::Table;
use crate::fault::*;
use sys::abi::UserMutPtr;
use sys::abi::process::{PRIO_PROCESS, RLIMIT_NOFILE, Rlimit64};
use sys::abi::signal::SIGKILL;
use sys::syscall::input;
use sys::{Errno, process, trace};

/// Nobody else runs as this user.
const USER: u32 = 4242;

pub fn is_root() -> bool {
    call!(geteuid32()) == Ok(0)
}

/// Is nobody in particular from here on.
pub fn drop_privileges() {
    call!(setresgid32(USER, USER, USER)).expect("setresgid");
    call!(setresuid32(USER, USER, USER)).expect("setresuid");
}

type Attack = fn(victim: i32, address: u32) -> sys::Result<u32>;

const ATTACKS: [(&str, &str, Errno, Attack); 5] = [
    ("kill it", "the user's id", Errno::EPERM, |pid, _| process::kill(pid, SIGKILL).map(|()| 0)),
    ("read its memory", "who may trace it", Errno::EPERM, |pid, address| {
        trace::read_memory(pid, address, &mut [0; 4]).map(|count| count as u32)
    }),
    ("write to its memory", "who may trace it", Errno::EPERM, |pid, address| {
        trace::write_memory(pid, address, &[0; 4]).map(|count| count as u32)
    }),
    ("change its priority", "the user's id", Errno::EPERM, |pid, _| {
        call!(setpriority(PRIO_PROCESS, pid, 5))
    }),
    ("limit it", "the user's id", Errno::EPERM, |pid, _| {
        let limit = Rlimit64 { cur: 1, max: 1 };
        call!(prlimit64(pid, RLIMIT_NOFILE, input(&limit), UserMutPtr::NULL))
    }),
];

pub fn processes_of_others_are_out_of_reach() {
    let mut table = Table::default();
    let (victim, address) = (process::id(), map(1));
    poke_word(address, 7);
    if !is_root() {
        skip!("only root becomes another user");
    }
    for (attack, defence, errno, run) in ATTACKS {
        table.row(
            &alloc::format!("somebody else's process: {attack}"),
            defence,
            errno.into(),
            || {
                drop_privileges();
                run(victim, address).into()
            },
        );
    }
    assert_eq!(peek_word(address), 7);
    table.finish();
}
