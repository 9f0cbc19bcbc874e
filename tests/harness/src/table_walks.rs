//! Who may use which page: guests whose tables are looked at while they run.

use crate::Outcome;
use crate::guest::{Guest, Setup, why};
use abi::frame::Exit;
use std::collections::BTreeSet;
use std::thread::sleep;
use std::time::{Duration, Instant};
use xtask::page_tables::{KernelImage, Sample, damages};
use xtask::running::Running;
use xtask::session::End;

const SAMPLES: usize = 8;
const BETWEEN: Duration = Duration::from_millis(150);
const PATIENCE: Duration = Duration::from_secs(50);
/// Programs that fork, execute others, and map and protect memory for a while; then one that waits.
const BUSY: [&str; 3] =
    ["/bin/sh", "-c", "suite fork:: exec:: mprotect:: copy_on_write:: file_mapping::; cat"];
/// One that waits, and a pipe's other end.
const WAITING: [&str; 3] = ["/bin/sh", "-c", "echo ready; cat | cat"];

/// A machine whose tables are looked at.
struct Looked {
    guest: Running,
    image: KernelImage,
    memory: u64,
    cpu: String,
}

impl Looked {
    fn start(guest: Guest<'_>) -> Result<Self, String> {
        let image = KernelImage::read(guest.kernel())?;
        let (memory, cpu) = (guest.machine.memory, guest.machine.cpu.clone());
        Ok(Self { guest: guest.start()?, image, memory, cpu })
    }

    fn read_until(&mut self, text: &str) -> Outcome {
        let read = self.guest.read_until(text.as_bytes(), PATIENCE);
        read.map(drop).map_err(|stop| stop.why)
    }

    fn sample(&mut self) -> Result<Sample, String> {
        why(Sample::take(&mut self.guest, self.memory))
    }

    /// What is wrong at this moment, and where address spaces begin if nothing is.
    fn check(&mut self) -> Result<Vec<u64>, String> {
        let sample = self.sample()?;
        sample.registers.check_switches(&self.cpu)?;
        sample.check(&self.image)?;
        Ok(sample.roots(&self.image))
    }

    fn expect_end(mut self) -> Outcome {
        self.guest.close_stdin();
        match self.guest.end(PATIENCE).map_err(|stop| stop.why)?.outcome.end {
            End::Exit(Exit::Exited(0)) => Ok(()),
            end => Err(format!("the program ended otherwise: {end:?}")),
        }
    }
}

pub fn no_table_gives_more_than_it_should(setup: &Setup) -> Outcome {
    let mut looked = Looked::start(setup.program(&BUSY)?)?;
    looked.read_until("ok ")?;
    let mut spaces = BTreeSet::new();
    for _ in 0..SAMPLES {
        spaces.extend(looked.check()?);
        sleep(BETWEEN);
    }
    looked.expect_end()?;
    // init, servers, the suite and its tests.
    match spaces.len() {
        0..6 => Err(format!("only {} address spaces were there to look at", spaces.len())),
        _ => Ok(()),
    }
}

/// It never comes to programs, but to tables of its own.
pub fn the_crashing_kernel_obeys_too(setup: &Setup) -> Outcome {
    let mut looked = Looked::start(setup.crash("hang")?)?;
    let start = Instant::now();
    // Until it has left its provisional tables behind.
    while let Err(why) = looked.check() {
        if start.elapsed() > Duration::from_secs(20) {
            return Err(why);
        }
        sleep(BETWEEN);
    }
    looked.guest.kill().map(drop).map_err(|stop| stop.why)
}

/// The looking itself: what is made worse in a copy of real tables has to be found there.
pub fn bad_entries_are_found(setup: &Setup) -> Outcome {
    let mut looked = Looked::start(setup.program(&WAITING)?)?;
    looked.read_until("ready")?;
    let good = looked.sample()?;
    good.check(&looked.image)?;
    let damages = damages(&good, &looked.image)?;
    for damage in &damages {
        match damage.sample.check(&looked.image) {
            Err(report) if report.contains(damage.rule) => {}
            other => return Err(format!("not found: {}; found: {other:?}", damage.rule)),
        }
    }
    looked.expect_end()?;
    match damages.len() {
        0..5 => Err(format!("only {} bad entries could be made", damages.len())),
        _ => Ok(()),
    }
}
