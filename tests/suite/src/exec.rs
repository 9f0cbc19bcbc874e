//! `execve`. The program that is executed is this one, as `suite --child NAME …`.

use crate::child;
use crate::fault::{map_file, unmap};
use crate::scratch::Scratch;
use alloc::vec::Vec;
use sys::abi::file::{F_SETFD, FD_CLOEXEC, O_RDONLY, O_TRUNC, O_WRONLY};
use sys::abi::memory::{MAP_SHARED, PROT_READ};
use sys::abi::signal::*;
use sys::abi::{UserPtr, UserStr};
use sys::file::File;
use sys::io::STDOUT;
use sys::process;
use sys::signal::{self, Action};
use sys::syscall::output;
use sys::wait::Status;
use sys::{Errno, directory, env};

tests![
    a_program_runs_and_ends,
    arguments_and_environment_arrive,
    large_arguments_arrive,
    too_large_arguments_are_refused,
    the_process_id_stays,
    old_memory_is_gone,
    descriptors_stay_unless_marked,
    handlers_go_and_ignored_signals_and_mask_stay,
    what_cannot_be_executed_says_why,
    damaged_elf_files_are_refused,
    a_program_being_written_is_busy,
    a_program_mapped_by_a_writer_is_busy,
    a_program_that_runs_is_not_truncated,
    scripts_name_their_interpreter,
    a_script_without_interpreter_says_so,
    bad_addresses_are_efault,
    the_working_directory_stays,
    who_one_was_does_not_stay,
];

/// What `suite --child NAME …` does.
pub fn child(name: Option<&[u8]>) -> i32 {
    match name {
        Some(b"arguments") => {
            for string in env::args().skip(3).chain(env::vars()) {
                let _ = STDOUT.write_all(string);
                let _ = STDOUT.write_all(b"\n");
            }
            0
        }
        Some(b"status") => 33,
        Some(b"dumpable") => crate::dumpable::dumpable().cast_signed(),
        Some(b"pause") => i32::from(call!(pause()).is_ok()),
        Some(b"descriptor") => {
            // 0 if descriptor 9 is open.
            i32::from(call!(fcntl64(9, sys::abi::file::F_GETFD, 0)).is_err())
        }
        Some(b"signals") => {
            let mut old = Sigaction::default();
            let mut handler = |signal| {
                call!(rt_sigaction(signal, UserPtr::NULL, output(&mut old), 8))
                    .expect("rt_sigaction");
                old.handler
            };
            let reset = handler(SIGUSR1) == SIG_DFL && handler(SIGUSR2) == SIG_IGN;
            let mask = signal::mask().expect("rt_sigprocmask");
            i32::from(!(reset && mask == SignalSet::of(SIGTERM)))
        }
        Some(b"pid") => process::id() & 0x7f,
        Some(b"work") => loop {
            core::hint::spin_loop();
        },
        Some(b"pending") => {
            let pending = signal::pending().expect("rt_sigpending");
            let [one, two] = [SIGUSR1, SIGUSR2].map(|signal| i32::from(pending.contains(signal)));
            one | two << 1
        }
        Some(b"ids") => {
            // 0 if it is nobody but the two ids it may be.
            let ids = &mut [0u32; 6];
            let [user, effective, saved, group, effective_group, saved_group] = ids;
            call!(getresuid32(output(user), output(effective), output(saved))).expect("getresuid");
            call!(getresgid32(output(group), output(effective_group), output(saved_group)))
                .expect("getresgid");
            // Which nobody may become, so they say what is.
            let files = [call!(setfsuid32(u32::MAX)), call!(setfsgid32(u32::MAX))];
            let may_be = [(*effective, *saved), (*effective_group, *saved_group)];
            i32::from(may_be.map(|(id, _)| Ok(id)) != files || may_be.iter().any(|(a, b)| a != b))
        }
        Some(b"directory") => {
            // 0 if /proc shows the working directory that the first program's thread had.
            let shown = directory::read_link("/proc/self/cwd").expect("readlink");
            i32::from(&*shown != b"/tmp")
        }
        Some(b"memory") => {
            // The old program's mapping at a known place is gone.
            i32::from(crate::fault::try_read(0x3000_0000) != crate::fault::not_mapped(0x3000_0000))
        }
        _ => 2,
    }
}

pub fn own_path() -> &'static [u8] {
    env::args().next().expect("argument 0")
}

