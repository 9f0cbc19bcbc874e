//! The memory glue on the real machine: CR3, kmap, heap, address spaces.

use super::direct_map::{KERNEL_TABLES, lowmem_pfn, max_low_pfn};
use super::frames::{
    Frame, GFP_HIGHUSER, GFP_KERNEL, alloc_pages, block, free_frames, free_pages, put_page,
};
use super::heap::poison;
use super::kmap::{kmap, kmap_atomic, slots_in_use};
use super::layout::Marks;
use super::map::Contents;
use super::object::{Lookup, Object};
use super::page::{mem_map, page};
use super::space::{Mm, TASK_SIZE};
use super::statistics;
use super::vmalloc::vmalloc;
use crate::arch::boot::image;
use crate::arch::features::features;
use crate::arch::paging::{PAGE_OFFSET, WINDOWS};
use crate::ktest::{Outcome, check, tests};
use crate::result::{Errno, Result};
use abi::memory::{PROT_READ, PROT_WRITE};
use alloc::vec::Vec;
use kcore::addr::{PAGE_SIZE, PageRange, Pfn, VirtAddr, Vpn};
use kcore::fault::AccessKind;
use kcore::layout::FIXADDR_TOP;
use kcore::page::PageFlags;
use kcore::paging::Access;
use kcore::paging::walk::translate;
use kcore::vma::VmFlags;
use kcore::zone::{HIGHMEM, ZONES};

tests! {
    frames_come_back,
    blocks_of_every_order_come_back,
    frames_above_4_gib_are_given_out,
    heap_objects_do_not_overlap,
    large_heap_objects_leave_no_mark,
    objects_hold_nothing_of_anybody,
    vmalloc_areas_end_in_a_guard_page,
    kernel_rights_are_those_of_the_image,
    nothing_of_the_kernel_is_the_users,
    atomic_kmaps_nest,
    kmap_wraps_around_its_window,
    a_page_of_another_address_space_is_written_and_read,
    fork_copies_on_write,
    a_pinned_page_stays_where_it_was_pinned,
    an_address_space_gives_everything_back,
    objects_are_zero_until_written_and_shorter_when_cut,
    who_asks_for_sizes_waits_for_no_edit,
}

fn all_free() -> u32 {
    statistics::drain();
    (0..ZONES).map(free_frames).sum()
}

fn frames_come_back() -> Outcome {
    let before = all_free();
    let mut frames = Vec::new();
    check!(frames.try_reserve(1000).is_ok());
    for _ in 0..1000 {
        let Some(frame) = Frame::zeroed(&GFP_HIGHUSER) else { return Err("out of frames") };
        frames.push(frame);
    }
    check!(all_free() <= before - 1000);
    let mut numbers: Vec<u32> = Vec::new();
    check!(numbers.try_reserve(1000).is_ok());
    numbers.extend(frames.iter().map(|frame| frame.pfn().as_u32()));
    numbers.sort_unstable();
    numbers.dedup();
    check!(numbers.len() == 1000);
    drop((frames, numbers));
    check!(all_free() == before);
    Ok(())
}

fn blocks_of_every_order_come_back() -> Outcome {
    let before = all_free();
    for order in 0..=8 {
        let Some(block) = alloc_pages(&GFP_KERNEL, order) else { return Err("no block") };
        check!(block.as_u32().is_multiple_of(1 << order));
        free_pages(block, order);
    }
    check!(all_free() == before);
    Ok(())
}

/// Where there are any, and that they are not the frames of the same number cut to 32 bits.
fn frames_above_4_gib_are_given_out() -> Outcome {
    const ORDER: u32 = 10;
    const FIRST: u32 = 1 << 20;
    if mem_map().len() <= FIRST as usize {
        return Ok(());
    }
    let before = all_free();
    let (mut blocks, mut above) = (Vec::new(), 0);
    check!(blocks.try_reserve(mem_map().len() >> ORDER).is_ok());
    while above < 4
        && let Some(block) = alloc_pages(&GFP_HIGHUSER, ORDER)
    {
        blocks.push(block);
        if let Some(alias) = block.as_u32().checked_sub(FIRST) {
            above += 1;
            let (here, there) = (kmap_atomic(block), kmap_atomic(Pfn::new(alias)));
            let (here, there) = (here.as_ptr::<u32>(), there.as_ptr::<u32>());
            // SAFETY: the block is ours and mapped; the other frame is memory that is only read.
            unsafe {
                let untouched = there.read_volatile();
                here.write_volatile(!untouched);
                check!(there.read_volatile() == untouched);
                check!(here.read_volatile() == !untouched);
            }
        }
    }
    for block in blocks.drain(..) {
        free_pages(block, ORDER);
    }
    drop(blocks);
    check!(above == 4);
    check!(all_free() == before);
    Ok(())
}

