//! Reverse maps of private pages against the page tables of whole lineages.

use crate::ktest::{Outcome, check, tests};
use crate::mm::map::Contents;
use crate::mm::object::Object;
use crate::mm::page::page;
use crate::mm::space::{Mm, TASK_SIZE};
use abi::memory::{MREMAP_DONTUNMAP, MREMAP_FIXED, MREMAP_MAYMOVE, PROT_READ};
use alloc::sync::Arc;
use alloc::vec::Vec;
use kcore::addr::{PAGE_SIZE, PageRange, VirtAddr, Vpn};
use kcore::fault::AccessKind;
use kcore::vma::VmFlags;

tests! {
    pages_that_stay_at_home_are_found,
    pages_moved_before_a_fork_are_found,
    pages_moved_after_a_fork_are_found,
    private_pages_of_a_file_are_found_where_they_moved,
    what_is_left_behind_has_pages_of_its_own,
    moved_areas_that_split_and_merge_are_found,
    the_child_of_a_dead_parent_finds_its_pages,
    a_page_is_not_sought_in_another_lineage,
}

const RW: VmFlags = VmFlags::READ.union(VmFlags::WRITE).union(VmFlags::MAY);
const HERE: u32 = 0x10_0000;
const THERE: u32 = 0x3000_0000 - 3 * PAGE_SIZE;

fn range(address: u32, pages: u32) -> PageRange {
    PageRange::with_len(VirtAddr::new(address).vpn(), pages).unwrap_or_default()
}

/// An address space with eight private pages, every second of them written.
fn with_pages(contents: Contents) -> Result<Arc<Mm>, &'static str> {
    let mm = Mm::new().map_err(|_| "no mm")?;
    mm.map_fixed(range(HERE, 8), RW, contents).map_err(|_| "map")?;
    write(&mm, HERE, 8)?;
    Ok(mm)
}

/// Writes every second of some pages.
fn write(mm: &Mm, address: u32, pages: u32) -> Outcome {
    for page in range(address, pages).pages().step_by(2) {
        let pfn = mm.frame_of(page, AccessKind::Write).map_err(|_| "write")?;
        crate::mm::frames::put_page(pfn);
    }
    Ok(())
}

fn fork(mm: &Mm) -> Result<Arc<Mm>, &'static str> {
    mm.fork().map_err(|_| "fork")
}

/// Moves pages from `HERE` on to a fixed place.
fn move_to(mm: &Mm, from: u32, pages: u32, to: u32, flags: u32) -> Outcome {
    let length = pages * PAGE_SIZE;
    let flags = MREMAP_MAYMOVE | MREMAP_FIXED | flags;
    let moved = mm.mremap(from, length, length, flags, to).map_err(|_| "mremap")?;
    check!(moved == to);
    Ok(())
}

/// Whether each private page of a lineage's address spaces is found in all of its places. `all`
/// are the lineage. Returns how many entries that were.
fn find_all(all: &[&Mm]) -> Result<u32, &'static str> {
    let everything = PageRange::new(Vpn::new(0), TASK_SIZE).unwrap_or_default();
    let mut entries = 0;
    for mm in all {
        let mut rest = everything;
        while let Some((at, pfn)) = mm.next_private(rest) {
            check!(mm.may_be_at(pfn, at));
            let mut places: Vec<(u32, Vpn)> = Vec::new();
            check!(places.try_reserve(16).is_ok());
            let home = page(pfn).index();
            mm.anon.0.lock().for_each(home, |space, place| places.push((space, place)));
            let is_there = |&(space, place): &(u32, Vpn)| {
                all.iter().any(|mm| mm.word() == space && mm.frame_at(place) == Some(pfn))
            };
            let found = places.into_iter().filter(is_there).count();
            check!(found as u32 == page(pfn).mapcount());
            entries += 1;
            rest = everything.above(at.checked_add(1).unwrap_or(TASK_SIZE));
        }
    }
    Ok(entries)
}

fn pages_that_stay_at_home_are_found() -> Outcome {
    let parent = with_pages(Contents::Anonymous)?;
    let child = fork(&parent)?;
    let grandchild = fork(&child)?;
    check!(find_all(&[&parent, &child, &grandchild])? == 12);
    write(&child, HERE, 3)?;
    parent.munmap(HERE + 4 * PAGE_SIZE, PAGE_SIZE).map_err(|_| "munmap")?;
    grandchild.mprotect(HERE + PAGE_SIZE, 3 * PAGE_SIZE, PROT_READ).map_err(|_| "mprotect")?;
    check!(find_all(&[&parent, &child, &grandchild])? == 11);
    Ok(())
}

