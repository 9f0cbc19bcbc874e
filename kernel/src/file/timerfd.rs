//! `timerfd`: a timer whose expiries are read.
//!
//! What has expired is computed by whoever asks; the timer only wakes them, once for each setting and
//! each time that its expiries have been read.

use super::buffers::{Source, UserBuffers};
use super::caller;
use super::description::{File, Kind, Node};
use super::operations::{ANONYMOUS_INODES, Operations, STAYS};
use crate::result::{Errno, Result};
use crate::sync::{Rank, SpinLock, WaitQueue};
use crate::task::Sleep;
use crate::time::{self, Timer};
use abi::file::{DeviceNumber, O_RDWR};
use abi::poll::POLLIN;
use alloc::sync::Arc;
use core::pin::Pin;
use kcore::interval::Schedule;

pub struct Timerfd {
    timer: Timer,
    clock: i32,
    schedule: SpinLock<Schedule>,
    readers: WaitQueue,
    pollers: WaitQueue,
}

/// A new one, which is off. `flags`: O_NONBLOCK.
pub fn create(clock: i32, flags: u32) -> Result<Arc<File>> {
    let mut place = Arc::<Timerfd>::try_new_uninit().map_err(|_| Errno::ENOMEM)?;
    let address = Arc::as_ptr(&place) as usize;
    let Some(unwritten) = Arc::get_mut(&mut place) else { unreachable!("just made") };
    unwritten.write(Timerfd {
        timer: Timer::new(fire, address),
        clock,
        schedule: SpinLock::new(Rank::File, Schedule::default()),
        readers: WaitQueue::new(),
        pollers: WaitQueue::new(),
    });
    // SAFETY: written above.
    let timerfd = unsafe { place.assume_init() };
    let identity = caller::identity();
    let node = Node::anonymous(identity.user(), identity.group());
    File::new(Kind::Timerfd(timerfd), node, flags | O_RDWR)
}

/// From the timer's interrupt.
fn fire(timerfd: usize) {
    // SAFETY: dropping a timer disarms it first.
    let timerfd = unsafe { &*(timerfd as *const Timerfd) };
    timerfd.readers.wake_all();
    timerfd.pollers.wake_all();
}

impl Timerfd {
    pub fn clock(&self) -> i32 {
        self.clock
    }

    fn arm(&self, schedule: &Schedule) {
        if schedule.is_on() {
            // SAFETY: a timer lies in an `Arc`, which never moves it.
            unsafe { Pin::new_unchecked(&self.timer) }.arm(schedule.deadline);
        }
    }

    /// Sets it. Returns what was left of the old setting.
    pub fn set(&self, new: Schedule) -> Schedule {
        let mut schedule = self.schedule.lock();
        let old = schedule.shown(time::monotonic());
        self.timer.disarm();
        *schedule = new;
        self.arm(&schedule);
        old
    }

    /// What is left of the setting.
    pub fn left(&self) -> Schedule {
        self.schedule.lock().shown(time::monotonic())
    }

    /// How often it has expired since it was read or set last, if it has.
    fn take(&self) -> Option<u64> {
        let mut schedule = self.schedule.lock();
        let now = time::monotonic();
        let count = schedule.expiries(now);
        if count == 0 {
            return None;
        }
        schedule.pass(now);
        self.arm(&schedule);
        Some(count)
    }
}

impl Operations for Timerfd {
    fn read(&self, file: &File, to: &mut UserBuffers) -> Result<usize> {
        if to.len() < size_of::<u64>() {
            return Err(Errno::EINVAL);
        }
        let count = match self.take() {
            Some(count) => count,
            None if file.is_nonblocking() => return Err(Errno::EAGAIN),
            None => self
                .readers
                .wait_for(Sleep::Interruptible, None, || self.take())
                .map_err(|_| caller::restart())?,
        };
        to.copy_out_all(&count.to_le_bytes())
    }

    fn write(&self, _: &File, _: &mut Source) -> Result<usize> {
        Err(Errno::EINVAL)
    }

    fn has_positions(&self) -> bool {
        false
    }

    fn seek(&self, _: &File, _: i64, _: u32) -> Result<u64> {
        Ok(STAYS)
    }

    fn events(&self) -> u16 {
        if self.schedule.lock().expiries(time::monotonic()) != 0 { POLLIN } else { 0 }
    }

    fn pollers(&self) -> Option<&WaitQueue> {
        Some(&self.pollers)
    }

    fn anonymous(&self) -> (DeviceNumber, u32) {
        (ANONYMOUS_INODES, 0o600)
    }
}
