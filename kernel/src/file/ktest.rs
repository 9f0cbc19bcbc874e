use super::access::Caller;
use super::archive;
use super::buffers::Source;
use super::description::{File, Kind, Node};
use super::locks::Owner;
use super::namespace::Start;
use super::open::exec_found;
use super::pipe::{Ends, Pipe};
use super::place;
use super::regular::{At, Regular, SizeLimit};
use super::table::FileTable;
use super::tree::{self, Held};
use super::{names, open, sendfile};
use crate::arch::paging::PAGE_OFFSET;
use crate::ktest::{Outcome, check, tests};
use crate::mm::direct_map::lowmem_address;
use crate::mm::frames::{self, GFP_KERNEL, alloc_pages, free_pages};
use crate::mm::kmap::kmap_atomic;
use crate::mm::object::Lookup;
use crate::mm::page::page;
use crate::result::{Errno, Result};
use crate::task::{self, Task};
use abi::file::{O_CREAT, O_EXCL, O_RDWR, O_WRONLY};
use abi::poll::{POLLERR, POLLHUP, POLLIN, POLLOUT};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use kcore::addr::{PAGE_SIZE, PhysAddr};
use kcore::fd_table::CloseOnExec;
use kcore::page::Page;
use kcore::run_queue::Priority;

tests![
    the_archive_becomes_a_read_only_tree,
    whole_pages_of_a_file_are_the_archives_own,
    a_corrupt_archive_is_used_as_far_as_it_goes,
    a_file_lives_until_its_last_user_is_gone,
    a_fatal_signal_ends_sendfile_behind_a_piece,
    programs_that_run_cannot_be_written,
    a_pipe_says_what_it_is_ready_for,
    a_fifo_waits_for_its_other_end,
    closing_a_descriptor_gives_up_locks,
];

const NO_LIMIT: SizeLimit = SizeLimit { resource: u64::MAX, reach: u64::MAX };

fn fail(_: Errno) -> &'static str {
    "an errno"
}

/// An archive in memory of its own, `before` bytes into a page.
struct Image {
    first: kcore::addr::Pfn,
    start: u32,
    len: u32,
}

const IMAGE_ORDER: u32 = 3;

impl Image {
    fn new(before: u32) -> core::result::Result<Self, &'static str> {
        let first = alloc_pages(&GFP_KERNEL, IMAGE_ORDER).ok_or("no memory")?;
        let image = Self { first, start: lowmem_address(first) + before, len: 0 };
        // As boot does it: in use for ever.
        image.pages().for_each(|page| page.set_refcount(1));
        Ok(image)
    }

    fn pages(&self) -> impl Iterator<Item = &'static Page> {
        (0..1 << IMAGE_ORDER).filter_map(|offset| self.first.checked_add(offset)).map(page)
    }

    fn put(&mut self, bytes: &[u8]) {
        let room = (PAGE_SIZE << IMAGE_ORDER) as usize;
        let end = self.start + self.len - lowmem_address(self.first);
        assert!(end as usize + bytes.len() <= room);
        // SAFETY: the frames are this image's, in the direct map, and there is room.
        unsafe {
            let to = (self.start + self.len) as *mut u8;
            core::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len());
        }
        self.len += bytes.len() as u32;
    }

    fn pad(&mut self) {
        while !self.len.is_multiple_of(4) {
            self.put(&[0]);
        }
    }

    /// An entry; with `aligned`, its data starts on a page.
    fn entry(
        &mut self,
        name: &[u8],
        mode: u32,
        (ino, links): (u32, u32),
        data: &[u8],
        aligned: bool,
    ) {
        let mut name_len = name.len() as u32 + 1;
        if aligned {
            let header_end = self.start + self.len + 110;
            name_len = (header_end + name_len).next_multiple_of(PAGE_SIZE) - header_end;
        }
        self.put(b"070701");
        let size = data.len() as u32;
        for field in [ino, mode, 0, 0, links, 981_173_106, size, 0, 0, 0, 0, name_len, 0] {
            let digit = |shift: u32| b"0123456789abcdef"[(field >> shift & 15) as usize];
            self.put(&[28, 24, 20, 16, 12, 8, 4, 0].map(digit));
        }
        self.put(name);
        (name.len() as u32..name_len).for_each(|_| self.put(&[0]));
        self.pad();
        self.put(data);
        self.pad();
    }

    fn unpack(&self) -> Outcome {
        let start = PhysAddr::new(u64::from(self.start - PAGE_OFFSET));
        archive::unpack(Some((start, self.len))).map_err(fail)
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        // The tree must not refer to the frames any more.
        if tree::initialise().is_ok() {
            for page in self.pages() {
                page.set_refcount(0);
                page.set_mapping(0, 0);
            }
            free_pages(self.first, IMAGE_ORDER);
        }
    }
}

