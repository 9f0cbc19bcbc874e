//! Boots one guest, by the code that `scripts/run` uses, and keeps what came of it.

use crate::Outcome;
use crate::at_work::AtWork;
use crate::progress::Trials;
use crate::trial::Trial;
use crate::typist::Typist;
use abi::frame::Exit;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;
use xtask::build::{self, Image, Kind, Profile, Program};
use xtask::captured::{Kept, text};
use xtask::contents::{Add, Contents};
use xtask::fault_tests::debug;
use xtask::foreign::FOREIGN;
use xtask::line::Streams;
use xtask::machine::Machine;
use xtask::qemu::System;
use xtask::random_calls::{Amount, Campaign};
use xtask::running::Running;
use xtask::session::{Damage, End, First, Session, Wire};
use xtask::snapshot::Snapshot;
use xtask::stop::Result;
use xtask::symbols;
use xtask::workspace;

/// Where the chance of campaigns begins unless something else is asked for.
const SEED: u64 = 4;
/// Longer than any honest guest takes.
const TIMEOUT: Duration = Duration::from_secs(60);

/// What a program says that waits to be taken a snapshot of.
pub const READY: &str = "ready\n";

/// Why something failed, if it did.
pub fn why<T>(result: Result<T>) -> std::result::Result<T, String> {
    result.map_err(|stop| stop.why)
}

/// What all scenarios share.
pub struct Setup {
    pub machine: Machine,
    /// Campaigns take as long as they can.
    pub is_long: bool,
    /// Where the chance of campaigns begins.
    pub seed: u64,
    /// The only trial of a campaign.
    pub only: Option<Trial>,
    /// Its guest is left to gdb where its fault is made.
    pub stops: bool,
    at_work: OnceLock<std::result::Result<AtWork, String>>,
    programs: Vec<Program>,
    kernel: PathBuf,
    crashing_kernel: PathBuf,
}

impl Setup {
    /// Builds kernels and programs.
    pub fn build(machine: Machine) -> Result<Self> {
        let layout = machine.layout;
        let image = |kind| build::kernel(Image { layout, profile: Profile::Checked, kind }, true);
        let (kernel, crashing_kernel) = (image(Kind::Plain)?, image(Kind::Ktest)?);
        Ok(Self {
            machine,
            is_long: false,
            seed: SEED,
            only: None,
            stops: false,
            at_work: OnceLock::new(),
            programs: build::programs(true)?,
            kernel,
            crashing_kernel,
        })
    }

    /// The guest from which trials go on.
    pub fn at_work(&self) -> std::result::Result<&AtWork, String> {
        self.at_work.get_or_init(|| AtWork::boot(self)).as_ref().map_err(String::clone)
    }

    /// Leaves a guest that stands still where the fault of the only trial is made to gdb.
    pub fn debug(&self, guest: Running) -> Outcome {
        let name = self.only.as_ref().map(Trial::to_string).unwrap_or_default();
        why(debug(guest, &name))
    }

