//! `signalfd`: signals read instead of handled. Whoever reads or polls gets his own.

use super::buffers::{Source, UserBuffers};
use super::caller;
use super::description::{File, Kind, Node};
use super::operations::{ANONYMOUS_INODES, Operations, STAYS};
use crate::process::current;
use crate::process::signal::{dequeue, is_pending};
use crate::result::{Errno, Result};
use crate::sync::{Rank, SpinLock, WaitQueue};
use crate::task::Sleep;
use abi::Plain;
use abi::file::{DeviceNumber, O_RDWR};
use abi::poll::POLLIN;
use abi::signal::{SignalSet, SignalfdSiginfo};
use alloc::sync::Arc;
use kcore::signal::Info;

/// Which signals are read.
pub struct Signalfd(SpinLock<SignalSet>);

/// A new one. `flags`: O_NONBLOCK.
pub fn create(signals: SignalSet, flags: u32) -> Result<Arc<File>> {
    let signalfd = Signalfd(SpinLock::new(Rank::File, readable(signals)));
    let identity = caller::identity();
    let node = Node::anonymous(identity.user(), identity.group());
    File::new(Kind::Signalfd(signalfd), node, flags | O_RDWR)
}

fn readable(signals: SignalSet) -> SignalSet {
    signals.difference(SignalSet::UNBLOCKABLE)
}

impl Signalfd {
    /// Reads other signals from now on.
    pub fn set(&self, signals: SignalSet) {
        *self.0.lock() = readable(signals);
        current().process().signal_news().wake_all();
    }

    fn signals(&self) -> SignalSet {
        *self.0.lock()
    }

    fn take(&self, nonblocking: bool) -> Result<Info> {
        let thread = current();
        let attempt = || dequeue(&thread, self.signals());
        if let Some(info) = attempt() {
            return Ok(info);
        }
        if nonblocking {
            return Err(Errno::EAGAIN);
        }
        loop {
            match thread.process().signal_news().wait_for(Sleep::Interruptible, None, attempt) {
                Ok(info) => return Ok(info),
                Err(_) if caller::is_interrupted() => return Err(caller::restart()),
                // Word of a timer, whose signal may be to be read.
                Err(_) => {}
            }
        }
    }
}

impl Operations for Signalfd {
    fn read(&self, file: &File, to: &mut UserBuffers) -> Result<usize> {
        const SIZE: usize = size_of::<SignalfdSiginfo>();
        if to.len() < SIZE {
            return Err(Errno::EINVAL);
        }
        let mut done = 0;
        while to.len() >= SIZE {
            let one = self.take(file.is_nonblocking() || done > 0).and_then(|info| {
                let mut bytes = [0; SIZE];
                SignalfdSiginfo::new(&info.to_abi()).put(&mut bytes);
                to.copy_out_all(&bytes)
            });
            match one {
                Ok(count) => done += count,
                Err(error) if done == 0 => return Err(error),
                Err(_) => break,
            }
        }
        Ok(done)
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
        if is_pending(&current(), self.signals()) { POLLIN } else { 0 }
    }

    fn pollers(&self) -> Option<&WaitQueue> {
        Some(current().process().signal_news())
    }

    fn anonymous(&self) -> (DeviceNumber, u32) {
        (ANONYMOUS_INODES, 0o600)
    }
}
