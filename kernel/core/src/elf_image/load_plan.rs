//! The mappings that make a program out of a file, in the order in which they are made.

use super::header::{Kind, ProgramTable};
use crate::addr::{PAGE_MASK, PAGE_SIZE};
use abi::errno::Errno;
use abi::memory::{PROT_EXEC, PROT_READ, PROT_WRITE};
use alloc::vec::Vec;
use elf::abi::{PF_R, PF_W, PF_X, PT_LOAD};
use elf::segment::ProgramHeader;

/// One thing to do. A mapping replaces what an earlier step put there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// Map whole pages of the file, private, from page-aligned `offset`. `prot` is PROT_* bits.
    MapFile { start: u32, len: u32, offset: u32, prot: u32 },
    /// Map demand-zero pages, readable and writable; executable if `prot` says so.
    MapAnonymous { start: u32, len: u32, prot: u32 },
    /// Store zeros behind the file's last byte, as the program would. Failure kills only if
    /// `required`; else it is passed over, as a read-only segment's is on Linux.
    Zero { start: u32, len: u32, required: bool },
}

impl Step {
    fn moved(self, bias: u32) -> Self {
        match self {
            Self::MapFile { start, len, offset, prot } => {
                Self::MapFile { start: start.wrapping_add(bias), len, offset, prot }
            }
            Self::MapAnonymous { start, len, prot } => {
                Self::MapAnonymous { start: start.wrapping_add(bias), len, prot }
            }
            Self::Zero { start, len, required } => {
                Self::Zero { start: start.wrapping_add(bias), len, required }
            }
        }
    }
}

/// A file's segments, checked, at the addresses the file gives them.
#[derive(Debug)]
pub struct LoadPlan {
    kind: Kind,
    steps: Vec<Step>,
    start: u32,
    end: u32,
    alignment: u32,
    task_size: u32,
    image: Image,
}

/// Where a placed program's parts lie.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Image {
    /// What was added to the file's addresses; an interpreter's is AT_BASE.
    pub bias: u32,
    pub entry: u32,
    /// The program headers in memory, for AT_PHDR; `bias` alone if no segment holds them.
    pub program_headers: u32,
    pub code_start: u32,
    pub code_end: u32,
    pub data_start: u32,
    pub data_end: u32,
    /// Where the heap starts: the end of the highest segment, rounded up to a page.
    pub brk: u32,
}

/// Linux's running maxima over the segments: the end of what the file fills and of all.
struct Bss {
    file_end: u32,
    memory_end: u32,
    prot: u32,
}

impl LoadPlan {
    /// EINVAL or ENOMEM; both kill, because the old program is gone by now.
    pub fn new(table: &ProgramTable<'_>, task_size: u32) -> Result<Self, Errno> {
        let loads = || table.iter().filter(|header| header.p_type == PT_LOAD);
        let mut steps = Vec::new();
        steps.try_reserve_exact(3 * loads().count() + 2).map_err(|_| Errno::ENOMEM)?;

        let mut plan = Self {
            kind: table.header.kind,
            steps,
            start: u32::MAX,
            end: 0,
            alignment: PAGE_SIZE,
            task_size,
            image: Image { entry: table.header.entry, code_start: u32::MAX, ..Image::default() },
        };
        let mut bss = Bss { file_end: 0, memory_end: 0, prot: 0 };
        let table_offset = u64::from(table.header.table.offset);
        let mut first = None;
        for segment in loads() {
            plan.add(&segment, &mut bss)?;
            first.get_or_insert(segment.p_vaddr as u32 & PAGE_MASK);
            let in_file = segment.p_offset..segment.p_offset + segment.p_filesz;
            if in_file.contains(&table_offset) {
                let offset = (table_offset - segment.p_offset) as u32;
                plan.image.program_headers = (segment.p_vaddr as u32).wrapping_add(offset);
            }
        }
        // The block of an ET_DYN is reserved from its first segment up, so that has to be lowest.
        let lowest_is_first = first == Some(plan.start) || plan.kind == Kind::Fixed;
        if first.is_none() || !lowest_is_first || plan.start == plan.end {
            return Err(Errno::EINVAL);
        }
        if plan.kind == Kind::Fixed && plan.image.entry >= task_size {
            return Err(Errno::EINVAL);
        }
        plan.push_bss(&bss, LastBss::Yes);
        plan.image.brk = align_up(bss.memory_end);
        Ok(plan)
    }