fn with_start<R>(work: impl FnOnce(&Start) -> R) -> core::result::Result<R, &'static str> {
    let caller = Caller::kernel().map_err(fail)?;
    let root = place::built_in(tree::lock().root());
    Ok(work(&Start { root, at: root, caller: &caller }))
}

fn read(path: &[u8]) -> core::result::Result<Vec<u8>, &'static str> {
    let object = archive::file(path).map_err(fail)?;
    let mut bytes = Vec::new();
    bytes.resize(object.size() as usize + 10, 0xee);
    let count = object.read_kernel(0, &mut bytes).map_err(fail)?;
    bytes.truncate(count);
    Ok(bytes)
}

fn the_archive_becomes_a_read_only_tree() -> Outcome {
    let mut image = Image::new(12)?;
    image.entry(b"bin/tool", 0o100_755, (1, 1), b"#!/bin/sh\n", false);
    image.entry(b"bin", 0o040_750, (2, 2), b"", false);
    image.entry(b"one", 0o100_640, (3, 2), b"", false);
    image.entry(b"two", 0o100_640, (3, 2), b"shared", false);
    image.entry(b"link", 0o120_777, (4, 1), b"bin/tool", false);
    image.entry(b"TRAILER!!!", 0, (0, 1), b"", false);
    image.unpack()?;

    check!(read(b"bin/tool")? == b"#!/bin/sh\n");
    check!(read(b"one")? == b"shared");
    with_start(|start| -> Outcome {
        let bin = start.find(b"/bin", true).map_err(fail)?;
        let status = bin.status(start.caller).map_err(fail)?;
        check!(status.mode == 0o040_750 && status.modified.seconds == 981_173_106);
        let tool = start.find(b"link", true).map_err(fail)?;
        check!(start.find(b"link", false).map_err(fail)?.place() != tool.place());
        check!(tool.status(start.caller).map_err(fail)?.size == 10);
        let (one, two) = (start.find(b"one", true), start.find(b"two", true));
        check!(one.map_err(fail)?.place() == two.map_err(fail)?.place());

        let refused = |path: &[u8], flags| open(start, path, flags, 0o644, 0).err();
        check!(refused(b"new", O_CREAT | O_RDWR) == Some(Errno::EROFS));
        check!(refused(b"one", O_WRONLY) == Some(Errno::EROFS));
        check!(refused(b"one", O_CREAT | O_EXCL) == Some(Errno::EEXIST));
        check!(refused(b"none/x", O_CREAT) == Some(Errno::ENOENT));
        check!(names::unlink(start, b"one") == Err(Errno::EROFS));
        check!(names::mkdir(start, b"/tmp/sub", 0o755) == Ok(()));
        check!(open(start, b"/tmp/sub/new", O_CREAT | O_RDWR, 0o644, 0).is_ok());
        check!(names::rmdir(start, b"/tmp/sub") == Err(Errno::ENOTEMPTY));
        check!(open(start, b"/dev/null", O_RDWR, 0, 0).is_ok());
        Ok(())
    })?
}

