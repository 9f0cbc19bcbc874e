//! `test`: the rings of tests, on the machines their words ask for.

use crate::agreement::Questions;
use crate::build::{self, Image, Kind, LINUX_INIT, Program};
use crate::captured::text;
use crate::cargo::{self, limited};
use crate::contents::{Add, Contents};
use crate::fault_tests::{self, Ask, Replays};
use crate::foreign::FOREIGN;
use crate::guest_tests::{self, SMOKE, SUITE, SUITE_TIMEOUT};
use crate::host_tests::{self, Draw};
use crate::jobs::{self, Job, Step};
use crate::ktap::{last_lines, program_agrees, program_case};
use crate::lanes::{self, Lane};
use crate::linux;
use crate::machine::Machine;
use crate::oracle::ORACLE;
use crate::random_calls::{self, RANDOM, RandomOptions};
use crate::report::{Case, Counts, Group, Verdict, write_junit};
use crate::stop::{Result, failed, usage};
use crate::words::{Word, Words};
use crate::workspace;
use std::path::PathBuf;
use std::process::Stdio;
use std::thread;
use std::time::Instant;

pub const USAGE: &str = "\
usage: scripts/test [options] [host|ktest|suite|fault|random|stress|harness|oracle|foreign|all]
                    [FILTER]
       scripts/test [options] fault --replay ID [--gdb]

host    unit tests on this machine; layers, format and lints of the code
ktest   the kernel's own tests, in QEMU
suite   tests by system calls, in QEMU and on this Linux
fault   everything that can fail in the kernel fails, one by one, while programs work; changes of
        running servers (servers::); then faults from outside (flips::, nmi::, clock::, pressure::)
random  a million calls at random from eight processes on each format of page tables; a crash is
        reduced to a program that repeats it
stress  threads that change an address space while others fault in it, for a minute each test, and
        some more with a switch of tasks wherever one may come
harness how guests end that must not end well: crashes, damaged archives, wrong machines
oracle  Debian's busybox, which has to do the same as on Debian's Linux in QEMU
foreign scripts for Debian's shells, tools, Lua, SQLite and Python, which have to do the same too
all     everything, on all six kernel images and special machines, and a minute of stress
no word: host, ktest, suite and harness on the default image, but for the harness's slow scenarios, and
        a smoke test of the other five and of a release kernel

FILTER is a part of a test's name.

  --long               with stress and all: ten minutes of stress; with fault and all: a million
                       faults, thousands of flips and 5,000 changes of servers, which takes some
                       hours
  --soak               with random: on and on, with a line every ten seconds
  --errors             with random: and how often calls ended with which error
  --seed N, --calls N, --processes N
                       with random: where chance begins, and how much of it
  --program FILE       with random: only a program that a crash was reduced to
  --report FOLDER      with fault: where its report goes, by default to target/faults: index.html for
                       people, faults.jsonl with a line for each fault, junit.xml
  --replay ID          with fault: one run of a report again, the same each time
  --gdb                with --replay: stop in gdb where its first fault is injected
  --junit FILE         write the results as JUnit XML
  --memory SIZE, --pae, --no-pae, --split 3g|2g|1g, --cpu MODEL, --cmdline TEXT
                       the machine, as for scripts/run

The last line is `N passed, N failed, N skipped`. Exit status: 0 if nothing failed, 1 if a test did,
2 wrong usage.
";

