//! Machines that are booted once and go on many times.

use crate::Outcome;
use crate::guest::{Guest, READY, Setup, why};
use abi::frame::Exit;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};
use xtask::captured::text;
use xtask::running::Running;
use xtask::session::End;
use xtask::snapshot::Snapshot;
use xtask::stop::{Result, failed};

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A guest whose program says that it is ready, and then repeats its input.
fn echoing(setup: &Setup) -> std::result::Result<Guest<'_>, String> {
    setup.program(&["/bin/sh", "-c", "echo ready; cat; exit 7"])
}

/// Says something to such a guest, and hears it.
fn echo(guest: &mut Running, text: &str) -> Result<()> {
    guest.write(text.as_bytes())?;
    guest.read_until(text.as_bytes(), PATIENCE).map(drop)
}

pub fn guests_of_one_boot_go_on_apart(setup: &Setup) -> Outcome {
    let snapshot = echoing(setup)?.snapshot(READY)?;
    let memory = || fs::read(snapshot.memory()).map_err(|why| why.to_string());
    let before = memory()?;
    let talk = |name: &str| {
        let mut guest = snapshot.restore()?;
        let texts: Vec<String> = (0..20).map(|number| format!("{name} says {number}\n")).collect();
        for text in &texts {
            echo(&mut guest, text)?;
        }
        // More than the line has credit for.
        let long = name.repeat(50_000);
        guest.write(long.as_bytes())?;
        let heard = guest.read_bytes(long.len(), PATIENCE)?;
        guest.close_stdin();
        let log = guest.log();
        Ok((heard == long.as_bytes(), log, guest.end(PATIENCE)?))
    };
    let talks = thread::scope(|scope| {
        let talks = ["one", "another"].map(|name| scope.spawn(move || talk(name)));
        talks.map(|talk| talk.join().map_err(|_| "a thread panicked".to_owned()))
    });
    for talk in talks {
        let (heard, log, ended) = why(talk?)?;
        if ended.outcome.end != End::Exit(Exit::Exited(7)) || !heard {
            return Err(format!("{:?}, heard well: {heard}", ended.outcome.end));
        }
        if !ended.stdout.is_empty() || !ended.stderr.is_empty() {
            return Err(format!("more output: {:?} {:?}", ended.stdout, ended.stderr));
        }
        if !log.iter().any(|line| line.contains("MiB of memory")) {
            return Err(format!("the log does not begin with the boot: {log:?}"));
        }
    }
    match memory()? == before {
        true => Ok(()),
        false => Err("the memory that all begin with has changed".into()),
    }
}

pub fn a_restored_guest_that_fails_says_why(setup: &Setup) -> Outcome {
    let snapshot = echoing(setup)?.snapshot(READY)?;
    let mut silent = why(snapshot.restore())?;
    let short = Duration::from_millis(300);
    let told = silent.read_until(b"never said", short).map_err(|stop| stop.why);
    match told {
        Err(told) if told.contains("\"never said\" for 300 ms") && told.contains("kernel log") => {}
        told => return Err(format!("a silent guest: {told:?}")),
    }
    let ended = why(silent.end(short))?.outcome.end;
    if ended != End::TimedOut {
        return Err(format!("a guest that goes on: {ended:?}"));
    }
    // Its QEMU dies under it.
    let mut killed = why(snapshot.restore())?;
    why(echo(&mut killed, "alive\n"))?;
    let quit = why(killed.qmp())?.monitor("quit");
    let told = killed.read_line(PATIENCE).map_err(|stop| stop.why);
    match told {
        Err(told) if told.contains("the guest ended") => Ok(()),
        told => Err(format!("a guest without QEMU ({quit:?}): {told:?}")),
    }
}

pub fn nothing_of_a_guest_is_left(setup: &Setup) -> Outcome {
    let snapshot = echoing(setup)?.snapshot(READY)?;
    let folder = snapshot.memory().parent().map(Path::to_owned).ok_or("no folder")?;
    let files = || fs::read_dir(&folder).map(Iterator::count).map_err(|why| why.to_string());
    let before = files()?;
    let mut guests = Vec::new();
    for _ in 0..3 {
        guests.push(why(snapshot.restore())?);
    }
    why(echo(&mut guests[1], "alive\n"))?;
    let low = why(guests[1].memory(0, 8192))?;
    let processes: Vec<String> =
        guests.iter().map(|guest| format!("/proc/{}", guest.pid())).collect();
    if low.len() != 8192 || !processes.iter().all(|process| Path::new(process).exists()) {
        return Err(format!("{} bytes, {processes:?}", low.len()));
    }
    drop(guests);
    if files()? != before {
        return Err("files are left in the folder".into());
    }
    drop(snapshot);
    match processes
        .iter()
        .chain([&folder.display().to_string()])
        .find(|path| Path::new(path).exists())
    {
        None => Ok(()),
        Some(left) => Err(format!("{left} is left")),
    }
}

