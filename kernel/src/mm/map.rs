//! Putting areas into an address space: mmap.

use super::layout::Layout;
use super::object::Object;
use super::space::{Area, AreaBacking, KeptOpen, Mm};
use crate::result::{Errno, Result};
use abi::memory::{MAP_SHARED, PROT_READ, PROT_WRITE};
use alloc::sync::Arc;
use kcore::addr::{PAGE_SHIFT, PAGE_SIZE, PageRange};
use kcore::memory_call::{FileFacts, MmapArgs, Source, mmap};
use kcore::vma::VmFlags;

/// What an area shows.
#[derive(Clone)]
pub enum Contents {
    /// Zeros until written.
    Anonymous,
    /// An object from page `pgoff` on, and the file it was opened as, if any.
    Object { object: Arc<Object>, pgoff: u32, file: Option<Arc<dyn KeptOpen>> },
}

/// An open file as mmap sees it.
pub struct MapFile {
    pub facts: FileFacts,
    /// `None` for what has no pages; the facts say so too.
    pub object: Option<Arc<Object>>,
    pub file: Arc<dyn KeptOpen>,
}

impl Mm {
    /// mmap2: the address of the new mapping. `file` is there if the arguments need one.
    pub fn mmap(&self, args: &MmapArgs, file: Option<&MapFile>) -> Result<u32> {
        let mut layout = self.layout.write();
        let facts = file.map(|file| &file.facts);
        let plan = mmap(args, facts, &layout.areas, &layout.limits)?;
        let contents = match plan.source {
            Source::Anonymous => Contents::Anonymous,
            Source::SharedAnonymous => {
                let size = u64::from(plan.range.len()) << PAGE_SHIFT;
                Contents::Object { object: Object::memory(size)?, pgoff: plan.pgoff, file: None }
            }
            Source::File => {
                let MapFile { object, file, .. } = file.ok_or(Errno::ENODEV)?;
                let object = object.clone().ok_or(Errno::ENODEV)?;
                Contents::Object { object, pgoff: plan.pgoff, file: Some(file.clone()) }
            }
        };
        if plan.replaces {
            self.unmap_areas(&mut layout.areas, plan.range)?;
        }
        self.map_free(&mut layout, plan.range, plan.flags, contents)?;
        drop(layout);
        if plan.populate {
            self.populate(plan.range, plan.flags);
        }
        plan.range.start().address().map(|start| start.as_u32()).ok_or(Errno::ENOMEM)
    }

    /// Maps pages of an object that has them all, shared, wherever there is room; returns the
    /// address. A child does not inherit it.
    pub fn map_frames(
        &self,
        object: &Arc<Object>,
        pgoff: u32,
        pages: u32,
        writable: bool,
    ) -> Result<u32> {
        let prot = if writable { PROT_READ | PROT_WRITE } else { PROT_READ };
        let length = pages.checked_mul(PAGE_SIZE).ok_or(Errno::EINVAL)?;
        let args = MmapArgs { address: 0, length, prot, flags: MAP_SHARED, page_offset: pgoff };
        let facts = FileFacts {
            readable: true,
            writable,
            append_only: false,
            no_exec: true,
            swap_area: false,
            mappable: true,
            write_sealed: false,
        };
        let mut layout = self.layout.write();
        let plan = mmap(&args, Some(&facts), &layout.areas, &layout.limits)?;
        let flags = plan.flags | VmFlags::DONTCOPY | VmFlags::DONTEXPAND;
        let contents = Contents::Object { object: object.clone(), pgoff, file: None };
        self.map_free(&mut layout, plan.range, flags, contents)?;
        drop(layout);
        self.populate(plan.range, flags);
        plan.range.start().address().map(|start| start.as_u32()).ok_or(Errno::ENOMEM)
    }

    /// Maps `contents` at `range`, which lies below TASK_SIZE, over whatever is there.
    pub fn map_fixed(&self, range: PageRange, flags: VmFlags, contents: Contents) -> Result<()> {
        let mut layout = self.layout.write();
        self.unmap_areas(&mut layout.areas, range)?;
        self.map_free(&mut layout, range, flags, contents)
    }

    /// Maps `contents` at `range`, where no area is.
    pub fn map_free(
        &self,
        layout: &mut Layout,
        range: PageRange,
        flags: VmFlags,
        contents: Contents,
    ) -> Result<()> {
        let (backing, pgoff) = match contents {
            Contents::Anonymous => (AreaBacking::anonymous(), range.start().as_u32()),
            Contents::Object { object, pgoff, file } => (AreaBacking::of(object, file), pgoff),
        };
        let area = Area::new(range, flags, pgoff, backing);
        self.reserve_mappings(&area)?;
        let inserted = layout.areas.insert(area, &mut |edit| self.follow(edit));
        inserted.map(|_| ()).map_err(|_| Errno::ENOMEM)
    }
}
