//! What servers keep from the first time that `init` asks them whether they work.

use super::on_folio;
use alloc::format;
use alloc::string::String;
use core::time::Duration;
use init::manifest::{self, FOLDER, Manifest};
use sys::{Result, directory, file, time};

/// Waits until each server has been asked: the pages it needs to answer are its own from then on, and
/// no test's loss.
///
/// EINVAL: a manifest is none.
pub fn await_heartbeats() -> Result<()> {
    if on_folio() {
        let longest = longest_interval()?;
        time::sleep(longest + longest / 4);
    }
    Ok(())
}

/// Between two questions to the same server.
fn longest_interval() -> Result<Duration> {
    let mut longest = Duration::ZERO;
    for entry in directory::entries(FOLDER)? {
        let Some(service) = manifest::service_of(&entry.name) else { continue };
        let path = format!("{FOLDER}/{}", String::from_utf8_lossy(&entry.name));
        let manifest =
            Manifest::parse(service, &file::read(path)?).map_err(|_| sys::Errno::EINVAL)?;
        let interval = manifest.heartbeat.map_or(0, |heartbeat| heartbeat.interval);
        longest = longest.max(Duration::from_nanos(interval));
    }
    Ok(longest)
}
