#![no_std]
#![no_main]
#![feature(allocator_api)]

extern crate alloc;

mod arch;
mod cpu;
#[cfg(feature = "ktest")]
mod crash;
mod failpoint;
mod file;
mod init;
mod ipc;
mod irq;
#[cfg(feature = "ktest")]
mod ktest;
mod log;
mod mm;
mod nmi;
mod panic;
mod process;
mod result;
mod sync;
mod syscall;
mod task;
mod time;
mod trap;

use arch::features::features;
use arch::paging::{self, IS_PAE, PAGE_OFFSET, SPLIT};
use kcore::addr::PhysAddr;
use kcore::cmdline::CommandLine;
use kcore::memory_map::{LowHigh, TWO_LEVEL_FRAMES};
use kcore::run_queue::Priority;
use mm::{bootmem, direct_map, frames, heap, kmap, loader, vdso, vmalloc};
use spin::Once;
use task::Task;

static ARCHIVE: Once<Option<(PhysAddr, u32)>> = Once::new();
static COMMAND_LINE: Once<CommandLine<'static>> = Once::new();

/// The boot story, top to bottom. Each stage returns what the next one needs, so a wrong order
/// does not compile.
#[unsafe(no_mangle)]
extern "C" fn kernel_main(magic: u32, info: u32) -> ! {
    // SAFETY: each of these runs here, once, with interrupts off, on the boot stack, in the order
    // that its own comment asks for.
    unsafe {
        task::idle::adopt_boot();
        log::initialise();
        cpu::initialise(panic::double_fault);
        arch::extable::initialise();
        arch::patch::initialise(features());
        if !features().sep {
            vdso::use_interrupt();
        }
        arch::control::enable(features());
        paging::initialise(features());
        direct_map::install_boot_fixmap();

        let mut loaded = match loader::read(magic, info) {
            Ok(loaded) => loaded,
            Err(why) => panic!("{why}"),
        };
        COMMAND_LINE.call_once(|| loaded.command_line);
        ARCHIVE.call_once(|| loaded.archive);
        let low_high = size_memory(&mut loaded);
        let Some(mut bootmem) = bootmem::initialise(&loaded, low_high.max_low_pfn) else {
            panic!("the boot bitmap is too small");
        };
        let direct_map =
            direct_map::pagetable_init(&loaded, &mut bootmem, low_high.max_low_pfn, features());
        let Ok(direct_map) = direct_map else { panic!("no memory for the kernel's page tables") };
        cpu::with_tables(|tables| tables.set_double_fault_cr3(direct_map::swapper_cr3()));
        let frames = frames::initialise(&direct_map, &loaded, bootmem, low_high);
        let Some(frames) = frames else { panic!("no memory for mem_map") };
        let heap = heap::initialise(&frames);
        kmap::initialise(&heap, loaded.command_line);
        vmalloc::initialise(&frames);
        #[cfg(any(debug_assertions, feature = "ktest"))]
        task::forced_switch::initialise(loaded.command_line);
    }
    arch::pic::initialise();
    time::start();
    match Task::new(b"boot", Priority::NORMAL, first_task, 0) {
        Ok(task) => task::start(task),
        Err(_) => panic!("no memory for the first task"),
    }
    task::idle::run()
}

/// What may sleep of the boot.
#[cfg_attr(feature = "ktest", expect(unreachable_code, reason = "the tests end the machine"))]
fn first_task(_: usize) {
    #[cfg(feature = "ktest")]
    ktest::run(COMMAND_LINE.get());
    let (Some(command_line), Some(archive)) = (COMMAND_LINE.get(), ARCHIVE.get()) else {
        panic!("the boot forgot what it was told");
    };
    failpoint::configure(command_line);
    if let Err(errno) = init::start(command_line, *archive) {
        panic!("cannot start the first program: {errno}");
    }
}

/// Splits memory into low and high, and says what this image cannot use.
fn size_memory(loaded: &mut loader::Loaded) -> LowHigh {
    const MIB: u64 = 1 << 20;
    if !IS_PAE {
        let lost = loaded.memory.cut(kcore::addr::Pfn::new(TWO_LEVEL_FRAMES));
        if lost != 0 {
            ::log::warn!(
                "{} MiB of memory lie above 4 GiB, which two-level tables cannot reach: \
                 use a PAE image",
                lost / MIB
            );
        }
    }
    let lost = loaded.memory.lost();
    if lost != 0 {
        ::log::warn!(
            "{} MiB of memory are not used: above 16 TiB, or in more pieces than there is room for",
            lost / MIB
        );
    }
    let highmem = loaded.command_line.size("highmem").unwrap_or_else(|bad| {
        ::log::warn!("highmem={}: not a size; ignored", bad.value.escape_ascii());
        None
    });
    let kept = [loaded.image, loaded.archive_frames()];
    let low_high = LowHigh::new(&loaded.memory, SPLIT.max_low_memory(), highmem, &kept);
    if low_high.refused {
        ::log::warn!(
            "highmem= refused: less than 16 MiB would stay low beside the kernel and the archive"
        );
    }
    let total = loaded.memory.frames_below(low_high.max_pfn);
    let low = loaded.memory.frames_below(low_high.max_low_pfn);
    ::log::info!(
        "{} image at {PAGE_OFFSET:#x}: {} MiB of memory, {} MiB low, {} MiB high",
        if IS_PAE { "PAE" } else { "two-level" },
        total / 256,
        low / 256,
        (total - low) / 256
    );
    low_high
}
