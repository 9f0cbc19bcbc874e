//! How the first program ends is how the machine ends.

use crate::Outcome;
use crate::guest::Setup;
use crate::tiny;
use abi::boot::INIT_PATH;
use abi::frame::Exit;
use std::time::Duration;
use xtask::session::End;

pub fn the_exit_status_comes_through(setup: &Setup) -> Outcome {
    for status in [0, 1, 42, 125, 255] {
        setup.bytes(tiny::exit(status))?.run()?.expect_exit(Exit::Exited(status))?;
    }
    Ok(())
}

/// The first program is the last one: its death is everybody's, with its signal.
pub fn the_signal_that_ends_the_first_program_comes_through(setup: &Setup) -> Outcome {
    let (sigill, sigfpe, sigsegv) = (4, 8, 11);
    for (program, signal) in
        [(tiny::invalid(), sigill), (tiny::divide(), sigfpe), (tiny::null(), sigsegv)]
    {
        setup.bytes(program)?.run()?.expect_exit(Exit::Signalled(signal))?;
    }
    Ok(())
}

pub fn a_program_that_hangs_is_ended(setup: &Setup) -> Outcome {
    let mut guest = setup.bytes(tiny::hang())?;
    guest.timeout = Duration::from_secs(5);
    guest.run()?.expect(End::TimedOut)
}

pub fn a_missing_program_is_not_found(setup: &Setup) -> Outcome {
    for path in ["/nonexistent", "/bin/hello/x", "/bin/", "/tmp/x"] {
        let wanted = if path == "/bin/" { Exit::NotExecutable } else { Exit::NotFound };
        let ended = setup.program(&[path, "argument"])?.run()?;
        ended.expect_exit(wanted)?;
        ended.expect_said(&[path])?;
        ended.expect_output(b"")?;
    }
    Ok(())
}

pub fn what_is_no_program_is_not_executable(setup: &Setup) -> Outcome {
    let truncated = tiny::exit(0).split_at(60).0.to_vec();
    let files: [(&str, u32, Vec<u8>); 5] = [
        ("/data/text", 0o755, b"no program\n".to_vec()),
        ("/data/empty", 0o755, Vec::new()),
        ("/data/truncated", 0o755, truncated),
        ("/data/mode", 0o644, tiny::exit(0)),
        ("/data/script", 0o755, b"#!/data\n".to_vec()),
    ];
    for (path, permissions, bytes) in files {
        let ended = setup.program(&[path])?.with_file(path, permissions, bytes)?.run()?;
        ended.expect_exit(Exit::NotExecutable).map_err(|why| format!("{path}: {why}"))?;
        ended.expect_said(&[path])?;
    }
    Ok(())
}

/// Nobody starts the next server without it.
pub fn the_death_of_init_is_a_panic(setup: &Setup) -> Outcome {
    let init = |program| setup.bytes(tiny::exit(0))?.with_file(INIT_PATH, 0o755, program)?.run();
    for (program, said) in [
        (tiny::exit(3), "init has ended with status 3"),
        (tiny::null(), "init was ended by SIGSEGV"),
    ] {
        let ended = init(program)?;
        ended.expect_panic()?;
        ended.expect_said(&[said])?;
    }
    // What cannot be executed has not lived.
    init(b"no program".to_vec())?.expect_exit(Exit::NotExecutable)
}

/// One file's mistake is that file's: the rest goes on.
pub fn a_bad_manifest_is_named(setup: &Setup) -> Outcome {
    let guest = setup.program(&["/bin/echo", "hi"])?;
    let guest = guest.with_file("/etc/services/bad.conf", 0o644, b"# one\nlevel 10\n".to_vec())?;
    let guest = guest.with_file("/etc/services/readme", 0o644, Vec::new())?;
    let ended = guest.run()?;
    ended.expect_exit(Exit::Exited(0))?;
    ended.expect_output(b"hi\n")?;
    let said = [
        "init: /etc/services/bad.conf:2: level wants a number from 1 to 8",
        "init: /etc/services/readme: not called SERVICE.conf",
    ];
    ended.expect_said(&said)?;
    let stderr = String::from_utf8_lossy(&ended.stderr);
    match said.iter().find(|line| !stderr.contains(**line)) {
        None => Ok(()),
        Some(line) => Err(format!("standard error lacks {line:?}: {stderr:?}")),
    }
}
