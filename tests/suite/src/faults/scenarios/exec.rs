//! Other programs.

use crate::faults::{Outcome, ended_well};
use sys::command::Command;
use sys::file::pipe;

/// Runs a program, which says the same as ever or comes to a bad end.
fn runs(path: &str, arguments: &[&str], says: &[u8]) -> Outcome {
    let (read, write) = pipe()?;
    let mut command = Command::new(path);
    arguments.iter().for_each(|argument| drop(command.arg(*argument)));
    let status = command.stdout(write.fd()).stderr(write.fd()).status()?;
    drop(write);
    ended_well(status)?;
    let mut found = [0; 512];
    let mut length = 0;
    while let count @ 1.. = read.read(&mut found[length..])? {
        length += count;
    }
    assert_eq!(&found[..length], says);
    Ok(())
}

pub fn a_program_runs() -> Outcome {
    runs("/bin/echo", &["one", "two"], b"one two\n")
}

pub fn a_program_with_libraries_runs() -> Outcome {
    runs(
        "/bin/shared-demo",
        &[],
        b"libtally.so is ready: true\nthis thread counts 101, 102\nall together: 2\n",
    )
}
