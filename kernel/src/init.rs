//! From the end of the boot to the first program: the built-in tree, the console, process 1.

use crate::arch::features::features;
use crate::file::{FileTable, FsContext, archive, console, random};
use crate::mm::frames::for_each_zone;
use crate::process::spawn::{FirstProgram, spawn_init};
use crate::process::{machine, signal};
use crate::result::{Errno, Result};
use crate::task;
use abi::boot::{ARGUMENTS_PATH, INIT};
use abi::frame::Exit;
use abi::syscall::folio::ZONE_HIGHMEM;
use alloc::vec::Vec;
use kcore::addr::PhysAddr;
use kcore::cmdline::CommandLine;
use kcore::fd_table::CloseOnExec;

const DEFAULT_INIT: &[u8] = b"/bin/init";
const FIRST_PROCESS: u32 = 1;
/// A task's stack and what hangs on it.
const PAGES_PER_THREAD: u32 = 8;

/// Starts the first program.
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
    let path = copy(command_line.value(INIT).unwrap_or(DEFAULT_INIT))?;
    let arguments = match archive::file(ARGUMENTS_PATH.as_bytes()) {
        Ok(object) => {
            let mut bytes = Vec::new();
            let len = usize::try_from(object.size()).map_err(|_| Errno::E2BIG)?;
            bytes.try_reserve_exact(len).map_err(|_| Errno::ENOMEM)?;
            bytes.resize(len, 0);
            object.read_kernel(0, &mut bytes)?;
            bytes
        }
        // Its own name is all it is told.
        Err(_) => {
            let mut bytes = copy(&path)?;
            bytes.try_reserve(2).map_err(|_| Errno::ENOMEM)?;
            bytes.extend_from_slice(&[0, 0]);
            bytes
        }
    };
    let files = FileTable::new()?;
    for file in console::standard_files()? {
        files.insert(file, CloseOnExec::No, 0, 3)?;
    }
    let mut low_pages = 0;
    for_each_zone(|zone, state| {
        if zone != ZONE_HIGHMEM {
            low_pages += state.present();
        }
    });
    // The first process leads a session and a group with its own number.
    console::give_terminal(FIRST_PROCESS, FIRST_PROCESS);
    spawn_init(FirstProgram {
        path,
        arguments,
        files,
        fs: FsContext::new()?,
        max_threads: low_pages / PAGES_PER_THREAD,
    })
}

fn copy(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(bytes.len()).map_err(|_| Errno::ENOMEM)?;
    copy.extend_from_slice(bytes);
    Ok(copy)
}
