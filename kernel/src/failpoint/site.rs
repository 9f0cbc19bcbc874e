//! The places with a failpoint, and whether anybody cares.

use super::scope::Whose;
use crate::arch::aside;
use abi::failpoint::Failpoint;
use core::hint;
use core::slice;
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering::Relaxed};

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

/// Decides about a passage. The catalogue is a layer far below whoever knows.
type Decide = fn(&Passage) -> bool;
static DECIDE: AtomicPtr<()> = AtomicPtr::new(core::ptr::null_mut());

/// How often everything was over: while it is, nobody notes what becomes of requests.
static TIMES: AtomicU32 = AtomicU32::new(0);

/// Changes each time that everything is over.
pub(super) fn time() -> u32 {
    TIMES.load(Relaxed)
}

/// Whether a context is open, or hits are counted. Two instructions.
#[inline(always)]
pub fn is_armed() -> bool {
    aside::is_wanted()
}

/// From now on `decide` is asked, or nobody is.
pub(super) fn arm(decide: Option<Decide>) {
    match decide {
        Some(decide) => DECIDE.store(decide as *mut (), Relaxed),
        None => _ = TIMES.fetch_add(1, Relaxed),
    }
    aside::set_wanted(decide.is_some());
}

/// Somebody passes a site.
pub(super) struct Passage {
    pub site: &'static Site,
    /// How much is asked for.
    pub size: u32,
    /// On whose behalf, if not on the running task's.
    pub whose: Option<Whose>,
    /// Of a stack frame that the site called.
    pub frame: u32,
}

impl Site {
    pub const fn new(point: Failpoint, file: &'static str, line: u32) -> Self {
        let (hits, faults) = (AtomicU32::new(0), AtomicU32::new(0));
        Self { name: point.name(), file, point, line, hits, faults }
    }

    /// Whether this passage of the running task fails. In place, and yet hardly anything changes for
    /// whoever is around it.
    #[inline(always)]
    pub fn fails(&'static self, size: u32) -> bool {
        if !is_armed() {
            return false;
        }
        hint::cold_path();
        let site = core::ptr::from_ref(self) as u32;
        // SAFETY: a site, as it wants.
        unsafe { aside::call(fails_aside, site, size) != 0 }
    }

    /// Whether this passage fails, on behalf of somebody else.
    #[inline(always)]
    pub fn fails_for(&'static self, whose: impl FnOnce() -> Whose) -> bool {
        if !is_armed() {
            return false;
        }
        hint::cold_path();
        let whose = whose();
        let (site, whose) = (core::ptr::from_ref(self), &raw const whose);
        // SAFETY: a site and whose fault it is, as it wants.
        unsafe { aside::call(fails_for_aside, site as u32, whose as u32) != 0 }
    }

    fn decide(&'static self, size: u32, whose: Option<Whose>, frame: u32) -> bool {
        let decide = DECIDE.load(Relaxed);
        if decide.is_null() {
            return false;
        }
        // SAFETY: only `arm` stores here, and it stores a `Decide`.
        let decide = unsafe { core::mem::transmute::<*mut (), Decide>(decide) };
        self.hits.fetch_add(1, Relaxed);
        let fails = decide(&Passage { site: self, size, whose, frame });
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

/// # Safety
/// `site` is the address of a site.
unsafe extern "C" fn fails_aside(site: u32, size: u32, frame: u32) -> u32 {
    // SAFETY: see above; sites are there for ever.
    let site: &'static Site = unsafe { &*(site as *const Site) };
    site.decide(size, None, frame).into()
}

/// # Safety
/// `site` is the address of a site, `whose` that of a [`Whose`].
unsafe extern "C" fn fails_for_aside(site: u32, whose: u32, frame: u32) -> u32 {
    // SAFETY: see above; sites are there for ever.
    let (site, whose): (&'static Site, Whose) =
        unsafe { (&*(site as *const Site), *(whose as *const Whose)) };
    site.decide(1, Some(whose), frame).into()
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
