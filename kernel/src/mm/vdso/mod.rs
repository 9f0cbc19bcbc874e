//! The vDSO in a program's address space: `[vvar]`, the page that the time is computed from, and
//! `[vdso]` above it, code that the kernel brings along. Both are frames of the kernel's image.

mod image;

pub use image::{RT_SIGRETURN, SIGRETURN, VSYSCALL, use_interrupt};

use super::map::Contents;
use super::object::Object;
use super::space::{Area, Mm};
use crate::arch::paging::{self, PAGE_OFFSET};
use crate::cpu;
use crate::result::{Errno, Result};
use crate::time;
use alloc::sync::Arc;
use core::sync::atomic::Ordering::Relaxed;
use kcore::addr::{PAGE_SIZE, PageRange, PhysAddr, VirtAddr};
use kcore::vma::VmFlags;
use spin::Once;

struct Objects {
    time: Arc<Object>,
    code: Arc<Object>,
}

static OBJECTS: Once<Objects> = Once::new();

fn objects() -> Result<&'static Objects> {
    OBJECTS.try_call_once(|| {
        let code = PhysAddr::new(u64::from(image::address() - PAGE_OFFSET));
        Ok(Objects { time: page(time::page())?, code: page(code)? })
    })
}

/// A page of the kernel's image, which stays where it is like one of the boot archive.
fn page(start: PhysAddr) -> Result<Arc<Object>> {
    Object::archive(start, PAGE_SIZE)
}

/// One of the two pages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    Time,
    Code,
}

/// Which of the two pages an object is.
pub fn part(object: &Arc<Object>) -> Option<Part> {
    let Objects { time, code } = OBJECTS.get()?;
    match () {
        () if Arc::ptr_eq(object, code) => Some(Part::Code),
        () if Arc::ptr_eq(object, time) => Some(Part::Time),
        () => None,
    }
}

/// The end of the stack, and the start of the two pages above it: in one page table with what every
/// program touches.
pub const STACK_TOP: u32 = CODE - PAGE_SIZE;
const CODE: u32 = PAGE_OFFSET - PAGE_SIZE;

impl Mm {
    /// Maps both pages into a new address space.
    pub fn map_vdso(&self) -> Result<()> {
        let objects = objects()?;
        let time_flags = VmFlags::READ
            | VmFlags::MAYREAD
            | VmFlags::IO
            | VmFlags::PFNMAP
            | VmFlags::DONTDUMP
            | VmFlags::DONTEXPAND;
        // A debugger may want to write to it: into a copy of its own.
        let code_flags = VmFlags::READ | VmFlags::EXEC | VmFlags::MAY | VmFlags::DONTEXPAND;
        self.map_special(STACK_TOP, time_flags, &objects.time)?;
        self.map_special(CODE, code_flags, &objects.code)?;
        self.set_vdso(CODE);
        Ok(())
    }

    fn map_special(&self, address: u32, flags: VmFlags, object: &Arc<Object>) -> Result<()> {
        let range = PageRange::with_len(VirtAddr::new(address).vpn(), 1).ok_or(Errno::ENOMEM)?;
        let contents = Contents::Object { object: object.clone(), pgoff: 0, file: None };
        self.map_free(&mut self.layout.write(), range, flags, contents)
    }

    /// Whether a forked child gets the entries of an area right away, because it needs them at once.
    pub(super) fn is_vdso(&self, area: &Area) -> bool {
        area.start() == VirtAddr::new(self.vdso()).vpn()
    }

    fn set_vdso(&self, address: u32) {
        let landing = address + image::LANDING;
        self.landing.store(landing, Relaxed);
        if paging::cr3() == self.cr3() {
            cpu::set_landing(landing);
        }
    }

    /// Where the code is, or was before the program unmapped it; 0 if it never was.
    #[inline]
    pub fn vdso(&self) -> u32 {
        self.landing().saturating_sub(image::LANDING)
    }

    /// Where programs go on after SYSENTER.
    #[inline]
    pub fn landing(&self) -> u32 {
        self.landing.load(Relaxed)
    }

    /// An mremap took what was at `from` to `to`: if it was the code, it is there now.
    pub(super) fn follow_vdso(&self, from: PageRange, to: PageRange) {
        if VirtAddr::new(self.vdso()).vpn() == from.start()
            && let Some(address) = to.start().address()
        {
            self.set_vdso(address.as_u32());
        }
    }
}
