//! Scenarios that call servers, and servers that faults have ended.

use super::Scenario;
use sys::file;
use sys::ipc::{Call, Connection, Level, raise_level};
use sys::service::connect;

/// Puts this process where it may call what the scenario needs.
pub fn prepare(scenario: &Scenario) {
    if scenario.calls_servers {
        raise_level(Level::PROGRAM).expect("level_raise");
    }
}

/// Waits until each service that a scenario calls answers.
pub fn await_all() {
    crate::child::run(|| i32::from(ask_all().is_err()));
}

fn ask_all() -> sys::Result<()> {
    raise_level(Level::PROGRAM)?;
    file::stat("/proc/version")?;
    file::stat(assist::files::MOUNT_POINT)?;
    connect("assist")?.call(Call::new(assist::WHO).retry())?;
    Ok(())
}
