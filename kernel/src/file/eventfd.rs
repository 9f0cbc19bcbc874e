//! `eventfd`: a number that writers add to and readers take.

use super::buffers::{Source, UserBuffers};
use super::caller;
use super::description::{File, Kind, Node};
use super::operations::{ANONYMOUS_INODES, Operations, STAYS};
use crate::result::{Errno, Result};
use crate::sync::{Rank, SpinLock, WaitQueue};
use crate::task::Sleep;
use abi::file::{DeviceNumber, O_RDWR};
use abi::poll::{POLLIN, POLLOUT};
use alloc::sync::Arc;
use kcore::event_count::EventCount;

pub struct Eventfd {
    count: SpinLock<EventCount>,
    readers: WaitQueue,
    writers: WaitQueue,
    pollers: WaitQueue,
}

/// A new one. `flags`: O_NONBLOCK.
pub fn create(count: EventCount, flags: u32) -> Result<Arc<File>> {
    let eventfd = Eventfd {
        count: SpinLock::new(Rank::File, count),
        readers: WaitQueue::new(),
        writers: WaitQueue::new(),
        pollers: WaitQueue::new(),
    };
    let eventfd = Arc::try_new(eventfd).map_err(|_| Errno::ENOMEM)?;
    let identity = caller::identity();
    let node = Node::anonymous(identity.user(), identity.group());
    File::new(Kind::Eventfd(eventfd), node, flags | O_RDWR)
}

impl Operations for Eventfd {
    fn read(&self, file: &File, to: &mut UserBuffers) -> Result<usize> {
        if to.len() < size_of::<u64>() {
            return Err(Errno::EINVAL);
        }
        let take = || self.count.lock().take();
        let count = match take() {
            Some(count) => count,
            None if file.is_nonblocking() => return Err(Errno::EAGAIN),
            None => self
                .readers
                .wait_for(Sleep::Interruptible, None, take)
                .map_err(|_| caller::restart())?,
        };
        self.writers.wake_all();
        self.pollers.wake_all();
        to.copy_out_all(&count.to_le_bytes())
    }

    fn write(&self, file: &File, from: &mut Source) -> Result<usize> {
        let mut bytes = [0; size_of::<u64>()];
        if from.len() < bytes.len() {
            return Err(Errno::EINVAL);
        }
        if from.copy_in(&mut bytes) < bytes.len() {
            return Err(Errno::EFAULT);
        }
        let more = u64::from_le_bytes(bytes);
        if more == u64::MAX {
            return Err(Errno::EINVAL);
        }
        let add = || self.count.lock().add(more).then_some(());
        match add() {
            Some(()) => {}
            None if file.is_nonblocking() => return Err(Errno::EAGAIN),
            None => self
                .writers
                .wait_for(Sleep::Interruptible, None, add)
                .map_err(|_| caller::restart())?,
        }
        self.readers.wake_all();
        self.pollers.wake_all();
        Ok(bytes.len())
    }

    fn has_positions(&self) -> bool {
        false
    }

    fn seek(&self, _: &File, _: i64, _: u32) -> Result<u64> {
        Ok(STAYS)
    }

    fn events(&self) -> u16 {
        let count = self.count.lock();
        let mut events = 0;
        if count.is_readable() {
            events |= POLLIN;
        }
        if count.is_writable() {
            events |= POLLOUT;
        }
        events
    }

    fn pollers(&self) -> Option<&WaitQueue> {
        Some(&self.pollers)
    }

    fn anonymous(&self) -> (DeviceNumber, u32) {
        (ANONYMOUS_INODES, 0o600)
    }
}
