//! A thread of a program: what the process layer hangs onto a task.

use super::Process;
use super::mm_user::MmUser;
use super::signal::ThreadSignals;
use crate::file::socket::Graves;
use crate::file::{FileTable, FsContext};
use crate::mm::space::Mm;
use crate::result::Result;
use crate::sync::WaitQueue;
use crate::task::{self, Task};
use alloc::sync::Arc;
use core::cell::{Cell, RefCell, UnsafeCell};
use core::sync::atomic::{AtomicBool, AtomicU32};
use kcore::signal::AlternateStack;

pub struct Thread {
    pub process: Arc<Process>,
    pub task: Arc<Task>,
    /// Under the process's signal lock.
    pub(super) signals: UnsafeCell<ThreadSignals>,
    /// Only through [`CurrentThread::own`](super::CurrentThread::own).
    pub(super) own: UnsafeCell<Own>,
    /// The list of locks to release when it ends, as `set_robust_list` gave it.
    pub robust_list: AtomicU32,
    /// Set while its maker waits in `vfork`, on `parent_released`.
    pub(super) holds_parent: AtomicBool,
    pub(super) parent_released: WaitQueue,
}

/// What only the thread itself touches (and its maker, before it starts).
pub struct Own {
    pub mm: RefCell<Option<MmUser>>,
    pub files: RefCell<Option<Arc<FileTable>>>,
    pub fs: RefCell<Option<Arc<FsContext>>>,
    pub alternate_stack: Cell<AlternateStack>,
    /// The signal mask to set again when a call that replaced it is over.
    pub saved_mask: Cell<Option<abi::signal::SignalSet>>,
    /// Vector, error code and CR2 of the last exception, for handlers.
    pub trap: Cell<(u32, u32, u32)>,
    /// Where to store 0 and wake a waiter when the thread ends; 0 for nowhere.
    pub clear_child_tid: Cell<u32>,
    /// How to go on with a call that a signal interrupted, for `restart_syscall`.
    pub restart: Cell<Option<Restart>>,
    pub graves: Graves,
}

/// How to go on with an interrupted call whose arguments no longer say how (a sleep that is half
/// over). The call sets it and returns ERESTART_RESTARTBLOCK.
#[derive(Clone, Copy)]
pub struct Restart {
    pub resume: fn(&[u32; 6]) -> Result<u32>,
    pub arguments: [u32; 6],
}

// SAFETY: `signals` is touched under the lock of the thread's process, `own` only by the thread.
unsafe impl Sync for Thread {}
// SAFETY: nothing in it is tied to where it was made.
unsafe impl Send for Thread {}

impl Own {
    pub fn new(
        mm: Option<MmUser>,
        files: Option<Arc<FileTable>>,
        fs: Option<Arc<FsContext>>,
    ) -> Self {
        Self {
            mm: RefCell::new(mm),
            files: RefCell::new(files),
            fs: RefCell::new(fs),
            alternate_stack: Cell::new(AlternateStack::NONE),
            saved_mask: Cell::new(None),
            trap: Cell::new((0, 0, 0)),
            clear_child_tid: Cell::new(0),
            restart: Cell::new(None),
            graves: Graves::new(),
        }
    }
}

impl Thread {
    /// Its id. `execve` in another than the first thread changes it to that of the process.
    #[inline]
    pub fn tid(&self) -> u32 {
        self.task.tid()
    }

    /// Whether its id is the process's.
    #[inline]
    pub fn is_first(&self) -> bool {
        self.tid() == self.process.pid()
    }

    /// Lets it run. Its process knows it.
    pub(super) fn start(self: Arc<Self>) {
        let task = self.task.clone();
        // The task's own reference, given up in `exit`.
        task.set_extension(Arc::into_raw(self).cast());
        task::start(task);
    }
}

impl super::CurrentThread {
    /// The address space the thread runs in.
    #[inline]
    pub fn mm(&self) -> Arc<Mm> {
        match &*self.own().mm.borrow() {
            Some(mm) => mm.mm().clone(),
            None => gone(),
        }
    }

    /// Its descriptors.
    #[inline]
    pub fn files(&self) -> Arc<FileTable> {
        match &*self.own().files.borrow() {
            Some(files) => files.clone(),
            None => gone(),
        }
    }

    /// Gives it other descriptors.
    pub fn replace_files(&self, files: &Arc<FileTable>) {
        let old = self.own().files.replace(Some(files.clone()));
        if self.is_first() {
            self.process.note_files(files);
        }
        drop(old);
    }

    /// Its working directory, root directory and umask.
    #[inline]
    pub fn fs(&self) -> Arc<FsContext> {
        match &*self.own().fs.borrow() {
            Some(fs) => fs.clone(),
            None => gone(),
        }
    }
}

#[cold]
fn gone() -> ! {
    panic!("a thread that has exited uses what it gave up")
}