const HARNESS_SECONDS: &str = "600";
const LONG_CAMPAIGN_SECONDS: &str = "14400";
/// What the harness asks of every image: who may use which page.
const PAGE_TABLES: &str = "page_tables::";
const STRESS: u32 = 60;
const LONG_STRESS: u32 = 600;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ring {
    Host,
    Ktest,
    Suite,
    Fault,
    Random,
    Stress,
    Harness,
    Oracle,
    Foreign,
    All,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Options {
    machine: Machine,
    ring: Option<Ring>,
    filter: Option<String>,
    junit: Option<PathBuf>,
    long: bool,
    random: RandomOptions,
    report: Option<PathBuf>,
    replay: Option<String>,
    gdb: bool,
}

impl Options {
    fn parse(mut words: Words) -> Result<Self> {
        let mut options = Self::default();
        let mut plain = Vec::new();
        while let Some(word) = words.next_word()? {
            match word {
                Word::Plain(word) => plain.push(word),
                Word::Rest(words) => plain.extend(words),
                Word::Option(name) if options.machine.option(&name, &mut words)? => {}
                Word::Option(name) if name == "junit" => {
                    options.junit = Some(words.value(&name, "FILE")?.into());
                }
                Word::Option(name) if name == "long" => options.long = true,
                Word::Option(name) if options.random.option(&name, &mut words)? => {}
                Word::Option(name) if name == "gdb" => options.gdb = true,
                Word::Option(name) if name == "report" => {
                    options.report = Some(words.value(&name, "FOLDER")?.into());
                }
                Word::Option(name) if name == "replay" => {
                    options.replay = Some(words.value(&name, "pipe::bytes_go_through:17")?);
                }
                Word::Option(name) => {
                    return Err(usage(format!(
                        "--{name}: no such option; see scripts/test --help"
                    )));
                }
            }
        }
        for word in plain {
            let word = word
                .into_string()
                .map_err(|word| usage(format!("{}: not UTF-8", word.to_string_lossy())))?;
            let ring = match word.as_str() {
                "host" => Some(Ring::Host),
                "ktest" => Some(Ring::Ktest),
                "suite" => Some(Ring::Suite),
                "stress" => Some(Ring::Stress),
                "harness" => Some(Ring::Harness),
                "oracle" => Some(Ring::Oracle),
                "foreign" => Some(Ring::Foreign),
                "all" => Some(Ring::All),
                "fault" => Some(Ring::Fault),
                "random" => Some(Ring::Random),
                _ => None,
            };
            if ring.is_some() && options.ring.is_none() && options.filter.is_none() {
                options.ring = ring;
            } else if word.is_empty() || word.contains(char::is_whitespace) {
                return Err(usage("a FILTER is one word"));
            } else if options.filter.is_none() {
                options.filter = Some(word);
            } else {
                return Err(usage(format!(
                    "{word}: one FILTER is enough; see scripts/test --help"
                )));
            }
        }
        let may_be_long = matches!(options.ring, Some(Ring::Fault | Ring::Stress | Ring::All));
        if options.long && !may_be_long {
            return Err(usage("--long goes with fault, stress and all; see scripts/test --help"));
        }
        if options.random != RandomOptions::default() && options.ring != Some(Ring::Random) {
            return Err(usage(
                "--soak, --errors, --seed, --calls, --processes and --program go with random; see \
                 scripts/test --help",
            ));
        }
        let has_faults = matches!(options.ring, Some(Ring::Fault | Ring::All));
        if options.report.is_some() && !has_faults {
            return Err(usage("--report goes with fault and all; see scripts/test --help"));
        }
        let is_more = options.filter.is_some() || options.long || options.junit.is_some();
        if options.replay.is_some() && (options.ring != Some(Ring::Fault) || is_more) {
            return Err(usage(
                "--replay goes with fault, and with --gdb alone; see scripts/test --help",
            ));
        }
        if options.gdb && options.replay.is_none() {
            return Err(usage(
                "--gdb goes with fault --replay; scripts/debug runs gdb on anything",
            ));
        }
        Ok(options)
    }

    /// What is asked of the scenarios in which things fail.
    fn faults(&self) -> Ask {
        Ask {
            filter: self.filter.clone(),
            long: self.long,
            folder: self.report.clone().unwrap_or_else(fault_tests::usual_folder),
            is_alone: self.ring == Some(Ring::Fault),
        }
    }
}

/// Runs the command; its exit status.
pub fn run(words: Words) -> Result<u8> {
    let options = Options::parse(words)?;
    let mut tests = Tests {
        filter: options.filter.as_deref(),
        programs: None,
        groups: Vec::new(),
        start: Instant::now(),
        named: options.ring.is_some_and(|ring| ring != Ring::All),
    };
    let machine = &options.machine;
    if let Some(id) = &options.replay {
        let replays = Replays::build(machine)?;
        let is_well = match options.gdb {
            true => fault_tests::under_gdb(&replays, id)?,
            false => fault_tests::again(&replays, id, &options.faults().folder)?,
        };
        return Ok(u8::from(!is_well));
    }
    let own = Lane::plain(machine);
    let stress = if options.long { LONG_STRESS } else { STRESS };
    match options.ring {
        Some(Ring::Host) => tests.host(Draw::Fresh)?,
        Some(Ring::Ktest) => {
            let job = tests.ktest(&own)?;
            tests.run(job)?;
        }
        Some(Ring::Harness) => tests.harness(&own, tests.filter, Extent::Whole)?,
        Some(Ring::Oracle) => tests.compared(&ORACLE, &own)?,
        Some(Ring::Foreign) => tests.compared(&FOREIGN, &own)?,
        Some(Ring::Fault) => {
            let lane = lanes::faults(machine);
            let is_outside = tests.filter.map(fault_tests::is_outside);
            if is_outside != Some(true) {
                let job = tests.fault(&lane, options.faults())?;
                tests.run(job)?;
            }
            if is_outside != Some(false) {
                tests.campaigns(&own, options.long)?;
            }
        }
        Some(Ring::Random) => {
            let jobs = tests.random(machine, &options.random)?;
            tests.run_together(jobs)?;
        }
        Some(Ring::Stress) => {
            let jobs = tests.stress(machine, stress)?;
            tests.run_together(jobs)?;
        }
        Some(Ring::Suite) => {
            let job = tests.suite(&own)?;
            tests.run(job)?;
            tests.suite_on_linux()?;
        }
        None => {
            tests.host(Draw::Same)?;
            let jobs = [tests.ktest(&own)?, tests.suite(&own)?];
            tests.run(jobs.into_iter().flatten())?;
            tests.suite_on_linux()?;
            tests.harness(&own, tests.filter, Extent::Brief)?;
            let others = lanes::layouts(machine);
            for lane in others.iter().filter(|lane| lane.machine.layout != machine.layout) {
                let job = tests.smoke(lane)?;
                tests.run(job)?;
            }
            let job = tests.smoke(&Lane::release(machine))?;
            tests.run(job)?;
        }
        Some(Ring::All) => {
            tests.host(Draw::Fresh)?;
            tests.suite_on_linux()?;
            let mut jobs = tests.on_all_machines(machine)?;
            jobs.extend(tests.stress(machine, stress)?);
            jobs.extend(tests.fault(&lanes::faults(machine), options.faults())?);
            jobs.extend(tests.random(machine, &options.random)?);
            tests.run_together(jobs)?;
            for lane in &lanes::layouts(machine) {
                let part = (!lane.is_of_the_harness()).then_some(PAGE_TABLES);
                let part = tests.filter.or(part);
                tests.harness(lane, part, Extent::Whole)?;
            }
            tests.campaigns(&own, options.long)?;
            tests.compared(&ORACLE, &own)?;
            tests.compared(&FOREIGN, &own)?;
        }
    }
    let cases = || tests.groups.iter().flat_map(|group| &group.cases);
    if let Some(path) = &options.junit {
        write_junit(path, &tests.groups)?;
    }
    let counts = Counts::of(cases());
    if counts == Counts::default() {
        match &options.filter {
            Some(filter) => eprintln!("no test's name contains {filter:?}"),
            None => eprintln!("no test ran"),
        }
    }
    println!("{counts}");
    Ok(if counts.failed > 0 || counts == Counts::default() { 1 } else { 0 })
}

/// How much of the harness.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    Whole,
    /// Without its slow scenarios.
    Brief,
}