    /// A guest that runs `words`, with all our programs in its archive.
    pub fn program(&self, words: &[&str]) -> std::result::Result<Guest<'_>, String> {
        self.program_among(&self.programs, words)
    }

    /// A guest that runs `words`, with these programs in its archive.
    pub fn program_among(
        &self,
        programs: &[Program],
        words: &[&str],
    ) -> std::result::Result<Guest<'_>, String> {
        let contents = build::contents(programs).map_err(|stop| stop.why)?;
        Ok(Guest::new(self, self.kernel.clone(), contents, words))
    }

    /// A guest that runs a test of the suite, with the services that those want.
    pub fn suite(&self, test: &str) -> std::result::Result<Guest<'_>, String> {
        let contents = why(build::contents_for_suite(&self.programs))?;
        Ok(Guest::new(self, self.kernel.clone(), contents, &["/bin/suite", test]))
    }

    /// The same guest on a kernel with failpoints.
    pub fn failing<'a>(&self, guest: Guest<'a>) -> std::result::Result<Guest<'a>, String> {
        let layout = self.machine.layout;
        let image = Image { layout, profile: Profile::Checked, kind: Kind::Faults };
        let kernel = build::kernel(image, true).map_err(|stop| stop.why)?;
        Ok(Guest { kernel, ..guest })
    }

    /// A guest that runs `words` while the servers of one of the image's services are killed, so many
    /// milliseconds apart on average, and more often than the image allows.
    pub fn killing(
        &self,
        service: &str,
        milliseconds: u32,
        words: &[&str],
    ) -> std::result::Result<Guest<'_>, String> {
        let path = format!("etc/services/{service}.conf");
        let host = workspace::root().join("user/init").join(&path);
        let manifest = std::fs::read(&host).map_err(|why| format!("{}: {why}", host.display()))?;
        let manifest = [&manifest[..], b"restart 1000 in 60s\npause 10ms 100ms\n"].concat();
        let mean = milliseconds.to_string();
        let words = [&["/bin/killer", service, &mean], words].concat();
        self.program(&words)?.with_file(&format!("/{path}"), 0o644, manifest)
    }

    /// A guest that runs `words`, with Debian's programs in its archive.
    pub fn foreign(&self, words: &[&str]) -> std::result::Result<Guest<'_>, String> {
        let of_debian = (FOREIGN.fetch)().map_err(|stop| stop.why)?;
        let contents = (FOREIGN.contents)(&self.programs, &of_debian).map_err(|stop| stop.why)?;
        let mut guest = Guest::new(self, self.kernel.clone(), contents, words);
        guest.machine.memory = guest.machine.memory.max(FOREIGN.memory.1);
        guest.timeout = FOREIGN.timeout;
        if let Some(first) = &mut guest.first {
            let variables = ["HOME=/tmp", "PATH=/bin:/usr/bin", "TERM=dumb"];
            first.environment = variables.map(|text| text.as_bytes().to_vec()).to_vec();
        }
        Ok(guest)
    }

    /// Calls at random on a kernel of that kind, and with more words for it.
    pub fn calls_at_random(
        &self,
        kind: Kind,
        words: &str,
    ) -> std::result::Result<Campaign, String> {
        let mut machine = self.machine.clone();
        machine.cmdline = format!("{} {words}", machine.cmdline).trim().to_owned();
        let image = Image { layout: machine.layout, profile: Profile::Checked, kind };
        let mut contents = why(build::contents(&self.programs))?;
        let host = workspace::root().join("tests/random/etc");
        why(contents.add(&Add { host, guest: "/etc".into() }))?;
        Ok(Campaign {
            name: "random".into(),
            machine,
            kernel: why(build::kernel(image, true))?,
            contents,
            amount: Amount::Calls(20_000),
            seed: 1,
            processes: 8,
            tells_errors: false,
            also: None,
        })
    }

    /// A guest that runs a program made here, and has no other.
    pub fn bytes(&self, program: Vec<u8>) -> std::result::Result<Guest<'_>, String> {
        let contents = build::contents(&[]).map_err(|stop| stop.why)?;
        let guest = Guest::new(self, self.kernel.clone(), contents, &["/bin/tiny"]);
        guest.with_file("/bin/tiny", 0o755, program)
    }

    /// A guest whose kernel does what `crash=` says.
    pub fn crash(&self, how: &str) -> std::result::Result<Guest<'_>, String> {
        let contents = build::contents(&[]).map_err(|stop| stop.why)?;
        let mut guest = Guest::new(self, self.crashing_kernel.clone(), contents, &[]);
        guest.words = format!("crash={how}");
        Ok(guest)
    }

    /// All programs, with their paths in the guest.
    pub fn files(&self) -> std::result::Result<Vec<(String, Vec<u8>)>, String> {
        let paths = self.programs.iter().map(|program| program.guest.to_string());
        paths.map(|path| Ok((path.clone(), self.file_of(&path)?))).collect()
    }

    /// The host's copy of a program, with its path in the guest.
    pub fn file_of(&self, guest: &str) -> std::result::Result<Vec<u8>, String> {
        let program = self.programs.iter().find(|program| program.guest == guest);
        let program = program.ok_or_else(|| format!("there is no {guest} in this tree"))?;
        std::fs::read(&program.stripped).map_err(|error| format!("{guest}: {error}"))
    }
}

/// A guest that has not been started.
pub struct Guest<'a> {
    pub machine: Machine,
    /// More words for the kernel.
    pub words: String,
    pub stdin: Vec<u8>,
    pub damage: Option<&'a Damage<'a>>,
    pub timeout: Duration,
    /// The trials of which each is a line of its output.
    pub trials: Option<Trials>,
    kernel: PathBuf,
    contents: Contents,
    first: Option<First>,
}

impl<'a> Guest<'a> {
    fn new(setup: &Setup, kernel: PathBuf, contents: Contents, words: &[&str]) -> Self {
        let first = words.first().map(|path| First {
            path: path.as_bytes().to_vec(),
            arguments: words.iter().map(|word| word.as_bytes().to_vec()).collect(),
            environment: Vec::new(),
        });
        Self {
            machine: setup.machine.clone(),
            words: String::new(),
            stdin: Vec::new(),
            damage: None,
            timeout: TIMEOUT,
            trials: None,
            kernel,
            contents,
            first,
        }
    }

    /// The same with one more file in its archive.
    pub fn with_file(
        mut self,
        path: &str,
        permissions: u32,
        bytes: Vec<u8>,
    ) -> std::result::Result<Self, String> {
        self.contents.bytes(path, permissions, bytes).map_err(|stop| stop.why)?;
        Ok(self)
    }

    /// The file of its kernel.
    pub fn kernel(&self) -> &Path {
        &self.kernel
    }

