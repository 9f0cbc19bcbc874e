//! Other programs.

use super::thread::Thread;
use crate::faults::files::Made;
use crate::faults::{Outcome, became, child, ended_well, wait};
use crate::harness::said;
use sys::command::Command;
use sys::file::pipe;
use sys::path::CPath;
use sys::process;

/// Runs a program, which says the same as ever or comes to a bad end.
fn runs(path: &str, arguments: &[&str], says: &[&[u8]]) -> Outcome {
    let (read, write) = pipe()?;
    let mut command = Command::new(path);
    for argument in arguments {
        command.arg(*argument);
    }
    let status = command.stdout(write.fd()).stderr(write.fd()).status()?;
    drop(write);
    ended_well(status, || said(&read))?;
    let mut rest = says.iter().copied().flatten();
    let mut found = [0; 512];
    while let count @ 1.. = read.read(&mut found)? {
        assert!(found[..count].iter().all(|byte| Some(byte) == rest.next()));
    }
    assert_eq!(rest.next(), None);
    Ok(())
}

pub fn a_program_runs() -> Outcome {
    runs("/bin/echo", &["one", "two"], &[b"one two\n"])
}

pub fn a_program_with_libraries_runs() -> Outcome {
    let lines = b"libtally.so is ready: true\nthis thread counts 101, 102\nall together: 2\n";
    runs("/bin/shared-demo", &[], &[lines])
}

pub fn a_program_opens_a_library() -> Outcome {
    let lines = b"libtally.so is ready: true\nthis thread counts 101, 102\nall together: 2\n\
        Uryyb!\nlibrot13.so has turned 5 letters\n";
    runs("/bin/shared-demo", &["librot13.so", "Hello!"], &[lines])
}

pub fn a_script_runs() -> Outcome {
    let (name, file) = Made::file("script")?;
    file.write_all(b"#!/bin/echo here is\nnever read\n")?;
    call!(fchmod(file.fd().0, 0o755))?;
    drop(file);
    let path = name.as_str();
    runs(path, &["and", "more"], &[b"here is ", path.as_bytes(), b" and more\n"])
}

pub fn many_arguments_arrive() -> Outcome {
    const LONG: &str = "0123456789abcdefghijklmnopqrstuvwxyz";
    let arguments = [LONG; 100];
    let mut says = [&b" "[..]; 200];
    says.iter_mut().step_by(2).for_each(|place| *place = LONG.as_bytes());
    says[199] = b"\n";
    runs("/bin/echo", &arguments, &says)
}

pub fn what_is_no_program_is_refused() -> Outcome {
    let (name, file) = Made::file("none")?;
    file.write_all(b"\x7fELF but no more than that")?;
    call!(fchmod(file.fd().0, 0o755))?;
    drop(file);
    let path = CPath::new(name.as_str())?;
    let none = sys::abi::UserPtr::NULL;
    let Err(errno) = call!(execve(path.as_user(), none, none)) else { unreachable!() };
    match errno {
        sys::Errno::ENOEXEC => Ok(()),
        errno => Err(errno.into()),
    }
}

pub fn a_program_ends_other_threads() -> Outcome {
    extern "C" fn waits(_: u32) -> i32 {
        loop {
            let _ = call!(pause());
        }
    }
    let pid = child(|| {
        // Whoever dropped it would wait for its end.
        core::mem::forget(Thread::new(waits, 0)?);
        Err(process::exec("/bin/sleep", &[b"sleep", b"0"], &[]).into())
    })?;
    became(wait(pid)?)
}
