//! Sleeping on words of memory, and waking who does.

use super::{CurrentThread, Restart, current};
use crate::arch::uaccess::access_ok;
use crate::failpoint::fail_point;
use crate::mm::space::Mm;
use crate::mm::user;
use crate::result::restart::{ERESTART_RESTARTBLOCK, ERESTARTSYS};
use crate::result::{Errno, Result};
use crate::sync::{Rank, SpinLock, WaitError};
use crate::task::{self, Sleep, Task};
use crate::time::{self, Timer, deadline};
use abi::UserPtr;
use alloc::sync::Arc;
use core::pin::pin;
use kcore::addr::{PAGE_SHIFT, PAGE_SIZE, VirtAddr};
use kcore::futex::{Key, MATCH_ANY, Sleepers};
use kcore::vma::VmFlags;

static SLEEPERS: SpinLock<Sleepers<Arc<Task>>> = SpinLock::new(Rank::Futex, Sleepers::new());

/// Gives back memory that holds nothing.
pub fn shrink() {
    SLEEPERS.lock().shrink();
}

/// Who may know the word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// Threads of one address space, by the address.
    Private,
    /// Whoever maps the same object.
    Shared,
}

/// As [`key`], for a call, which can be told that it failed.
fn try_key(mm: &Arc<Mm>, address: u32, scope: Scope) -> Result<Key> {
    if fail_point!(Futex) {
        return Err(Errno::EFAULT);
    }
    key(mm, address, scope)
}

/// What names the word. EINVAL unless it is aligned, EFAULT outside of user memory.
fn key(mm: &Arc<Mm>, address: u32, scope: Scope) -> Result<Key> {
    if !address.is_multiple_of(4) {
        return Err(Errno::EINVAL);
    }
    if !access_ok(address, size_of::<u32>()) {
        return Err(Errno::EFAULT);
    }
    // Who sleeps keeps the address space.
    let private =
        Key { space: u64::from(Arc::as_ptr(mm) as usize as u32), offset: u64::from(address) };
    if scope == Scope::Private {
        return Ok(private);
    }
    let page = VirtAddr::new(address).vpn();
    let layout = mm.layout.read();
    let (_, area) = layout.areas.containing(page).ok_or(Errno::EFAULT)?;
    Ok(match &area.backing.object {
        Some(object) if area.flags().contains(VmFlags::SHARED) => {
            let within = u64::from(address % PAGE_SIZE);
            let offset = (u64::from(area.index_of(page)) << PAGE_SHIFT) + within;
            Key { space: object.number(), offset }
        }
        _ => private,
    })
}

/// Sleeps until somebody wakes the word with one of `bits`, if it still holds `expected`: EAGAIN.
/// `deadline` is monotonic time.
pub fn wait(
    address: u32,
    scope: Scope,
    expected: u32,
    deadline: Option<u64>,
    bits: u32,
) -> Result<u32> {
    if bits == 0 {
        return Err(Errno::EINVAL);
    }
    let thread = current();
    let mm = thread.mm();
    let key = try_key(&mm, address, scope)?;
    let sleeper = loop {
        user::fault_in(address, 4, false)?;
        let mut sleepers = SLEEPERS.lock();
        sleepers.reserve().map_err(|_| Errno::ENOMEM)?;
        // With the lock held nobody wakes between this look and the sleep. A page that has gone
        // again meanwhile is brought back without it.
        match user::read_word(UserPtr::new(address)) {
            Ok(word) if word == expected => break sleepers.add(key, bits, thread.task.clone()),
            Ok(_) => return Err(Errno::EAGAIN),
            Err(_) => {}
        }
    };
    let slept = sleep(sleeper, deadline);
    if SLEEPERS.lock().finish(sleeper) {
        return Ok(0);
    }
    match slept {
        Err(WaitError::TimedOut) => Err(Errno::ETIMEDOUT),
        _ => Err(interrupted(&thread, address, scope, expected, deadline, bits)),
    }
}

fn sleep(sleeper: u32, deadline: Option<u64>) -> core::result::Result<(), WaitError> {
    let timer = pin!(Timer::waking_current());
    if let Some(deadline) = deadline {
        timer.as_ref().arm(deadline);
    }
    let outcome = loop {
        task::prepare_to_sleep(Sleep::Interruptible);
        if SLEEPERS.lock().is_awake(sleeper) {
            break Ok(());
        }
        if task::sleep_is_over(Sleep::Interruptible) {
            break Err(WaitError::Interrupted);
        }
        if deadline.is_some_and(|deadline| time::monotonic() >= deadline) {
            break Err(WaitError::TimedOut);
        }
        task::schedule();
    };
    task::finish_sleep();
    outcome
}

/// How a wait that a signal ended goes on.
fn interrupted(
    thread: &CurrentThread,
    address: u32,
    scope: Scope,
    expected: u32,
    deadline: Option<u64>,
    bits: u32,
) -> Errno {
    let Some(deadline) = deadline else { return ERESTARTSYS };
    let shared = u32::from(scope == Scope::Shared);
    let [low, high] = deadline::to_words(deadline);
    let arguments = [address, shared, expected, low, high, bits];
    thread.own().restart.set(Some(Restart { resume, arguments }));
    ERESTART_RESTARTBLOCK
}

fn resume(arguments: &[u32; 6]) -> Result<u32> {
    let [address, shared, expected, low, high, bits] = *arguments;
    let scope = if shared == 0 { Scope::Private } else { Scope::Shared };
    let deadline = deadline::from_words([low, high]);
    wait(address, scope, expected, Some(deadline), bits)
}

/// Wakes up to `count` sleepers of the word; returns how many.
pub fn wake(address: u32, scope: Scope, count: u32, bits: u32) -> Result<u32> {
    if bits == 0 {
        return Err(Errno::EINVAL);
    }
    let key = try_key(&current().mm(), address, scope)?;
    Ok(wake_key(key, count, bits))
}

fn wake_key(key: Key, count: u32, bits: u32) -> u32 {
    let mut sleepers = SLEEPERS.lock();
    let mut woken = 0;
    while woken < count
        && let Some(task) = sleepers.wake_one(key, bits)
    {
        task::wake(task);
        woken += 1;
    }
    woken
}

/// For the end of a thread: wakes one sleeper of a word that other processes may share.
pub(super) fn wake_one(address: u32) {
    if let Ok(key) = key(&current().mm(), address, Scope::Shared) {
        wake_key(key, 1, MATCH_ANY);
    }
}

/// Wakes up to `wake` sleepers of one word and moves up to `move_count` others to a second one.
/// With `expected`, only if the word holds that: EAGAIN. Returns how many were woken or moved.
pub fn requeue(
    address: u32,
    scope: Scope,
    wake: u32,
    move_count: u32,
    to: u32,
    expected: Option<u32>,
) -> Result<u32> {
    if wake > i32::MAX.cast_unsigned() || move_count > i32::MAX.cast_unsigned() {
        return Err(Errno::EINVAL);
    }
    let mm = current().mm();
    let (from, to) = (try_key(&mm, address, scope)?, try_key(&mm, to, scope)?);
    if let Some(expected) = expected
        && user::read_word(UserPtr::new(address))? != expected
    {
        return Err(Errno::EAGAIN);
    }
    let woken = wake_key(from, wake, MATCH_ANY);
    let mut sleepers = SLEEPERS.lock();
    let mut moved = 0;
    while moved < move_count && from != to && sleepers.move_one(from, to) {
        moved += 1;
    }
    Ok(woken + moved)
}
