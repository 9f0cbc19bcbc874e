//! Runs scenarios with one fault after the other.

use super::scenarios::SCENARIOS;
use super::verdict::{Ended, Right, judge, records};
use super::{Failure, Outcome, Scenario};
use crate::harness::selected;
use crate::leak::Snapshot;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use sys::abi::failpoint::{FAULT_CHILDREN, Failpoint, FaultPlan, FaultSite, FaultState};
use sys::abi::memory::{MAP_ANONYMOUS, MAP_SHARED, PROT_READ, PROT_WRITE};
use sys::abi::process::{STATUS_CONTINUED, status_exited, status_signaled, status_stopped};
use sys::io::{Fd, STDERR};
use sys::memory::Mapping;
use sys::process::{self, Fork};
use sys::syscall::{failpoint, input, output};
use sys::wait::Status;
use sys::{Errno, directory, file, println};

/// Seconds a run may take.
const TIME_LIMIT: u32 = 20;
/// A scenario with more opportunities is too large.
const MOST: u32 = 20_000;

/// Runs the scenarios that a filter selects, or all without one; 1 if anything was wrong.
pub fn run<'a>(filters: impl Iterator<Item = &'a [u8]> + Clone) -> i32 {
    let _ = process::adopt_orphans(true);
    let Some(sweeper) = Sweeper::new() else {
        sys::eprintln!("suite: this kernel has no failpoints; `scripts/test fault` builds one");
        return 2;
    };
    let (mut passed, mut failed, mut faults) = (0, 0, 0);
    for scenario in SCENARIOS.iter().filter(|case| selected(case.name, filters.clone())) {
        match sweeper.sweep(scenario) {
            Ok(counts) => {
                passed += 1;
                faults += counts.faults();
                println!("ok {}", scenario.name);
                println!("# {counts}");
            }
            Err(why) => {
                failed += 1;
                println!("not ok {}: {why}", scenario.name);
            }
        }
    }
    println!("# {faults} faults in all");
    print_sites();
    println!("{passed} passed, {failed} failed, 0 skipped");
    i32::from(failed > 0 || passed == 0)
}

/// What came of a scenario's runs.
#[derive(Default)]
struct Counts {
    done: u32,
    refused: u32,
    ended: u32,
}

impl Counts {
    fn add(&mut self, right: Right) {
        *match right {
            Right::Done => &mut self.done,
            Right::Refused => &mut self.refused,
            Right::Ended => &mut self.ended,
        } += 1;
    }

    fn faults(&self) -> u32 {
        self.done + self.refused + self.ended
    }
}

impl core::fmt::Display for Counts {
    fn fmt(&self, f: &mut core::fmt::Formatter) -> core::fmt::Result {
        let Self { done, refused, ended } = self;
        write!(f, "{} faults: {done} done all the same, {refused} refused", self.faults())?;
        write!(f, ", {ended} processes ended")
    }
}

/// What the runs share with whoever looks at them.
struct Sweeper {
    said: Mapping,
}

/// Nothing has been said yet.
const NOTHING: u32 = u32::MAX;
/// A child's end follows, else an error number, 0 for none.
const CHILD: u32 = 1 << 16;

impl Sweeper {
    /// `None` if the kernel has no failpoints.
    fn new() -> Option<Self> {
        let context = create(&FaultPlan::default()).ok()?;
        close(context);
        let flags = MAP_SHARED | MAP_ANONYMOUS;
        let said = Mapping::new(4096, PROT_READ | PROT_WRITE, flags, Fd(-1), 0).ok()?;
        Some(Self { said })
    }

    /// Two words in memory that the runs share.
    fn words(&self) -> &[AtomicU32; 2] {
        // SAFETY: the mapping is that large, lives as long as `self`, and holds atomics only.
        unsafe { &*self.said.as_mut_ptr().cast() }
    }

    fn sweep(&self, scenario: &Scenario) -> Result<Counts, String> {
        let mut counts = Counts::default();
        self.run_one(scenario, 0)?;
        let mut before = Snapshot::settled().ok_or("no statistics")?;
        for nth in 1..MOST {
            let (right, state) = self.run_exactly(scenario, nth, &mut before)?;
            if state.faults == 0 {
                return Ok(counts);
            }
            counts.add(right);
        }
        Err(alloc::format!("more than {MOST} opportunities"))
    }

    /// A run that must leave everything as it was. What only one run keeps is no leak.
    fn run_exactly(
        &self,
        scenario: &Scenario,
        nth: u32,
        before: &mut Snapshot,
    ) -> Result<(Right, FaultState), String> {
        let mut found = String::new();
        let mut last = FaultState::default();
        for take in [Snapshot::take, Snapshot::settled, Snapshot::settled] {
            let (ended, state) = self.run_one(scenario, nth)?;
            let right = judge(scenario, ended, &state);
            let right = right.map_err(|why| describe(&why, nth, &state))?;
            let after = take().ok_or("no statistics")?;
            let Some(lost) = before.difference(&after) else { return Ok((right, state)) };
            let separator = if found.is_empty() { "lost: " } else { "; again: " };
            let _ = write!(found, "{separator}{lost}");
            (*before, last) = (after, state);
        }
        Err(describe(&found, nth, &last))
    }