/// From nothing to the first byte that the program answers.
struct FirstAnswer {
    /// What its QEMU took of the processor, which is the same however busy this host is.
    processor: Duration,
    elapsed: Duration,
}

fn first_answer(snapshot: &Snapshot) -> Result<FirstAnswer> {
    let start = Instant::now();
    let mut guest = snapshot.restore()?;
    guest.write(b"x")?;
    guest.read_bytes(1, PATIENCE)?;
    let elapsed = start.elapsed();
    Ok(FirstAnswer { processor: processor_time(guest.pid())?, elapsed })
}

/// What all threads of a process have used, in the program and for it in the kernel.
fn processor_time(pid: u32) -> Result<Duration> {
    /// Of a tick in `/proc`: `USER_HZ` is 100 on all of Linux's machines.
    const MILLISECONDS: u64 = 10;
    let path = format!("/proc/{pid}/stat");
    let stat = fs::read_to_string(&path).map_err(|why| failed(format!("{path}: {why}")))?;
    // Behind the name, which may have blanks and parentheses in it, the state is the third field.
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    let ticks: Option<Vec<u64>> = fields.skip(11).take(2).map(|word| word.parse().ok()).collect();
    match ticks.as_deref() {
        Some([user, system]) => Ok(Duration::from_millis((user + system) * MILLISECONDS)),
        _ => Err(failed(format!("{path}: {stat:?}"))),
    }
}

/// The one in the middle, and the longest.
fn median_and_longest(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort();
    (times[times.len() / 2], times[times.len() - 1])
}

pub fn a_restored_guest_answers_at_once(setup: &Setup) -> Outcome {
    const GUESTS: u32 = 12;
    /// Of the processor.
    const AT_MOST: Duration = Duration::from_millis(250);
    let start = Instant::now();
    let snapshot = echoing(setup)?.snapshot(READY)?;
    let boot = start.elapsed().as_millis();
    for workers in [1, 2] {
        let start = Instant::now();
        let times = thread::scope(|scope| {
            let work = || (0..GUESTS / workers).map(|_| first_answer(&snapshot)).collect();
            let work: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
            let done = work.into_iter().map(|worker| worker.join());
            done.collect::<std::result::Result<Vec<Result<Vec<FirstAnswer>>>, _>>()
        });
        let all = start.elapsed();
        let times = times.map_err(|_| "a thread panicked")?;
        let times = why(times.into_iter().collect::<Result<Vec<_>>>())?;
        let times: Vec<FirstAnswer> = times.into_iter().flatten().collect();
        let (median, longest) = median_and_longest(times.iter().map(|it| it.elapsed).collect());
        let (used, most_used) = median_and_longest(times.iter().map(|it| it.processor).collect());
        eprintln!(
            "snapshot: {workers} at a time: first answer after {} ms (median), {} ms (longest), of the \
             processor {} ms (median), {} ms (most), {:.1} guests a second; boot and snapshot took \
             {boot} ms",
            median.as_millis(),
            longest.as_millis(),
            used.as_millis(),
            most_used.as_millis(),
            f64::from(GUESTS) / all.as_secs_f64()
        );
        if used > AT_MOST {
            return Err(format!("{} ms of the processor until the first answer", used.as_millis()));
        }
    }
    Ok(())
}

pub fn counted_guests_are_alike(setup: &Setup) -> Outcome {
    // Time passes as fast as this host can; the snapshot falls into the first pause. What is killed
    // is a server, which the log tells.
    let script = "echo ready; sleep 3000; kill -9 3; sleep 1; cat /proc/uptime /proc/stat; ps; vmstat; \
                  no-such-program";
    let mut guest = setup.program(&["/bin/sh", "-c", script])?;
    guest.machine.icount = true;
    let snapshot = guest.snapshot(READY)?;
    let run = || {
        let mut guest = snapshot.restore()?;
        guest.write(b"x").expect_err("a counted guest gets no input");
        let ended = guest.end(PATIENCE)?;
        Ok((ended.outcome.end, ended.stdout, ended.stderr, ended.outcome.log))
    };
    let (first, second) = (why(run())?, why(run())?);
    let (end, stdout, _, log) = &first;
    let told = log.iter().any(|line| line.contains("was ended by"));
    if *end != End::Exit(Exit::Exited(127)) || stdout.len() < 500 || !told {
        let stdout = text(stdout);
        return Err(format!("{end:?}, output {stdout:?}, log {log:?}"));
    }
    match first == second {
        true => Ok(()),
        false => Err(format!("two runs differ: {first:?}\n{second:?}")),
    }
}
