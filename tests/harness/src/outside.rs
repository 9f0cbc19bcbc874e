//! What happens to a machine from outside: interrupts that nothing masks, memory that changes by
//! itself.

use crate::Outcome;
use crate::guest::{READY, Setup, why};
use abi::frame::Exit;
use std::thread::sleep;
use std::time::{Duration, Instant};
use xtask::captured::Captured;
use xtask::running::Running;
use xtask::session::End;
use xtask::symbols;

const PATIENCE: Duration = Duration::from_secs(60);
const GLANCE: Duration = Duration::from_millis(5);
/// Repeats its input.
const ECHO: [&str; 3] = ["/bin/sh", "-c", "echo ready; cat; exit 7"];

/// Sends the interrupt that nothing masks.
fn interrupt(guest: &mut Running) -> Outcome {
    why(guest.qmp()).and_then(|qmp| why(qmp.inject_nmi()))
}

/// Ends a guest that has got so many of them: it has told of each, and its program ends as it should.
/// Its output that was not read, and the log.
fn expect_told(mut guest: Running, count: u32) -> Result<(Vec<u8>, Vec<String>), String> {
    let told = |log: &[String]| -> u32 {
        let lines = log.iter().filter_map(|line| line.strip_prefix("nmi: ")?.split(' ').next());
        lines.filter_map(|number| number.parse::<u32>().ok()).sum()
    };
    let start = Instant::now();
    while told(&guest.log()) < count && start.elapsed() < PATIENCE {
        sleep(GLANCE);
    }
    guest.close_stdin();
    let Captured { outcome, stdout, .. } = why(guest.end(PATIENCE))?;
    let told = told(&outcome.log);
    match outcome.end == End::Exit(Exit::Exited(7)) && told == count {
        true => Ok((stdout, outcome.log)),
        false => Err(format!("{:?}, told of {told}, not {count}: {:?}", outcome.end, outcome.log)),
    }
}

pub fn interrupts_that_nothing_masks_pass(setup: &Setup) -> Outcome {
    const ROUNDS: u32 = 100;
    let snapshot = setup.program(&ECHO)?.snapshot(READY)?;
    let mut guest = why(snapshot.restore())?;
    for round in 0..ROUNDS {
        // Long enough that the interrupt meets the guest at work.
        let text = format!("{round} {}\n", "x".repeat(3000));
        why(guest.write(text.as_bytes()))?;
        interrupt(&mut guest)?;
        why(guest.read_until(text.as_bytes(), PATIENCE))?;
    }
    expect_told(guest, ROUNDS).map(drop)
}

/// At its first instruction a system call has no stack yet.
pub fn one_at_the_first_instruction_of_a_call_passes(setup: &Setup) -> Outcome {
    const ROUNDS: u32 = 3;
    let traced = [&["/bin/strace", "-f"], &ECHO[..]].concat();
    for (words, way) in [(&ECHO[..], "sysenter"), (&traced, "traced_sysenter")] {
        let guest = setup.program(words)?;
        let address = |part| why(symbols::address(guest.kernel(), &format!("{way}_{part}")));
        // The kernel does the first instruction before it looks where it was.
        let (entry, second) = (address("entry")?, address("on_stack")?);
        let snapshot = guest.snapshot(READY)?;
        let mut guest = why(snapshot.restore())?;
        for round in 0..ROUNDS {
            let text = format!("round {round}\n");
            why(guest.write(text.as_bytes()))?;
            why(guest.gdb().and_then(|mut gdb| gdb.run_to(entry)))?;
            interrupt(&mut guest)?;
            why(guest.qmp()).and_then(|qmp| why(qmp.cont()))?;
            why(guest.read_until(text.as_bytes(), PATIENCE))?;
        }
        let ((_, log), place) = (expect_told(guest, ROUNDS)?, format!("{second:#010x}"));
        if !log.iter().any(|line| line.starts_with("nmi: ") && line.contains(&place)) {
            return Err(format!("none came at {way}_entry, told as {place}: {log:?}"));
        }
    }
    Ok(())
}

/// Where instructions are counted, what comes from outside can come at the same one in every run.
pub fn counted_guests_meet_it_at_the_same_instruction(setup: &Setup) -> Outcome {
    const CALLS: usize = 40;
    let script = "echo ready; sleep 3000; ps; cat /proc/uptime /proc/stat; exit 7";
    let mut guest = setup.program(&["/bin/sh", "-c", script])?;
    guest.machine.icount = true;
    let entry = why(symbols::address(guest.kernel(), "sysenter_entry"))?;
    let snapshot = guest.snapshot(READY)?;
    let run = || {
        let mut guest = why(snapshot.restore_stopped())?;
        let mut gdb = why(guest.gdb())?;
        for _ in 0..CALLS {
            why(gdb.run_to(entry))?;
        }
        drop(gdb);
        interrupt(&mut guest)?;
        why(guest.qmp()).and_then(|qmp| why(qmp.cont()))?;
        expect_told(guest, 1)
    };
    let (first, second) = (run()?, run()?);
    match first == second {
        true if first.0.len() > 500 => Ok(()),
        _ => Err(format!("two runs differ, or say little: {first:?}\n{second:?}")),
    }
}

/// Where memory has this text.
fn places(memory: &[u8], text: &[u8]) -> Vec<u64> {
    const PAGE: usize = 4096;
    let pages = memory.chunks(PAGE).enumerate().filter(|(_, page)| **page != [0; PAGE]);
    pages
        .flat_map(|(number, page)| {
            let here = page.windows(text.len()).enumerate().filter(|(_, part)| *part == text);
            here.map(move |(place, _)| (number * PAGE + place) as u64)
        })
        .collect()
}

pub fn a_flipped_bit_is_one_guests_own(setup: &Setup) -> Outcome {
    const WORD: &[u8] = b"unmistakable";
    let script = "echo ready; cat; echo unmistakable; exit 7";
    let snapshot = setup.program(&["/bin/sh", "-c", script])?.snapshot(READY)?;
    let memory = std::fs::read(snapshot.memory()).map_err(|why| why.to_string())?;
    let places = places(&memory, WORD);
    let said = |flip: bool| {
        let mut guest = snapshot.restore_stopped()?;
        if flip {
            let mut gdb = guest.gdb()?;
            for place in &places {
                gdb.flip(*place, 5)?;
            }
        }
        guest.qmp()?.cont()?;
        guest.close_stdin();
        guest.end(PATIENCE)
    };
    if places.is_empty() {
        return Err("the program's text is not in memory".into());
    }
    for (flip, expected) in [(true, &b"Unmistakable\n"[..]), (false, b"unmistakable\n")] {
        let ended = why(said(flip))?;
        if ended.outcome.end != End::Exit(Exit::Exited(7)) || ended.stdout != expected {
            let said = String::from_utf8_lossy(&ended.stdout).into_owned();
            return Err(format!(
                "{:?}, {said:?} with bits flipped at {places:x?}",
                ended.outcome.end
            ));
        }
    }
    Ok(())
}