fn run(name: &str) -> Status {
    child::run(|| {
        let error = process::exec(own_path(), &[own_path(), b"--child", name.as_bytes()], &[]);
        panic!("execve: {error:?}")
    })
}

fn fails(path: &str) -> Errno {
    process::exec(path, &[path.as_bytes()], &[])
}

pub fn a_program_runs_and_ends() {
    assert_eq!(run("status"), Status::Exited(33));
}

pub fn arguments_and_environment_arrive() {
    let (read, write) = sys::file::pipe().expect("pipe2");
    let pid = child::start(|| {
        sys::file::duplicate_to(write.fd(), STDOUT).expect("dup2");
        let arguments: [&[u8]; 6] =
            [own_path(), b"--child", b"arguments", b"", b"two words", b"\xff\x01"];
        let error = process::exec(own_path(), &arguments, &[b"A=1", b"EMPTY=", b"odd"]);
        panic!("execve: {error:?}")
    });
    drop(write);
    let mut text = Vec::new();
    read.read_to_end(&mut text).expect("read");
    assert_eq!(child::wait(pid), Status::Exited(0));
    assert_eq!(
        text.escape_ascii().to_string(),
        "\\ntwo words\\n\\xff\\x01\\nA=1\\nEMPTY=\\nodd\\n"
    );
}

pub fn large_arguments_arrive() {
    let (read, write) = sys::file::pipe().expect("pipe2");
    let big = alloc::vec![b'x'; 100_000];
    let pid = child::start(|| {
        sys::file::duplicate_to(write.fd(), STDOUT).expect("dup2");
        let arguments: [&[u8]; 4] = [own_path(), b"--child", b"arguments", &big];
        panic!("execve: {:?}", process::exec(own_path(), &arguments, &[]))
    });
    drop(write);
    let mut text = Vec::new();
    read.read_to_end(&mut text).expect("read");
    assert_eq!(child::wait(pid), Status::Exited(0));
    assert_eq!(text.len(), 100_001);
    assert!(text[..100_000].iter().all(|&byte| byte == b'x'));
}

pub fn too_large_arguments_are_refused() {
    // One string may have 32 pages, its zero byte included.
    let string = alloc::vec![b'x'; 32 * 4096];
    assert_eq!(process::exec(own_path(), &[own_path(), &string], &[]), Errno::E2BIG);
    let string = alloc::vec![b'x'; 32 * 4096 - 1];
    let many = alloc::vec![string.as_slice(); 64];
    assert_eq!(process::exec(own_path(), &many, &[]), Errno::E2BIG);
}

pub fn the_process_id_stays() {
    let pid = child::start(|| {
        panic!("{:?}", process::exec(own_path(), &[own_path(), b"--child", b"pid"], &[]))
    });
    assert_eq!(child::wait(pid), Status::Exited(pid & 0x7f));
}

pub fn old_memory_is_gone() {
    let status = child::run(|| {
        use crate::fault::{PRIVATE, RW, poke};
        let flags = PRIVATE | sys::abi::memory::MAP_FIXED;
        let address = call!(mmap2(0x3000_0000, 4096, RW, flags, -1, 0)).expect("mmap2");
        poke(address, 1);
        panic!("{:?}", process::exec(own_path(), &[own_path(), b"--child", b"memory"], &[]))
    });
    assert_eq!(status, Status::Exited(0));
}

pub fn descriptors_stay_unless_marked() {
    for (flag, wanted) in [(0, 0), (FD_CLOEXEC, 1)] {
        let status = child::run(|| {
            assert_eq!(call!(dup2(1, 9)), Ok(9));
            assert_eq!(call!(fcntl64(9, F_SETFD, flag)), Ok(0));
            let arguments: [&[u8]; 3] = [own_path(), b"--child", b"descriptor"];
            panic!("{:?}", process::exec(own_path(), &arguments, &[]))
        });
        assert_eq!(status, Status::Exited(wanted));
    }
}

pub fn handlers_go_and_ignored_signals_and_mask_stay() {
    extern "C" fn nothing(_: i32) {}
    let status = child::run(|| {
        // SAFETY: the handler does nothing.
        unsafe { signal::set_action(SIGUSR1, Action::Handler(nothing), 0, SignalSet::EMPTY) }
            .expect("rt_sigaction");
        signal::ignore(SIGUSR2).expect("rt_sigaction");
        signal::change_mask(SIG_SETMASK, SignalSet::of(SIGTERM)).expect("rt_sigprocmask");
        panic!("{:?}", process::exec(own_path(), &[own_path(), b"--child", b"signals"], &[]))
    });
    assert_eq!(status, Status::Exited(0));
}

