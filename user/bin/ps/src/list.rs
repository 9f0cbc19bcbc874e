//! All processes, as `/proc` lists them.

use alloc::format;
use alloc::vec::Vec;
use figures::{Process, number};
use sys::{Result, directory, file};

const PAGE_KIB: u64 = 4;

/// A process.
pub struct Row {
    pub pid: u64,
    pub parent: u64,
    pub group: u64,
    pub state: u8,
    pub threads: u64,
    /// KiB present.
    pub resident: u64,
    /// KiB mapped.
    pub size: u64,
    /// Processor time.
    pub ticks: u64,
    /// When it began.
    pub started: u64,
    pub name: Vec<u8>,
}

/// All that have not ended while they were looked at, by id.
pub fn rows() -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for entry in directory::entries("/proc")? {
        let Some(pid) = number(&entry.name) else { continue };
        let Ok(text) = file::read(format!("/proc/{pid}/stat")) else { continue };
        let Some(process) = Process::parse(&text) else { continue };
        rows.push(Row {
            pid,
            parent: process.parent,
            group: process.group,
            state: process.state,
            threads: process.threads,
            resident: process.resident * PAGE_KIB,
            size: process.size >> 10,
            ticks: process.ticks,
            started: process.started,
            name: process.name.to_vec(),
        });
    }
    rows.sort_by_key(|row| row.pid);
    Ok(rows)
}
