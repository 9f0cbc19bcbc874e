//! `run`: a program, or a shell, with this command's descriptors.

use crate::build::{self, Image, Kind, Profile};
use crate::contents::{Add, Contents};
use crate::debian;
use crate::kernel_log::Copy;
use crate::line::Streams;
use crate::machine::{Accelerator, Machine, Split};
use crate::qemu::System;
use crate::session::{End, First, Session, Wire};
use crate::stop::{Result, failed, usage};
use crate::words::{Word, Words};
use abi::frame::Exit;
use std::ffi::OsString;
use std::fs::File;
use std::io::IsTerminal;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStringExt;
use std::time::Duration;

/// Where qemu waits for a debugger.
pub const GDB_PLACE: &str = "tcp:127.0.0.1:1234";

pub const USAGE: &str = "\
usage: scripts/run [options] [-- PROGRAM [ARGS...]]

Boots Folio in QEMU. With PROGRAM, its descriptors 0, 1, 2 are this command's and its exit status is
this command's; without, an interactive shell runs on this terminal (Ctrl-] ends it).

  --add HOST[:GUEST]   put a file or folder into the boot archive (repeatable)
  --memory SIZE        RAM of the machine, as in 128M or 3G (128M)
  --pae, --no-pae      page-table format of the kernel (--pae)
  --split 3g|2g|1g     user space of the kernel's address split (3g)
  --cpu MODEL          QEMU CPU model and features, as in max,pge=off (max)
  --cmdline TEXT       more words for the kernel's command line
  --faults             a kernel with failpoints, as for --cmdline failslab=10,50,0,-1
  --env K=V            a variable for the program (repeatable)
  --icount             count instructions: time and counts repeat exactly; the program gets no input
  --timeout SECONDS    end with status 124 after this time
  --kernel-log FILE|-  copy the kernel's log to a file or to standard error
  --gdb                wait for gdb on port 1234 before the first instruction
  --accel tcg|kvm      how QEMU runs the processor (tcg)

Exit status: the program's; 128+N for signal N; 127 not found; 126 not executable; 124 timeout;
125 Folio or QEMU failed; 2 wrong usage.
";

pub const LINUX_USAGE: &str = "\
usage: cargo xtask linux [options] -- PROGRAM [ARGS...]

Boots Debian's i386 Linux with the same boot archive and runs PROGRAM there as scripts/run does on
Folio: the same streams, the same exit status. Options as for scripts/run, but for --split, --faults
and --cmdline's words, which are Linux's. RAM is at least 512M. --no-pae takes Debian's kernel without
PAE.
";

#[derive(Debug, Default, PartialEq, Eq)]
struct Options {
    machine: Machine,
    add: Vec<Add>,
    environment: Vec<String>,
    timeout: Option<Duration>,
    log: Option<Copy>,
    faults: bool,
    program: Option<Vec<OsString>>,
}

impl Options {
    fn parse(mut words: Words) -> Result<Self> {
        let mut options = Self::default();
        while let Some(word) = words.next_word()? {
            let name = match word {
                Word::Option(name) => name,
                Word::Rest(program) if program.is_empty() => {
                    return Err(usage("a program has to follow --, as in -- /bin/hello"));
                }
                Word::Rest(program) => {
                    options.program = Some(program);
                    continue;
                }
                Word::Plain(word) => {
                    return Err(usage(format!(
                        "{}: put -- before the program, as in scripts/run -- /bin/hello",
                        word.to_string_lossy()
                    )));
                }
            };
            if options.machine.option(&name, &mut words)? {
                continue;
            }
            match name.as_str() {
                "add" => options.add.push(Add::parse(&words.value(&name, "FILE:/bin/FILE")?)?),
                "env" => options.environment.push(variable(words.value(&name, "K=V")?)?),
                "icount" => options.machine.icount = true,
                "faults" => options.faults = true,
                "timeout" => options.timeout = Some(seconds(&words.value(&name, "60")?)?),
                "kernel-log" => options.log = Some(Copy::parse(words.value(&name, "FILE")?)),
                "gdb" => options.machine.gdb = Some(GDB_PLACE.to_owned()),
                "accel" => {
                    options.machine.accelerator = match words.value(&name, "tcg")?.as_str() {
                        "tcg" => Accelerator::Tcg,
                        "kvm" => Accelerator::Kvm,
                        other => {
                            return Err(usage(format!("--accel {other}: give tcg or kvm")));
                        }
                    }
                }
                "smp" | "disk" => return Err(usage(format!("--{name}: not in this version"))),
                _ => {
                    return Err(usage(format!("--{name}: no such option; see scripts/run --help")));
                }
            }
        }
        if options.machine.icount && options.machine.accelerator == Accelerator::Kvm {
            return Err(usage("--icount needs --accel tcg"));
        }
        Ok(options)
    }
}