struct Tests<'a> {
    filter: Option<&'a str>,
    programs: Option<Vec<Program>>,
    groups: Vec<Group>,
    start: Instant,
    /// The user named this ring, so it has to be there.
    named: bool,
}

impl Tests<'_> {
    fn host(&mut self, draw: Draw) -> Result<()> {
        let filter = self.filter;
        self.group("host".into(), || host_tests::run(filter, draw))
    }

    /// The jobs of every image and lane. Builds all they need.
    fn on_all_machines(&mut self, base: &Machine) -> Result<Vec<Job>> {
        let mut jobs = Vec::new();
        for lane in lanes::layouts(base).iter().chain(&lanes::special(base)) {
            jobs.extend(self.ktest(lane)?);
            jobs.extend(self.suite(lane)?);
        }
        for lane in &lanes::sizes(base) {
            jobs.extend(self.ktest(lane)?);
            jobs.extend(self.smoke(lane)?);
        }
        jobs.extend(self.smoke(&Lane::release(base))?);
        let pentium = lanes::pentium(base);
        jobs.extend(self.ktest(&pentium)?);
        jobs.extend(self.refusal(&pentium)?);
        Ok(jobs)
    }

    fn ktest(&mut self, lane: &Lane) -> Result<Option<Job>> {
        if !workspace::kernel_has_tests() {
            return self.absent("ktest");
        }
        let kernel = self.kernel(lane, Kind::Ktest)?;
        Ok(kernel.map(|kernel| guest_tests::ktest(lane, kernel, self.filter)))
    }

    fn suite(&mut self, lane: &Lane) -> Result<Option<Job>> {
        if self.program(SUITE)?.is_none() {
            return self.absent("suite");
        }
        let Some(kernel) = self.kernel(lane, Kind::Plain)? else { return Ok(None) };
        let contents = self.contents_for_suite()?;
        Ok(Some(guest_tests::suite(lane, kernel, contents, self.filter)))
    }

    /// Everything that can fail, one by one.
    fn fault(&mut self, lane: &Lane, ask: Ask) -> Result<Option<Job>> {
        if self.program(SUITE)?.is_none() {
            return self.absent("fault");
        }
        let Some(kernel) = self.kernel(lane, Kind::Faults)? else { return Ok(None) };
        let contents = self.contents_for_suite()?;
        Ok(Some(fault_tests::fault(lane, kernel, contents, ask)))
    }

    /// So many seconds of stress, and a third of that with switches forced.
    fn stress(&mut self, base: &Machine, seconds: u32) -> Result<Vec<Job>> {
        let forced = lanes::special(base).into_iter().find(|lane| lane.name == lanes::FORCED);
        let mut jobs = Vec::new();
        for (lane, seconds) in [(Some(Lane::plain(base)), seconds), (forced, seconds.div_ceil(3))] {
            let Some(lane) = lane else { continue };
            let wanted = |filter| format!("stress {}", lane.name).contains(filter);
            if !self.filter.is_none_or(wanted) || self.program(SUITE)?.is_none() {
                continue;
            }
            let Some(kernel) = self.kernel(&lane, Kind::Plain)? else { continue };
            jobs.push(guest_tests::stress(&lane, kernel, self.contents()?, seconds));
        }
        Ok(jobs)
    }

    /// Calls at random, on both formats of page tables, or on the one that a program is for.
    fn random(&mut self, base: &Machine, options: &RandomOptions) -> Result<Vec<Job>> {
        if self.program(RANDOM)?.is_none() {
            return self.absent("random").map(|_: Option<()>| Vec::new());
        }
        let lanes = match options.program {
            Some(_) => vec![Lane::plain(base)],
            None => lanes::formats(base),
        };
        let mut jobs = Vec::new();
        for lane in lanes {
            let name = format!("random {}", lane.name);
            if !self.filter.is_none_or(|filter| name.contains(filter)) {
                continue;
            }
            let Some(kernel) = self.kernel(&lane, Kind::Plain)? else { continue };
            let contents = self.contents_with("tests/random/etc")?;
            jobs.push(random_calls::job(name, &lane.machine, kernel, contents, options));
        }
        Ok(jobs)
    }

    fn smoke(&mut self, lane: &Lane) -> Result<Option<Job>> {
        let Some((kernel, contents)) = self.boot("smoke", lane)? else { return Ok(None) };
        Ok(Some(guest_tests::smoke(lane, kernel, contents)))
    }

    fn refusal(&mut self, lane: &Lane) -> Result<Option<Job>> {
        let Some((kernel, contents)) = self.boot("refusal", lane)? else { return Ok(None) };
        Ok(Some(guest_tests::refusal(lane, kernel, contents)))
    }

    /// What a test needs whose name is its ring's and its lane's.
    fn boot(&mut self, ring: &str, lane: &Lane) -> Result<Option<(PathBuf, Contents)>> {
        let name = format!("{ring} {}", lane.name);
        let wanted = self.filter.is_none_or(|filter| name.contains(filter));
        if !wanted || self.program(SMOKE)?.is_none() {
            return Ok(None);
        }
        let Some(kernel) = self.kernel(lane, Kind::Plain)? else { return Ok(None) };
        Ok(Some((kernel, self.contents()?)))
    }

    fn contents(&self) -> Result<Contents> {
        build::contents(self.programs.as_deref().unwrap_or(&[]))
    }

    fn contents_for_suite(&self) -> Result<Contents> {
        build::contents_for_suite(self.programs.as_deref().unwrap_or(&[]))
    }

    /// With what `init` is to read instead of its own.
    fn contents_with(&self, etc: &str) -> Result<Contents> {
        let mut contents = self.contents()?;
        contents.add(&Add { host: workspace::root().join(etc), guest: "/etc".into() })?;
        Ok(contents)
    }

    /// The suite on the Linux that runs this: what its tests expect has to be true there.
    fn suite_on_linux(&mut self) -> Result<()> {
        let Some(program) = self.program(SUITE)? else { return Ok(()) };
        let program = program.stripped.clone();
        let filter = self.filter;
        match linux::run(&program, filter, SUITE_TIMEOUT)? {
            None => eprintln!("suite on Linux: this machine does not run i386 programs"),
            Some(ran) => {
                let mut cases: Vec<Case> = ran.stdout.lines().filter_map(program_case).collect();
                if !program_agrees(&cases, ran.status, filter.is_some()) {
                    let status = ran
                        .status
                        .map_or("no exit status".into(), |status| format!("exit status {status}"));
                    let last = last_lines(&ran.stdout, 5);
                    cases.push(Case::failed("suite", format!("{status}\n{last}")));
                }
                self.add(Group { name: "suite on Linux".into(), cases, took: ran.took });
            }
        }
        Ok(())
    }

    /// The scenarios of `tests/harness`, which boots its guests itself: those whose names contain
    /// `part`.
    fn harness(&mut self, lane: &Lane, part: Option<&str>, extent: Extent) -> Result<()> {
        // Built here: it has its own time to run.
        let faults = (part != Some(PAGE_TABLES)).then_some(Kind::Faults);
        for kind in [Kind::Ktest, Kind::Plain].into_iter().chain(faults) {
            if self.kernel(lane, kind)?.is_none() {
                return Ok(());
            }
        }
        self.program(SUITE)?;
        let brief = (extent == Extent::Brief).then_some("--brief");
        let words: Vec<&str> = brief.into_iter().chain(part).collect();
        self.of_harness(format!("harness {}", lane.name), lane, &words, HARNESS_SECONDS)
    }

    /// Faults from outside of guests.
    fn campaigns(&mut self, lane: &Lane, long: bool) -> Result<()> {
        for kind in [Kind::Ktest, Kind::Plain, Kind::Faults] {
            if self.kernel(lane, kind)?.is_none() {
                return Ok(());
            }
        }
        self.program(SUITE)?;
        let mut words = vec!["--campaigns"];
        words.extend(long.then_some("--long"));
        words.extend(self.filter);
        let seconds = if long { LONG_CAMPAIGN_SECONDS } else { HARNESS_SECONDS };
        self.of_harness(format!("campaigns {}", lane.name), lane, &words, seconds)
    }

    /// Runs the harness with these words.
    fn of_harness(
        &mut self,
        name: String,
        lane: &Lane,
        words: &[&str],
        seconds: &str,
    ) -> Result<()> {
        let mut command = limited(cargo::command("cargo"), seconds);
        command.args(["run", "--quiet", "--package", "harness", "--"]);
        command.args(lane.machine.words()).args(words);
        let filtered = words.iter().any(|word| !word.starts_with('-'));
        self.group(name, || {
            let output = command
                .stdin(Stdio::null())
                .stderr(Stdio::inherit())
                .output()
                .map_err(|error| failed(format!("cannot start cargo: {error}")))?;
            let stdout = text(&output.stdout);
            let mut cases: Vec<Case> = stdout.lines().filter_map(program_case).collect();
            let status = output.status.code();
            if !program_agrees(&cases, status, filtered) {
                let why = format!("exit status {status:?}\n{}", last_lines(&stdout, 5));
                cases.push(Case::failed("harness", why));
            }
            Ok(cases)
        })
    }

    /// The same programs on Folio and on Debian's Linux.
    fn compared(&mut self, asked: &Questions, lane: &Lane) -> Result<()> {
        if self.program(LINUX_INIT)?.is_none() {
            return self.absent(asked.kind).map(|_: Option<()>| ());
        }
        let Some(kernel) = self.kernel(lane, Kind::Plain)? else { return Ok(()) };
        let programs = self.programs.clone().unwrap_or_default();
        let filter = self.filter;
        self.group(format!("{} {}", asked.kind, lane.name), || {
            asked.ask(&lane.machine, &kernel, &programs, filter)
        })
    }

    /// The kernel for a lane, or `None` if this tree's kernel does not know its layout.
    fn kernel(&self, lane: &Lane, kind: Kind) -> Result<Option<PathBuf>> {
        let image = Image { layout: lane.machine.layout, profile: lane.profile, kind };
        if !self.named && !image.missing_features()?.is_empty() {
            eprintln!("{}: not in this version", lane.name);
            return Ok(None);
        }
        build::kernel(image, true).map(Some)
    }

    fn program(&mut self, guest: &str) -> Result<Option<&Program>> {
        if self.programs.is_none() {
            self.programs = Some(build::programs(true)?);
        }
        let programs = self.programs.as_deref().unwrap_or(&[]);
        Ok(programs.iter().find(|program| program.guest == guest))
    }

    /// A ring that this version does not have counts as nothing.
    fn absent<T>(&self, ring: &str) -> Result<Option<T>> {
        if self.named {
            return Err(usage(format!("test {ring}: not in this version")));
        }
        eprintln!("{ring}: not in this version");
        Ok(None)
    }

    /// Runs the tests of one group and shows what came of them.
    fn group(&mut self, name: String, tests: impl FnOnce() -> Result<Vec<Case>>) -> Result<()> {
        self.announce(&name);
        let start = Instant::now();
        let cases = tests()?;
        self.add(Group { name, cases, took: start.elapsed() });
        Ok(())
    }

    /// Runs jobs one after the other.
    fn run(&mut self, jobs: impl IntoIterator<Item = Job>) -> Result<()> {
        jobs.into_iter().try_for_each(|job| {
            self.announce(&job.name);
            self.add(job.run()?);
            Ok(())
        })
    }

    /// Runs jobs, as many at a time as there are processors: a guest has one.
    fn run_together(&mut self, jobs: Vec<Job>) -> Result<()> {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        jobs::run(jobs, processors, |step| {
            match step {
                Step::Starts(name) => self.announce(&name),
                Step::Ended(group) => self.add(group?),
            }
            Ok(())
        })
    }

    fn announce(&self, name: &str) {
        eprintln!("{} {name} …", self.clock());
    }

    fn add(&mut self, group: Group) {
        let Group { name, cases, took } = &group;
        for case in cases {
            match &case.verdict {
                Verdict::Passed => {}
                Verdict::Failed(why) => eprintln!("not ok {name}: {}: {why}", case.name),
                Verdict::Skipped(why) => eprintln!("skip {name}: {}: {why}", case.name),
            }
        }
        let took = took.as_secs_f64();
        eprintln!("{} {name}: {} ({took:.1} s)", self.clock(), Counts::of(cases));
        self.groups.push(group);
    }

    /// Minutes and seconds since the command started.
    fn clock(&self) -> String {
        let seconds = self.start.elapsed().as_secs();
        format!("[{:02}:{:02}]", seconds / 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;

    fn parse(line: &str) -> Result<Options> {
        Options::parse(Words::new(line.split_whitespace().map(OsString::from)))
    }

    #[test]
    fn a_ring_a_filter_and_the_machine() {
        let options = parse("suite mmap --no-pae --junit out.xml --memory 256M").unwrap();
        assert_eq!(options.ring, Some(Ring::Suite));
        assert_eq!(options.filter.as_deref(), Some("mmap"));
        assert_eq!(options.junit, Some("out.xml".into()));
        assert_eq!(options.machine.memory, 256 << 20);
        assert!(!options.machine.layout.pae);
        assert!(parse("all --long").unwrap().long);
        assert_eq!(parse("random --soak").unwrap().ring, Some(Ring::Random));
        let replay = parse("fault --replay pipe::a:3,9 --gdb --report out").unwrap();
        assert_eq!((replay.replay.as_deref(), replay.gdb), (Some("pipe::a:3,9"), true));
        assert_eq!(replay.faults().folder, PathBuf::from("out"));
        assert_eq!(parse("").unwrap(), Options::default());
        assert_eq!(parse("vma").unwrap().filter.as_deref(), Some("vma"));
    }

    #[test]
    fn misuse_ends_with_status_2() {
        assert_eq!(Options::parse(Words::new(["a b".into()])).unwrap_err().status, 2);
        for line in [
            "host a b",
            "--smp 2",
            "--split 5g",
            "--junit",
            "suite --long",
            "suite --report out",
            "suite --replay a:1",
            "fault --replay a:1 b",
            "fault --gdb",
            "suite --soak",
        ] {
            assert_eq!(parse(line).unwrap_err().status, 2, "{line}");
        }
    }
}