    fn add(&mut self, segment: &ProgramHeader, bss: &mut Bss) -> Result<(), Errno> {
        let task_size = u64::from(self.task_size);
        let (vaddr, in_file, in_memory) = (segment.p_vaddr, segment.p_filesz, segment.p_memsz);
        if vaddr >= task_size
            || in_file > in_memory
            || in_memory > task_size
            || task_size - in_memory < vaddr
        {
            return Err(Errno::EINVAL);
        }
        if bss.memory_end > bss.file_end {
            self.push_bss(bss, LastBss::No);
        }
        // The checks above keep every sum below task_size plus a page.
        let vaddr = vaddr as u32;
        let page_offset = vaddr & !PAGE_MASK;
        let prot = protection(segment.p_flags);
        let len = align_up(in_file as u32 + page_offset);
        if len != 0 {
            let offset = segment.p_offset as u32;
            if offset & !PAGE_MASK != page_offset {
                return Err(Errno::EINVAL);
            }
            let offset = offset - page_offset;
            // Linux refuses a range of the file whose end wraps.
            offset.checked_add(len).ok_or(Errno::EINVAL)?;
            self.steps.push(Step::MapFile { start: vaddr - page_offset, len, offset, prot });
        }

        let file_end = vaddr + in_file as u32;
        let memory_end = vaddr + in_memory as u32;
        self.start = self.start.min(vaddr & PAGE_MASK);
        self.end = self.end.max(align_up(memory_end));
        if segment.p_align.is_power_of_two() {
            self.alignment = self.alignment.max(segment.p_align as u32);
        }
        let image = &mut self.image;
        image.data_start = image.data_start.max(vaddr);
        image.data_end = image.data_end.max(file_end);
        if segment.p_flags & PF_X != 0 {
            image.code_start = image.code_start.min(vaddr);
            image.code_end = image.code_end.max(file_end);
        }
        bss.file_end = bss.file_end.max(file_end);
        if memory_end > bss.memory_end {
            bss.memory_end = memory_end;
            bss.prot = prot;
        }
        Ok(())
    }

    /// Anonymous pages behind the file's last page, then zeros in that page.
    fn push_bss(&mut self, bss: &Bss, last: LastBss) {
        let (start, end) = (align_up(bss.file_end), align_up(bss.memory_end));
        if end > start {
            let prot = PROT_READ | PROT_WRITE | bss.prot & PROT_EXEC;
            self.steps.push(Step::MapAnonymous { start, len: end - start, prot });
        }
        let rest_of_page = start - bss.file_end;
        let (len, required) = match last {
            LastBss::Yes => (rest_of_page, true),
            LastBss::No => (rest_of_page.min(bss.memory_end - bss.file_end), false),
        };
        if bss.memory_end != bss.file_end && len != 0 {
            self.steps.push(Step::Zero { start: bss.file_end, len, required });
        }
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The pages all segments need, from the first to the last, in bytes.
    pub fn len(&self) -> u32 {
        self.end - self.start
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where Linux asks for a dynamic program with an interpreter: at `base`, rounded down to
    /// the largest alignment of a segment. A fixed one lies where its file says.
    pub fn preferred_start(&self, base: u32) -> u32 {
        match self.kind {
            Kind::Fixed => self.start,
            Kind::Dynamic => base & !(self.alignment - 1) & PAGE_MASK,
        }
    }

    /// The image and its steps with the first page at `start`, which has to be
    /// [`preferred_start`](Self::preferred_start) for a fixed program.
    pub fn place(
        &self,
        start: u32,
    ) -> Result<(Image, impl ExactSizeIterator<Item = Step> + '_), Errno> {
        let fits = self.len() <= self.task_size && start <= self.task_size - self.len();
        let bias = start.wrapping_sub(self.start);
        if !fits || start & !PAGE_MASK != 0 || (self.kind == Kind::Fixed && bias != 0) {
            return Err(Errno::EINVAL);
        }
        let mut image = self.image;
        image.bias = bias;
        for address in [
            &mut image.entry,
            &mut image.program_headers,
            &mut image.code_start,
            &mut image.code_end,
            &mut image.data_start,
            &mut image.data_end,
            &mut image.brk,
        ] {
            *address = address.wrapping_add(bias);
        }
        if image.entry >= self.task_size {
            return Err(Errno::EINVAL);
        }
        Ok((image, self.steps.iter().map(move |step| step.moved(bias))))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LastBss {
    Yes,
    No,
}

fn protection(flags: u32) -> u32 {
    let bit = |flag, prot| if flags & flag != 0 { prot } else { 0 };
    bit(PF_R, PROT_READ) | bit(PF_W, PROT_WRITE) | bit(PF_X, PROT_EXEC)
}

/// For addresses up to a page below 2^32, which every checked one is.
fn align_up(address: u32) -> u32 {
    (address + (PAGE_SIZE - 1)) & PAGE_MASK
}
