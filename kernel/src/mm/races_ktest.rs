//! Two tasks that meet in memory. Each makes way for the other wherever it may.

use super::ktest::{RW, range};
use super::map::Contents;
use super::object::Object;
use super::space::Mm;
use crate::ktest::{Outcome, check, tests};
use crate::sync::Mutex;
use crate::task::{self, Task, forced_switch};
use abi::memory::{MREMAP_FIXED, MREMAP_MAYMOVE, PROT_READ, PROT_WRITE};
use alloc::sync::Arc;
use core::sync::atomic::Ordering::Relaxed;
use core::sync::atomic::{AtomicBool, AtomicU32};
use kcore::addr::PAGE_SIZE;
use kcore::run_queue::Priority;
use kcore::vma::VmFlags;

tests![
    a_cut_finds_pages_that_are_moved_meanwhile,
    a_cut_spares_what_was_mapped_there_meanwhile,
    a_cut_finds_pages_whose_areas_merge_meanwhile,
    a_cut_finds_pages_that_a_fork_copies_meanwhile,
    who_looks_at_an_address_space_does_not_wait_or_let_wait,
];

const START: u32 = 0x1000_0000;
const ELSEWHERE: u32 = 0x2000_0000;
/// Several steps of every loop over pages.
const PAGES: u32 = 512;
const BYTES: u32 = PAGES * PAGE_SIZE;

/// An object and an address space that maps all of it, each page touched.
struct Mapped {
    object: Arc<Object>,
    mm: Arc<Mm>,
    other: fn(&Mapped),
    is_done: AtomicBool,
    child: Mutex<Option<Arc<Mm>>>,
}

impl Mapped {
    fn new(flags: VmFlags, other: fn(&Mapped)) -> Result<Arc<Self>, &'static str> {
        let object = Object::memory(u64::from(BYTES)).map_err(|_| "no object")?;
        let mm = Mm::new().map_err(|_| "no mm")?;
        let contents = Contents::Object { object: object.clone(), pgoff: 0, file: None };
        mm.map_fixed(range(START, PAGES), RW | flags, contents).map_err(|_| "map")?;
        for page in 0..PAGES {
            mm.write_bytes(START + page * PAGE_SIZE, b"mapped").map_err(|_| "write")?;
        }
        let (is_done, child) = (AtomicBool::new(false), Mutex::new(None));
        Arc::try_new(Self { object, mm, other, is_done, child }).map_err(|_| "no memory")
    }

    fn is_there(&self, address: u32) -> bool {
        self.mm.read_bytes(address, &mut [0]).is_ok()
    }

    /// Whether somebody edits the layout.
    fn is_busy(&self) -> bool {
        self.mm.layout.is_written()
    }
}

/// Runs `own` here and the other part in a task of its own.
fn race(mapped: &Arc<Mapped>, own: impl FnOnce(&Mapped)) -> Outcome {
    fn other(argument: usize) {
        // SAFETY: the reference that `race` gave away.
        let mapped = unsafe { Arc::from_raw(argument as *const Mapped) };
        (mapped.other)(&mapped);
        mapped.is_done.store(true, Relaxed);
    }
    let argument = Arc::into_raw(mapped.clone()) as usize;
    let task = Task::new(b"ktest", Priority::NORMAL, other, argument).map_err(|_| "no task")?;
    let before = forced_switch::force_switches(1);
    task::start(task);
    own(mapped);
    while !mapped.is_done.load(Relaxed) {
        task::yield_now();
    }
    forced_switch::force_switches(before);
    Ok(())
}

fn wait_until(condition: impl Fn() -> bool) {
    while !condition() {
        task::yield_now();
    }
}

const SHARED: VmFlags = VmFlags::SHARED.union(VmFlags::MAYSHARE);

fn a_cut_finds_pages_that_are_moved_meanwhile() -> Outcome {
    let mapped = Mapped::new(SHARED, |mapped| {
        let flags = MREMAP_MAYMOVE | MREMAP_FIXED;
        let moved = mapped.mm.mremap(START, BYTES, BYTES, flags, ELSEWHERE);
        assert_eq!(moved, Ok(ELSEWHERE));
    })?;
    let left = PAGES - 4;
    race(&mapped, |mapped| {
        wait_until(|| mapped.is_busy());
        let cut = mapped.object.truncate(u64::from(left * PAGE_SIZE));
        assert_eq!(cut, Ok(()));
    })?;
    check!(mapped.is_there(ELSEWHERE + (left - 1) * PAGE_SIZE));
    check!((left..PAGES).all(|page| !mapped.is_there(ELSEWHERE + page * PAGE_SIZE)));
    Ok(())
}