pub fn what_cannot_be_executed_says_why() {
    assert_eq!(fails("/tmp/no-such-program"), Errno::ENOENT);
    assert_eq!(fails(""), Errno::ENOENT);
    assert_eq!(fails("/tmp"), Errno::EACCES);
    let (name, file) = Scratch::file("exec", b"not a program");
    drop(file);
    assert_eq!(fails(name.as_str()), Errno::EACCES);
    let mode = |mode| {
        let path = sys::path::CPath::new(name.as_str()).expect("a path");
        call!(chmod(path.as_user(), mode)).expect("chmod");
    };
    mode(0o755);
    assert_eq!(fails(name.as_str()), Errno::ENOEXEC);
    let path = alloc::format!("{}/x", name.as_str());
    assert_eq!(fails(&path), Errno::ENOTDIR);
}

pub fn damaged_elf_files_are_refused() {
    let program = sys::file::read(own_path()).expect("read");
    let start = &program[..program.len().min(4096)];
    // Where, what, and the error: header fields of `Elf32_Ehdr`.
    let damages: [(&str, usize, &[u8], Errno); 7] = [
        ("magic", 0, b"\x7fELG", Errno::ENOEXEC),
        ("type: relocatable", 16, &[1, 0], Errno::ENOEXEC),
        ("machine", 18, &[40, 0], Errno::ENOEXEC),
        ("headers beyond the end", 28, &[0, 0, 0, 0x70], Errno::ENOEXEC),
        ("header size", 42, &[33, 0], Errno::ENOEXEC),
        ("no headers", 44, &[0, 0], Errno::ENOEXEC),
        ("too many headers", 44, &[0xff, 0xff], Errno::ENOEXEC),
    ];
    for (what, offset, bytes, error) in damages {
        let mut damaged = start.to_vec();
        damaged[offset..offset + bytes.len()].copy_from_slice(bytes);
        let (name, file) = Scratch::file("damaged", &damaged);
        assert_eq!(call!(fchmod(file.fd().0, 0o755)), Ok(0));
        drop(file);
        assert_eq!(fails(name.as_str()), error, "{what}");
    }
    for length in [1, 3, 4, 16, 51, 52, 60] {
        let (name, file) = Scratch::file("short", &start[..length]);
        assert_eq!(call!(fchmod(file.fd().0, 0o755)), Ok(0));
        drop(file);
        assert_eq!(fails(name.as_str()), Errno::ENOEXEC, "{length} bytes");
    }
}

pub fn a_program_being_written_is_busy() {
    let (name, file) = Scratch::file("busy", &sys::file::read(own_path()).expect("read"));
    assert_eq!(call!(fchmod(file.fd().0, 0o755)), Ok(0));
    assert_eq!(fails(name.as_str()), Errno::ETXTBSY);
    drop(file);
    let status = child::run(|| {
        panic!("{:?}", process::exec(name.as_str(), &[b"suite", b"--child", b"status"], &[]))
    });
    assert_eq!(status, Status::Exited(33));
}

pub fn a_program_mapped_by_a_writer_is_busy() {
    let (name, file) = Scratch::file("mapped", &sys::file::read(own_path()).expect("read"));
    assert_eq!(call!(fchmod(file.fd().0, 0o755)), Ok(0));
    let start = map_file(&file, 1, PROT_READ, MAP_SHARED, 0);
    drop(file);
    assert_eq!(fails(name.as_str()), Errno::ETXTBSY);
    unmap(start, 1);
    let status = child::run(|| {
        panic!("{:?}", process::exec(name.as_str(), &[b"suite", b"--child", b"status"], &[]))
    });
    assert_eq!(status, Status::Exited(33));
}

