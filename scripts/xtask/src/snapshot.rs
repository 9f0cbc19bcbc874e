//! A guest that was booted once and goes on many times: its memory is a file that each copy maps
//! privately, so that nothing of it is copied before the guest writes there.
//!
//! The device state is what QEMU's migration sends, without memory (`x-ignore-shared`). The host's
//! end of the line and the kernel's log go on where they were.

use crate::build;
use crate::guest::Guest;
use crate::machine::Machine;
use crate::qemu::{Begin, System};
use crate::qmp::Qmp;
use crate::running::{Moment, Running};
use crate::session::Session;
use crate::stop::{Result, Stop, failed, io};
use crate::transient::Transient;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Longer than any honest guest takes to boot.
const BOOT: Duration = Duration::from_secs(60);
/// Longer than QEMU takes to write or read its state, also on a busy machine.
const STATE: Duration = Duration::from_secs(30);
/// How long a QEMU that gives up may take to say so.
const ENDING: Duration = Duration::from_secs(5);
const GLANCE: Duration = Duration::from_millis(1);

/// A machine at the moment when its program was ready.
pub struct Snapshot {
    machine: Machine,
    system: System,
    kernel: PathBuf,
    moment: Moment,
    folder: Arc<Transient>,
}

impl Snapshot {
    /// Boots, waits until the program has written `ready`, and stops the machine there. The program
    /// should wait for input then.
    pub fn take(session: Session<'_>, ready: &[u8]) -> Result<Self> {
        Self::take_there(session, ready, None)
    }

    /// The same, but that the machine goes on then until it is about to execute the instruction at
    /// `address`. A program that means to come there has to give us time.
    pub fn take_at(session: Session<'_>, ready: &[u8], address: u32) -> Result<Self> {
        Self::take_there(session, ready, Some(address))
    }

    fn take_there(session: Session<'_>, ready: &[u8], address: Option<u32>) -> Result<Self> {
        let (machine, system) = (session.machine.clone(), session.system);
        let (kernel, timeout) = (session.kernel.to_owned(), session.timeout.unwrap_or(BOOT));
        let folder = Arc::new(Transient::folder(&place(machine.memory)?, "folio")?);
        let mut running = session.start(&folder)?;
        running.read_until(ready, timeout)?;
        if let Some(address) = address {
            running.gdb()?.run_to(address)?;
        }
        let qmp = running.qmp()?;
        qmp.stop()?;
        without_memory(qmp)?;
        write_state(qmp, &state(folder.path()))?;
        if address.is_some() {
            forget_debugger(&state(folder.path()))?;
        }
        Ok(Self { machine, system, kernel, moment: running.leave()?, folder })
    }

    /// One more guest that goes on from there. Call it from a thread that lives as long as the guest:
    /// when that thread ends, however it ends, the guest does.
    pub fn restore(&self) -> Result<Running> {
        let mut running = self.restore_stopped()?;
        running.qmp()?.cont()?;
        Ok(running)
    }

    /// The same, and its processors stand still until [`Qmp::cont`].
    pub fn restore_stopped(&self) -> Result<Running> {
        let (folder, machine) = (self.folder.path(), &self.machine);
        let (memory, control) = (memory(folder), control(folder));
        let said = self.moment.said.clone();
        let begin = Begin::Memory(&memory);
        let guest = Guest::start_controlled(machine, begin, said, None, Some(control))?;
        let (which, credits) = ((self.system, self.kernel.clone()), !machine.icount);
        let moment = self.moment.clone();
        let mut running = Running::new(guest, which, None, credits, moment, &self.folder)?;
        let state = format!("exec:cat {}", quoted(&state(folder))?);
        let qmp = running.qmp()?;
        without_memory(qmp)?;
        qmp.call("migrate-incoming", json!({ "uri": state }))?;
        match wait(|| Ok(qmp.status()? != "inmigrate")) {
            Ok(()) => Ok(running),
            // QEMU says why when it ends.
            Err(stop) => {
                let ended = running.end(ENDING)?.outcome.end;
                Err(failed(format!("cannot restore: {}; {ended:?}", stop.why)))
            }
        }
    }

    /// The file with its memory.
    pub fn memory(&self) -> PathBuf {
        memory(self.folder.path())
    }
}

