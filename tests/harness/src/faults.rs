//! Faults that the command line asks for, and what the log says of them.

use crate::Outcome;
use crate::guest::{Setup, why};
use crate::tiny;
use abi::boot::INIT_PATH;
use abi::frame::Exit;
use std::time::Duration;
use xtask::captured::text;
use xtask::session::End;

/// Longer than a test of the suite takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Timers that are late harm nobody.
const LATE: &str = "fail_timer_late=1,100,0,2";

pub fn each_fault_of_the_command_line_is_a_line(setup: &Setup) -> Outcome {
    let mut guest = setup.failing(setup.program(&["/bin/sleep", "1"])?)?;
    guest.words = format!("{LATE} failslab=1,2,3 fail_seed=x");
    let ended = guest.run()?;
    ended.expect_exit(Exit::Exited(0))?;
    ended.expect_said(&[
        "failslab=1,2,3: not <interval>,<probability>,<space>,<times>; ignored",
        "fail_seed=x: not a number; ignored",
        "fail_timer_late at kernel/src/time/timer.rs:",
        "Timer>::arm",
    ])
}

pub fn a_panic_names_the_faults_before_it(setup: &Setup) -> Outcome {
    let guest = setup.bytes(tiny::exit(0))?;
    let guest = guest.with_file(INIT_PATH, 0o755, tiny::sleep_and_exit(3))?;
    let mut guest = setup.failing(guest)?;
    guest.words = LATE.into();
    let ended = guest.run()?;
    ended.expect_panic()?;
    ended.expect_said(&[
        "fault injected: fail_timer_late at kernel/src/time/timer.rs:",
        "opportunity 1, ",
        " ms ago, thread 1",
        "init has ended with status 3",
    ])
}

/// Memory that was never there is one of the scenario's ends.
pub fn a_fatal_signal_is_told_with_the_faults_before_it(setup: &Setup) -> Outcome {
    let words = ["/bin/suite", "--faults", "pipe::bytes_go_through"];
    let ended = setup.failing(setup.program(&words)?)?.run()?;
    ended.expect_exit(Exit::Exited(0))?;
    ended.expect_said(&[" ends by signal 9, after", "  fault injected: fail_page_"])
}

/// Its context ends with it.
pub fn a_fatal_signal_is_told_with_the_nth_before_it(setup: &Setup) -> Outcome {
    let words = ["/bin/suite", "injection::a_thread_is_killed_after_its_nth"];
    let ended = setup.failing(setup.program(&words)?)?.run()?;
    ended.expect_exit(Exit::Exited(0))?;
    ended.expect_said(&[" ends by signal 9, after", "  fault injected: fail_futex at kernel/src/"])
}

/// The kernel says what had been done to it, and `init` that it is gone.
pub fn a_servers_death_is_told_with_the_faults_before_it(setup: &Setup) -> Outcome {
    for (test, ends, by_init, fault) in [
        (
            "injection::a_server_is_killed_for_want_of_a_page",
            " assist ends by signal 9, after",
            " was ended by SIGKILL",
            "  fault injected: fail_page_",
        ),
        (
            "injection::a_server_aborts_for_want_of_memory",
            " assist ends by signal 6, after",
            " was ended by SIGABRT",
            "  fault injected: fail_vma_reserve at kernel/src/",
        ),
        (
            "injection::a_server_ends_itself_after_a_fault",
            " assist ends with status 101, after",
            " ended with status 101",
            "  fault injected: fail_message at kernel/src/",
        ),
    ] {
        let guest = setup.failing(setup.suite(test)?)?.start()?;
        let outcome = why(guest.end(PATIENCE))?.outcome;
        let log = &outcome.log;
        if outcome.end != End::Exit(Exit::Exited(0)) {
            return Err(format!("{test}: {:?}: {log:#?}", outcome.end));
        }
        let Some(place) = log.iter().position(|line| line.ends_with(ends)) else {
            return Err(format!("{test}: nothing{ends}: {log:#?}"));
        };
        let is_served = |line: &&String| line.contains(fault) && line.ends_with(" as a server");
        let is_told = |line: &String| line.contains("assist: server ") && line.ends_with(by_init);
        let behind = &log[place + 1..];
        if behind.first().filter(is_served).is_none() || !behind.iter().any(is_told) {
            return Err(format!("{test}: not told{ends}: {log:#?}"));
        }
    }
    Ok(())
}

pub fn passages_are_counted_from_the_beginning(setup: &Setup) -> Outcome {
    let hits = |words: &str| -> Result<u64, String> {
        let program = setup.program(&["/bin/suite", "injection::sites_count_who_passes"])?;
        let mut guest = setup.failing(program)?;
        guest.words = words.into();
        let ended = guest.run()?;
        ended.expect_exit(Exit::Exited(0))?;
        let output = text(&ended.stdout);
        let sites = output.lines().filter_map(|line| line.strip_prefix("site "));
        let hits = sites.filter_map(|site| site.split(' ').nth(1)?.parse::<u64>().ok());
        Ok(hits.sum())
    };
    let (some, all) = (hits("")?, hits("failpoints=count")?);
    // A boot passes several times as many as one test.
    if some > 0 && all > 3 * some { Ok(()) } else { Err(format!("{some} hits, then {all}")) }
}

/// Linux's attributes: after the space, one in two fails until it is enough.
pub fn attributes_count_on_the_command_line(setup: &Setup) -> Outcome {
    let mut guest = setup.failing(setup.program(&["/bin/sleep", "1"])?)?;
    guest.words = "fail_timer_late=2,100,1,2".into();
    let ended = guest.run()?;
    ended.expect_exit(Exit::Exited(0))?;
    ended.expect_said(&["fails, opportunity 3, ", "fails, opportunity 5, "])?;
    match ended.report.contains("fails, opportunity 7, ") {
        true => Err(format!("more than two: {}", ended.report)),
        false => Ok(()),
    }
}