fn variable(text: String) -> Result<String> {
    match text.split_once('=') {
        Some((name, _)) if !name.is_empty() && !text.contains('\0') => Ok(text),
        _ => Err(usage(format!("--env {text}: give NAME=VALUE"))),
    }
}

fn seconds(text: &str) -> Result<Duration> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| *seconds > 0.0);
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| usage(format!("--timeout {text}: give a number of seconds above 0")))
}

/// Runs the command; its exit status.
pub fn run(words: Words) -> Result<u8> {
    run_on(System::Folio, Options::parse(words)?)
}

/// `linux`: the same with Linux in Folio's place; the exit status.
pub fn run_linux(words: Words) -> Result<u8> {
    let mut options = Options::parse(words)?;
    let is_ours = options.machine.layout.split != Split::ThreeOne || options.faults;
    if is_ours || options.program.is_none() {
        return Err(usage(LINUX_USAGE));
    }
    options.machine.memory = options.machine.memory.max(512 << 20);
    run_on(System::Linux, options)
}

fn run_on(system: System, options: Options) -> Result<u8> {
    let machine = &options.machine;
    let programs = build::programs(false)?;
    let mut contents = match system {
        System::Folio => build::contents(&programs)?,
        System::Linux => build::contents_for_linux(&programs)?,
    };
    for add in &options.add {
        contents.add(add)?;
    }
    let first = first_program(options.program, &contents, options.environment)?;
    let kind = if options.faults { Kind::Faults } else { Kind::Plain };
    let image = Image { layout: machine.layout, profile: Profile::Release, kind };
    let kernel = match system {
        System::Folio => build::kernel(image, false)?,
        System::Linux => debian::kernel(machine.layout.pae)?.path,
    };
    let name = String::from_utf8_lossy(&first.path).into_owned();
    let terminal = system == System::Folio && !machine.icount;
    let wire = wire(terminal, machine)?;
    if machine.gdb.is_some() {
        eprintln!("waiting for: gdb {} -ex 'target remote :1234'", kernel.display());
    }
    let session = Session {
        machine,
        system,
        kernel: &kernel,
        contents,
        first: Some(first),
        damage: None,
        extra: String::new(),
        timeout: options.timeout,
        log: options.log.as_ref().map(Copy::open).transpose()?,
    };
    let outcome = session.run(wire)?;
    let failure = |why: &str| failed(outcome.report(why, &kernel));
    match &outcome.end {
        End::Exit(exit) => {
            match exit {
                Exit::NotFound => eprintln!(
                    "folio: {name}: not found in the boot archive (--add HOST:GUEST adds files)"
                ),
                Exit::NotExecutable => eprintln!("folio: {name}: cannot be executed"),
                Exit::Failed => return Err(failure(&format!("{system} could not run {name}"))),
                Exit::Exited(_) | Exit::Signalled(_) => {}
            }
            Ok(exit.shell_status())
        }
        End::Stopped => {
            Err(failure(&format!("{system} stopped without saying how its program ended")))
        }
        End::Failed(why) => Err(failure(why)),
        End::TimedOut => {
            eprintln!("folio: {name}: still running after the time --timeout gave it");
            Ok(124)
        }
        // As a shell reports SIGPIPE and SIGINT.
        End::BrokenPipe => Ok(128 + 13),
        End::Escaped => Ok(128 + 2),
    }
}

/// The program that was asked for, or the shell.
fn first_program(
    program: Option<Vec<OsString>>,
    contents: &Contents,
    environment: Vec<String>,
) -> Result<First> {
    let words = match program {
        Some(words) => words,
        None if contents.has("/bin/sh") => vec!["/bin/sh".into()],
        None => {
            return Err(usage(
                "there is no shell in this version: give a program, as in scripts/run -- /bin/hello",
            ));
        }
    };
    let mut arguments: Vec<Vec<u8>> = words.into_iter().map(OsString::into_vec).collect();
    let name = arguments.first_mut().filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| usage("the program after -- has no name"))?;
    if !name.contains(&b'/') {
        name.splice(..0, *b"/bin/");
    }
    let path = name.clone();
    Ok(First { path, arguments, environment: whole_environment(environment) })
}