/// Opening for reading truncates too, and so needs the right of a writer.
pub fn a_program_that_runs_is_not_truncated() {
    let (name, file) = Scratch::file("running", &sys::file::read(own_path()).expect("read"));
    assert_eq!(call!(fchmod(file.fd().0, 0o755)), Ok(0));
    drop(file);
    let pid = child::start(|| {
        loop {
            // As long as the parent has just opened it.
            let error = process::exec(name.as_str(), &[b"suite", b"--child", b"pause"], &[]);
            assert_eq!(error, Errno::ETXTBSY);
        }
    });
    let truncating = || File::open_with(name.as_str(), O_RDONLY | O_TRUNC, 0).err();
    let written = || File::open_with(name.as_str(), O_WRONLY, 0).err();
    while written() != Some(Errno::ETXTBSY) {
        assert_eq!(call!(sched_yield()), Ok(0));
    }
    assert_eq!(truncating(), Some(Errno::ETXTBSY));
    process::kill(pid, SIGKILL).expect("kill");
    child::wait(pid);
    assert_eq!(truncating(), None);
}

pub fn scripts_name_their_interpreter() {
    let mut text = Vec::from(b"#! ");
    text.extend_from_slice(own_path());
    text.extend_from_slice(b" --child\n");
    // `suite --child SCRIPT …`: the name of the test is the path of the script.
    let (name, file) = Scratch::file("script", &text);
    assert_eq!(call!(fchmod(file.fd().0, 0o755)), Ok(0));
    drop(file);
    let status =
        child::run(|| panic!("{:?}", process::exec(name.as_str(), &[b"ignored", b"more"], &[])));
    assert_eq!(status, Status::Exited(2));
}

pub fn a_script_without_interpreter_says_so() {
    for (text, error) in [
        (&b"#!/tmp/no-such-interpreter\n"[..], Errno::ENOENT),
        (b"#!\n", Errno::ENOEXEC),
        (b"#!   \n", Errno::ENOEXEC),
        (b"#!/tmp\n", Errno::EACCES),
    ] {
        let (name, file) = Scratch::file("script", text);
        assert_eq!(call!(fchmod(file.fd().0, 0o755)), Ok(0));
        drop(file);
        assert_eq!(fails(name.as_str()), error, "{}", text.escape_ascii());
    }
}

pub fn bad_addresses_are_efault() {
    let path = sys::path::CPath::new(own_path()).expect("a path");
    let bad = UserPtr::<UserStr>::new(64);
    assert_eq!(call!(execve(path.as_user(), bad, UserPtr::NULL)), Err(Errno::EFAULT));
    assert_eq!(call!(execve(path.as_user(), UserPtr::NULL, bad)), Err(Errno::EFAULT));
    assert_eq!(call!(execve(UserStr::new(64), UserPtr::NULL, UserPtr::NULL)), Err(Errno::EFAULT));
    let strings = [UserStr::new(64), UserStr::NULL];
    let strings = UserPtr::new(sys::syscall::pointer(&strings));
    assert_eq!(call!(execve(path.as_user(), strings, UserPtr::NULL)), Err(Errno::EFAULT));
}

pub fn the_working_directory_stays() {
    let directory = Scratch::directory("cwd");
    let status = child::run(|| {
        // A relative path to this program would not lead there any more.
        let path = absolute(own_path());
        directory::set_current(directory.as_str()).expect("chdir");
        panic!("{:?}", process::exec(&path, &[&path, b"--child", b"status"], &[]))
    });
    assert_eq!(status, Status::Exited(33));
}

pub fn who_one_was_does_not_stay() {
    crate::harness::only_as_root();
    let (name, file) = Scratch::file("ids", &sys::file::read(own_path()).expect("read"));
    assert_eq!(call!(fchmod(file.fd().0, 0o755)), Ok(0));
    drop(file);
    let changes: [fn(); 4] = [
        || assert_eq!(call!(setresuid32(1000, 1000, 0)), Ok(0)),
        || assert_eq!(call!(setresgid32(0, 1000, 1001)), Ok(0)),
        || assert_eq!(call!(setfsuid32(1000)), Ok(0)),
        || assert_eq!(call!(setfsgid32(1000)), Ok(0)),
    ];
    for change in changes {
        let status = child::run(|| {
            change();
            panic!("{:?}", process::exec(name.as_str(), &[b"suite", b"--child", b"ids"], &[]))
        });
        assert_eq!(status, Status::Exited(0));
    }
}

fn absolute(path: &[u8]) -> Vec<u8> {
    if path.starts_with(b"/") {
        return path.to_vec();
    }
    let mut whole = directory::current().expect("getcwd");
    whole.push(b'/');
    whole.extend_from_slice(path);
    whole
}

use alloc::string::ToString;
