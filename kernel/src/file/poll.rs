//! Waiting for any of several descriptions to become ready.

use super::File;
use super::caller;
use crate::result::{Errno, Result};
use crate::sync::Waiter;
use crate::task::{self, Sleep};
use crate::time::{self, Timer};
use abi::poll::{POLLERR, POLLHUP};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::pin::{Pin, pin};

/// One description, what is wanted of it, and what was found.
pub struct Entry {
    /// `None` is passed over.
    pub file: Option<Arc<File>>,
    pub wanted: u16,
    pub found: u16,
}

impl Entry {
    /// Errors and hang-ups are always wanted.
    pub fn new(file: Option<Arc<File>>, wanted: u16) -> Self {
        Self { file, wanted: wanted | POLLERR | POLLHUP, found: 0 }
    }
}

/// So many waiters fit on the stack.
const FEW: usize = 8;

/// Waits until something is found in an entry, `deadline` (monotonic nanoseconds) passes or a
/// signal comes. With a deadline of 0 it only looks. `already`: entries that are ready without
/// looking. Returns how many are ready.
pub fn poll(entries: &mut [Entry], deadline: Option<u64>, already: u32) -> Result<u32> {
    let ready = already + look(entries);
    if ready != 0 || deadline == Some(0) {
        return Ok(ready);
    }
    if entries.len() <= FEW {
        let waiters = pin!([const { None }; FEW]);
        return wait(entries, waiters, deadline);
    }
    let mut waiters = Vec::new();
    waiters.try_reserve_exact(entries.len()).map_err(|_| Errno::ENOMEM)?;
    waiters.extend(entries.iter().map(|_| None));
    // The vector is not touched again before it goes.
    let waiters = pin!(waiters);
    wait(entries, waiters, deadline)
}

fn look(entries: &mut [Entry]) -> u32 {
    let mut ready = 0;
    for entry in entries {
        let Some(file) = &entry.file else { continue };
        entry.found = file.events() & entry.wanted;
        ready += u32::from(entry.found != 0);
    }
    ready
}

fn wait(
    entries: &mut [Entry],
    waiters: Pin<&mut (impl AsMut<[Option<Waiter>]> + ?Sized)>,
    deadline: Option<u64>,
) -> Result<u32> {
    // SAFETY: the waiters stay where they are until they are dropped: an array on the stack and
    // the buffer of a vector that does not grow.
    let waiters = unsafe { waiters.get_unchecked_mut() }.as_mut();
    for (entry, waiter) in entries.iter().zip(waiters.iter_mut()) {
        if entry.file.as_ref().is_some_and(|file| file.pollers().is_some()) {
            *waiter = Some(Waiter::new());
        }
    }
    let timer = pin!(Timer::waking_current());
    if let Some(deadline) = deadline {
        timer.as_ref().arm(deadline);
    }
    loop {
        for (entry, waiter) in entries.iter().zip(waiters.iter()) {
            if let (Some(file), Some(waiter)) = (&entry.file, waiter)
                && let Some(queue) = file.pollers()
            {
                // SAFETY: as above. The entry keeps the file, and so the queue, until the waiter
                // has gone.
                queue.add(unsafe { Pin::new_unchecked(waiter) });
            }
        }
        task::prepare_to_sleep(Sleep::Interruptible);
        let ready = look(entries);
        let result = if ready != 0 {
            Ok(ready)
        } else if deadline.is_some_and(|deadline| time::monotonic() >= deadline) {
            Ok(0)
        } else if task::sleep_is_over(Sleep::Interruptible) {
            Err(caller::restart_unless_handled())
        } else {
            task::schedule();
            continue;
        };
        task::finish_sleep();
        return result;
    }
}