fn heap_objects_do_not_overlap() -> Outcome {
    let before = all_free();
    let mut objects: Vec<Vec<u32>> = Vec::new();
    check!(objects.try_reserve(300).is_ok());
    for number in 0..300u32 {
        let mut object = Vec::new();
        check!(object.try_reserve_exact(1 + number as usize * 7).is_ok());
        object.resize(1 + number as usize * 7, number);
        objects.push(object);
    }
    for (number, object) in (0..).zip(&objects) {
        check!(object.iter().all(|word| *word == number));
    }
    drop(objects);
    check!(all_free() == before);
    Ok(())
}

/// More than a slab holds is a block of frames, all of them the heap's, and afterwards nobody's.
fn large_heap_objects_leave_no_mark() -> Outcome {
    let mut object: Vec<u8> = Vec::new();
    check!(object.try_reserve_exact(3 * PAGE_SIZE as usize).is_ok());
    let block = block(lowmem_pfn(object.as_ptr() as u32), 2);
    check!(block.iter().all(|page| page.has(PageFlags::SLAB)));
    drop(object);
    check!(block.iter().all(|page| !page.has(PageFlags::SLAB)));
    Ok(())
}

/// Neither new ones nor free ones; and what happens to a free one can be seen.
fn objects_hold_nothing_of_anybody() -> Outcome {
    for count in [2, 25, 40, 1000, 3 * PAGE_SIZE / 4] {
        let mut object: Vec<u32> = Vec::new();
        check!(object.try_reserve_exact(count as usize).is_ok());
        let (start, bytes) = (object.as_mut_ptr(), count * 4);
        let byte_at = |offset| {
            // SAFETY: the heap's memory, low and mapped, whoever has it.
            unsafe { start.cast::<u8>().add(offset as usize).read_volatile() }
        };
        check!((0..bytes).all(|offset| byte_at(offset) == poison::NEW));
        object.resize(count as usize, 0x1234_5678);
        drop(object);
        check!((0..bytes).all(|offset| byte_at(offset) == poison::FREE));
        let is_free = || {
            // SAFETY: as above.
            unsafe { poison::is_free(start as u32, bytes) }
        };
        check!(is_free());
        // SAFETY: as above; the byte is put back before anybody gets the object.
        unsafe {
            let last = start.cast::<u8>().add(bytes as usize - 1);
            last.write_volatile(1);
            check!(!is_free());
            last.write_volatile(poison::FREE);
        }
    }
    Ok(())
}

fn vmalloc_areas_end_in_a_guard_page() -> Outcome {
    let before = all_free();
    let area = vmalloc(3).map_err(|_| "vmalloc")?;
    let first = VirtAddr::new(area.address()).vpn();
    for offset in 0..3 {
        check!(at(first, offset).is_some());
        let word = (area.address() + offset * PAGE_SIZE) as *mut u32;
        // SAFETY: the page is mapped and ours.
        unsafe { word.write_volatile(offset) };
    }
    check!(at(first, 3).is_none());
    drop(area);
    check!(at(first, 0).is_none());
    check!(all_free() == before);
    Ok(())
}

fn at(first: Vpn, offset: u32) -> Option<(Pfn, Access)> {
    translate(&KERNEL_TABLES, first.checked_add(offset)?)
}

fn kernel_rights_are_those_of_the_image() -> Outcome {
    let image = image();
    let rights = |address: u32| at(VirtAddr::new(address).vpn(), 0).map(|(_, access)| access);
    for (address, write, exec) in [
        (image.text_start, false, true),
        (image.text_end - 1, false, true),
        (image.text_end, false, false),
        (image.rodata_end - 1, false, false),
        (image.rodata_end, true, false),
        (PAGE_OFFSET, true, false),
    ] {
        let Some(access) = rights(address) else { return Err("part of the image is not mapped") };
        check!(access.contains(Access::WRITE) == write);
        // Without NX whatever is mapped can be executed.
        check!(!features().nx || access.contains(Access::EXEC) == exec);
    }
    Ok(())
}

