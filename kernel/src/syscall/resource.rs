//! What a process may use and has used: limits, accounts, priority.

use crate::mm::user;
use crate::process::table::{FamilyGuard, find, lock_family};
use crate::process::usage::{TICKS_PER_SECOND, Used};
use crate::process::{Process, current};
use crate::result::{Errno, Result};
use crate::time;
use abi::process::{
    PRIO_PGRP, PRIO_PROCESS, PRIO_USER, RUSAGE_CHILDREN, RUSAGE_SELF, RUSAGE_THREAD, Rlimit,
    Rlimit64, Rusage,
};
use abi::time::Tms;
use abi::{UserMutPtr, UserPtr};
use alloc::sync::Arc;
use kcore::resource_limit;

const LOWEST_NICE: i32 = 19;
const HIGHEST_NICE: i32 = -20;

pub fn getrlimit(resource: u32, limit: UserMutPtr<Rlimit>) -> Result<u32> {
    let found = current().process().limits().get(resource)?;
    user::write(limit, &resource_limit::to_31(found)).map(|()| 0)
}

pub fn ugetrlimit(resource: u32, limit: UserMutPtr<Rlimit>) -> Result<u32> {
    let found = current().process().limits().get(resource)?;
    user::write(limit, &resource_limit::to_32(found)).map(|()| 0)
}

pub fn setrlimit(resource: u32, limit: UserPtr<Rlimit>) -> Result<u32> {
    let new = resource_limit::from_32(user::read(limit)?);
    set_limit(current().process(), resource, new)?;
    Ok(0)
}

pub fn prlimit64(
    pid: i32,
    resource: u32,
    new: UserPtr<Rlimit64>,
    old: UserMutPtr<Rlimit64>,
) -> Result<u32> {
    let new = user::read_unless_null(new)?;
    let thread = current();
    let target = match pid {
        0 => thread.process.clone(),
        _ => find(&lock_family(), pid)?.1.clone(),
    };
    let (own, others) = (thread.process.credentials(), target.credentials());
    let same = |one: u32, [real, effective, saved]: [u32; 3]| {
        one == real && one == effective && one == saved
    };
    let (user, group) = (&others.user, &others.group);
    let permitted = Arc::ptr_eq(&target, &thread.process)
        || own.is_privileged()
        || (same(own.user.real, [user.real, user.effective, user.saved])
            && same(own.group.real, [group.real, group.effective, group.saved]));
    if !permitted {
        return Err(Errno::EPERM);
    }
    let former = target.limits().get(resource)?;
    if let Some(new) = new {
        set_limit(&target, resource, new)?;
    }
    user::write_unless_null(old, &former)?;
    Ok(0)
}

fn set_limit(process: &Process, resource: u32, new: Rlimit64) -> Result<()> {
    process.set_limit(resource, new, current().process().credentials().is_privileged())
}

pub fn getrusage(who: i32, usage: UserMutPtr<Rusage>) -> Result<u32> {
    let thread = current();
    let process = thread.process();
    let used = match who {
        RUSAGE_SELF => process.used(),
        RUSAGE_CHILDREN => process.usage.children(),
        RUSAGE_THREAD => Used { max_rss: process.used().max_rss, ..thread.used() },
        _ => return Err(Errno::EINVAL),
    };
    user::write(usage, &used.to_abi()).map(|()| 0)
}

pub fn times(times: UserMutPtr<Tms>) -> Result<u32> {
    if !times.is_null() {
        let thread = current();
        let (own, children) = (thread.process().used(), thread.process().usage.children());
        user::write(
            times,
            &Tms {
                utime: own.utime.cast_signed(),
                stime: own.stime.cast_signed(),
                cutime: children.utime.cast_signed(),
                cstime: children.stime.cast_signed(),
            },
        )?;
    }
    // 31 bits, so that no answer looks like an error.
    Ok(clock_ticks() & 0x7fff_ffff)
}

/// Since boot.
fn clock_ticks() -> u32 {
    const TICK: u64 = time::SECOND / TICKS_PER_SECOND as u64;
    (time::monotonic() / TICK) as u32
}

pub fn getpriority(which: i32, who: i32) -> Result<u32> {
    let mut best = None;
    for_each_of(which, who, &mut lock_family(), |process| {
        best = Some(best.unwrap_or(LOWEST_NICE).min(process.nice()));
        Ok(())
    })?;
    let nice = best.ok_or(Errno::ESRCH)?;
    // From 1 to 40: a negative nice value would look like an error.
    Ok((20 - nice).cast_unsigned())
}

pub fn setpriority(which: i32, who: i32, nice: i32) -> Result<u32> {
    let nice = nice.clamp(HIGHEST_NICE, LOWEST_NICE);
    let own = current().process().credentials();
    let mut result = Err(Errno::ESRCH);
    for_each_of(which, who, &mut lock_family(), |process| {
        let other = process.credentials();
        let is_own = own.is_privileged()
            || own.user.effective == other.user.effective
            || own.user.effective == other.user.real;
        let outcome = if !is_own {
            Err(Errno::EPERM)
        } else if nice < process.nice() && !own.is_privileged() {
            Err(Errno::EACCES)
        } else {
            process.set_nice(nice);
            Ok(())
        };
        if outcome.is_err() || result == Err(Errno::ESRCH) {
            result = outcome;
        }
        Ok(())
    })?;
    result.map(|()| 0)
}

/// The processes that `which` and `who` name.
fn for_each_of(
    which: i32,
    who: i32,
    family: &mut FamilyGuard,
    mut visit: impl FnMut(&Process) -> Result<()>,
) -> Result<()> {
    let own = current().process.slot();
    match which {
        PRIO_PROCESS if who == 0 => visit(&family[own].process),
        PRIO_PROCESS => visit(find(family, who)?.1),
        PRIO_PGRP => {
            let group = if who == 0 { family[own].group() } else { who.cast_unsigned() };
            family.group(group).try_for_each(|slot| visit(&family[slot].process))
        }
        PRIO_USER => {
            let user = match who {
                0 => current().process.credentials().user.real,
                who => who.cast_unsigned(),
            };
            family
                .iter()
                .map(|slot| &family[slot].process)
                .filter(|process| process.credentials().user.real == user)
                .try_for_each(|process| visit(process))
        }
        _ => Err(Errno::EINVAL),
    }
}
