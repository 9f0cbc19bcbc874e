//! What a process has of IPC: its handles, its level, the ports it serves, and who watches it.

use super::attachments;
use super::object::{Grant, HeldObject, Object};
use super::port::Port;
use crate::failpoint::fail_point;
use crate::result::{Errno, Result};
use crate::sync::{Rank, SpinLock};
use abi::ipc::{Level, MAX_PROCESS_HANDLES, Passed, Rights};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem;
use core::sync::atomic::{AtomicU8, AtomicU32, Ordering::Relaxed};
use kcore::handles::{Handle, Handles, Held};

/// Handles of all processes.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// Handles of all processes.
pub fn count() -> u32 {
    COUNT.load(Relaxed)
}

pub struct Holder {
    possessions: SpinLock<Possessions>,
    level: AtomicU8,
}

struct Possessions {
    handles: Handles<Grant>,
    serves: Vec<Arc<Port>>,
    /// Who is notified of the end, and how.
    watcher: Option<(Arc<Port>, u32)>,
    has_ended: bool,
}

impl Possessions {
    const fn new() -> Self {
        let handles = Handles::new(MAX_PROCESS_HANDLES);
        Self { handles, serves: Vec::new(), watcher: None, has_ended: false }
    }
}

impl Holder {
    /// Of a new process: without handles.
    pub const fn new(level: Level) -> Self {
        let possessions = SpinLock::new(Rank::Handles, Possessions::new());
        Self { possessions, level: AtomicU8::new(level.number()) }
    }

    #[inline]
    pub fn level(&self) -> Level {
        Level::new(self.level.load(Relaxed)).unwrap_or(Level::PROGRAM)
    }

    /// Gives up trust. EPERM for the opposite. Returns the level there was.
    pub fn raise_level(&self, level: Level) -> Result<Level> {
        let old = self.level();
        if level < old {
            return Err(Errno::EPERM);
        }
        self.level.store(level.number(), Relaxed);
        Ok(old)
    }

    /// A port and the badge of the handle for it.
    #[inline]
    pub fn port(&self, handle: u32, needed: Rights) -> Result<(Arc<Port>, u32)> {
        let possessions = self.possessions.lock();
        let held = possessions.handles.with_rights(Handle::from_raw(handle), needed)?;
        Ok((held.object.port()?.clone(), held.badge))
    }

    /// Any other object.
    pub fn object<T: Object>(&self, handle: u32, needed: Rights) -> Result<Arc<T>> {
        let possessions = self.possessions.lock();
        let held = possessions.handles.with_rights(Handle::from_raw(handle), needed)?;
        held.object.object()
    }

    /// A new handle, with all rights.
    pub fn give(&self, object: Arc<dyn Object>) -> Result<u32> {
        self.insert(Held { object: Grant::for_object(object), rights: Rights::all(), badge: 0 })
    }

    /// A new handle for a port.
    pub fn give_port(&self, port: Arc<Port>, rights: Rights, badge: u32) -> Result<u32> {
        self.insert(Held { object: Grant::for_port(port), rights, badge })
    }

    pub fn insert(&self, held: HeldObject) -> Result<u32> {
        let mut possessions = self.possessions.lock();
        let reserved = match possessions.has_ended {
            true => Err(Errno::ESRCH),
            false if fail_point!(HandleTable) => Err(Errno::EMFILE),
            false => possessions.handles.reserve(1),
        };
        if let Err(errno) = reserved {
            drop(possessions);
            // Without the lock: it may be the last reference.
            drop(held);
            return Err(errno);
        }
        let handle = possessions.handles.insert(held)?;
        COUNT.fetch_add(1, Relaxed);
        Ok(handle.raw())
    }

    pub fn duplicate(&self, handle: u32, rights: Rights) -> Result<u32> {
        let held = {
            let possessions = self.possessions.lock();
            possessions.handles.duplicate(Handle::from_raw(handle), rights)?
        };
        self.insert(valid(held)?)
    }