/// Over every page above PAGE_OFFSET.
fn nothing_of_the_kernel_is_the_users() -> Outcome {
    let mut mapped = 0;
    for number in TASK_SIZE.as_u32()..VirtAddr::new(FIXADDR_TOP).vpn().as_u32() {
        let Some((_, access)) = translate(&KERNEL_TABLES, Vpn::new(number)) else { continue };
        mapped += 1;
        check!(!access.contains(Access::USER));
        let writes_and_executes = access.contains(Access::WRITE.union(Access::EXEC));
        check!(!(features().nx && writes_and_executes));
    }
    check!(mapped >= max_low_pfn().as_u32());
    // The page below the top of memory is never mapped.
    check!(translate(&KERNEL_TABLES, VirtAddr::new(FIXADDR_TOP).vpn()).is_none());
    Ok(())
}

fn atomic_kmaps_nest() -> Outcome {
    let one = Frame::zeroed(&GFP_HIGHUSER).ok_or("no frame")?;
    let other = Frame::zeroed(&GFP_HIGHUSER).ok_or("no frame")?;
    for (frame, value) in [(&one, 1u32), (&other, 2)] {
        let mapping = kmap_atomic(frame.pfn());
        // SAFETY: the frame is ours and mapped.
        unsafe { mapping.as_ptr::<u32>().write_volatile(value) };
    }
    let (first, second) = (kmap_atomic(one.pfn()), kmap_atomic(other.pfn()));
    // SAFETY: as above.
    let sum = unsafe { first.as_ptr::<u32>().read() + second.as_ptr::<u32>().read() };
    check!(first.address() != second.address());
    let high = one.pfn() >= max_low_pfn();
    let address = first.address();
    drop(second);
    drop(first);
    check!(sum == 3);
    // Cleared at once, not when the slot is used again.
    check!(!high || at(VirtAddr::new(address).vpn(), 0).is_none());
    Ok(())
}

/// More frames than the window has slots, each written by one mapping and read by another.
fn kmap_wraps_around_its_window() -> Outcome {
    if free_frames(HIGHMEM) < 2 * WINDOWS.last_pkmap {
        let frame = Frame::zeroed(&GFP_KERNEL).ok_or("no frame")?;
        let mapping = kmap(frame.pfn());
        check!(mapping.address() >= PAGE_OFFSET && slots_in_use() == 0);
        return Ok(());
    }
    let count = WINDOWS.last_pkmap + 10;
    let mut frames = Vec::new();
    check!(frames.try_reserve(count as usize).is_ok());
    for number in 0..count {
        let frame = Frame::allocate(&GFP_HIGHUSER).ok_or("no frame")?;
        check!(frame.pfn() >= max_low_pfn());
        let mapping = kmap(frame.pfn());
        check!(slots_in_use() == 1);
        // SAFETY: the frame is ours and mapped.
        unsafe { mapping.as_ptr::<u32>().write_volatile(number) };
        drop(mapping);
        frames.push(frame);
    }
    check!(slots_in_use() == 0);
    for (number, frame) in (0..).zip(&frames) {
        let mapping = kmap(frame.pfn());
        // SAFETY: as above.
        check!(unsafe { mapping.as_ptr::<u32>().read_volatile() } == number);
    }
    Ok(())
}

pub(super) const RW: VmFlags = VmFlags::READ.union(VmFlags::WRITE).union(VmFlags::MAY);

pub(super) fn range(address: u32, pages: u32) -> PageRange {
    PageRange::with_len(VirtAddr::new(address).vpn(), pages).unwrap_or_default()
}

fn a_page_of_another_address_space_is_written_and_read() -> Outcome {
    let mm = Mm::new().map_err(|_| "no mm")?;
    mm.map_fixed(range(0x10_0000, 16), RW, Contents::Anonymous).map_err(|_| "map")?;
    let mut read = [1; 8];
    mm.read_bytes(0x10_0ffc, &mut read).map_err(|_| "read")?;
    check!(read == [0; 8]);
    mm.write_bytes(0x10_0ffc, b"boundary").map_err(|_| "write")?;
    mm.read_bytes(0x10_0ffc, &mut read).map_err(|_| "read")?;
    check!(&read == b"boundary");
    check!(mm.rss() == 2);
    check!(mm.write_bytes(0x10_f000 + PAGE_SIZE - 2, b"over").is_err());
    mm.munmap(0x10_0000, 4096).map_err(|_| "unmap")?;
    check!(mm.read_bytes(0x10_0000, &mut read).is_err());
    Ok(())
}

