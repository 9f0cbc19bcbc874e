//! All processes, as `/proc` lists them.

use alloc::format;
use alloc::vec::Vec;
use figures::{Process, number};
use sys::{Result, directory, file};

/// All that have not ended while they were looked at, by id.
pub fn processes() -> Result<Vec<Process>> {
    let mut found = Vec::new();
    for entry in directory::entries("/proc")? {
        let Some(pid) = number(&entry.name) else { continue };
        let Ok(text) = file::read(format!("/proc/{pid}/stat")) else { continue };
        found.extend(Process::parse(&text));
    }
    found.sort_by_key(|process| process.pid);
    Ok(found)
}
