//! A guest, for scenarios: each function asks `agent` inside, which waits for requests.

use super::ran::Ran;
use super::said::Said;
use super::script::{Asked, Script, Way};
use super::verdict::{Failure, Outcome};
use abi::Plain;
use abi::errno::Errno;
use abi::failpoint::{FaultPlan, FaultState};
use agent::{Program, Reply, Request, Service};
use std::mem;
use std::time::Duration;
use sys::wait::Status;
use xtask::running::Running;
use xtask::stop::{Result as Stopped, Stop};

/// A program that takes longer hangs.
const PROGRAM: Duration = Duration::from_secs(20);
/// A guest that is silent for longer than its program may take is lost.
const SILENCE: Duration = Duration::from_secs(40);
/// Where instructions are counted, a busy guest's second may be so many.
const COUNTED: u32 = 5;
/// Enough for a guest that has nothing left to do.
const ENDING: Duration = Duration::from_secs(60);

/// A booted guest.
pub struct Guest {
    running: Running,
    asked: Asked,
    /// How many of the host's seconds one of its own may be.
    slowness: u32,
    /// What programs wrote since [`Guest::begin`].
    said: Said,
    /// What they write when nothing fails, once that is known.
    usual: Option<Said>,
}

impl Guest {
    /// One that waits for requests.
    pub(super) fn new(running: Running) -> Self {
        Self::asked(running, Asked::one_by_one(), 1)
    }

    /// One that counts instructions and reads these.
    pub(super) fn reading(running: Running, script: Script) -> Self {
        Self::asked(running, Asked::beforehand(script), COUNTED)
    }

    fn asked(running: Running, asked: Asked, slowness: u32) -> Self {
        Self { running, asked, slowness, said: Said::default(), usual: None }
    }

    /// Runs a program of the guest to its end, without input.
    pub fn run(&mut self, path: &str, arguments: &[&str]) -> Result<Ran, Failure> {
        self.run_with(path, arguments, b"")
    }

    /// The same with standard input.
    pub fn run_with(
        &mut self,
        path: &str,
        arguments: &[&str],
        stdin: &[u8],
    ) -> Result<Ran, Failure> {
        let program = Program {
            path: path.into(),
            arguments: arguments.iter().map(|&argument| argument.into()).collect(),
            stdin: stdin.into(),
            milliseconds: PROGRAM.as_millis() as u32,
        };
        match self.ask(&Request::Run(program.clone()))? {
            Reply::Ran(ran) => {
                let ran = Ran {
                    path: path.into(),
                    status: Status::from_raw(ran.status),
                    is_late: ran.is_late,
                    stdout: ran.stdout,
                    stderr: ran.stderr,
                };
                self.said.note(program, ran.clone());
                Ok(ran)
            }
            other => Err(unexpected(path, &other)),
        }
    }

    /// Writes a file. Nothing fails on purpose in that.
    pub fn write(&mut self, path: &str, contents: &[u8]) -> Outcome {
        self.done(path, &Request::Write { path: path.into(), contents: contents.into() })
    }

    /// Reads a file, likewise.
    pub fn read(&mut self, path: &str) -> Result<Vec<u8>, Failure> {
        match self.ask(&Request::Read { path: path.into() })? {
            Reply::Contents(contents) => Ok(contents),
            other => Err(unexpected(path, &other)),
        }
    }

    /// What `init` knows of its services.
    pub fn services(&mut self) -> Result<Vec<Service>, Failure> {
        match self.ask(&Request::Services)? {
            Reply::Services(services) => Ok(services),
            other => Err(unexpected("services", &other)),
        }
    }

    /// Kills the server of a service; `init` starts the next one. ESRCH if it has none at the moment.
    pub fn kill(&mut self, service: &str) -> Outcome {
        self.done(service, &Request::Kill { service: service.into() })
    }

    /// Its QEMU, memory and kernel log.
    pub fn machine(&mut self) -> &mut Running {
        &mut self.running
    }

    /// What it was asked.
    pub(super) fn into_asked(self) -> Script {
        self.asked.into_script()
    }

    /// Lets a guest that reads its requests come to its end: what it was asked, and all that its kernel
    /// said.
    pub(super) fn finish(self) -> Stopped<(Script, Vec<String>)> {
        let patience = if self.asked.is_other() { Duration::ZERO } else { ENDING };
        let outcome = self.running.end(patience)?.outcome;
        Ok((self.asked.into_script(), outcome.log))
    }

    /// What programs wrote in the last run, in which nothing failed, is what they have to write.
    pub(super) fn expect_the_same(&mut self) {
        self.usual = Some(mem::take(&mut self.said));
    }

    /// How a program that succeeded in the last run wrote something else.
    pub(super) fn difference(&self) -> Option<String> {
        self.said.difference(self.usual.as_ref()?)
    }

    /// From now on what is run meets faults.
    pub(super) fn begin(&mut self, plan: &FaultPlan) -> Outcome {
        self.said = Said::default();
        let mut bytes = vec![0; size_of::<FaultPlan>()];
        plan.put(&mut bytes);
        self.done("faults", &Request::Begin(bytes))
    }

    /// No more faults: those there were, which service has no server `within` so many seconds, and what was
    /// lost since they began.
    pub(super) fn end(
        &mut self,
        within: u32,
    ) -> Result<(FaultState, Option<String>, Option<String>), Failure> {
        let patience = Duration::from_secs(within.into());
        match self.ask_for_long(&Request::End { within }, patience)? {
            Reply::Ended(ended) => match FaultState::take(&ended.state) {
                Some((state, [])) => Ok((state, ended.absent, ended.lost)),
                _ => Err(Failure::Lost("the guest's agent speaks another language".into())),
            },
            other => Err(unexpected("faults", &other)),
        }
    }

    fn done(&mut self, what: &str, request: &Request) -> Outcome {
        match self.ask(request)? {
            Reply::Done => Ok(()),
            other => Err(unexpected(what, &other)),
        }
    }

    fn ask(&mut self, request: &Request) -> Result<Reply, Failure> {
        self.ask_for_long(request, Duration::ZERO)
    }

    /// What the guest may take so much longer to answer.
    fn ask_for_long(&mut self, request: &Request, longer: Duration) -> Result<Reply, Failure> {
        let silence = SILENCE.saturating_add(longer).saturating_mul(self.slowness);
        let lost = |Stop { why, .. }| Failure::Lost(why);
        let frame = agent::frame(request);
        match self.asked.next(&frame) {
            Way::Send => self.running.write(&frame).map_err(lost)?,
            Way::Given => {}
            Way::Other => return Err(Failure::Lost("it was given other requests".into())),
        }
        let prefix = self.running.read_bytes(4, silence).map_err(lost)?;
        let length = prefix.as_array().copied().and_then(agent::length);
        let garbled = || Failure::Lost("the guest's agent does not answer in its language".into());
        let length = length.ok_or_else(garbled)?;
        let body = self.running.read_bytes(length, silence).map_err(lost)?;
        agent::parse(&body).ok_or_else(garbled)
    }
}

fn unexpected(what: &str, reply: &Reply) -> Failure {
    match reply {
        Reply::Failed(failure) => {
            let errno = Errno::from_number(failure.errno);
            let errno = errno.map_or(failure.errno.to_string(), |errno| errno.to_string());
            Failure::Wrong(format!("{}: {errno}", failure.what))
        }
        _ => Failure::Lost(format!("{what}: the guest's agent answers something else")),
    }
}
