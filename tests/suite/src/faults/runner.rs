//! One run: a scenario in a process of its own, in a context in which something fails.

use super::children::wait;
use super::choice::Choice;
use super::report::describe;
use super::verdict::{Ended, Faults, Right, judge, judge_files};
use super::{Failure, Outcome, Scenario, files, servers};
use crate::harness::{end_orphans, said};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use core::time::Duration;
use sys::abi::failpoint::{FAULT_MACHINE, FAULT_VERBOSE, FaultPlan, FaultState};
use sys::abi::memory::{MAP_ANONYMOUS, MAP_SHARED, PROT_READ, PROT_WRITE};
use sys::abi::signal::SIGPIPE;
use sys::failpoint::{self, Context};
use sys::io::{Fd, STDERR};
use sys::memory::Mapping;
use sys::process::{self, Fork};
use sys::wait::Status;
use sys::{Errno, file, signal, time};

/// Seconds a run may take.
const TIME_LIMIT: u32 = 20;

/// The kernel's log says nothing of a run.
pub const QUIET: u32 = 0;
/// It tells each fault.
pub const VERBOSE: u32 = FAULT_VERBOSE;

/// What came of a run.
pub struct Run {
    /// Of the last try.
    pub right: Right,
    pub state: FaultState,
    pub took: Duration,
}

/// What was wrong with it.
pub struct Wrong {
    pub why: String,
    pub state: Box<FaultState>,
    pub took: Duration,
}

impl From<String> for Wrong {
    fn from(why: String) -> Self {
        Self { why, state: Box::default(), took: Duration::ZERO }
    }
}

/// What the runs share with whoever looks at them.
pub struct Runner {
    said: Mapping,
}

/// Nothing has been said yet.
const NOTHING: u32 = u32::MAX;
/// A child's end follows, else an error number, 0 for none.
const CHILD: u32 = 1 << 16;
/// [`Failure::Short`].
const SHORT: u32 = 1 << 17;

impl Runner {
    /// `None` if the kernel has no failpoints.
    pub fn new() -> Option<Self> {
        Context::new(&FaultPlan::default()).ok()?;
        let flags = MAP_SHARED | MAP_ANONYMOUS;
        let said = Mapping::new(4096, PROT_READ | PROT_WRITE, flags, Fd(-1), 0).ok()?;
        Some(Self { said })
    }

    /// Runs a scenario in which what is chosen fails. Whoever fails tries again while something else
    /// is to fail.
    pub fn run(&self, scenario: &Scenario, choice: Choice, flags: u32) -> Result<Run, Wrong> {
        let mut plan = choice.plan();
        plan.flags |= flags;
        let context = Context::new(&plan).map_err(cannot("fault_create"))?;
        let start = time::now();
        loop {
            let before = context.state().expect("an open context").faults;
            let is_everybodys = plan.flags & FAULT_MACHINE != 0;
            let tried = self.try_once(scenario, &context, is_everybodys);
            let state = context.state().expect("an open context");
            let faults = Faults { state: &state, before };
            let judged = tried.and_then(|ended| judge(scenario, ended, faults));
            let restored = match scenario.calls_servers && faults.are_some() {
                true => servers::await_all(),
                false => Ok(()),
            };
            let right = judged.and_then(|right| restored.map(|()| right)).map_err(|why| {
                let why = describe(&why, choice, &state);
                Wrong { why, state: Box::new(state), took: time::now() - start }
            })?;
            if right == Right::Done || state.faults >= plan.times {
                return Ok(Run { right, state, took: time::now() - start });
            }
        }
    }

    /// An error is a panic's message.
    fn try_once(
        &self,
        scenario: &Scenario,
        context: &Context,
        is_everybodys: bool,
    ) -> Result<Ended, String> {
        self.words()[0].store(NOTHING, SeqCst);
        let (read, write) = file::pipe().map_err(cannot("pipe"))?;
        let status = match process::fork().map_err(cannot("fork"))? {
            Fork::Parent(pid) => wait(pid).map_err(cannot("wait"))?,
            Fork::Child => {
                let _ = process::set_group(0, 0);
                let _ = file::duplicate_to(write.fd(), STDERR);
                let _ = signal::ignore(SIGPIPE);
                drop((read, write));
                let _ = call!(alarm(TIME_LIMIT));
                warm_up();
                servers::prepare(scenario);
                if !is_everybodys {
                    context.enter().expect("an open context");
                }
                let outcome = (scenario.run)();
                failpoint::leave().expect("failpoints");
                self.say(outcome);
                process::exit(0)
            }
        };
        end_orphans();
        let left = files::take_all();
        if status == Status::Exited(process::PANICKED) {
            return Err(said(&read));
        }
        let ended = self.ended(status);
        judge_files(ended, &left).map(|()| ended)
    }

    /// Two words in memory that the runs share.
    fn words(&self) -> &[AtomicU32; 2] {
        // SAFETY: the mapping is that large, lives as long as `self`, and holds atomics only.
        unsafe { &*self.said.as_mut_ptr().cast() }
    }

    fn say(&self, outcome: Outcome) {
        let (kind, value) = match outcome {
            Ok(()) => (0, 0),
            Err(Failure::Call(errno)) => (u32::from(errno.number()), 0),
            Err(Failure::Short) => (SHORT, 0),
            Err(Failure::Child(status)) => (CHILD, status.raw().cast_unsigned()),
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
            (Status::Exited(0), SHORT) => Ended::Said(Err(Failure::Short)),
            (Status::Exited(0), 0) => Ended::Said(Ok(())),
            (Status::Exited(0), kind) => {
                let errno = u16::try_from(kind).ok().and_then(Errno::from_number);
                errno.map_or(Ended::Died(status), |errno| Ended::Said(Err(Failure::Call(errno))))
            }
            _ => Ended::Died(status),
        }
    }
}

fn cannot(what: &'static str) -> impl Fn(Errno) -> String {
    move |errno| format!("{what}: {errno}")
}

/// Memory of the program's own heap, so that it does not ask the kernel in the middle of the work.
fn warm_up() {
    drop(core::hint::black_box(Vec::<u8>::with_capacity(64 << 10)));
}
