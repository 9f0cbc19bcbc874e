//! The places with a failpoint, and whether anybody cares.

use abi::failpoint::Failpoint;
use core::slice;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering::Relaxed};

/// One `fail_point!`. The harness reads the catalogue out of the image: eight words each.
#[repr(C)]
pub struct Site {
    name: &'static str,
    file: &'static str,
    point: Failpoint,
    line: u32,
    hits: AtomicU32,
    faults: AtomicU32,
}

const _: () = assert!(size_of::<Site>() == 32);

/// Whether a context is open, or hits are counted.
static IS_ARMED: AtomicBool = AtomicBool::new(false);

/// Decides about a passage. The catalogue is a layer far below whoever knows.
type Decide = fn(&'static Site) -> bool;
static DECIDE: AtomicPtr<()> = AtomicPtr::new(core::ptr::null_mut());

#[inline(always)]
pub fn is_armed() -> bool {
    IS_ARMED.load(Relaxed)
}

/// From now on `decide` is asked, or nobody is.
pub(super) fn arm(decide: Option<Decide>) {
    if let Some(decide) = decide {
        DECIDE.store(decide as *mut (), Relaxed);
    }
    IS_ARMED.store(decide.is_some(), Relaxed);
}

impl Site {
    pub const fn new(point: Failpoint, file: &'static str, line: u32) -> Self {
        let (hits, faults) = (AtomicU32::new(0), AtomicU32::new(0));
        Self { name: point.name(), file, point, line, hits, faults }
    }

    /// Whether this passage fails.
    #[cold]
    #[inline(never)]
    pub fn fails(&'static self) -> bool {
        let decide = DECIDE.load(Relaxed);
        if decide.is_null() {
            return false;
        }
        // SAFETY: only `arm` stores here, and it stores a `Decide`.
        let decide = unsafe { core::mem::transmute::<*mut (), Decide>(decide) };
        self.hits.fetch_add(1, Relaxed);
        let fails = decide(self);
        if fails {
            self.faults.fetch_add(1, Relaxed);
        }
        fails
    }

    pub fn point(&self) -> Failpoint {
        self.point
    }

    /// Where it is: file and line.
    pub fn place(&self) -> (&'static str, u32) {
        (self.file, self.line)
    }

    /// Passages and faults.
    pub fn counts(&self) -> (u32, u32) {
        (self.hits.load(Relaxed), self.faults.load(Relaxed))
    }

    /// Its place in the catalogue.
    pub fn number(&'static self) -> u32 {
        let offset = core::ptr::from_ref(self) as usize - catalogue().as_ptr() as usize;
        (offset / size_of::<Self>()) as u32
    }
}

unsafe extern "C" {
    static __failpoints_start: [u8; 0];
    static __failpoints_end: [u8; 0];
}

/// All sites.
pub fn catalogue() -> &'static [Site] {
    // SAFETY: the linker script puts all sites, and nothing else, between the two symbols.
    unsafe {
        let start = (&raw const __failpoints_start).cast::<Site>();
        let end = (&raw const __failpoints_end).cast::<Site>();
        slice::from_raw_parts(start, end.offset_from(start) as usize)
    }
}
