//! Which processes there are, and how many pages each has.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;
use sys::abi::syscall::folio::ProcessStatistics;
use sys::syscall::{folio, output};

/// One process and its pages.
#[derive(Clone)]
struct Resident {
    pid: i32,
    name: [u8; 16],
    pages: u32,
}

/// All processes when somebody looked.
#[derive(Clone, Default)]
pub struct Residents(Vec<Resident>);

/// Every process after `pid`, one by one. Only Folio tells.
pub fn processes() -> impl Iterator<Item = ProcessStatistics> {
    let mut entry = ProcessStatistics::default();
    core::iter::from_fn(move || {
        let (after, size) = (entry.pid, size_of::<ProcessStatistics>() as u32);
        // SAFETY: the entry is ours and that long.
        let written = unsafe { folio::processes(after, output(&mut entry), size) };
        (written == Ok(size)).then_some(entry)
    })
}

impl Residents {
    /// Counts; nobody on Linux.
    pub fn now() -> Self {
        let resident = |process: ProcessStatistics| {
            let ProcessStatistics { pid, name, resident: pages, .. } = process;
            Resident { pid, name, pages }
        };
        Self(processes().map(resident).collect())
    }

    /// Pages that those have more, or fewer, who were there before.
    pub fn growth(&self, later: &Self) -> i64 {
        let pairs = later.0.iter().filter_map(|now| {
            let before = self.0.iter().find(|one| one.pid == now.pid)?;
            Some(i64::from(now.pages) - i64::from(before.pages))
        });
        pairs.sum()
    }

    /// Who has more or fewer pages later, or is new; empty if nobody is.
    pub fn difference(&self, later: &Self) -> String {
        let mut text = String::new();
        for Resident { pid, name, pages } in &later.0 {
            let earlier = self.0.iter().find(|one| one.pid == *pid).map_or(0, |one| one.pages);
            if earlier != *pages {
                let name = String::from_utf8_lossy(name);
                let name = name.trim_end_matches(['\0', ' ']);
                let _ = write!(text, "; {name} ({pid}) has {earlier} -> {pages} pages");
            }
        }
        text
    }
}