fn write_state(qmp: &mut Qmp, to: &Path) -> Result<()> {
    let (whole, part) = (quoted(to)?, quoted(&to.with_extension("part"))?);
    let command = format!("exec:cat > {part} && mv {part} {whole}");
    qmp.call("migrate", json!({ "uri": command }))?;
    wait(|| {
        let answer = qmp.call("query-migrate", json!({}))?;
        match answer["status"].as_str() {
            Some("completed") => Ok(true),
            Some("failed" | "cancelled") => {
                let why = answer["error-desc"].as_str().unwrap_or_default();
                Err(failed(format!("QEMU cannot write its state: {why}")))
            }
            _ => Ok(false),
        }
    })?;
    // QEMU has written all of it; the shell may not have.
    wait(|| Ok(to.exists()))
}

/// QEMU notes in its state why it stood still, and refuses to restore what a debugger stopped.
fn forget_debugger(state: &Path) -> Result<()> {
    let bytes = fs::read(state).map_err(|error| io("read", state, error))?;
    let changed = paused(bytes).ok_or_else(|| failed("QEMU's state has changed its format"))?;
    fs::write(state, changed).map_err(|error| io("write", state, error))
}

/// The same state of a machine that was paused: a length, and that many bytes of a buffer.
fn paused(mut state: Vec<u8>) -> Option<Vec<u8>> {
    const OLD: &[u8] = b"\0\0\0\x06debug\0\0";
    const NEW: &[u8] = b"\0\0\0\x07paused\0";
    let mut places = state.windows(OLD.len()).enumerate().filter(|(_, bytes)| *bytes == OLD);
    let (place, _) = places.next()?;
    if places.next().is_some() {
        return None;
    }
    state[place..place + NEW.len()].copy_from_slice(NEW);
    Some(state)
}

/// Asks `done` until it says so.
fn wait(mut done: impl FnMut() -> Result<bool>) -> Result<()> {
    let start = Instant::now();
    while !done()? {
        if start.elapsed() > STATE {
            return Err(failed(
                "QEMU does not get done with its state: is this machine overloaded?",
            ));
        }
        sleep(GLANCE);
    }
    Ok(())
}

/// Has QEMU leave the memory, which is in a file, out of the state that it writes or reads.
fn without_memory(qmp: &mut Qmp) -> Result<()> {
    let capability = json!({ "capability": "x-ignore-shared", "state": true });
    let set = qmp.call("migrate-set-capabilities", json!({ "capabilities": [capability] }));
    set.map(drop).map_err(|Stop { why, .. }| {
        failed(format!("{why}; snapshots need QEMU 4.0 or newer, 7.2 is known to work"))
    })
}

/// A folder with room for a machine's memory: in memory itself if possible.
pub(crate) fn place(size: u64) -> Result<PathBuf> {
    const MEMORY: &str = "/dev/shm";
    // Others want room there too.
    let free = free(MEMORY).is_some_and(|free| free / 2 > size);
    if free { Ok(MEMORY.into()) } else { build::images() }
}

/// The bytes that a filesystem has left.
fn free(folder: &str) -> Option<u64> {
    let asked = Command::new("df").args(["-B1", "--output=avail", folder]).output().ok()?;
    String::from_utf8(asked.stdout).ok()?.lines().last()?.trim().parse().ok()
}

/// Where a guest with such a folder has its memory.
pub(crate) fn memory(folder: &Path) -> PathBuf {
    folder.join("memory")
}

fn state(folder: &Path) -> PathBuf {
    folder.join("state")
}

/// Where the next guest with such a folder is controlled from.
pub(crate) fn control(folder: &Path) -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    folder.join(format!("control-{}", NUMBER.fetch_add(1, Relaxed)))
}

/// A path for the shell by which QEMU writes and reads.
fn quoted(path: &Path) -> Result<String> {
    let name = path.to_str();
    let name = name.ok_or_else(|| failed(format!("{path:?}: this path is not UTF-8")))?;
    Ok(format!("'{}'", name.replace('\'', "'\\''")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shell_takes_every_path_as_it_is() {
        let path = "/a b/it's $HOME";
        let printed = Command::new("sh")
            .arg("-c")
            .arg(format!("printf %s {}", quoted(Path::new(path)).unwrap()))
            .output()
            .unwrap();
        assert_eq!(printed.stdout, path.as_bytes());
    }

    #[test]
    fn only_why_it_stood_still_changes() {
        let state = b"\x0bglobalstate\0\0\0\x06debug\0\0\0\0rest".to_vec();
        let expected = b"\x0bglobalstate\0\0\0\x07paused\0\0\0rest".to_vec();
        assert_eq!(paused(state.clone()), Some(expected));
        assert_eq!((paused([state.clone(), state].concat()), paused(vec![0; 40])), (None, None));
    }

    #[test]
    fn memory_lies_where_there_is_room() {
        assert!(place(u64::MAX).unwrap().ends_with("images"));
        assert!(free("/").is_some() && free("/no such folder").is_none());
    }
}
