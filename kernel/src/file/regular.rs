//! Regular files: an object of pages, and who may write it.

use super::buffers::{Source, UserBuffers};
use super::caller;
use super::locks::Locks;
use super::tree;
use crate::mm::object::Object;
use crate::result::{Errno, Result};
use crate::sync::Mutex;
use abi::file::{S_ISGID, S_ISUID};
use abi::signal::SIGXFSZ;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicI32, Ordering::Relaxed};
use kcore::addr::PAGE_SIZE;
use kcore::node_tree::NodeId;

pub struct Regular {
    object: Arc<Object>,
    locks: Locks,
    /// Writers take turns, so that each appends at the end.
    writing: Mutex<()>,
    /// Descriptions that are open for writing; below 0, how many forbid it: running programs.
    writers: AtomicI32,
    is_read_only: bool,
    /// The access time is at least as late as the last change (relatime).
    is_access_noted: AtomicBool,
}

/// A file that runs as a program: nobody may write it meanwhile.
pub struct Program(pub Arc<Regular>);

/// Where a write begins.
#[derive(Clone, Copy)]
pub enum At {
    Offset(u64),
    End,
}

/// What limits the size of a file besides memory.
#[derive(Clone, Copy)]
pub struct SizeLimit {
    /// RLIMIT_FSIZE.
    pub resource: u64,
    /// What the description can reach.
    pub reach: u64,
}

impl Regular {
    /// A file of `object`; one of the boot archive is read-only.
    pub fn new(object: Arc<Object>, is_read_only: bool) -> Result<Arc<Self>> {
        let regular = Self {
            object,
            locks: Locks::new(),
            writing: Mutex::new(()),
            writers: AtomicI32::new(0),
            is_read_only,
            is_access_noted: AtomicBool::new(is_read_only),
        };
        Arc::try_new(regular).map_err(|_| Errno::ENOMEM)
    }

    /// An empty, writable file.
    pub fn empty() -> Result<Arc<Self>> {
        Self::new(Object::memory(0)?, false)
    }

    #[inline]
    pub fn object(&self) -> &Arc<Object> {
        &self.object
    }

    #[inline]
    pub fn locks(&self) -> &Locks {
        &self.locks
    }

    pub fn size(&self) -> u64 {
        self.object.size()
    }

    /// Of 512 bytes.
    pub fn blocks(&self) -> u64 {
        let object = &self.object;
        let pages = if self.is_read_only { object.pages() } else { object.cached_pages() };
        u64::from(pages) * u64::from(PAGE_SIZE / 512)
    }

    #[inline]
    pub fn read(&self, node: NodeId, offset: u64, to: &mut UserBuffers) -> Result<usize> {
        let count = to.each(|range, done| self.object.read(offset + done as u64, range))?;
        if !self.is_access_noted.load(Relaxed) {
            self.note_access(node);
        }
        Ok(count)
    }

    #[cold]
    fn note_access(&self, node: NodeId) {
        self.is_access_noted.store(true, Relaxed);
        let mut tree = tree::lock();
        let now = tree.now();
        if let Ok(attributes) = tree.attributes_mut(node) {
            attributes.accessed = now;
        }
    }

    /// Returns where it began and how much was written.
    pub fn write(
        &self,
        node: NodeId,
        at: At,
        from: &mut Source,
        limit: SizeLimit,
    ) -> Result<(u64, usize)> {
        if from.is_empty() {
            return Ok((0, 0));
        }
        let _turn = self.writing.lock();
        let offset = match at {
            At::Offset(offset) => offset,
            At::End => self.object.size(),
        };
        if offset >= limit.resource {
            caller::raise(SIGXFSZ);
            return Err(Errno::EFBIG);
        }
        let room = limit.resource.min(limit.reach).checked_sub(offset).filter(|room| *room != 0);
        let room = room.ok_or(Errno::EFBIG)?;
        from.truncate(usize::try_from(room).unwrap_or(usize::MAX));
        if matches!(at, At::Offset(_)) && offset > self.object.size() {
            self.object.clear_behind_end();
        }
        let result = from.write_to(&self.object, offset);
        if self.note_change(node) & (S_ISUID | S_ISGID) != 0 {
            drop_privileges(node);
        }
        Ok((offset, result?))
    }