    /// Boots, and waits for the end.
    pub fn run(mut self) -> std::result::Result<Ended, String> {
        let (stdout, stderr) = (Kept::default(), Kept::default());
        let streams = Streams {
            stdin: Box::new(io::Cursor::new(std::mem::take(&mut self.stdin))),
            stdout: match self.trials.take() {
                Some(trials) => Box::new(trials.listener(stdout.clone())),
                None => Box::new(stdout.clone()),
            },
            stderr: Box::new(stderr.clone()),
        };
        // What is counted must not depend on when something is sent to it.
        let credits = !self.machine.icount;
        let ended = self.boot(Wire::Streams { streams, credits })?;
        Ok(Ended { stdout: stdout.take(), stderr: stderr.take(), ..ended })
    }

    /// The same on a terminal, at which `typist` sits. What is shown counts as standard output.
    pub fn run_on_terminal(self, typist: Typist) -> std::result::Result<Ended, String> {
        let screen = typist.screen();
        let shown = Box::new(screen.clone());
        let ended = self.boot(Wire::Tty { keys: Box::new(typist), screen: shown })?;
        Ok(Ended { stdout: screen.take(), ..ended })
    }

    /// Boots, for a test that looks at the machine meanwhile.
    pub fn start(mut self) -> std::result::Result<Running, String> {
        let machine = self.machine.clone();
        self.session(&machine).start_alone().map_err(|stop| stop.why)
    }

    /// Boots, and lets it stand still where the kernel is about to call the function with that path for the
    /// first time, which is the same moment in every run.
    pub fn start_at(mut self, function: &[&str]) -> std::result::Result<Running, String> {
        self.machine.icount = true;
        // It waits for the first order.
        self.machine.gdb = Some("none".into());
        let address = why(symbols::address_in(&self.kernel, function))?;
        let mut running = self.start()?;
        why(running.gdb().and_then(|mut gdb| gdb.run_to(address)))?;
        Ok(running)
    }

    /// Boots until its program has written `ready`, and keeps the machine as it is then.
    pub fn snapshot(mut self, ready: &str) -> std::result::Result<Snapshot, String> {
        let machine = self.machine.clone();
        why(Snapshot::take(self.session(&machine), ready.as_bytes()))
    }

    /// The same, but that it goes on then until it is about to execute the instruction at `address`: there
    /// it is the same machine in every run, if it counts instructions.
    pub fn snapshot_at(
        mut self,
        ready: &str,
        address: u32,
    ) -> std::result::Result<Snapshot, String> {
        let machine = self.machine.clone();
        why(Snapshot::take_at(self.session(&machine), ready.as_bytes(), address))
    }

    fn boot(mut self, wire: Wire) -> std::result::Result<Ended, String> {
        let machine = self.machine.clone();
        let outcome = self.session(&machine).run(wire).map_err(|stop| stop.why)?;
        let report = outcome.report(&format!("{:?}", outcome.end), &self.kernel);
        let (end, log) = (outcome.end, outcome.log);
        Ok(Ended { end, report, log, stdout: Vec::new(), stderr: Vec::new() })
    }

    /// Takes what is to boot.
    fn session<'b>(&'b mut self, machine: &'b Machine) -> Session<'b> {
        Session {
            machine,
            system: System::Folio,
            kernel: &self.kernel,
            contents: std::mem::take(&mut self.contents),
            first: self.first.take(),
            damage: self.damage,
            extra: std::mem::take(&mut self.words),
            timeout: Some(self.timeout),
            log: None,
        }
    }
}

/// What a guest left.
pub struct Ended {
    pub end: End,
    /// For people: the end, and the log with names for addresses.
    pub report: String,
    /// What the kernel said.
    pub log: Vec<String>,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

impl Ended {
    /// Fails unless the guest ended like this.
    pub fn expect(&self, end: End) -> Outcome {
        if self.end == end { Ok(()) } else { Err(format!("expected {end:?}: {}", self.report)) }
    }

    /// Fails unless the first program came to this end.
    pub fn expect_exit(&self, exit: Exit) -> Outcome {
        self.expect(End::Exit(exit))
    }

    /// Fails unless the kernel panicked.
    pub fn expect_panic(&self) -> Outcome {
        self.expect(End::Failed("the kernel panicked".into()))
    }

    /// Fails unless the report, in which addresses have names, contains each of `texts`.
    pub fn expect_said(&self, texts: &[&str]) -> Outcome {
        match texts.iter().find(|text| !self.report.contains(**text)) {
            None => Ok(()),
            Some(text) => Err(format!("nothing said {text:?}: {}", self.report)),
        }
    }

    /// Fails unless the program printed this.
    pub fn expect_output(&self, expected: &[u8]) -> Outcome {
        if self.stdout == expected {
            return Ok(());
        }
        let (found, report) = (text(&self.stdout), &self.report);
        let length = self.stdout.len();
        let short: String = found.chars().take(200).collect();
        Err(format!("{length} bytes of other output, {short:?}: {report}"))
    }
}
