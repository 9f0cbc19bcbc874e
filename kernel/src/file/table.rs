//! A process's descriptors.

use super::File;
use super::{locks, socket};
use crate::failpoint::fail_point;
use crate::result::{Errno, Result};
use crate::sync::{Rank, SpinLock};
use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use kcore::fd_table::{CloseOnExec, FdTable};

/// Shared by the processes and threads that were cloned with CLONE_FILES.
pub struct FileTable {
    table: SpinLock<FdTable<Arc<File>>>,
    /// Who uses it has had `fcntl` locks.
    has_locked: AtomicBool,
}

/// A descriptor that is taken while its file is being opened. Dropped, it is free again.
pub struct Reserved<'a> {
    table: &'a FileTable,
    fd: u32,
    close: CloseOnExec,
}

impl FileTable {
    /// A table without descriptors.
    pub fn new() -> Result<Arc<Self>> {
        Self::with(FdTable::new())
    }

    /// In place, or what is made here would be copied twice.
    #[inline(always)]
    fn with(table: FdTable<Arc<File>>) -> Result<Arc<Self>> {
        let table = SpinLock::new(Rank::Files, table);
        let table = Self { table, has_locked: AtomicBool::new(false) };
        Arc::try_new(table).map_err(|_| Errno::ENOMEM)
    }

    /// A table with the same files, for `fork`.
    pub fn fork(&self) -> Result<Arc<Self>> {
        let copy = self.table.lock().try_clone().map_err(|_| Errno::ENOMEM)?;
        Self::with(copy)
    }

    /// For `execve`: closes what is marked so.
    pub fn close_on_exec(&self) {
        let mut from = 0;
        loop {
            let next = self.table.lock().take_close_on_exec(from);
            let Some((fd, file)) = next else { return socket::collect() };
            // Outside of the lock: the last reference may wake somebody.
            self.closed(file);
            from = fd + 1;
        }
    }

    /// A descriptor of `file` was taken out: the process's locks on it go.
    #[inline]
    fn closed(&self, file: Arc<File>) {
        locks::closed(&file, self);
        socket::let_go(file);
    }

    /// Whether closing has to look for locks.
    #[inline]
    pub(super) fn has_locked(&self) -> bool {
        self.has_locked.load(Relaxed)
    }

    /// There is to be a `fcntl` lock.
    pub(super) fn set_locked(&self) {
        self.has_locked.store(true, Relaxed);
    }

    /// The file of a descriptor, also one that only stands for a place (O_PATH). EBADF.
    #[inline]
    pub fn get_any(&self, fd: i32) -> Result<Arc<File>> {
        // A negative one is larger than any.
        self.table.lock().get(fd.cast_unsigned()).cloned().ok_or(Errno::EBADF)
    }

    /// The file of a descriptor. EBADF, also for O_PATH.
    #[inline]
    pub fn get(&self, fd: i32) -> Result<Arc<File>> {
        let file = self.get_any(fd)?;
        if file.is_path() { Err(Errno::EBADF) } else { Ok(file) }
    }

    /// Takes the lowest free descriptor below `limit` (RLIMIT_NOFILE). EMFILE.
    pub fn reserve(&self, close: CloseOnExec, limit: u32) -> Result<Reserved<'_>> {
        if fail_point!(FdTable) {
            return Err(Errno::EMFILE);
        }
        let fd = self.table.lock().reserve(0, limit)?;
        Ok(Reserved { table: self, fd, close })
    }

    /// Gives `file` the lowest free descriptor from `from` up.
    pub fn insert(
        &self,
        file: Arc<File>,
        close: CloseOnExec,
        from: u32,
        limit: u32,
    ) -> Result<u32> {
        if fail_point!(FdTable) {
            return Err(Errno::EMFILE);
        }
        let fd = self.table.lock().reserve(from, limit)?;
        self.table.lock().install(fd, file, close);
        Ok(fd)
    }

    /// Puts `file` at `fd`, closing what was there.
    pub fn replace(&self, fd: u32, file: Arc<File>, close: CloseOnExec, limit: u32) -> Result<()> {
        let old = self.table.lock().replace(fd, file, close, limit)?;
        if let Some(old) = old {
            self.closed(old);
            socket::collect();
        }
        Ok(())
    }

    /// Closes a descriptor. EBADF.
    #[inline]
    pub fn close(&self, fd: i32) -> Result<()> {
        let file = self.table.lock().remove(fd.cast_unsigned()).ok_or(Errno::EBADF)?;
        self.closed(file);
        socket::collect();
        Ok(())
    }

    /// Closes all descriptors from `first` to `last`.
    pub fn close_range(&self, first: u32, last: u32) {
        let mut from = first;
        loop {
            let next = {
                let mut table = self.table.lock();
                match table.next(from) {
                    Some(fd) if fd <= last => table.take_next(fd),
                    _ => None,
                }
            };
            let Some((fd, file)) = next else { return socket::collect() };
            self.closed(file);
            from = fd + 1;
        }
    }

    /// Descriptors there are places for.
    pub fn capacity(&self) -> u32 {
        self.table.lock().capacity()
    }

    /// Marks all descriptors from `first` to `last` to be closed by `execve`.
    pub fn set_close_on_exec_range(&self, first: u32, last: u32) {
        let mut table = self.table.lock();
        let mut from = first;
        while let Some(fd) = table.next(from).filter(|fd| *fd <= last) {
            // It is open.
            let _ = table.set_close_on_exec(fd, CloseOnExec::Yes);
            from = fd + 1;
        }
    }

    /// The first open descriptor from `from` up.
    pub fn next(&self, from: u32) -> Option<(u32, Arc<File>, CloseOnExec)> {
        let table = self.table.lock();
        let fd = table.next(from)?;
        Some((fd, table.get(fd)?.clone(), table.close_on_exec(fd).ok()?))
    }

    /// EBADF.
    pub fn descriptor_flag(&self, fd: i32) -> Result<CloseOnExec> {
        self.table.lock().close_on_exec(fd.cast_unsigned())
    }

    /// EBADF.
    pub fn set_descriptor_flag(&self, fd: i32, close: CloseOnExec) -> Result<()> {
        self.table.lock().set_close_on_exec(fd.cast_unsigned(), close)
    }
}

impl Drop for FileTable {
    fn drop(&mut self) {
        self.close_range(0, u32::MAX);
        socket::collect_all();
    }
}

impl Reserved<'_> {
    pub fn fd(&self) -> u32 {
        self.fd
    }

    /// The descriptor leads to `file` from now on.
    pub fn install(self, file: Arc<File>) -> u32 {
        self.table.table.lock().install(self.fd, file, self.close);
        let fd = self.fd;
        core::mem::forget(self);
        fd
    }
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        self.table.table.lock().unreserve(self.fd);
    }
}