/// What Linux gives its init, and a path; `chosen` wins.
pub fn whole_environment(chosen: Vec<String>) -> Vec<Vec<u8>> {
    let term = std::env::var("TERM").ok().filter(|term| !term.is_empty());
    let term = format!("TERM={}", term.as_deref().unwrap_or("linux"));
    let mut variables: Vec<String> = Vec::new();
    for variable in ["HOME=/".into(), "PATH=/bin:/sbin".into(), term].into_iter().chain(chosen) {
        let name = |text: &str| text.split('=').next().map(str::to_owned);
        variables.retain(|other| name(other) != name(&variable));
        variables.push(variable);
    }
    variables.into_iter().map(String::into_bytes).collect()
}

/// A terminal if the user sits at one and the guest can drive it, else three streams.
fn wire(terminal: bool, machine: &Machine) -> Result<Wire> {
    if terminal && std::io::stdin().is_terminal() && std::io::stdout().is_terminal() {
        return Ok(Wire::Terminal);
    }
    let own = |from: std::io::Result<std::os::fd::OwnedFd>| {
        from.map(File::from).map_err(|error| failed(format!("standard streams: {error}")))
    };
    let streams = Streams {
        stdin: Box::new(own(std::io::stdin().as_fd().try_clone_to_owned())?),
        stdout: Box::new(own(std::io::stdout().as_fd().try_clone_to_owned())?),
        stderr: Box::new(own(std::io::stderr().as_fd().try_clone_to_owned())?),
    };
    Ok(Wire::Streams { streams, credits: !machine.icount })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Options> {
        Options::parse(Words::new(words.iter().map(OsString::from)))
    }

    #[test]
    fn options_and_program() {
        let options = parse(&[
            "--timeout=1.5",
            "--env",
            "A=b=c",
            "--kernel-log",
            "-",
            "--icount",
            "--memory",
            "64M",
            "--",
            "/bin/echo",
            "--env",
        ])
        .unwrap();
        assert_eq!(options.timeout, Some(Duration::from_millis(1500)));
        assert_eq!(options.environment, ["A=b=c"]);
        assert_eq!(options.log, Some(Copy::Stderr));
        assert!(options.machine.icount);
        assert_eq!(options.program, Some(vec!["/bin/echo".into(), "--env".into()]));
    }

    #[test]
    fn every_misuse_ends_with_status_2_and_says_what_to_do() {
        for (words, cure) in [
            (&["--"][..], "-- /bin/hello"),
            (&["/bin/hello"], "put --"),
            (&["--smp", "2"], "not in this version"),
            (&["--disk=x"], "not in this version"),
            (&["--frobnicate"], "--help"),
            (&["--timeout", "0"], "seconds"),
            (&["--timeout", "1e99"], "seconds"),
            (&["--timeout", "nan"], "seconds"),
            (&["--env", "=x"], "NAME=VALUE"),
            (&["--accel", "xen"], "tcg or kvm"),
            (&["--add", "/no/such/file"], "HOST"),
            (&["--icount=3"], "no value"),
            (&["--icount", "--accel", "kvm"], "tcg"),
        ] {
            let stop = parse(words).unwrap_err();
            assert_eq!(stop.status, 2, "{words:?}");
            assert!(stop.why.contains(cure), "{words:?}: {}", stop.why);
        }
    }

    #[test]
    fn a_bare_name_is_looked_up_in_bin() {
        let first = |words: &[&str]| {
            let words = words.iter().map(OsString::from).collect();
            first_program(Some(words), &Contents::default(), vec![])
        };
        assert_eq!(first(&["hello", "x"]).unwrap().path, b"/bin/hello");
        assert_eq!(first(&["/tmp/hello"]).unwrap().path, b"/tmp/hello");
        assert_eq!(first(&[""]).unwrap_err().status, 2);
        assert_eq!(first_program(None, &Contents::default(), vec![]).unwrap_err().status, 2);
    }

    #[test]
    fn chosen_variables_replace_the_usual_ones() {
        let variables = whole_environment(vec!["PATH=/x".into(), "A=".into()]);
        assert!(variables.contains(&b"PATH=/x".to_vec()));
        assert!(!variables.contains(&b"PATH=/bin:/sbin".to_vec()));
        assert_eq!(variables.last(), Some(&b"A=".to_vec()));
    }
}
