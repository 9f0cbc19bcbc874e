//! Whether a process's memory may be shown to its user's other processes.

use crate::child;
use crate::harness::only_as_root;
use crate::scratch::Scratch;
use sys::abi::process::{PR_GET_DUMPABLE, PR_SET_DUMPABLE};
use sys::path::CPath;
use sys::wait::Status;
use sys::{Errno, Result, env, process};

tests![
    the_program_says_so_itself,
    children_inherit_it_and_programs_begin_anew,
    who_acts_for_somebody_else_loses_it,
    programs_of_others_do_not_have_it,
];

pub fn dumpable() -> u32 {
    call!(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0)).expect("prctl")
}

pub fn set_dumpable(value: u32) -> Result<u32> {
    call!(prctl(PR_SET_DUMPABLE, value, 0, 0, 0))
}

/// Runs a program that exits with its own [`dumpable`], in a child that prepares for it.
fn execute(program: &[u8], prepare: impl FnOnce()) -> Status {
    child::run(|| {
        prepare();
        panic!("{:?}", process::exec(program, &[b"suite", b"--child", b"dumpable"], &[]))
    })
}

/// The same in a child that prepares for it.
fn after(prepare: impl FnOnce()) -> Status {
    child::run(|| {
        prepare();
        dumpable().cast_signed()
    })
}

fn own_path() -> &'static [u8] {
    env::args().next().expect("argument 0")
}

pub fn the_program_says_so_itself() {
    assert_eq!(dumpable(), 1);
    for bad in [2, 3, u32::MAX] {
        assert_eq!(set_dumpable(bad), Err(Errno::EINVAL));
    }
    for value in [0, 1, 1, 0] {
        assert_eq!(set_dumpable(value), Ok(0));
        assert_eq!(dumpable(), value);
    }
}

pub fn children_inherit_it_and_programs_begin_anew() {
    assert_eq!(set_dumpable(0), Ok(0));
    assert_eq!(after(|| ()), Status::Exited(0));
    assert_eq!(execute(own_path(), || ()), Status::Exited(1));
    // The child's is its own.
    assert_eq!(after(|| assert_eq!(set_dumpable(1), Ok(0))), Status::Exited(1));
    assert_eq!(dumpable(), 0);
}

pub fn who_acts_for_somebody_else_loses_it() {
    const SAME: u32 = u32::MAX;
    only_as_root();
    let changes: [(&dyn Fn() -> Result<u32>, i32); 9] = [
        (&|| call!(setresuid32(0, 0, 0)), 1),
        (&|| call!(setresuid32(1000, SAME, SAME)), 1),
        (&|| call!(setresgid32(SAME, SAME, 1000)), 1),
        (&|| call!(setgroups32(1, sys::syscall::input(&5))), 1),
        (&|| call!(setresuid32(SAME, 1000, SAME)), 0),
        (&|| call!(setregid32(SAME, 1000)), 0),
        (&|| call!(setuid32(1000)), 0),
        (&|| call!(setfsuid32(1000)), 0),
        (&|| call!(setfsgid32(1000)), 0),
    ];
    for (number, (change, expected)) in changes.into_iter().enumerate() {
        let ended = after(|| assert!(change().is_ok()));
        assert_eq!(ended, Status::Exited(expected), "{number}");
    }
}

pub fn programs_of_others_do_not_have_it() {
    only_as_root();
    let (program, file) = Scratch::file("dumpable", &sys::file::read(own_path()).expect("read"));
    let path = CPath::new(program.as_str()).expect("a path");
    let set_mode = |mode| assert_eq!(call!(chmod(path.as_user(), mode)), Ok(0));
    drop(file);
    let execute = |prepare: fn()| execute(program.as_str().as_bytes(), prepare);
    let give_up = || assert_eq!(call!(setuid32(1000)), Ok(0));
    set_mode(0o755);
    assert_eq!(execute(give_up), Status::Exited(1));
    assert_eq!(
        execute(|| assert_eq!(call!(setresuid32(1000, 0, 0)), Ok(0))),
        Status::Exited(0),
        "for another than it is"
    );
    assert_eq!(execute(|| assert_eq!(call!(setfsuid32(1000)), Ok(0))), Status::Exited(0));
    set_mode(0o711);
    assert_eq!(execute(give_up), Status::Exited(0), "it may not be read");
    assert_eq!(execute(|| ()), Status::Exited(1), "root reads it");
}