fn pages_moved_before_a_fork_are_found() -> Outcome {
    let parent = with_pages(Contents::Anonymous)?;
    move_to(&parent, HERE + PAGE_SIZE, 5, THERE, 0)?;
    check!(find_all(&[&parent])? == 4);
    let child = fork(&parent)?;
    check!(find_all(&[&parent, &child])? == 8);
    // Fresh pages of the area that moved.
    write(&child, THERE, 5)?;
    check!(find_all(&[&parent, &child])? == 11);
    Ok(())
}

fn pages_moved_after_a_fork_are_found() -> Outcome {
    let parent = with_pages(Contents::Anonymous)?;
    let child = fork(&parent)?;
    move_to(&child, HERE, 8, THERE, 0)?;
    check!(find_all(&[&parent, &child])? == 8);
    let grandchild = fork(&child)?;
    move_to(&grandchild, THERE, 4, HERE, 0)?;
    check!(find_all(&[&parent, &child, &grandchild])? == 12);
    Ok(())
}

fn private_pages_of_a_file_are_found_where_they_moved() -> Outcome {
    let object = Object::memory(20 * u64::from(PAGE_SIZE)).map_err(|_| "no object")?;
    let parent = with_pages(Contents::Object { object: object.clone(), pgoff: 3, file: None })?;
    move_to(&parent, HERE + 2 * PAGE_SIZE, 6, THERE, 0)?;
    let child = fork(&parent)?;
    check!(find_all(&[&parent, &child])? == 8);
    // Private copies of what is cut off go too, from where they are.
    check!(object.truncate(7 * u64::from(PAGE_SIZE)).is_ok());
    check!(find_all(&[&parent, &child])? == 4);
    Ok(())
}

fn what_is_left_behind_has_pages_of_its_own() -> Outcome {
    let mm = with_pages(Contents::Anonymous)?;
    move_to(&mm, HERE, 8, THERE, MREMAP_DONTUNMAP)?;
    write(&mm, HERE, 8)?;
    let child = fork(&mm)?;
    check!(find_all(&[&mm, &child])? == 16);
    Ok(())
}

fn moved_areas_that_split_and_merge_are_found() -> Outcome {
    let mm = with_pages(Contents::Anonymous)?;
    move_to(&mm, HERE, 8, THERE, 0)?;
    mm.munmap(THERE + 2 * PAGE_SIZE, PAGE_SIZE).map_err(|_| "munmap")?;
    mm.mprotect(THERE + 5 * PAGE_SIZE, PAGE_SIZE, PROT_READ).map_err(|_| "mprotect")?;
    check!(mm.layout.read().areas.len() == 4);
    check!(find_all(&[&mm])? == 3);
    // The first piece comes home, the others go on.
    move_to(&mm, THERE, 2, HERE, 0)?;
    move_to(&mm, THERE + 3 * PAGE_SIZE, 2, THERE + 100 * PAGE_SIZE, 0)?;
    let child = fork(&mm)?;
    check!(find_all(&[&mm, &child])? == 6);
    Ok(())
}

fn the_child_of_a_dead_parent_finds_its_pages() -> Outcome {
    let parent = with_pages(Contents::Anonymous)?;
    move_to(&parent, HERE, 4, THERE, 0)?;
    let (child, other) = (fork(&parent)?, fork(&parent)?);
    drop(parent);
    check!(find_all(&[&child, &other])? == 8);
    drop(other);
    check!(find_all(&[&child])? == 4);
    Ok(())
}

fn a_page_is_not_sought_in_another_lineage() -> Outcome {
    let (one, other) = (with_pages(Contents::Anonymous)?, with_pages(Contents::Anonymous)?);
    let child = fork(&one)?;
    let Some((at, pfn)) = child.next_private(range(HERE, 8)) else { return Err("no page") };
    check!(child.may_be_at(pfn, at) && one.may_be_at(pfn, at) && !other.may_be_at(pfn, at));
    check!(find_all(&[&other])? == 4);
    Ok(())
}
