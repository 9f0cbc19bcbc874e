//! Who may look into another process, and that all ways to look agree.

use crate::child;
use crate::dumpable::set_dumpable;
use crate::harness::only_as_root;
use crate::procfs::as_program;
use alloc::format;
use sys::abi::file::F_OK;
use sys::file::{File, lstat};
use sys::path::CPath;
use sys::syscall::{output, pointer};
use sys::trace::read_memory;
use sys::wait::Status;
use sys::{Errno, directory, process};

tests![
    another_user_may_not_look,
    who_acts_for_root_may_look,
    one_may_look_at_oneself,
    only_root_looks_at_who_hides,
];

/// What calls say, and what the links of `/proc` say.
type Answer = (Result<(), Errno>, Result<(), Errno>);

const YES: Answer = (Ok(()), Ok(()));
const NO: Answer = (Err(Errno::EPERM), Err(Errno::EACCES));

/// Asks in all ways.
fn look(pid: i32) -> Answer {
    let memory = read_memory(pid, pointer(&pid), &mut [0]).map(drop);
    let (mut head, mut length) = (0, 0);
    let list = call!(get_robust_list(pid, output(&mut head), output(&mut length))).map(drop);
    assert_eq!(memory, list);
    let links = ["exe", "cwd", "root"];
    let [exe, cwd, root] = links.map(|name| directory::read_link(format!("/proc/{pid}/{name}")));
    assert_eq!([&exe, &cwd].map(|link| link.as_ref().err()), [root.as_ref().err(); 2]);
    let exe = exe.map(drop);
    assert_eq!(File::open(format!("/proc/{pid}/maps")).map(drop), exe);
    (memory, exe)
}

/// Whether `access` says that there is something behind a link.
fn is_there(pid: i32) -> Result<(), Errno> {
    let path = CPath::new(format!("/proc/{pid}/cwd")).expect("a path");
    call!(access(path.as_user(), F_OK)).map(drop)
}

/// Runs `test` about a child, once that has begun with `prepare`.
fn about(prepare: impl FnOnce(), test: impl FnOnce(i32)) {
    let (gate, key) = sys::file::pipe().expect("pipe2");
    let (told, tell) = sys::file::pipe().expect("pipe2");
    let pid = child::start(|| {
        prepare();
        tell.write_all(b"x").expect("write");
        gate.read(&mut [0]).expect("read");
        0
    });
    told.read(&mut [0]).expect("read");
    test(pid);
    key.write_all(b"x").expect("write");
    assert_eq!(child::wait(pid), Status::Exited(0));
}

/// Ends a test that cannot change its ids.
fn as_root(test: fn()) {
    only_as_root();
    as_program(test);
}

/// Runs as a process with these ids.
fn with_ids(users: [u32; 3], group: u32, test: impl FnOnce()) {
    let ended = child::run(|| {
        let [real, effective, saved] = users;
        assert_eq!(call!(setresgid32(group, group, group)), Ok(0));
        assert_eq!(call!(setresuid32(real, effective, saved)), Ok(0));
        test();
        0
    });
    assert_eq!(ended, Status::Exited(0));
}

pub fn another_user_may_not_look() {
    as_root(|| {
        about(
            || (),
            |pid| {
                assert_eq!((look(pid), is_there(pid)), (YES, Ok(())));
                with_ids([1000; 3], 1000, || {
                    assert_eq!((look(pid), is_there(pid)), (NO, Err(Errno::EACCES)));
                });
            },
        );
    });
}

pub fn who_acts_for_root_may_look() {
    as_root(|| {
        about(
            || (),
            |pid| {
                with_ids([1000, 0, 0], 0, || {
                    assert_eq!(look(pid), YES);
                    assert_eq!(is_there(pid), Err(Errno::EACCES), "by its real ids");
                });
                with_ids([0, 0, 0], 0, || {
                    assert_eq!(call!(setfsuid32(1000)), Ok(0));
                    assert_eq!(look(pid), YES, "whoever it is for files");
                });
            },
        );
    });
}

pub fn one_may_look_at_oneself() {
    as_root(|| with_ids([1000, 1001, 1002], 1003, || assert_eq!(look(process::id()), YES)));
}

pub fn only_root_looks_at_who_hides() {
    /// Whose a file of a process is.
    fn owner(pid: i32, name: &str) -> u32 {
        lstat(format!("/proc/{pid}/{name}")).expect("lstat64").uid
    }
    as_root(|| {
        about(|| assert_eq!(set_dumpable(0), Ok(0)), |pid| assert_eq!(look(pid), YES));
        with_ids([1000; 3], 1000, || {
            // What it has of its former user's is not for its new one's other processes.
            about(|| (), |pid| assert_eq!(look(pid), NO));
            about(
                || assert_eq!(set_dumpable(1), Ok(0)),
                |pid| assert_eq!((look(pid), owner(pid, "maps")), (YES, 1000)),
            );
            about(
                || assert_eq!((set_dumpable(1), set_dumpable(0)), (Ok(0), Ok(0))),
                |pid| {
                    assert_eq!(look(pid), NO);
                    assert_eq!(["maps", "fd", "exe"].map(|name| owner(pid, name)), [0; 3]);
                    assert_eq!(["", "task"].map(|name| owner(pid, name)), [1000; 2]);
                },
            );
        });
    });
}
