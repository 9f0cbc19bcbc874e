//! Scenarios that call servers, and servers that faults have ended.

use super::Scenario;
use crate::child;
use crate::fault::RW;
use alloc::format;
use alloc::string::String;
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use core::time::Duration;
use sys::abi::memory::{MAP_ANONYMOUS, MAP_SHARED};
use sys::file;
use sys::io::Fd;
use sys::ipc::{Call, Connection, Level, raise_level};
use sys::memory::Mapping;
use sys::service::connect;
use sys::time::sleep;

/// Seconds after which a service whose server has died answers again.
const PATIENCE: u32 = 5;
const PAUSE: Duration = Duration::from_millis(5);

/// A service, and how to find out whether it answers.
type Service = (&'static str, fn() -> sys::Result<()>);

/// Those that scenarios call.
const SERVICES: [Service; 3] = [
    ("proc", || file::stat("/proc/version").map(drop)),
    ("assist for files", || file::stat(assist::files::MOUNT_POINT).map(drop)),
    ("assist", || connect("assist")?.call(Call::new(assist::WHO).retry()).map(drop)),
];

/// Puts this process where it may call what the scenario needs.
pub fn prepare(scenario: &Scenario) {
    if scenario.calls_servers {
        raise_level(Level::PROGRAM).expect("level_raise");
    }
}

/// Waits until each service that a scenario calls answers. An error names one that does not in time.
pub fn await_all() -> Result<(), String> {
    await_each(&SERVICES, PATIENCE)
}

/// The same of these, within so many seconds together.
pub fn await_each(services: &[Service], patience: u32) -> Result<(), String> {
    let shared = Mapping::new(4096, RW, MAP_SHARED | MAP_ANONYMOUS, Fd(-1), 0);
    let shared = shared.map_err(|errno| format!("mmap: {errno}"))?;
    // SAFETY: the mapping is large enough, outlives the child, and holds an atomic only.
    let answered: &AtomicU32 = unsafe { &*shared.as_mut_ptr().cast() };
    let ended = child::run(|| {
        let _ = call!(alarm(patience));
        // On Linux there are no levels, and these are tests of this function.
        let _ = raise_level(Level::PROGRAM);
        for (_, ask) in services {
            while ask().is_err() {
                sleep(PAUSE);
            }
            answered.fetch_add(1, SeqCst);
        }
        0
    });
    match services.get(answered.load(SeqCst) as usize) {
        Some((name, _)) => {
            Err(format!("the service {name} does not answer within {patience} s: {ended:?}"))
        }
        None => Ok(()),
    }
}