fn fork_copies_on_write() -> Outcome {
    let parent = Mm::new().map_err(|_| "no mm")?;
    parent.map_fixed(range(0x10_0000, 4), RW, Contents::Anonymous).map_err(|_| "map")?;
    parent.write_bytes(0x10_0000, b"before").map_err(|_| "write")?;
    let frame = |mm: &Mm, kind| mm.frame_of(VirtAddr::new(0x10_0000).vpn(), kind);
    let child = parent.fork().map_err(|_| "fork")?;
    let (one, other) = (frame(&parent, AccessKind::Read), frame(&child, AccessKind::Read));
    let (Ok(one), Ok(other)) = (one, other) else { return Err("not mapped") };
    check!(one == other);
    check!(page(one).mapcount() == 2);
    super::frames::put_page(one);
    super::frames::put_page(other);
    child.write_bytes(0x10_0000, b"child!").map_err(|_| "write")?;
    let mut read = [0; 6];
    parent.read_bytes(0x10_0000, &mut read).map_err(|_| "read")?;
    check!(&read == b"before");
    // The last owner writes in place.
    drop(child);
    parent.write_bytes(0x10_0000, b"after.").map_err(|_| "write")?;
    let Ok(now) = frame(&parent, AccessKind::Read) else { return Err("not mapped") };
    super::frames::put_page(now);
    check!(now == one);
    Ok(())
}

fn a_pinned_page_stays_where_it_was_pinned() -> Outcome {
    let before = all_free();
    let address = 0x10_0000;
    let at = VirtAddr::new(address).vpn();
    let mm = Mm::new().map_err(|_| "no mm")?;
    mm.map_fixed(range(address, 4), RW, Contents::Anonymous).map_err(|_| "map")?;
    mm.write_bytes(address, b"before").map_err(|_| "write")?;
    let older = mm.fork().map_err(|_| "fork")?;
    let pinned = mm.pin(at, AccessKind::Write).map_err(|_| "pin")?;
    let child = mm.fork().map_err(|_| "fork")?;
    let write = |mm: &Mm| {
        let rights = |prot| mm.mprotect(address, PAGE_SIZE, prot).map_err(|_| "mprotect");
        rights(PROT_READ)?;
        rights(PROT_READ | PROT_WRITE)?;
        mm.write_bytes(address, b"after.").map_err(|_| "write")
    };
    write(&mm)?;
    let frame = |mm: &Mm| mm.frame_of(at, AccessKind::Read).map(Frame::from_raw);
    let is_pinned = |mm: &Mm| frame(mm).is_ok_and(|frame| frame.pfn() == pinned.pfn());
    check!(is_pinned(&mm) && !is_pinned(&child) && !is_pinned(&older));
    let mut read = [0; 6];
    child.read_bytes(address, &mut read).map_err(|_| "read")?;
    check!(&read == b"before" && child.rss() == 1);
    // Nobody shares the copy, so nobody needs one of it.
    let own = frame(&child).map_err(|_| "frame")?.pfn();
    write(&child)?;
    check!(frame(&child).is_ok_and(|frame| frame.pfn() == own));
    drop(pinned);
    let last = mm.fork().map_err(|_| "fork")?;
    check!(frame(&mm).map(|frame| frame.pfn()) == frame(&last).map(|frame| frame.pfn()));
    write(&last)?;
    mm.read_bytes(address, &mut read).map_err(|_| "read")?;
    check!(&read == b"after.");
    drop((mm, older, child, last));
    check!(all_free() == before);
    Ok(())
}

fn an_address_space_gives_everything_back() -> Outcome {
    let before = all_free();
    let mm = Mm::new().map_err(|_| "no mm")?;
    for number in 0..40 {
        let start = 0x10_0000 + number * 0x40_0000;
        let flags = if number % 2 == 0 { RW } else { RW | VmFlags::EXEC };
        mm.map_fixed(range(start, 8), flags, Contents::Anonymous).map_err(|_| "map")?;
        mm.write_bytes(start + 4090, b"0123456789").map_err(|_| "write")?;
    }
    let child = mm.fork().map_err(|_| "fork")?;
    child.write_bytes(0x10_0000, b"x").map_err(|_| "write")?;
    check!(all_free() < before);
    drop(mm);
    drop(child);
    check!(all_free() == before);
    Ok(())
}