fn whole_pages_of_a_file_are_the_archives_own() -> Outcome {
    let mut image = Image::new(0)?;
    let mut data = Vec::new();
    data.extend((0..PAGE_SIZE + 100).map(|number| number as u8));
    image.entry(b"big", 0o100_644, (1, 1), &data, true);
    image.entry(b"behind", 0o100_644, (2, 1), b"secret", false);
    image.entry(b"TRAILER!!!", 0, (0, 1), b"", false);
    image.unpack()?;
    let object = archive::file(b"big").map_err(fail)?;
    let own = image.first.checked_add(1);
    let lookup = |index| match object.lookup(index) {
        Lookup::Cached(pfn) => {
            frames::put_page(pfn);
            Some(pfn)
        }
        _ => None,
    };
    check!(own.is_some() && lookup(0) == own);
    check!(lookup(1).is_none());
    check!(read(b"big")? == data);
    // The last page is a copy with nothing behind the end.
    let copy = lookup(1).ok_or("the last page is not cached")?;
    let mapping = kmap_atomic(copy);
    // SAFETY: the mapping covers the frame, which is in the page cache and nobody writes.
    let bytes = unsafe { core::slice::from_raw_parts(mapping.as_ptr::<u8>(), PAGE_SIZE as usize) };
    check!(bytes.iter().skip(100).all(|byte| *byte == 0));
    drop(mapping);
    drop(object);
    Ok(())
}

fn a_corrupt_archive_is_used_as_far_as_it_goes() -> Outcome {
    let mut image = Image::new(0)?;
    image.entry(b"good", 0o100_644, (1, 1), b"data", false);
    image.put(
        b"nonsense that is long enough for a header, but is none; and so the archive ends \
                here, with more than a hundred and ten bytes of it",
    );
    image.unpack()?;
    check!(read(b"good")? == b"data");
    check!(archive::file(b"dev/null").err() == Some(Errno::ENOENT));
    with_start(|start| -> Outcome {
        check!(start.find(b"/dev/null", true).is_ok());
        Ok(())
    })?
}

fn create(start: &Start, path: &[u8]) -> Result<Arc<File>> {
    open(start, path, O_CREAT | O_RDWR, 0o644, 0)
}

fn a_file_lives_until_its_last_user_is_gone() -> Outcome {
    archive::unpack(None).map_err(fail)?;
    with_start(|start| -> Outcome {
        let file = create(start, b"/tmp/file").map_err(fail)?;
        let (regular, node) = file.regular().ok_or("no regular file")?;
        let weak = Arc::downgrade(regular);
        let write =
            |at, bytes| regular.write(node.node(), at, &mut Source::Kernel(bytes), NO_LIMIT);
        check!(write(At::Offset(PAGE_SIZE.into()), b"far").map_err(fail)? == (4096, 3));
        check!(write(At::End, b" away").map_err(fail)? == (4099, 5));
        check!(regular.size() == 4104 && regular.blocks() == 8);
        check!(names::unlink(start, b"/tmp/file") == Ok(()));
        check!(start.find(b"/tmp/file", true).err() == Some(Errno::ENOENT));
        let mut bytes = [0; 8];
        check!(file.read_kernel(4096, &mut bytes) == Ok(8) && &bytes == b"far away");
        drop(file);
        check!(weak.upgrade().is_none());
        Ok(())
    })?
}

fn a_fatal_signal_ends_sendfile_behind_a_piece() -> Outcome {
    archive::unpack(None).map_err(fail)?;
    with_start(|start| -> Outcome {
        let from = create(start, b"/tmp/hole").map_err(fail)?;
        let (regular, _) = from.regular().ok_or("no regular file")?;
        check!(regular.object().truncate(3 * u64::from(PAGE_SIZE)).is_ok());
        let to = open(start, b"/dev/null", O_WRONLY, 0, 0).map_err(fail)?;
        let me = task::current();
        me.add_work(task::work::SIGNAL | task::work::KILL);
        let first = sendfile(&to, &from, None, 1 << 20);
        me.clear_work(task::work::SIGNAL | task::work::KILL);
        check!(first == Ok((4096, 4096)));
        check!(sendfile(&to, &from, None, 1 << 20) == Ok((8192, 12_288)));
        check!(sendfile(&to, &from, None, 1 << 20) == Ok((0, 12_288)));
        check!(regular.object().cached_pages() == 0);
        Ok(())
    })?
}

