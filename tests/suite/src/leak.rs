//! What a test must leave as it found it: the kernel's memory, object for object.

use alloc::format;
use alloc::string::String;
use core::fmt::Write;
use sys::Errno;
use sys::abi::syscall::folio::*;
use sys::syscall::{folio, output};

/// What the kernel holds when nothing is cached. Figures that only grow are left out.
#[derive(Clone, PartialEq, Eq)]
pub struct Snapshot(Statistics);

impl Snapshot {
    /// Counts; `None` on Linux.
    pub fn take() -> Option<Self> {
        if !crate::harness::on_folio() {
            return None;
        }
        let mut statistics = Statistics::default();
        let size = size_of::<Statistics>() as u32;
        // SAFETY: the calls touch no memory but the structure.
        let counted = unsafe {
            folio::drain().and_then(|_| folio::statistics(output(&mut statistics), size))
        };
        counted.expect("drain and statistics");
        statistics.minor_faults = 0;
        statistics.major_faults = 0;
        statistics.switches = 0;
        for zone in &mut statistics.zones {
            zone.least_free = 0;
        }
        Some(Self(statistics))
    }

    /// What is different in `later`, for people; `None` if nothing is.
    pub fn difference(&self, later: &Self) -> Option<String> {
        let (old, new) = (&self.0, &later.0);
        let mut text = String::new();
        let mut compare = |what: &str, old: u32, new: u32| {
            if old != new {
                let separator = if text.is_empty() { "" } else { ", " };
                let _ = write!(text, "{separator}{what} {old} -> {new}");
            }
        };
        for (name, (old, new)) in
            ["free DMA", "free normal", "free high"].iter().zip(old.zones.iter().zip(&new.zones))
        {
            compare(name, old.free, new.free);
        }
        for (index, (&old, &new)) in old.owners.iter().zip(&new.owners).enumerate() {
            compare(OWNER_NAMES.get(index).unwrap_or(&"owner"), old, new);
        }
        for (old, new) in old.caches.iter().zip(&new.caches) {
            compare(&format!("objects of {}", new.size), old.objects, new.objects);
            compare(&format!("pages of {}", new.size), old.pages, new.pages);
        }
        compare("processes", old.processes, new.processes);
        compare("threads", old.threads, new.threads);
        compare("descriptions", old.descriptions, new.descriptions);
        compare("handles", old.handles, new.handles);
        compare("kmap", old.kmap, new.kmap);
        compare("vmalloc", old.vmalloc, new.vmalloc);
        // Whatever has no name of its own here.
        if text.is_empty() && self != later {
            text.push_str("some figure");
        }
        (!text.is_empty()).then_some(text)
    }
}

/// The kernel loses one of a kind, and the count must show it: the test of the tests.
pub fn every_kind_is_found() {
    crate::harness::only_on_folio("design §10, leaks");
    for kind in 0..LEAK_KINDS {
        let before = Snapshot::take().expect("statistics");
        let again = Snapshot::take().expect("statistics");
        assert_eq!(before.difference(&again), None, "counting leaks");
        // SAFETY: the call touches no memory.
        match unsafe { folio::leak(kind) } {
            Ok(_) => {}
            Err(Errno::ENOSYS) => skip!("a kernel without assertions leaks nothing on purpose"),
            Err(error) => panic!("leak {kind}: {error:?}"),
        }
        let after = Snapshot::take().expect("statistics");
        assert!(before.difference(&after).is_some(), "leak {kind} was not found");
    }
    // SAFETY: as above.
    assert_eq!(unsafe { folio::leak(LEAK_KINDS) }, Err(Errno::EINVAL));
}