    /// Runs a scenario in which the nth opportunity fails, or none.
    fn run_one(&self, scenario: &Scenario, nth: u32) -> Result<(Ended, FaultState), String> {
        let points = Failpoint::ALL.iter().fold(0, |bits, point| bits | point.bit());
        let plan = FaultPlan { points, nth, flags: FAULT_CHILDREN, ..FaultPlan::default() };
        let cannot = |what: &str, errno: Errno| alloc::format!("{what}: {errno}");
        let context = create(&plan).map_err(|errno| cannot("fault_create", errno))?;
        self.words()[0].store(NOTHING, SeqCst);
        let (read, write) = file::pipe().map_err(|errno| cannot("pipe", errno))?;
        let status = match process::fork().map_err(|errno| cannot("fork", errno))? {
            Fork::Parent(pid) => crate::child::wait(pid),
            Fork::Child => {
                let _ = process::set_group(0, 0);
                let _ = file::duplicate_to(write.fd(), STDERR);
                drop((read, write));
                let _ = call!(alarm(TIME_LIMIT));
                warm_up();
                enter(context);
                let outcome = (scenario.run)();
                enter(0);
                self.say(outcome);
                process::exit(0)
            }
        };
        crate::harness::end_orphans();
        remove_files();
        let state = state(context);
        close(context);
        drop(write);
        if status == Status::Exited(process::PANICKED) {
            return Err(describe(&crate::harness::said(&read), nth, &state));
        }
        Ok((self.ended(status), state))
    }

    fn say(&self, outcome: Outcome) {
        let (kind, value) = match outcome {
            Ok(()) => (0, 0),
            Err(Failure::Call(errno)) => (u32::from(errno.number()), 0),
            Err(Failure::Child(status)) => (CHILD, encode(status)),
        };
        self.words()[1].store(value, SeqCst);
        self.words()[0].store(kind, SeqCst);
    }

    fn ended(&self, status: Status) -> Ended {
        let [kind, value] = self.words();
        match (status, kind.load(SeqCst)) {
            (Status::Exited(0), CHILD) => {
                let raw = value.load(SeqCst).cast_signed();
                Ended::Said(Err(Failure::Child(Status::from_raw(raw))))
            }
            (Status::Exited(0), 0) => Ended::Said(Ok(())),
            (Status::Exited(0), kind) => {
                let errno = u16::try_from(kind).ok().and_then(Errno::from_number);
                errno.map_or(Ended::Died(status), |errno| Ended::Said(Err(Failure::Call(errno))))
            }
            _ => Ended::Died(status),
        }
    }
}

/// What a process that did not live to do so had in `/tmp`.
fn remove_files() {
    fn remove(path: &str) {
        for entry in directory::entries(path).unwrap_or_default() {
            let name = String::from_utf8_lossy(&entry.name).into_owned();
            if name != "." && name != ".." {
                remove(&alloc::format!("{path}/{name}"));
            }
        }
        if path != "/tmp" && directory::remove_file(path).is_err() {
            let _ = directory::remove(path);
        }
    }
    remove("/tmp");
}

/// As the kernel has it.
fn encode(status: Status) -> u32 {
    let word = match status {
        Status::Exited(code) => status_exited(code),
        Status::Signaled(signal) => status_signaled(signal),
        Status::Stopped(signal) => status_stopped(signal),
        Status::Continued => STATUS_CONTINUED,
    };
    word.cast_unsigned()
}

/// `site NUMBER HITS FAULTS` for each place with a failpoint.
fn print_sites() {
    const SIZE: u32 = size_of::<FaultSite>() as u32;
    let mut site = FaultSite::default();
    // SAFETY: the call writes the site only.
    let ask = |number, site: &mut FaultSite| unsafe {
        failpoint::fault_sites(number, output(site), SIZE)
    };
    for number in 0.. {
        match ask(number, &mut site) {
            Ok(SIZE) => println!("site {number} {} {}", { site.hits }, { site.faults }),
            _ => return,
        }
    }
}

/// Memory of the program's own heap, so that it does not ask the kernel in the middle of the work.
fn warm_up() {
    drop(core::hint::black_box(Vec::<u8>::with_capacity(64 << 10)));
}

fn describe(why: &str, nth: u32, state: &FaultState) -> String {
    let mut text = String::from(why);
    let _ = write!(text, "; opportunity {nth}");
    for record in records(state) {
        let name = Failpoint::from_number(record.point).map_or("?", Failpoint::name);
        let who = if record.served == 0 { "" } else { " in a server" };
        let _ = write!(text, ", {name}{who} at");
        for call in record.calls.into_iter().filter(|call| *call != 0) {
            let _ = write!(text, " {call:#010x}");
        }
    }
    text
}

fn create(plan: &FaultPlan) -> sys::Result<u32> {
    // SAFETY: the call reads the plan only.
    unsafe { failpoint::fault_create(input(plan)) }
}

fn close(context: u32) {
    // SAFETY: the call touches no memory.
    unsafe { failpoint::fault_close(context) }.expect("a context that is open");
}

fn enter(context: u32) {
    // SAFETY: the call touches no memory.
    unsafe { failpoint::fault_enter(context) }.expect("a context that is open");
}

fn state(context: u32) -> FaultState {
    let mut state = FaultState::default();
    let size = size_of::<FaultState>() as u32;
    // SAFETY: the call writes the state only.
    unsafe { failpoint::fault_state(context, output(&mut state), size) }.expect("an open context");
    state
}
