//! `fcntl` and `flock` locks. A regular file has its own, others have them in
//! [`other_locks`](super::other_locks).

use super::caller;
use super::description::File;
use super::other_locks;
use super::table::FileTable;
use crate::result::{Errno, Result};
use crate::sync::{Rank, SpinLock, WaitQueue};
use crate::task::Sleep;
use abi::file::{
    F_RDLCK, F_UNLCK, F_WRLCK, Flock64, LOCK_EX, LOCK_NB, LOCK_SH, LOCK_UN, SEEK_CUR, SEEK_END,
    SEEK_SET,
};
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use kcore::file_lock::{END, FileLock, FileLocks, Waiting};

/// The locks on one file.
pub struct Locks {
    lists: SpinLock<Lists>,
    /// Some are held: closing a descriptor has to look.
    any: AtomicBool,
    waiters: WaitQueue,
}

#[derive(Default)]
struct Lists {
    ranges: FileLocks,
    whole: FileLocks,
}

/// Which of the two kinds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    Ranges,
    Whole,
}

impl Lists {
    fn get(&mut self, which: Which) -> &mut FileLocks {
        match which {
            Which::Ranges => &mut self.ranges,
            Which::Whole => &mut self.whole,
        }
    }

    fn len(&self) -> u32 {
        self.ranges.len() + self.whole.len()
    }
}

/// The locks on all files.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// How many locks are held, on all files.
pub fn count() -> u32 {
    COUNT.load(Relaxed)
}

/// Processes that wait for `fcntl` locks.
static WAITING: SpinLock<Waiting> = SpinLock::new(Rank::File, Waiting::new());

/// Gives back memory that holds nothing.
pub fn shrink() {
    WAITING.lock().shrink();
}

/// A descriptor table owns `fcntl` locks, a description `flock` ones: known by their addresses.
#[derive(Clone, Copy)]
pub struct Owner(u32);

impl Owner {
    pub fn of_table(table: &FileTable) -> Self {
        Self(&raw const *table as u32)
    }

    pub fn of_file(file: &File) -> Self {
        Self(&raw const *file as u32)
    }
}

impl Locks {
    pub const fn new() -> Self {
        let lists = Lists { ranges: FileLocks::new(), whole: FileLocks::new() };
        Self {
            lists: SpinLock::new(Rank::File, lists),
            any: AtomicBool::new(false),
            waiters: WaitQueue::new(),
        }
    }

    /// The owner is gone, or has closed a descriptor of the file.
    #[inline]
    pub fn remove_owner(&self, owner: Owner) {
        if self.any.load(Relaxed) {
            self.remove(owner);
        }
    }

    #[cold]
    fn remove(&self, owner: Owner) {
        let removed = self.change(|lists| {
            let ranges = lists.ranges.remove_owner(owner.0);
            let whole = lists.whole.remove_owner(owner.0);
            ranges || whole
        });
        if removed {
            self.waiters.wake_all();
        }
    }

    /// All changes go through here: what is held is counted.
    fn change<R>(&self, change: impl FnOnce(&mut Lists) -> R) -> R {
        let mut lists = self.lists.lock();
        let before = lists.len();
        let result = change(&mut lists);
        let after = lists.len();
        COUNT.fetch_add(after.wrapping_sub(before), Relaxed);
        self.any.store(after != 0, Relaxed);
        result
    }

    /// A `fcntl` lock on everything, if nothing is in the way.
    #[cfg(feature = "ktest")]
    pub fn try_whole_range(&self, owner: Owner, exclusive: bool) -> bool {
        let lock = FileLock { owner: owner.0, pid: 0, exclusive, start: 0, last: END };
        self.try_set(Which::Ranges, lock) == Ok(None)
    }

    /// Whether there are any.
    pub fn are_held(&self) -> bool {
        self.lists.lock().len() != 0
    }

    fn unlock(&self, which: Which, owner: Owner, start: u64, last: u64) -> Result<()> {
        self.change(|lists| lists.get(which).unlock(owner.0, start, last))?;
        self.waiters.wake_all();
        Ok(())
    }

    /// The owner in the way, or the lock is set.
    fn try_set(&self, which: Which, lock: FileLock) -> Result<Option<u32>> {
        let other = self.change(|lists| {
            let locks = lists.get(which);
            match locks.conflict(&lock) {
                Some(other) => Ok(Some(other.owner)),
                None => locks.set(lock).map(|()| None),
            }
        })?;
        if other.is_none() {
            // A write lock may have become a read lock.
            self.waiters.wake_all();
        }
        Ok(other)
    }

    fn set(&self, which: Which, lock: FileLock, wait: bool) -> Result<()> {
        while let Some(holder) = self.try_set(which, lock)? {
            if !wait {
                return Err(Errno::EAGAIN);
            }
            if which == Which::Ranges {
                WAITING.lock().add(lock.owner, holder)?;
            }
            let free = || self.lists.lock().get(which).conflict(&lock).is_none().then_some(());
            let result = self.waiters.wait_for(Sleep::Interruptible, None, free);
            if which == Which::Ranges {
                WAITING.lock().remove(lock.owner, holder);
            }
            result.map_err(|_| caller::restart())?;
        }
        Ok(())
    }
}

