//! Calls about the calling thread: its segments, names, what happens when it ends, futexes.

use crate::arch::context::{set_user_segments, user_segments};
use crate::mm::user;
use crate::process::futex::{self, Scope};
use crate::process::table::{find, lock_family};
use crate::process::{current, permission};
use crate::result::{Errno, Result};
use crate::task;
use crate::time::deadline;
use abi::process::{
    FUTEX_CLOCK_REALTIME, FUTEX_CMP_REQUEUE, FUTEX_PRIVATE_FLAG, FUTEX_REQUEUE, FUTEX_WAIT,
    FUTEX_WAIT_BITSET, FUTEX_WAKE, FUTEX_WAKE_BITSET, PR_GET_CHILD_SUBREAPER, PR_GET_DUMPABLE,
    PR_GET_NAME, PR_GET_PDEATHSIG, PR_SET_CHILD_SUBREAPER, PR_SET_DUMPABLE, PR_SET_NAME,
    PR_SET_PDEATHSIG, UserDesc,
};
use abi::signal::NSIG;
use abi::time::{Timespec, Timespec64};
use abi::{UserMutPtr, UserPtr, UserStr};
use core::sync::atomic::Ordering::Relaxed;
use kcore::futex::MATCH_ANY;
use kcore::time_value::TimeValue;
use kcore::tls;

/// Ring 3 of the GDT, as a selector of the entry.
const fn selector(entry_number: u32) -> u16 {
    (entry_number << 3 | 3) as u16
}

pub fn set_thread_area(descriptor: UserMutPtr<UserDesc>) -> Result<u32> {
    let desc = user::read(descriptor.as_const())?;
    let entry = tls::encode(&desc)?;
    let mut number = desc.entry_number;
    let running = task::current();
    if number == tls::ANY_ENTRY {
        number = tls::free_entry(&running.tls())?;
        // `entry_number` is the first word.
        user::write_word(descriptor.cast(), number)?;
    }
    if !running.set_tls(tls::index(number)?, entry) {
        return Err(Errno::EINVAL);
    }
    let (fs, gs) = user_segments();
    if fs == selector(number) || gs == selector(number) {
        // The registers still hold the old descriptor.
        set_user_segments(fs, gs);
    }
    Ok(0)
}

pub fn get_thread_area(descriptor: UserMutPtr<UserDesc>) -> Result<u32> {
    let number = user::read_word(descriptor.as_const().cast())?;
    let index = tls::index(number)?;
    let entry = task::current().tls().get(index).copied().ok_or(Errno::EINVAL)?;
    user::write(descriptor, &tls::decode(entry, number)).map(|()| 0)
}

pub fn set_tid_address(word: UserMutPtr<i32>) -> Result<u32> {
    let thread = current();
    thread.own().clear_child_tid.set(word.address());
    Ok(thread.tid())
}

/// Bytes of the structure that `head` points to.
const ROBUST_LIST_HEAD: u32 = 12;

pub fn set_robust_list(head: u32, length: u32) -> Result<u32> {
    if length != ROBUST_LIST_HEAD {
        return Err(Errno::EINVAL);
    }
    current().robust_list.store(head, Relaxed);
    Ok(0)
}

pub fn prctl(option: i32, argument: u32, _: u32, _: u32, _: u32) -> Result<u32> {
    let thread = current();
    match option {
        PR_SET_NAME => {
            let mut name = [0; 15];
            let read = user::c_string_prefix(UserStr::new(argument), &mut name)?;
            thread.task.set_name(name.get(..read).unwrap_or_default());
        }
        PR_GET_NAME => user::write(UserMutPtr::new(argument), &thread.task.name())?,
        PR_SET_PDEATHSIG => {
            if argument > NSIG.cast_unsigned() {
                return Err(Errno::EINVAL);
            }
            thread.process().set_parent_death_signal(argument);
        }
        PR_GET_PDEATHSIG => {
            let signal = thread.process().parent_death_signal();
            user::write_word(UserMutPtr::new(argument), signal)?;
        }
        PR_SET_CHILD_SUBREAPER => thread.process().set_subreaper(argument != 0),
        PR_GET_CHILD_SUBREAPER => {
            let is_subreaper = u32::from(thread.process().is_subreaper());
            user::write_word(UserMutPtr::new(argument), is_subreaper)?;
        }
        PR_GET_DUMPABLE => return Ok(thread.mm().is_dumpable().into()),
        PR_SET_DUMPABLE if argument <= 1 => thread.mm().set_dumpable(argument == 1),
        _ => return Err(Errno::EINVAL),
    }
    Ok(0)
}

