//! What is mapped where in an address space, and its lock.

use super::space::{AreaBacking, MMAP_MIN, TASK_SIZE};
use crate::sync::{Rank, ReadGuard, RwLock, SpinLock, WriteGuard};
use core::ops::{Deref, DerefMut};
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use kcore::memory_call::Limits;
use kcore::vma::{Account, Placement, VmFlags, VmaSet};

/// Where the parts of a program are, in bytes: the marks the seed's `mm_struct` keeps.
#[derive(Clone, Copy)]
pub struct Marks {
    pub start_code: u32,
    pub end_code: u32,
    pub start_data: u32,
    pub end_data: u32,
    pub start_brk: u32,
    pub brk: u32,
    pub start_stack: u32,
    pub arg_start: u32,
    pub arg_end: u32,
    pub env_start: u32,
    pub env_end: u32,
}

/// What is mapped where.
pub struct Layout {
    pub areas: VmaSet<AreaBacking>,
    /// Changed by [`LayoutEdit::set_marks`] and [`LayoutEdit::set_break`].
    pub marks: Marks,
    /// What the process may have, and flags of new areas.
    pub limits: Limits,
    /// RLIMIT_STACK in bytes.
    pub stack_limit: u32,
}

/// The layout and its lock: faults read, edits write. How large everything is and where, is also told to
/// those who look at all processes and must not wait for any of them.
pub struct LayoutLock {
    layout: RwLock<Layout>,
    told: Told,
}

/// As it was after the last edit.
struct Told {
    total: AtomicU32,
    charged: AtomicU32,
    locked: AtomicU32,
    data: AtomicU32,
    exec: AtomicU32,
    stack: AtomicU32,
    peak: AtomicU32,
    marks: SpinLock<Marks>,
}

/// Pages that count as promised, of all address spaces.
static COMMITTED: AtomicU32 = AtomicU32::new(0);

/// What all programs could write at most, in pages.
pub fn committed_pages() -> u32 {
    COMMITTED.load(Relaxed)
}

/// The layout while it is edited.
pub struct LayoutEdit<'a> {
    layout: WriteGuard<'a, Layout>,
    of: &'a LayoutLock,
}

impl LayoutLock {
    pub const fn new() -> Self {
        let [total, charged, locked, data, exec, stack, peak] = [const { AtomicU32::new(0) }; 7];
        let marks = SpinLock::new(Rank::Marks, Marks::NONE);
        let told = Told { total, charged, locked, data, exec, stack, peak, marks };
        Self { layout: RwLock::new(Layout::new()), told }
    }

    #[inline]
    pub fn read(&self) -> ReadGuard<'_, Layout> {
        self.layout.read()
    }

    /// `None` if somebody edits it, or is about to.
    pub fn try_read(&self) -> Option<ReadGuard<'_, Layout>> {
        self.layout.try_read()
    }

    #[inline]
    pub fn write(&self) -> LayoutEdit<'_> {
        LayoutEdit { layout: self.layout.write(), of: self }
    }

    /// Whether somebody edits it, for assertions.
    #[inline]
    pub fn is_written(&self) -> bool {
        self.layout.is_written()
    }

    /// Pages of all areas after the last edit.
    pub fn total_pages(&self) -> u32 {
        self.told.total.load(Relaxed)
    }

    /// Pages of locked areas after the last edit.
    pub fn locked_pages(&self) -> u32 {
        self.told.locked.load(Relaxed)
    }

    /// How many pages are what after the last edit.
    pub fn account(&self) -> Account {
        Account {
            total: self.told.total.load(Relaxed),
            locked: self.told.locked.load(Relaxed),
            data: self.told.data.load(Relaxed),
            exec: self.told.exec.load(Relaxed),
            stack: self.told.stack.load(Relaxed),
            charged: self.told.charged.load(Relaxed),
        }
    }

    /// Most pages of all areas there were, up to the last edit.
    pub fn peak_pages(&self) -> u32 {
        self.told.peak.load(Relaxed)
    }

    /// The marks after they were last set.
    pub fn marks(&self) -> Marks {
        *self.told.marks.lock()
    }
}

impl LayoutEdit<'_> {
    pub fn set_marks(&mut self, marks: Marks) {
        self.layout.marks = marks;
        *self.of.told.marks.lock() = marks;
    }

    pub fn set_break(&mut self, brk: u32) {
        self.layout.marks.brk = brk;
        self.of.told.marks.lock().brk = brk;
    }

    /// What a forked child begins with: the same marks, around its own areas.
    pub fn set_forked(&mut self, parent: &Layout, areas: VmaSet<AreaBacking>) {
        *self.layout = parent.with_areas(areas);
        *self.of.told.marks.lock() = parent.marks;
    }
}

impl Marks {
    const NONE: Self = Self {
        start_code: 0,
        end_code: 0,
        start_data: 0,
        end_data: 0,
        start_brk: 0,
        brk: 0,
        start_stack: 0,
        arg_start: 0,
        arg_end: 0,
        env_start: 0,
        env_end: 0,
    };
}

impl Deref for LayoutEdit<'_> {
    type Target = Layout;

    #[inline]
    fn deref(&self) -> &Layout {
        &self.layout
    }
}

impl DerefMut for LayoutEdit<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Layout {
        &mut self.layout
    }
}

impl Drop for LayoutEdit<'_> {
    #[inline]
    fn drop(&mut self) {
        let account = self.layout.areas.account();
        let told = &self.of.told;
        told.total.store(account.total, Relaxed);
        told.data.store(account.data, Relaxed);
        told.exec.store(account.exec, Relaxed);
        told.stack.store(account.stack, Relaxed);
        told.peak.store(self.layout.areas.peak(), Relaxed);
        let charged = told.charged.load(Relaxed);
        if charged != account.charged {
            told.charged.store(account.charged, Relaxed);
            COMMITTED.fetch_add(account.charged.wrapping_sub(charged), Relaxed);
        }
        told.locked.store(account.locked, Relaxed);
    }
}

impl Layout {
    const fn new() -> Self {
        Self {
            areas: VmaSet::new(),
            marks: Marks::NONE,
            limits: Limits {
                placement: Placement {
                    lowest: MMAP_MIN,
                    mmap_base: TASK_SIZE,
                    task_size: TASK_SIZE,
                },
                address_space: u32::MAX,
                data: u32::MAX,
                data_max: u32::MAX,
                memlock: 8 << 20,
                // Until a process's limits bind it.
                may_lock: true,
                raw_io: true,
                read_implies_exec: false,
                def_flags: VmFlags::empty(),
                commit: u32::MAX,
                strict_commit: false,
            },
            stack_limit: 8 << 20,
        }
    }

    /// The same marks for a forked child, around its own areas.
    fn with_areas(&self, areas: VmaSet<AreaBacking>) -> Self {
        // What mlockall promised the parent's future does not bind the child.
        Self { areas, limits: Limits { def_flags: VmFlags::empty(), ..self.limits }, ..*self }
    }
}