/// Calls `work` with the locks on a file.
fn with<R>(file: &File, work: impl FnOnce(&Locks) -> Result<R>) -> Result<R> {
    match file.regular() {
        Some((regular, _)) => work(regular.locks()),
        None => work(&*other_locks::of(file)?),
    }
}

/// A descriptor of `file` in `table` was closed: the process's locks on it go.
#[inline]
pub fn closed(file: &File, table: &FileTable) {
    match file.regular() {
        Some((regular, _)) => regular.locks().remove_owner(Owner::of_table(table)),
        None if table.has_locked() && !file.is_path() => {
            other_locks::remove_owner(file, Owner::of_table(table));
        }
        None => {}
    }
}

/// The range a program means: first and last position. EINVAL, EOVERFLOW.
fn range(file: &File, lock: &Flock64) -> Result<(u64, u64)> {
    let base = match u32::from(lock.whence.cast_unsigned()) {
        SEEK_SET => 0,
        SEEK_CUR => file.with_position(|position| Ok(*position))?,
        SEEK_END => match (file.regular(), file.served()) {
            (Some((regular, _)), _) => regular.size(),
            (None, Some(served)) => served.attributes(&caller::identity())?.size,
            (None, None) => 0,
        },
        _ => return Err(Errno::EINVAL),
    };
    let base = i64::try_from(base).map_err(|_| Errno::EOVERFLOW)?;
    let start = base.checked_add(lock.start).ok_or(Errno::EOVERFLOW)?;
    if start < 0 {
        return Err(Errno::EINVAL);
    }
    let (start, last) = match lock.len {
        0 => (start, END.cast_signed()),
        1.. => (start, start.checked_add(lock.len - 1).ok_or(Errno::EOVERFLOW)?),
        _ => (start + lock.len, start - 1),
    };
    let start = u64::try_from(start).map_err(|_| Errno::EINVAL)?;
    Ok((start, last.cast_unsigned()))
}

fn wanted(file: &File, owner: Owner, lock: &Flock64) -> Result<FileLock> {
    let (start, last) = range(file, lock)?;
    let exclusive = lock.kind == F_WRLCK;
    Ok(FileLock { owner: owner.0, pid: caller::process_id(), exclusive, start, last })
}

/// F_GETLK: the lock in the way of `lock`, or `lock` with F_UNLCK.
pub fn query(file: &File, owner: Owner, lock: &Flock64) -> Result<Flock64> {
    if lock.kind != F_RDLCK && lock.kind != F_WRLCK {
        return Err(Errno::EINVAL);
    }
    let wanted = wanted(file, owner, lock)?;
    let conflict = with(file, |locks| Ok(locks.lists.lock().ranges.conflict(&wanted).copied()))?;
    Ok(match conflict {
        None => Flock64 { kind: F_UNLCK, ..*lock },
        Some(other) => Flock64 {
            kind: if other.exclusive { F_WRLCK } else { F_RDLCK },
            whence: SEEK_SET as i16,
            start: other.start.cast_signed(),
            len: if other.last == END { 0 } else { (other.last - other.start + 1) as i64 },
            pid: other.pid.cast_signed(),
        },
    })
}

/// F_SETLK, and with `wait` F_SETLKW. EBADF if another thread has closed the descriptor meanwhile:
/// that removed the process's locks, but not this one if it came later.
pub fn set(
    file: &File,
    table: &FileTable,
    lock: &Flock64,
    wait: bool,
    is_open: impl FnOnce() -> bool,
) -> Result<()> {
    let owner = Owner::of_table(table);
    let wanted = wanted(file, owner, lock)?;
    match lock.kind {
        F_RDLCK => file.may_read()?,
        F_WRLCK => file.may_write()?,
        F_UNLCK => {
            let FileLock { start, last, .. } = wanted;
            return with(file, |locks| locks.unlock(Which::Ranges, owner, start, last));
        }
        _ => return Err(Errno::EINVAL),
    }
    table.set_locked();
    with(file, |locks| {
        locks.set(Which::Ranges, wanted, wait)?;
        if is_open() {
            return Ok(());
        }
        if locks.unlock(Which::Ranges, owner, wanted.start, wanted.last).is_err() {
            // No memory for what would be left. Closing removes everything anyway.
            locks.remove_owner(owner);
        }
        Err(Errno::EBADF)
    })
}

/// `flock`.
pub fn flock(file: &File, operation: u32) -> Result<()> {
    let owner = Owner::of_file(file);
    let exclusive = match operation & !LOCK_NB {
        LOCK_SH => false,
        LOCK_EX => true,
        LOCK_UN => return with(file, |locks| locks.unlock(Which::Whole, owner, 0, END)),
        _ => return Err(Errno::EINVAL),
    };
    let pid = caller::process_id();
    let lock = FileLock { owner: owner.0, pid, exclusive, start: 0, last: END };
    file.set_locked();
    with(file, |locks| locks.set(Which::Whole, lock, operation & LOCK_NB == 0))
}