pub fn futex(
    word: UserMutPtr<u32>,
    operation: u32,
    value: u32,
    timeout: UserPtr<Timespec>,
    word2: UserMutPtr<u32>,
    value3: u32,
) -> Result<u32> {
    let read = || user::read(timeout)?.nanoseconds();
    do_futex(word, operation, value, timeout.address(), read, word2, value3)
}

pub fn futex_time64(
    word: UserMutPtr<u32>,
    operation: u32,
    value: u32,
    timeout: UserPtr<Timespec64>,
    word2: UserMutPtr<u32>,
    value3: u32,
) -> Result<u32> {
    let read = || user::read(timeout)?.nanoseconds();
    do_futex(word, operation, value, timeout.address(), read, word2, value3)
}

fn do_futex(
    word: UserMutPtr<u32>,
    operation: u32,
    value: u32,
    timeout_or_count: u32,
    read_timeout: impl FnOnce() -> Result<u64>,
    word2: UserMutPtr<u32>,
    value3: u32,
) -> Result<u32> {
    let scope = match operation & FUTEX_PRIVATE_FLAG {
        0 => Scope::Shared,
        _ => Scope::Private,
    };
    let by_wall_clock = operation & FUTEX_CLOCK_REALTIME != 0;
    let command = operation & !(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME);
    if by_wall_clock && command != FUTEX_WAIT_BITSET {
        return Err(Errno::ENOSYS);
    }
    let address = word.address();
    // At least one: Linux wakes before it counts.
    let count = |value: u32| value.cast_signed().max(1).cast_unsigned();
    match command {
        FUTEX_WAIT | FUTEX_WAIT_BITSET => {
            let timeout = match timeout_or_count {
                0 => None,
                _ => Some(match (read_timeout()?, command) {
                    (duration, FUTEX_WAIT) => deadline::after(duration),
                    (time, _) if by_wall_clock => deadline::at_time_of_day(time),
                    (time, _) => time,
                }),
            };
            let bits = if command == FUTEX_WAIT { MATCH_ANY } else { value3 };
            futex::wait(address, scope, value, timeout, bits)
        }
        FUTEX_WAKE => futex::wake(address, scope, count(value), MATCH_ANY),
        FUTEX_WAKE_BITSET => futex::wake(address, scope, count(value), value3),
        FUTEX_REQUEUE => {
            futex::requeue(address, scope, value, timeout_or_count, word2.address(), None)
        }
        FUTEX_CMP_REQUEUE => {
            let to = word2.address();
            futex::requeue(address, scope, value, timeout_or_count, to, Some(value3))
        }
        _ => Err(Errno::ENOSYS),
    }
}

pub fn get_robust_list(pid: i32, head: UserMutPtr<u32>, length: UserMutPtr<u32>) -> Result<u32> {
    let own = current();
    let list = match pid {
        0 => own.robust_list.load(Relaxed),
        _ => {
            let process = find(&lock_family(), pid)?.1.clone();
            let thread = process.thread(pid.cast_unsigned()).ok_or(Errno::ESRCH)?;
            if !permission::may_look_into(&process, own.process().credentials().looker()) {
                return Err(Errno::EPERM);
            }
            thread.robust_list.load(Relaxed)
        }
    };
    user::write_word(length, ROBUST_LIST_HEAD)?;
    user::write_word(head, list).map(|()| 0)
}
