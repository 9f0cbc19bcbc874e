//! `bench`: the measuring program with counted instructions, on Folio and on Linux.

mod aims;
mod figures;
mod growth;
mod linux;
mod peer;
mod profile;
mod share;
mod table;

use crate::build::{self, Image, Kind, Profile};
use crate::captured::{capture, text};
use crate::contents::{Add, Contents};
use crate::debian;
use crate::machine::{Layout, Machine, Split};
use crate::qemu::System;
use crate::session::End;
use crate::stop::{Result, Stop, failed, usage};
use crate::words::{Word, Words};
use abi::frame::Exit;
use figures::{Figure, differences, parse};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use table::{Above, Column, Peer, table};

pub const USAGE: &str = "\
usage: scripts/bench [options] [NAMES...]

Measures in instructions: the same numbers in every run. NAMES are measurements, or parts of their
names; without any, all run. Without --pae and --no-pae both page-table formats are measured.
A figure above its aim has a mark behind it. Most aims are something to strive for (!); that of
sysenter_getppid, 80 instructions, is promised (!!): status 1 if it takes more.

  --against linux      the same program as the first one of Debian's i386 kernel, and the ratios
  --faults             the kernel with failpoints beside the plain one; status 1 if a row takes more
                       than 5 instructions and a hundredth more
  --profile NAME       count the instructions of each function in one measurement, after the
                       NAMES before it; with --faults in the kernel with failpoints
  --share NAME         count how many instructions of one measurement are the kernel's; with
                       Linux, status 1 if they are above a limit (dash_true: half of Linux's)
  --check              measure twice; status 1 if the figures differ
  --pae, --no-pae      only this page-table format
  --memory SIZE        RAM of the machine (3G)
  --split 3g|2g|1g, --cpu MODEL, --cmdline TEXT
                       as for scripts/run
";

/// What counts the instructions.
const PROGRAM: &str = "/bin/bench";
/// The file it reads and maps.
const DATA: &str = "/bench.data";
/// Longer than any honest run takes.
const TIMEOUT: Duration = Duration::from_secs(1200);

#[derive(Debug, PartialEq, Eq)]
struct Options {
    machine: Machine,
    /// Both formats, where the user named none.
    formats: Vec<bool>,
    names: Vec<String>,
    linux: bool,
    faults: bool,
    check: bool,
    profile: Option<String>,
    share: Option<String>,
}

impl Options {
    fn parse(mut words: Words) -> Result<Self> {
        let machine = Machine { memory: 3 << 30, icount: true, ..Machine::default() };
        let mut options = Self {
            machine,
            formats: Vec::new(),
            names: Vec::new(),
            linux: false,
            faults: false,
            check: false,
            profile: None,
            share: None,
        };
        let mut plain = Vec::new();
        while let Some(word) = words.next_word()? {
            match word {
                Word::Plain(name) => plain.push(name),
                Word::Rest(rest) => plain.extend(rest),
                Word::Option(name) => match name.as_str() {
                    "against" => match words.value(&name, "linux")?.as_str() {
                        "linux" => options.linux = true,
                        other => return Err(usage(format!("--against {other}: give linux"))),
                    },
                    "faults" => options.faults = true,
                    "check" => options.check = true,
                    "profile" => options.profile = Some(words.value(&name, "fork_exit_wait_0")?),
                    "share" => options.share = Some(words.value(&name, "dash_true")?),
                    "pae" | "no-pae" => options.formats.push(name == "pae"),
                    _ if options.machine.option(&name, &mut words)? => {}
                    _ => return Err(usage(format!("--{name}: no such option\n{USAGE}"))),
                },
            }
        }
        for name in plain {
            let name = name.to_string_lossy().into_owned();
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if name.is_empty() || !name.chars().all(plain) {
                return Err(usage(format!(
                    "{name:?}: a measurement's name has letters, digits, _"
                )));
            }
            options.names.push(name);
        }
        if options.formats.is_empty() {
            options.formats = vec![false, true];
        }
        options.formats.dedup();
        let is_folio_only = options.faults || options.profile.is_some();
        let is_share = options.share.is_some();
        if is_share && is_folio_only
            || (is_share || is_folio_only) && options.check
            || is_folio_only && options.linux
        {
            return Err(usage(
                "--faults, --profile and --share are measurements of their own, without --check; only \
                 --share goes with --against, and --faults with --profile",
            ));
        }
        let compared = options.linux || options.share.is_some();
        if compared && options.machine.layout.split != Split::ThreeOne {
            return Err(usage("--against linux, --share: Debian's kernels have the 3g split only"));
        }
        Ok(options)
    }
}

/// Runs the command; its exit status.
pub fn run(words: Words) -> Result<u8> {
    let options = Options::parse(words)?;
    let mut columns = Vec::new();
    let mut unlike = Vec::new();
    let mut are_kept = true;
    for &pae in &options.formats {
        let layout = Layout { pae, split: options.machine.layout.split };
        let machine = Machine { layout, ..options.machine.clone() };
        if let Some(row) = &options.profile {
            let kind = if options.faults { Kind::Faults } else { Kind::Plain };
            println!("{row} on {layout}\n{}", profiled(&machine, kind, row, &options.names)?);
            continue;
        }
        if let Some(row) = &options.share {
            let (text, is_kept) = shares(&machine, row, options.linux)?;
            println!("{text}");
            are_kept &= is_kept;
            continue;
        }
        if options.faults {
            let both =
                [Kind::Plain, Kind::Faults].map(|kind| folio(&machine, kind, &options.names));
            let [plain, faults] = both;
            let (text, too_dear) = growth::growth(&layout.to_string(), &plain?, &faults?);
            println!("{text}");
            are_kept &= too_dear == 0;
            continue;
        }
        let mut measure = |name: &str, once: &dyn Fn(bool) -> Result<Vec<Figure>>| {
            let figures = once(false)?;
            if options.check {
                let lines = differences(&figures, &once(true)?);
                unlike.extend(lines.into_iter().map(|line| format!("{name}: {line}")));
            }
            Ok(figures)
        };
        let figures =
            measure(&layout.to_string(), &|_| folio(&machine, Kind::Plain, &options.names))?;
        let peer = if options.linux {
            let name = if pae { "686-pae" } else { "686" };
            let once = |again| {
                let contents = contents(&options.names)?;
                let output = peer::output(&machine, &contents, &options.names, again)?;
                Ok(parse(&output))
            };
            Some(Peer { name: name.into(), figures: measure(name, &once)? })
        } else {
            None
        };
        columns.push(Column { name: layout.to_string(), pae, figures, peer });
    }
    if options.profile.is_some() || options.share.is_some() || options.faults {
        return Ok(u8::from(!are_kept));
    }
    let (text, above) = table(&columns);
    print!("{text}");
    if above.all > 0 {
        println!(
            "! {} above their aims: a third of Linux, 1,500 a page written or copied",
            above.all
        );
    }
    if options.check {
        unlike.iter().for_each(|line| println!("not the same: {line}"));
        println!("{} differences between two runs", unlike.len());
    }
    let all = columns.iter().flat_map(|column| &column.figures);
    let failed = all.filter(|figure| figure.measured.is_err()).count();
    Ok(status(failed, above, unlike.len()))
}

/// What a run ends with: 1 if measurements failed, a promise is broken, or two runs differ.
fn status(failed: usize, above: Above, unlike: usize) -> u8 {
    u8::from(failed > 0 || above.promised > 0 || unlike > 0)
}

/// The archive with the data file, and nobody beside the program that is measured and what it starts.
fn contents(names: &[String]) -> Result<Contents> {
    let mut contents = build::bare_contents(&build::programs(false)?)?;
    contents.bytes(DATA, 0o444, data())?;
    if names.iter().any(|name| name.starts_with("dash")) {
        let debian = debian::programs()?;
        for (file, guest) in DASH {
            let host = debian.path.join(file);
            contents.add(&Add { host, guest: guest.as_bytes().to_vec() })?;
        }
    }
    Ok(contents)
}

/// Debian's shell, its loader and its library, and where they are looked for.
const DASH: [(&str, &str); 3] = [
    ("bin/dash", "/bin/dash"),
    ("lib/i386-linux-gnu/ld-linux.so.2", "/lib/ld-linux.so.2"),
    ("lib/i386-linux-gnu/libc.so.6", "/lib/i386-linux-gnu/libc.so.6"),
];

/// 16 MiB in which no page equals another.
fn data() -> Vec<u8> {
    (0..4_u32 << 20).flat_map(|word| word.wrapping_mul(0x9E37_79B9).to_le_bytes()).collect()
}

/// The kernel that is measured.
fn kernel(machine: &Machine, kind: Kind) -> Result<PathBuf> {
    build::kernel(Image { layout: machine.layout, profile: Profile::Release, kind }, false)
}

/// Measures one image.
fn folio(machine: &Machine, kind: Kind, names: &[String]) -> Result<Vec<Figure>> {
    eprintln!("measuring {}", machine.layout);
    measure(machine, kind, &["--rows"], names)
}

/// Whose instructions those of one measurement are, after others.
fn profiled(machine: &Machine, kind: Kind, row: &str, before: &[String]) -> Result<String> {
    let mut names = before.to_vec();
    if !names.iter().any(|name| name == row) {
        names.push(row.to_owned());
    }
    let programs = build::programs(false)?;
    let program = programs.iter().find(|program| program.guest == PROGRAM);
    let program = program.ok_or_else(|| failed("this tree has no user/bin/bench"))?;
    let marks = profile::symbols(&program.unstripped, ["bench_begin", "bench_end"])?;
    let files = profile::Files::new(&build::images()?)?;
    let gdb = Some(format!("unix:{},server=on,wait=off", files.socket.display()));
    let watched = Machine { gdb, ..machine.clone() };
    eprintln!("profiling {}", machine.layout);
    let over = AtomicBool::new(false);
    let (figures, recorded, counts) = std::thread::scope(|scope| {
        let counter = scope.spawn(|| profile::count(&files.log));
        let recorder = scope.spawn(|| profile::record(&files.socket, &files.log, marks, &over));
        let figures = measure(&watched, kind, &["--mark", row, "--rows"], &names);
        over.store(true, Ordering::Release);
        let recorded = recorder.join();
        let ended = profile::end_log(&files.log);
        (figures, recorded, ended.and_then(|()| counter.join().map_err(|_| panicked())?))
    });
    recorded.map_err(|_| panicked())??;
    let (figures, counts) = (figures?, counts?);
    let figure = figures.iter().find(|figure| figure.name == row);
    let figure = figure.ok_or_else(|| usage(format!("{row}: no measurement has that name")))?;
    let measured =
        figure.measured.as_ref().map_err(|why| failed(format!("{row} failed: {why}")))?;
    let kernel = kernel(machine, kind)?;
    profile::report(&counts, &kernel, &program.unstripped, measured.instructions)
}

fn panicked() -> Stop {
    failed("the profiler panicked")
}

/// Whose instructions those of one measurement are, the kernel's or programs'; and whether the
/// kernel's are few enough.
fn shares(machine: &Machine, row: &str, linux: bool) -> Result<(String, bool)> {
    let names = [row.to_owned()];
    let programs = build::programs(false)?;
    let program = programs.iter().find(|program| program.guest == PROGRAM);
    let program = program.ok_or_else(|| failed("this tree has no user/bin/bench"))?;
    let marks = profile::symbols(&program.unstripped, ["bench_begin", "bench_end"])?;
    let counter = share::Counter::new(marks)?;
    let watched = Machine { plugin: Some(counter.plugin.clone()), ..machine.clone() };
    let counted = |figures: Vec<Figure>| {
        let figure = figures.into_iter().find(|figure| figure.name == row);
        let figure = figure.ok_or_else(|| usage(format!("{row}: no measurement has that name")))?;
        let measured = figure.measured.map_err(|why| failed(format!("{row} failed: {why}")))?;
        counter.take(measured.instructions)
    };
    eprintln!("counting on {}", machine.layout);
    let own = counted(measure(&watched, Kind::Plain, &["--mark", row, "--rows"], &names)?)?;
    let peer = if linux {
        let (output, name) = peer::marked(&watched, &contents(&names)?, row)?;
        Some((name, counted(parse(&output))?))
    } else {
        None
    };
    let peer = peer.as_ref().map(|(name, share)| (name.as_str(), *share));
    let text = share::table(row, (&machine.layout.to_string(), own), peer);
    Ok(match share::verdict(row, own, peer.map(|(_, share)| share)) {
        Some((verdict, is_kept)) => (format!("{text}\n{verdict}"), is_kept),
        None => (text, true),
    })
}

/// Boots an image and runs the measuring program.
fn measure(
    machine: &Machine,
    kind: Kind,
    options: &[&str],
    names: &[String],
) -> Result<Vec<Figure>> {
    let kernel = kernel(machine, kind)?;
    let plain = names.iter().map(String::as_str);
    let words: Vec<&str> =
        [PROGRAM].into_iter().chain(options.iter().copied()).chain(plain).collect();
    let ran = capture(machine, (System::Folio, &kernel), contents(names)?, &words, TIMEOUT)?;
    let why = match ran.outcome.end {
        End::Exit(Exit::Exited(0 | 1)) => return Ok(parse(&text(&ran.stdout))),
        End::Exit(Exit::Exited(2)) => return Err(usage("no measurement has that name")),
        End::Exit(exit) => format!("{PROGRAM}: {exit:?}"),
        End::TimedOut => format!("{PROGRAM} did not end after {} seconds", TIMEOUT.as_secs()),
        End::Failed(ref why) => why.clone(),
        _ => "Folio stopped without saying how its program ended".to_owned(),
    };
    let report = ran.outcome.report(&why, &kernel);
    Err(failed(format!(
        "{report}\nthe program's output:\n{}{}",
        text(&ran.stdout),
        text(&ran.stderr)
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;

    fn parse(line: &str) -> Result<Options> {
        Options::parse(Words::new(line.split_whitespace().map(OsString::from)))
    }

    #[test]
    fn a_broken_promise_is_a_failure_and_another_aim_is_not() {
        let above = |all, promised| Above { all, promised };
        assert_eq!(status(0, above(7, 0), 0), 0);
        assert_eq!(status(0, above(7, 1), 0), 1);
        assert_eq!([status(1, above(0, 0), 0), status(0, above(0, 0), 1)], [1, 1]);
    }

    #[test]
    fn both_formats_unless_one_is_named() {
        let options = parse("").unwrap();
        assert_eq!((options.formats, options.machine.memory), (vec![false, true], 3 << 30));
        assert!(options.machine.icount && options.names.is_empty() && !options.linux);
        let options = parse("--profile fork vma").unwrap();
        assert_eq!((options.profile.as_deref(), options.names.len()), (Some("fork"), 1));
        let options = parse("--pae --against linux --check read_4k fork --memory 1G").unwrap();
        assert_eq!((options.formats, options.names.len()), (vec![true], 2));
        assert!(options.linux && options.check && options.machine.memory == 1 << 30);
        assert!(parse("--faults --pae").unwrap().faults && !options.faults);
        let options = parse("--faults --profile fork").unwrap();
        assert!(options.faults && options.profile.is_some());
    }

    #[test]
    fn misuse_ends_with_status_2() {
        for line in [
            "--faults --check",
            "--faults --against linux",
            "--profile a --share b",
            "--faults --profile a --check",
            "--faults --share a",
            "--share a --check",
        ] {
            assert_eq!(parse(line).unwrap_err().status, 2, "{line}");
        }
        for line in ["--against bsd", "a-b", "--nope", "--against linux --split 2g"] {
            assert_eq!(parse(line).unwrap_err().status, 2, "{line}");
        }
    }
}
