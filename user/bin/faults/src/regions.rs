//! The areas of the program that faults, from `/proc`.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use decode::region::{self, Region};
use sys::abi::trace::Fault;

/// Those of the process that was looked at last, as they were then.
#[derive(Default)]
pub struct Regions {
    pid: i32,
    list: Vec<Region>,
}

impl Regions {
    /// What a process's fault was about. The program stands still, or is inside the kernel for a
    /// call, so its areas are those of the fault.
    pub fn name(&mut self, pid: i32, fault: &Fault) -> String {
        if pid == self.pid
            && let Some(name) = region::name(&self.list, fault)
        {
            return name;
        }
        let maps = sys::file::read(format!("/proc/{pid}/maps")).unwrap_or_default();
        (self.pid, self.list) = (pid, region::parse(&maps));
        region::name(&self.list, fault).unwrap_or_else(|| region::name_without_maps(fault))
    }
}