fn who_asks_for_sizes_waits_for_no_edit() -> Outcome {
    let mm = Mm::new().map_err(|_| "no mm")?;
    mm.map_fixed(range(0x10_0000, 4), RW, Contents::Anonymous).map_err(|_| "map")?;
    let object = Object::memory(3 * u64::from(PAGE_SIZE)).map_err(|_| "no object")?;
    let shared = RW | VmFlags::SHARED | VmFlags::MAYSHARE;
    let contents = Contents::Object { object, pgoff: 0, file: None };
    mm.map_fixed(range(0x20_0000, 3), shared, contents).map_err(|_| "map")?;
    mm.write_bytes(0x20_0000, b"mapped").map_err(|_| "write")?;
    let mut edit = mm.layout.write();
    let marks = Marks { start_code: 1, env_end: 2, ..edit.marks };
    edit.set_marks(marks);
    edit.set_break(3);
    drop(edit);
    let told = || {
        let told = mm.space_statistics();
        let marks = [told.start_code, told.end_environment, told.end_heap];
        ([told.total, told.peak_total, told.data, told.resident_shared], marks)
    };
    let before = told();
    check!(before == ([mm.layout.total_pages(), mm.layout.total_pages(), 4, 1], [1, 2, 3]));
    check!(before.0 == [7, 7, 4, 1]);
    // It would wait for this task itself.
    let edit = mm.layout.write();
    let meanwhile = told();
    drop(edit);
    check!(meanwhile == before);
    let child = mm.fork().map_err(|_| "fork")?;
    let marks = child.layout.marks();
    check!([marks.start_code, marks.env_end, marks.brk] == [1, 2, 3]);
    Ok(())
}

fn objects_are_zero_until_written_and_shorter_when_cut() -> Outcome {
    let object = Object::memory(3 * u64::from(PAGE_SIZE)).map_err(|_| "no object")?;
    let shared = RW | VmFlags::SHARED | VmFlags::MAYSHARE;
    let mm = Mm::new().map_err(|_| "no mm")?;
    let contents = Contents::Object { object: object.clone(), pgoff: 0, file: None };
    mm.map_fixed(range(0x20_0000, 4), shared, contents).map_err(|_| "map")?;
    mm.write_bytes(0x20_1000, b"mapped").map_err(|_| "write")?;
    let mut read = [1; 6];
    check!(object.read_kernel(4096, &mut read) == Ok(6));
    check!(&read == b"mapped");
    check!(matches!(object.lookup(2), Lookup::Hole));
    check!(mm.write_bytes(0x20_3000, b"x").is_err());
    check!(object.truncate(4096 + 3).is_ok());
    check!(mm.read_bytes(0x20_1000, &mut read).is_ok());
    check!(&read == b"map\0\0\0");
    check!(object.truncate(10).is_ok());
    check!(mm.read_bytes(0x20_1000, &mut read).is_err());
    check!(object.cached_pages() == 0);
    Ok(())
}

impl Mm {
    /// Writes bytes as the program itself could: EFAULT where it could not.
    pub(super) fn write_bytes(&self, address: u32, bytes: &[u8]) -> Result<()> {
        self.each_page(address, bytes.len(), AccessKind::Write, |frame, done, count| {
            let Some(part) = bytes.get(done..done + count) else { return };
            // SAFETY: `each_page` gives `count` bytes of a mapped frame.
            unsafe { core::ptr::copy_nonoverlapping(part.as_ptr(), frame, count) };
        })
    }

    /// Reads bytes as the program itself could.
    pub(super) fn read_bytes(&self, address: u32, bytes: &mut [u8]) -> Result<()> {
        self.each_page(address, bytes.len(), AccessKind::Read, |frame, done, count| {
            let Some(part) = bytes.get_mut(done..done + count) else { return };
            // SAFETY: as above.
            unsafe { core::ptr::copy_nonoverlapping(frame, part.as_mut_ptr(), count) };
        })
    }

    /// Calls `work(pointer, bytes done, bytes here)` for the part of a range in each page.
    fn each_page(
        &self,
        address: u32,
        len: usize,
        kind: AccessKind,
        mut work: impl FnMut(*mut u8, usize, usize),
    ) -> Result<()> {
        let mut done = 0;
        while done < len {
            let offset = u32::try_from(done).map_err(|_| Errno::EFAULT)?;
            let at = VirtAddr::new(address.checked_add(offset).ok_or(Errno::EFAULT)?);
            let within = at.page_offset() as usize;
            let count = (len - done).min(PAGE_SIZE as usize - within);
            let pfn = self.frame_of(at.vpn(), kind)?;
            let mapping = kmap_atomic(pfn);
            // SAFETY: `within` lies in the frame.
            work(unsafe { mapping.as_ptr::<u8>().add(within) }, done, count);
            drop(mapping);
            put_page(pfn);
            done += count;
        }
        Ok(())
    }
}
