//! Listing what comes and goes: processes, threads, descriptors.

use super::Proc;
use super::number::{Number, Part};
use super::proc::gone;
use crate::Kernel;
use alloc::format;
use sys::abi::file::DT_DIR;
use sys::abi::statistics::DescriptorStatistics;
use sys::node::Entries;
use sys::{Errno, Result};

/// Positions of a directory's entries begin here where ids or numbers follow the fixed ones.
pub const FIRST_ID: u64 = 1 << 16;

impl<K: Kernel> Proc<K> {
    pub(super) fn list_processes(&self, position: u64, entries: &mut Entries) -> Result<()> {
        let mut after = i32::try_from(position.saturating_sub(FIRST_ID)).unwrap_or(i32::MAX);
        while let Some(pid) = self.kernel.next_process(after)? {
            let node = Number::process(pid).node();
            let next = FIRST_ID + u64::from(pid.unsigned_abs());
            if !entries.add(format!("{pid}").as_bytes(), node, DT_DIR, next) {
                break;
            }
            after = pid;
        }
        Ok(())
    }

    pub(super) fn list_threads(
        &self,
        pid: i32,
        position: u64,
        entries: &mut Entries,
    ) -> Result<()> {
        let mut after = i32::try_from(position).unwrap_or(i32::MAX);
        while let Some(thread) = self.kernel.next_thread(pid, after).map_err(gone)? {
            let tid = thread.tid;
            let node = Number { pid, tid, part: Part::Directory }.node();
            let next = u64::from(tid.unsigned_abs());
            if !entries.add(format!("{tid}").as_bytes(), node, DT_DIR, next) {
                break;
            }
            after = tid;
        }
        Ok(())
    }

    pub(super) fn list_descriptors(
        &self,
        number: Number,
        position: u64,
        entries: &mut Entries,
        part: fn(u32) -> Part,
        kind: u8,
    ) -> Result<()> {
        let mut from = u32::try_from(position).unwrap_or(u32::MAX);
        loop {
            let mut some = [DescriptorStatistics::default(); 32];
            let count = match self.kernel.descriptors(number.pid, from, &mut some) {
                Err(Errno::ESRCH) => 0,
                count => count?,
            };
            for entry in some.iter().take(count) {
                let node = Number { part: part(entry.number), ..number }.node();
                from = entry.number.saturating_add(1);
                let name = format!("{}", { entry.number });
                if !entries.add(name.as_bytes(), node, kind, u64::from(from)) {
                    return Ok(());
                }
            }
            if count < some.len() {
                return Ok(());
            }
        }
    }
}
