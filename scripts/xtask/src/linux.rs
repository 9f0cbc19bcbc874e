//! Runs a guest program on the Linux that runs us: a 64-bit kernel executes i386 programs too.

use crate::cargo::limited;
use crate::stop::{Result, failed};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What it left.
pub struct Ran {
    pub stdout: String,
    /// `None` if a signal ended it.
    pub status: Option<i32>,
    pub took: Duration,
}

/// Runs `program`; `None` where the kernel refuses i386 programs.
pub fn run(program: &Path, argument: Option<&str>, timeout: Duration) -> Result<Option<Ran>> {
    const NO_SUCH_FORMAT: i32 = 8;
    let trouble = |error| failed(format!("cannot run {}: {error}", program.display()));
    // Asked for a test that does not exist, it does nothing.
    let probe = Command::new(program)
        .arg("no test has this name")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match probe {
        Err(error) if error.raw_os_error() == Some(NO_SUCH_FORMAT) => return Ok(None),
        Err(error) => return Err(trouble(error)),
        Ok(_) => {}
    }
    let start = Instant::now();
    let mut command = Command::new(program);
    command.args(argument);
    let output = limited(command, &timeout.as_secs().to_string())
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(trouble)?;
    Ok(Some(Ran {
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        status: output.status.code(),
        took: start.elapsed(),
    }))
}