    pub fn mint(&self, handle: u32, rights: Rights, badge: u32) -> Result<u32> {
        if badge == 0 || badge.cast_signed() < 0 {
            return Err(Errno::EINVAL);
        }
        let held = {
            let possessions = self.possessions.lock();
            possessions.handles.mint(Handle::from_raw(handle), rights, badge)?
        };
        self.insert(valid(held)?)
    }

    pub fn close(&self, handle: u32) -> Result<()> {
        let held = self.possessions.lock().handles.remove(Handle::from_raw(handle))?;
        COUNT.fetch_sub(1, Relaxed);
        drop(held);
        Ok(())
    }

    /// Makes all other handles for the object worthless.
    pub fn revoke(&self, handle: u32) -> Result<()> {
        let handle = Handle::from_raw(handle);
        let mut possessions = self.possessions.lock();
        let held = possessions.handles.with_rights(handle, Rights::REVOKE)?;
        if !held.object.is_valid() {
            return Err(Errno::EBADF);
        }
        possessions.handles.get_mut(handle)?.object.revoke_others();
        Ok(())
    }

    /// What handles are in a message.
    pub fn transfer(&self, passed: &[Passed]) -> Result<attachments::Handles> {
        let mut taken = [const { None }; 4];
        for (place, passed) in taken.iter_mut().zip(passed) {
            let rights = Rights::from_bits(passed.rights).ok_or(Errno::EINVAL)?;
            *place = Some(self.copy_to_pass(passed.handle, rights)?);
        }
        Ok(taken)
    }

    /// What is handed on for a handle.
    pub fn copy_to_pass(&self, handle: u32, rights: Rights) -> Result<HeldObject> {
        let held = {
            let possessions = self.possessions.lock();
            possessions.handles.transfer(Handle::from_raw(handle), rights)?
        };
        valid(held)
    }

    /// Takes the handles of a message; those there is no room for are lost.
    pub fn accept(&self, handles: attachments::Handles) -> [Passed; 4] {
        handles.map(|held| match held {
            Some(held) => {
                let rights = held.rights.bits();
                self.insert(held).map_or(Passed::default(), |handle| Passed { handle, rights })
            }
            None => Passed::default(),
        })
    }

    /// Makes this process, whose id is `pid`, the server behind a port.
    pub fn serve(&self, pid: u32, port: Arc<Port>) -> Result<()> {
        if self.level() > port.level() {
            return Err(Errno::EPERM);
        }
        {
            let mut possessions = self.possessions.lock();
            let serves = &mut possessions.serves;
            if !serves.iter().any(|served| Arc::ptr_eq(served, &port)) {
                serves.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
                serves.push(port.clone());
            }
        }
        port.attach(pid);
        Ok(())
    }

    /// The program that served is gone.
    pub fn stop_serving(&self, pid: u32) {
        let serves = mem::take(&mut self.possessions.lock().serves);
        for port in &serves {
            port.detach(pid);
        }
    }

    /// Has `bits` of `port` set when the process ends.
    pub fn watch(&self, port: Arc<Port>, bits: u32) {
        let old = {
            let mut possessions = self.possessions.lock();
            if possessions.has_ended {
                port.notification.notify(bits);
                return;
            }
            possessions.watcher.replace((port, bits))
        };
        drop(old);
    }

    /// The process, whose id is `pid`, has ended.
    pub fn end(&self, pid: u32) {
        self.stop_serving(pid);
        let mut last = {
            let mut possessions = self.possessions.lock();
            let last = mem::replace(&mut *possessions, Possessions::new());
            possessions.has_ended = true;
            last
        };
        while let Some(held) = last.handles.take_any() {
            COUNT.fetch_sub(1, Relaxed);
            drop(held);
        }
        if let Some((port, bits)) = last.watcher {
            port.notification.notify(bits);
        }
    }
}

fn valid(held: HeldObject) -> Result<HeldObject> {
    if held.object.is_valid() { Ok(held) } else { Err(Errno::EBADF) }
}
