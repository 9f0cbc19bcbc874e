//! The segments of a program and of its interpreter, in the address space they will run in.

use super::executable::{ElfFile, Executable};
use crate::mm::layout::Marks;
use crate::mm::map::Contents;
use crate::mm::space::{Mm, TASK_SIZE};
use crate::mm::user;
use crate::result::{Errno, Result};
use abi::UserMutPtr;
use abi::memory::{PROT_EXEC, PROT_READ};
use kcore::addr::{PAGE_SHIFT, PAGE_SIZE, PageRange, VirtAddr, Vpn};
use kcore::elf_image::{Image, Kind, LoadPlan, Step};
use kcore::vma::VmFlags;

/// Where Linux puts a dynamic program that has an interpreter, and the heap of one that has none.
const ELF_ET_DYN_BASE: u32 = 0x0040_0000;

/// What was loaded.
pub struct Loaded {
    pub program: Image,
    pub program_header_count: u32,
    /// Load bias and entry of the interpreter.
    pub interpreter: Option<(u32, u32)>,
}

impl Loaded {
    /// Where the program begins: in its interpreter, if it has one.
    pub fn entry(&self) -> u32 {
        self.interpreter.map_or(self.program.entry, |(_, entry)| entry)
    }
}

/// Maps everything. `mm` is the current address space.
pub fn load(mm: &Mm, executable: &Executable) -> Result<Loaded> {
    let has_interpreter = executable.interpreter.is_some();
    let mut program = load_file(mm, &executable.program, has_interpreter)?;
    if executable.program.table()?.header().kind == Kind::Dynamic && !has_interpreter {
        // Among the mappings there would be no room to grow.
        program.brk = ELF_ET_DYN_BASE;
    }
    let interpreter = match &executable.interpreter {
        Some(file) => {
            let image = load_file(mm, file, false)?;
            Some((image.bias, image.entry))
        }
        None => None,
    };
    let mut layout = mm.layout.write();
    let marks = Marks {
        start_code: program.code_start,
        end_code: program.code_end,
        start_data: program.data_start,
        end_data: program.data_end,
        start_brk: program.brk,
        brk: program.brk,
        ..layout.marks
    };
    layout.set_marks(marks);
    let program_header_count = executable.program.table()?.len();
    Ok(Loaded { program, program_header_count, interpreter })
}

fn load_file(mm: &Mm, file: &ElfFile, below_interpreter: bool) -> Result<Image> {
    let plan = LoadPlan::new(&file.table()?, address_of(TASK_SIZE))?;
    let start = match plan.kind() {
        Kind::Fixed => plan.preferred_start(0),
        Kind::Dynamic if below_interpreter => plan.preferred_start(ELF_ET_DYN_BASE),
        Kind::Dynamic => place(mm, plan.len())?,
    };
    // The first mapping must not replace anything, which is the stack's.
    let first = pages(start, plan.len())?;
    if !mm.layout.read().areas.is_free(first) {
        return Err(Errno::EEXIST);
    }
    let (image, steps) = plan.place(start)?;
    for step in steps {
        perform(mm, file, step)?;
    }
    Ok(image)
}

/// The highest place for `len` bytes among the mappings.
fn place(mm: &Mm, len: u32) -> Result<u32> {
    let layout = mm.layout.read();
    let placement = layout.limits.placement;
    let range = layout.areas.place(len.div_ceil(PAGE_SIZE), None, placement);
    range.map(|range| address_of(range.start())).ok_or(Errno::ENOMEM)
}

fn perform(mm: &Mm, file: &ElfFile, step: Step) -> Result<()> {
    let implies_exec = mm.layout.read().limits.read_implies_exec;
    let flags = |prot: u32| {
        let prot = if implies_exec && prot & PROT_READ != 0 { prot | PROT_EXEC } else { prot };
        let access = VmFlags::from_prot(prot);
        let account =
            if access.contains(VmFlags::WRITE) { VmFlags::ACCOUNT } else { VmFlags::empty() };
        access | VmFlags::MAY | account
    };
    match step {
        Step::MapFile { start, len, offset, prot } => {
            let (object, pgoff) = (file.object.clone(), offset >> PAGE_SHIFT);
            let contents = Contents::Object { object, pgoff, file: Some(file.mapped.clone()) };
            mm.map_fixed(pages(start, len)?, flags(prot), contents)
        }
        Step::MapAnonymous { start, len, prot } => {
            mm.map_fixed(pages(start, len)?, flags(prot), Contents::Anonymous)
        }
        Step::Zero { start, len, required } => {
            let cleared = user::clear_bytes(UserMutPtr::new(start), len);
            if required { cleared } else { Ok(()) }
        }
    }
}

fn pages(start: u32, len: u32) -> Result<PageRange> {
    let first = VirtAddr::new(start).vpn();
    PageRange::with_len(first, len.div_ceil(PAGE_SIZE))
        .filter(|range| range.end() <= TASK_SIZE)
        .ok_or(Errno::ENOMEM)
}

fn address_of(page: Vpn) -> u32 {
    page.address().map_or(0, VirtAddr::as_u32)
}
