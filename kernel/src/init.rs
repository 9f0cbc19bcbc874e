//! From the end of the boot to process 1: the built-in tree, the console, the program.

use crate::arch::features::features;
use crate::file::{FileTable, FsContext, archive, console, random};
use crate::mm::frames::low_pages;
use crate::process::spawn::{FirstProgram, Role, spawn_init};
use crate::process::{machine, signal};
use crate::result::{Errno, Result};
use crate::task;
use abi::boot::{ARGUMENTS_PATH, INIT, INIT_PATH};
use abi::frame::Exit;
use alloc::vec::Vec;
use kcore::addr::PhysAddr;
use kcore::cmdline::CommandLine;
use kcore::fd_table::CloseOnExec;

const FIRST_PROCESS: u32 = 1;
/// A task's stack and what hangs on it.
const PAGES_PER_THREAD: u32 = 8;

/// Starts process 1: `init`, or the program that the command line names in its place.
pub fn start(command_line: &CommandLine, archive: Option<(PhysAddr, u32)>) -> Result<()> {
    task::set_exit_work(signal::serve);
    random::initialise();
    archive::unpack(archive)?;
    // SAFETY: this is the boot, and there are no programs yet.
    unsafe { console::start(command_line)? };
    if !features().runs_programs() {
        log::error!("this CPU lacks SSE2, which user programs need: use another, as by --cpu max");
        machine::end(Exit::Failed);
    }
    let (role, path) = match command_line.value(INIT) {
        Some(path) => (Role::Program, path),
        None => (Role::Init, INIT_PATH.as_bytes()),
    };
    let files = FileTable::new()?;
    for file in console::standard_files()? {
        files.insert(file, CloseOnExec::No, 0, 3)?;
    }
    if role == Role::Program {
        // The first process leads a session and a group with its own number.
        console::give_terminal(FIRST_PROCESS, FIRST_PROCESS);
    }
    spawn_init(FirstProgram {
        role,
        path: copy(path)?,
        arguments: arguments(role, path)?,
        files,
        fs: FsContext::new()?,
        max_threads: low_pages() / PAGES_PER_THREAD,
    })
}

/// In the format of [`abi::boot::Arguments`]. Whoever is told nothing gets its own name.
fn arguments(role: Role, path: &[u8]) -> Result<Vec<u8>> {
    if role == Role::Program
        && let Ok(file) = archive::file(ARGUMENTS_PATH.as_bytes())
    {
        let mut bytes = Vec::new();
        let len = usize::try_from(file.size()).map_err(|_| Errno::E2BIG)?;
        bytes.try_reserve_exact(len).map_err(|_| Errno::ENOMEM)?;
        bytes.resize(len, 0);
        file.read_kernel(0, &mut bytes)?;
        return Ok(bytes);
    }
    let mut bytes = copy(path)?;
    bytes.try_reserve(2).map_err(|_| Errno::ENOMEM)?;
    bytes.extend_from_slice(&[0, 0]);
    Ok(bytes)
}

fn copy(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(bytes.len()).map_err(|_| Errno::ENOMEM)?;
    copy.extend_from_slice(bytes);
    Ok(copy)
}
