//! How the first program ends is how the machine ends.

use crate::Outcome;
use crate::guest::Setup;
use crate::tiny;
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