fn a_cut_spares_what_was_mapped_there_meanwhile() -> Outcome {
    const LAST: u32 = START + BYTES - 4 * PAGE_SIZE;
    let mapped = Mapped::new(VmFlags::empty(), |mapped| {
        wait_until(|| mapped.object.size() == 0);
        let anonymous = mapped.mm.map_fixed(range(LAST, 4), RW, Contents::Anonymous);
        assert_eq!(anonymous, Ok(()));
        assert_eq!(mapped.mm.write_bytes(LAST, b"spared"), Ok(()));
    })?;
    race(&mapped, |mapped| assert_eq!(mapped.object.truncate(0), Ok(())))?;
    let mut read = [0; 6];
    check!(mapped.mm.read_bytes(LAST, &mut read).is_ok());
    check!(&read == b"spared");
    check!(mapped.mm.rss() == 1);
    Ok(())
}

fn a_cut_finds_pages_whose_areas_merge_meanwhile() -> Outcome {
    /// The second half becomes an area of its own, or part of the first one's.
    fn protect(mm: &Mm, prot: u32) {
        assert_eq!(mm.mprotect(START + BYTES / 2, BYTES / 2, prot), Ok(()));
    }
    let mapped = Mapped::new(SHARED, |Mapped { object, mm, .. }| {
        // While the first half is looked through.
        wait_until(|| object.size() == 0);
        protect(mm, PROT_READ | PROT_WRITE);
    })?;
    protect(&mapped.mm, PROT_READ);
    race(&mapped, |mapped| assert_eq!(mapped.object.truncate(0), Ok(())))?;
    check!(mapped.mm.rss() == 0);
    Ok(())
}

/// However much a fork has to copy first, and whichever of parent and child the cut visits first.
fn a_cut_finds_pages_that_a_fork_copies_meanwhile() -> Outcome {
    const LOW: u32 = START / 2;
    const LAST: u32 = START + BYTES - PAGE_SIZE;
    static FIRST: AtomicU32 = AtomicU32::new(0);
    for pages in (1..16).map(|steps| steps * 64) {
        FIRST.store(pages, Relaxed);
        // Freed before the fork: its place may be the child's, on either side of the parent's.
        let place = Mm::new().map_err(|_| "no mm")?;
        let mapped = Mapped::new(VmFlags::empty(), |mapped| {
            let Mapped { object, mm, child, .. } = mapped;
            wait_until(|| object.size() == 0 && mm.rss() == FIRST.load(Relaxed));
            // It comes back unless it has left the object, and then the cut comes back too.
            let _ = mm.write_bytes(LAST, b"again");
            *child.lock() = mm.fork().ok();
        })?;
        mapped.mm.map_fixed(range(LOW, pages), RW, Contents::Anonymous).map_err(|_| "map")?;
        for page in 0..pages {
            mapped.mm.write_bytes(LOW + page * PAGE_SIZE, b"first").map_err(|_| "write")?;
        }
        drop(place);
        race(&mapped, |mapped| assert_eq!(mapped.object.truncate(0), Ok(())))?;
        let Some(child) = mapped.child.lock().take() else { return Err("fork") };
        check!(mapped.mm.rss() == pages && child.rss() == pages);
    }
    Ok(())
}

fn who_looks_at_an_address_space_does_not_wait_or_let_wait() -> Outcome {
    fn edits(look: fn(&Mm)) -> Outcome {
        let mapped = Mapped::new(SHARED, |mapped| {
            assert_eq!(mapped.mm.mprotect(START, PAGE_SIZE, PROT_READ), Ok(()));
        })?;
        race(&mapped, |mapped| {
            look(&mapped.mm);
            assert!(mapped.is_done.load(Relaxed), "the other one waits");
            let edit = mapped.mm.layout.write();
            assert_eq!(mapped.mm.layout.total_pages(), PAGES);
            drop(edit);
        })
    }
    edits(|mm| {
        let resident = mm.area_usage(START).map(|usage| usage.resident);
        assert_eq!(resident, Ok(BYTES.into()));
    })?;
    edits(|mm| assert_eq!(mm.resident_shared(), PAGES))
}