    /// Sets the modification time. Returns the mode.
    pub fn note_change(&self, node: NodeId) -> u32 {
        self.is_access_noted.store(false, Relaxed);
        let mut tree = tree::lock();
        let now = tree.now();
        let Ok(attributes) = tree.attributes_mut(node) else { return 0 };
        attributes.modified = now;
        attributes.changed = now;
        attributes.mode
    }

    /// Sets the size. EFBIG beyond RLIMIT_FSIZE.
    pub fn truncate(&self, node: NodeId, size: u64) -> Result<()> {
        let _turn = self.writing.lock();
        if size > self.object.size() && size > caller::file_size_limit() {
            caller::raise(SIGXFSZ);
            return Err(Errno::EFBIG);
        }
        self.object.truncate(size)?;
        self.note_change(node);
        Ok(())
    }

    /// Gives all of a range pages, and with `grow` the file the size. EFBIG beyond RLIMIT_FSIZE.
    /// EINTR after a signal, ENOSPC without memory, and then the file is as before.
    pub fn allocate(&self, node: NodeId, offset: u64, len: u64, grow: bool) -> Result<()> {
        let _turn = self.writing.lock();
        let (size, end) = (self.object.size(), offset + len);
        let grows = grow && end > size;
        if grows && end > caller::file_size_limit() {
            caller::raise(SIGXFSZ);
            return Err(Errno::EFBIG);
        }
        let end = if grow { end } else { end.min(size) };
        let last = end.div_ceil(u64::from(PAGE_SIZE));
        let first = (offset / u64::from(PAGE_SIZE)) as u32;
        self.object.allocate(first, last as u32, caller::is_interrupted)?;
        if grows {
            self.object.truncate(end)?;
        }
        self.note_change(node);
        Ok(())
    }

    /// Makes a range read as zero; whole pages give their memory back.
    pub fn punch_hole(&self, node: NodeId, offset: u64, len: u64) -> Result<()> {
        const PAGE: u64 = PAGE_SIZE as u64;
        let _turn = self.writing.lock();
        let end = (offset + len).min(self.object.size());
        let clear = |from: u64, to: u64| {
            let zeros = [0; 256];
            let mut at = from;
            while at < to {
                let count = (to - at).min(zeros.len() as u64) as usize;
                at += self.object.write_kernel(at, zeros.get(..count).unwrap_or_default())? as u64;
            }
            Ok(())
        };
        let (first, last) = (offset.next_multiple_of(PAGE), end / PAGE * PAGE);
        if first < last {
            clear(offset, first)?;
            clear(last, end)?;
            self.object.punch_hole((first / PAGE) as u32, ((last - first) / PAGE) as u32)?;
        } else {
            clear(offset, end)?;
        }
        self.note_change(node);
        Ok(())
    }

    /// [`truncate`](Self::truncate) by somebody who has no description that writes. ETXTBSY while it
    /// runs as a program.
    pub fn truncate_as_writer(&self, node: NodeId, size: u64) -> Result<()> {
        self.add_writer()?;
        let result = self.truncate(node, size);
        self.remove_writer();
        result
    }

    /// One more description that writes. ETXTBSY while it runs as a program.
    pub fn add_writer(&self) -> Result<()> {
        let one_more = |writers: i32| (writers >= 0).then(|| writers + 1);
        self.writers.fetch_update(Relaxed, Relaxed, one_more).map_err(|_| Errno::ETXTBSY)?;
        Ok(())
    }

    pub fn remove_writer(&self) {
        self.writers.fetch_sub(1, Relaxed);
    }

    /// Nobody may open it for writing. ETXTBSY while somebody has.
    pub fn deny_writers(&self) -> Result<()> {
        let one_less = |writers: i32| (writers <= 0).then(|| writers - 1);
        self.writers.fetch_update(Relaxed, Relaxed, one_less).map_err(|_| Errno::ETXTBSY)?;
        Ok(())
    }

    pub fn allow_writers(&self) {
        self.writers.fetch_add(1, Relaxed);
    }
}

/// A program that somebody changed lends nobody's rights any more, unless root did it.
#[cold]
fn drop_privileges(node: NodeId) {
    if caller::is_privileged() {
        return;
    }
    if let Ok(attributes) = tree::lock().attributes_mut(node) {
        attributes.mode &= !S_ISUID;
        // Without group execution the bit means something else.
        if attributes.mode & 0o010 != 0 {
            attributes.mode &= !S_ISGID;
        }
    }
}
