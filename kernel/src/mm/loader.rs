//! What the Multiboot loader left in memory, copied before anything can overwrite it.

use super::kmap::copy_from_phys;
use crate::arch::boot::image;
use crate::arch::paging::PAGE_OFFSET;
use crate::sync::BootCell;
use kcore::addr::{FrameRange, PhysAddr, VirtAddr};
use kcore::cmdline::CommandLine;
use kcore::memory_map::MemoryMap;
use kcore::multiboot::{self, Info, Module};

const MAX_COMMAND_LINE: usize = 4096;
/// Room for about 85 entries; machines have fewer than twenty.
const MAX_MEMORY_MAP: usize = 2048;

static COMMAND_LINE: BootCell<[u8; MAX_COMMAND_LINE]> = BootCell::with([0; MAX_COMMAND_LINE]);

/// What the boot goes on with.
pub struct Loaded {
    pub memory: MemoryMap,
    pub command_line: CommandLine<'static>,
    /// The boot archive: where it starts and its length in bytes.
    pub archive: Option<(PhysAddr, u32)>,
    /// The frames of the kernel image.
    pub image: FrameRange,
}

impl Loaded {
    /// The frames of the boot archive, empty without one.
    pub fn archive_frames(&self) -> FrameRange {
        let Some((start, len)) = self.archive else { return FrameRange::default() };
        let first = start.as_u64() >> 12;
        let end = (start.as_u64() + u64::from(len)).div_ceil(4096);
        let pfn = |number: u64| PhysAddr::new(number << 12).pfn();
        match (pfn(first), pfn(end)) {
            (Some(first), Some(end)) => FrameRange::new(first, end).unwrap_or_default(),
            _ => FrameRange::default(),
        }
    }
}

/// Reads the information block. `Err` says what is wrong with the loader.
///
/// # Safety
/// Once, at boot, before frames are handed out.
pub unsafe fn read(magic: u32, info: u32) -> Result<Loaded, &'static str> {
    if magic != multiboot::LOADER_MAGIC {
        return Err("the loader is not Multiboot 1");
    }
    let mut block = [0; multiboot::INFO_LEN];
    let cut_off = "the Multiboot information is cut off";
    copy_from_phys(PhysAddr::new(u64::from(info)), &mut block).ok_or(cut_off)?;
    let info = Info::parse(&block).ok_or(cut_off)?;
    Ok(Loaded {
        memory: memory_map(&info).ok_or(cut_off)?,
        // SAFETY: passed on to the caller.
        command_line: unsafe { command_line(&info) },
        archive: archive(&info),
        image: image_frames(),
    })
}

fn memory_map(info: &Info) -> Option<MemoryMap> {
    let Some((address, len)) = info.memory_map else {
        return Some(MemoryMap::new(info.basic_regions()));
    };
    let mut bytes = [0; MAX_MEMORY_MAP];
    let len = (len as usize).min(MAX_MEMORY_MAP);
    let bytes = bytes.get_mut(..len)?;
    copy_from_phys(address, bytes)?;
    Some(MemoryMap::new(multiboot::regions(bytes)))
}

/// # Safety
/// Nobody has a reference to `COMMAND_LINE` yet.
unsafe fn command_line(info: &Info) -> CommandLine<'static> {
    if let Some(address) = info.command_line {
        let mut bytes = [0; MAX_COMMAND_LINE];
        // A command line near the end of memory may make this fail; it then counts as empty.
        if copy_from_phys(address, &mut bytes).is_some() {
            // SAFETY: passed on to the caller.
            unsafe { COMMAND_LINE.set(bytes) };
        }
    }
    CommandLine::new(command_line_text())
}

/// The kernel's command line as the loader gave it.
pub fn command_line_text() -> &'static [u8] {
    multiboot::until_nul(COMMAND_LINE.get())
}

fn archive(info: &Info) -> Option<(PhysAddr, u32)> {
    let (count, address) = info.modules?;
    if count == 0 {
        return None;
    }
    let mut descriptor = [0; multiboot::MODULE_LEN];
    copy_from_phys(address, &mut descriptor)?;
    let module = Module::parse(&descriptor)?;
    let len = module.end.as_u64() - module.start.as_u64();
    Some((module.start, u32::try_from(len).ok()?))
}

fn image_frames() -> FrameRange {
    let image = image();
    let pfn = |address: u32| PhysAddr::new(u64::from(address - PAGE_OFFSET)).pfn();
    debug_assert!(VirtAddr::new(image.end).is_page_aligned());
    match (pfn(image.start), pfn(image.end)) {
        (Some(start), Some(end)) => FrameRange::new(start, end).unwrap_or_default(),
        _ => FrameRange::default(),
    }
}
