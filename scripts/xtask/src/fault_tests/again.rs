//! `scripts/test fault --replay`: one run again, for people, also under gdb.

use super::replay::{Replays, names_place};
use crate::guest::find;
use crate::running::Running;
use crate::stop::{Result, failed, io};
use crate::symbols;
use crate::workspace;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const PORT: &str = "127.0.0.1:1234";
/// As long as somebody may look at a guest.
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Repeats a run, and says what happened; its kernel's log goes to `folder`. Whether it went well.
pub fn again(replays: &Replays, id: &str, folder: &Path) -> Result<bool> {
    let (found, replayed) = replays.run_there(id)?;
    let named = symbols::resolve(&replayed.log, replays.kernel());
    named.iter().for_each(|line| println!("{line}"));
    print!("{}", replayed.said);
    if !replayed.is_any() {
        return Err(failed(format!("{id}: no scenario has this name, or it is no choice")));
    }
    fs::create_dir_all(folder).map_err(|error| io("create", folder, error))?;
    let path = folder.join("replay.log");
    let log = replayed.log.iter().map(|line| format!("{line}\n")).collect::<String>();
    fs::write(&path, log).map_err(|error| io("write", &path, error))?;
    println!("kernel log: {}", path.display());
    replayed.check_place(&found)?;
    if found != id {
        println!("{id}: this opportunity is elsewhere in a fresh guest; this was {found}");
    }
    if !replayed.has_faults() {
        println!("{id}: nothing fails in it");
        return Ok(false);
    }
    Ok(replayed.is_well())
}

/// Repeats a run up to its first fault, and leaves the rest to gdb.
pub fn under_gdb(replays: &Replays, id: &str) -> Result<bool> {
    // The log of a run tells where its last fault is, which a guest that stands at the first cannot.
    let found = match names_place(id) {
        true => {
            let (found, replayed) = replays.run_there(id)?;
            replayed.check_place(&found)?;
            found
        }
        false => id.to_owned(),
    };
    let id = &found;
    let (running, gdb) = replays.stop_at_fault(id)?;
    drop(gdb);
    debug(running, id)?;
    Ok(true)
}

/// Leaves a guest to gdb that stands still where the fault `id` is made.
pub fn debug(mut running: Running, id: &str) -> Result<()> {
    running.gdb()?.leave()?;
    let qmp = running.qmp()?;
    qmp.monitor("gdbserver none")?;
    qmp.monitor(&format!("gdbserver tcp:{PORT}"))?;
    let kernel = running.kernel();
    let target = format!("target remote {PORT}");
    match find("gdb") {
        Some(gdb) => {
            let status = Command::new(gdb)
                .current_dir(workspace::root())
                .arg("-q")
                .arg(kernel)
                .args(["-x", "scripts/folio.gdb", "-ex", &target, "-ex", "backtrace"])
                .status();
            status.map_err(|error| failed(format!("gdb: {error}")))?;
            running.kill()?;
        }
        None => {
            println!("the guest stands still where {id} makes its first fault; connect to it by");
            println!(
                "  gdb {} -x scripts/folio.gdb -ex '{target}' -ex backtrace",
                kernel.display()
            );
            running.end(A_DAY)?;
        }
    }
    Ok(())
}
