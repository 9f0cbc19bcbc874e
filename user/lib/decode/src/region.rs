//! What an address belongs to: an area of `/proc/PID/maps`.

use abi::trace::Fault;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Linux's VM_GROWSDOWN.
const GROWS_DOWN: u32 = 0x100;

/// One area.
struct Region {
    start: u64,
    end: u64,
    /// In bytes of the file.
    offset: u64,
    /// Path or name in brackets; empty for memory without a name.
    name: Vec<u8>,
}

/// The areas of the process that was looked at last, as they were then.
#[derive(Default)]
pub struct Regions {
    pid: i32,
    list: Vec<Region>,
}

impl Regions {
    /// What a process's fault was about. Its areas come from its `maps` if those known are too old.
    pub fn name(&mut self, pid: i32, fault: &Fault, maps: impl FnOnce() -> Vec<u8>) -> String {
        if pid == self.pid
            && let Some(name) = self.find(fault)
        {
            return name;
        }
        self.pid = pid;
        self.list.clear();
        figures::mappings(&maps(), |one| {
            let (start, end, offset) = (one.start, one.end, one.offset);
            self.list.push(Region { start, end, offset, name: one.name.to_vec() });
        });
        self.find(fault).unwrap_or_else(|| without_maps(fault))
    }

    /// A process has become another program.
    pub fn forget(&mut self, pid: i32) {
        if self.pid == pid {
            self.list.clear();
        }
    }

    /// `None` if these areas are not (any more) the program's.
    fn find(&self, fault: &Fault) -> Option<String> {
        let range = (u64::from(fault.start), u64::from(fault.end));
        let found = self.list.iter().find(|one| (one.start, one.end) == range)?;
        let name = found.name.escape_ascii().to_string();
        Some(match found.name.first() {
            None => String::from("[anon]"),
            Some(b'[') => name,
            Some(_) => {
                let page = u64::from(fault.address & !0xfff);
                let offset = found.offset.wrapping_add(page.wrapping_sub(found.start));
                format!("{name}+{offset:#x}")
            }
        })
    }
}

/// The name as far as the kernel's word about the fault goes.
fn without_maps(fault: &Fault) -> String {
    String::from(match (fault.end, fault.area_flags & GROWS_DOWN) {
        (0, _) => "nothing mapped",
        (_, 0) => "[mapped]",
        _ => "[stack]",
    })
}