fn programs_that_run_cannot_be_written() -> Outcome {
    archive::unpack(None).map_err(fail)?;
    with_start(|start| -> Outcome {
        let file = open(start, b"/tmp/program", O_CREAT | O_RDWR, 0o755, 0).map_err(fail)?;
        let execute = || exec_found(start.find(b"/tmp/program", true)?, start.caller);
        check!(execute().err() == Some(Errno::ETXTBSY));
        drop(file);
        let program = execute().map_err(fail)?;
        let write = || open(start, b"/tmp/program", O_WRONLY, 0, 0);
        check!(write().err() == Some(Errno::ETXTBSY));
        drop(program);
        check!(write().is_ok());
        Ok(())
    })?
}

fn a_pipe_says_what_it_is_ready_for() -> Outcome {
    let read_end = Ends { read: true, write: false };
    let write_end = Ends { read: false, write: true };
    let pipe = Pipe::new().map_err(fail)?;
    let is = |ends, event: u16| pipe.events(ends) & event != 0;
    check!(!is(read_end, POLLIN) && is(write_end, POLLOUT));
    let page = [7; PAGE_SIZE as usize];
    let mut written = 0;
    // A nonblocking write takes what there is room for, and then nothing.
    while let Ok(count) = pipe.write(&mut Source::Kernel(&page), true) {
        written += count as u32;
    }
    check!(written == pipe.capacity() && pipe.len() == written);
    check!(is(read_end, POLLIN) && !is(write_end, POLLOUT));
    check!(pipe.write(&mut Source::Kernel(b"x"), true) == Err(Errno::EAGAIN));
    pipe.close(write_end);
    check!(is(read_end, POLLHUP) && is(read_end, POLLIN));
    pipe.close(read_end);
    check!(is(write_end, POLLERR) && pipe.len() == 0);
    Ok(())
}

static OPENED: AtomicU32 = AtomicU32::new(0);

fn a_fifo_waits_for_its_other_end() -> Outcome {
    let pipe = Pipe::closed().map_err(fail)?;
    let writer = Ends { read: false, write: true };
    let reader = Ends { read: true, write: false };
    check!(pipe.open(writer, true) == Err(Errno::ENXIO));
    OPENED.store(0, Relaxed);
    let raw = Arc::into_raw(pipe.clone()) as usize;
    let open_to_write = |raw: usize| {
        // SAFETY: the reference that was made for this task.
        let pipe = unsafe { Arc::from_raw(raw as *const Pipe) };
        if pipe.open(Ends { read: false, write: true }, false).is_ok() {
            OPENED.store(1, Relaxed);
        }
    };
    let other =
        Task::new(b"ktest", Priority::NORMAL, open_to_write, raw).map_err(|_| "no memory")?;
    task::start(other);
    (0..10).for_each(|_| task::yield_now());
    check!(OPENED.load(Relaxed) == 0);
    check!(pipe.open(reader, false) == Ok(()));
    (0..10).for_each(|_| task::yield_now());
    check!(OPENED.load(Relaxed) == 1);
    Ok(())
}

fn closing_a_descriptor_gives_up_locks() -> Outcome {
    archive::unpack(None).map_err(fail)?;
    let (table, other) = (FileTable::new().map_err(fail)?, FileTable::new().map_err(fail)?);
    let regular = Regular::empty().map_err(fail)?;
    let root = tree::lock().root();
    let node: Held = tree::lock().held(root).map_err(fail)?;
    let file = File::new(Kind::Regular(regular.clone()), Node::Held(node), O_RDWR).map_err(fail)?;
    let fds = [0, 1].map(|_| table.insert(file.clone(), CloseOnExec::No, 0, 10));
    check!(fds == [Ok(0), Ok(1)]);
    drop(file);
    let lock = |table: &FileTable, exclusive| {
        regular.locks().try_whole_range(Owner::of_table(table), exclusive)
    };
    check!(lock(&table, true) && !lock(&other, false));
    // POSIX: closing any descriptor of the file is enough.
    check!(table.close(1) == Ok(()) && lock(&other, true));
    drop(other);
    Ok(())
}
