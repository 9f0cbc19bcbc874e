//! Calls about fault injection. What they mean is said in `abi::syscall::failpoint`.

#[cfg(feature = "faults")]
mod with_faults {
    use crate::failpoint;
    use crate::mm::user::{self, UserSlice};
    use crate::process::{Process, Thread, current};
    use crate::result::{Errno, Result};
    use crate::syscall::process_vm::memory_of;
    use crate::syscall::statistics::target;
    use crate::{task, time};
    use abi::failpoint::{
        FAULT_MACHINE, FAULT_THREAD_MARK, FAULT_THREAD_NTH, FaultPlan, FaultSite, FaultState,
        FaultThread,
    };
    use abi::{UserMutPtr, UserPtr};
    use kcore::failpoint::Owner;

    fn owner(process: &Process) -> Owner {
        let is_privileged = process.credentials().is_privileged();
        Owner { pid: process.pid(), is_privileged }
    }

    fn asker() -> Owner {
        owner(current().process())
    }

    /// Nothing is injected into what controls the injection.
    fn exempt<R>(work: impl FnOnce() -> R) -> R {
        task::current().scope.exempt(work)
    }

    pub fn fault_create(plan: UserPtr<FaultPlan>) -> Result<u32> {
        exempt(|| {
            let plan: FaultPlan = user::read(plan)?;
            if plan.flags & FAULT_MACHINE != 0 {
                check_root()?;
            }
            failpoint::create(asker(), plan)
        })
    }

    pub fn fault_enter(context: u32) -> Result<u32> {
        failpoint::enter(asker(), context)
    }

    pub fn fault_state(context: u32, to: UserMutPtr<FaultState>, size: u32) -> Result<u32> {
        exempt(|| {
            let len = (size as usize).min(size_of::<FaultState>());
            user::write_prefix(to, &failpoint::state(asker(), context)?, len)?;
            Ok(len as u32)
        })
    }

    pub fn fault_close(context: u32) -> Result<u32> {
        failpoint::close(asker(), context).map(|()| 0)
    }

    pub fn fault_thread(
        right: u32,
        tid: i32,
        to: UserMutPtr<FaultThread>,
        size: u32,
    ) -> Result<u32> {
        exempt(|| {
            let thread =
                with_thread(right, tid, |thread| Ok(failpoint::thread(&thread.task.scope)))?;
            let len = (size as usize).min(size_of::<FaultThread>());
            user::write_prefix(to, &thread, len)?;
            Ok(len as u32)
        })
    }

    pub fn fault_set_thread(right: u32, tid: i32, what: u32, value: u32) -> Result<u32> {
        exempt(|| {
            if what == FAULT_THREAD_MARK && right == 0 {
                check_root()?;
            }
            with_thread(right, tid, |thread| {
                let scope = &thread.task.scope;
                match (what, value) {
                    (FAULT_THREAD_NTH, nth) => {
                        failpoint::set_nth(scope, owner(&thread.process), nth)?;
                    }
                    (FAULT_THREAD_MARK, 0 | 1) => failpoint::set_mark(scope, value != 0),
                    _ => return Err(Errno::EINVAL),
                }
                Ok(0)
            })
        })
    }

    /// It does not end meanwhile.
    fn with_thread<R>(right: u32, tid: i32, work: impl FnOnce(&Thread) -> Result<R>) -> Result<R> {
        let process = target::process(right, tid)?;
        let signals = process.lock_signals();
        let mut threads = signals.threads();
        work(threads.find(|thread| thread.tid() == tid.cast_unsigned()).ok_or(Errno::ESRCH)?)
    }

    pub fn fault_take_memory(zones: u32, free: u32) -> Result<u32> {
        check_root()?;
        failpoint::take_memory(current().process().pid(), zones, free)
    }

    pub fn fault_step_clock(low: u32, high: u32) -> Result<u32> {
        check_root()?;
        let step = (u64::from(low) | u64::from(high) << 32).cast_signed();
        let new = time::realtime().checked_add_signed(step).ok_or(Errno::EINVAL)?;
        time::set_realtime(new);
        Ok(0)
    }

    pub fn fault_poke(pid: i32, address: u32, from: UserPtr<u8>, size: u32) -> Result<u32> {
        check_root()?;
        exempt(|| {
            let mm = memory_of(pid)?;
            mm.poke(address, &mut UserSlice::new(from.address(), size)?).map(|()| 0)
        })
    }

    /// What concerns everybody.
    fn check_root() -> Result<()> {
        match current().process().credentials().is_privileged() {
            true => Ok(()),
            false => Err(Errno::EPERM),
        }
    }

    pub fn fault_sites(first: u32, entries: UserMutPtr<FaultSite>, size: u32) -> Result<u32> {
        const ENTRY: u32 = size_of::<FaultSite>() as u32;
        exempt(|| {
            let (mut written, mut to) = (0, entries);
            for site in failpoint::sites(first).take((size / ENTRY) as usize) {
                user::write(to, &site)?;
                written += ENTRY;
                to = to.checked_add(1).ok_or(Errno::EFAULT)?;
            }
            Ok(written)
        })
    }
}

#[cfg(not(feature = "faults"))]
mod without_faults {
    use crate::result::{Errno, Result};
    use abi::failpoint::{FaultPlan, FaultSite, FaultState, FaultThread};
    use abi::{UserMutPtr, UserPtr};

    macro_rules! absent {
        ($($name:ident($($kind:ty),*);)*) => { $(
            pub fn $name($(_: $kind),*) -> Result<u32> {
                Err(Errno::ENOSYS)
            }
        )* };
    }

    absent! {
        fault_create(UserPtr<FaultPlan>);
        fault_enter(u32);
        fault_state(u32, UserMutPtr<FaultState>, u32);
        fault_close(u32);
        fault_sites(u32, UserMutPtr<FaultSite>, u32);
        fault_thread(u32, i32, UserMutPtr<FaultThread>, u32);
        fault_set_thread(u32, i32, u32, u32);
        fault_take_memory(u32, u32);
        fault_step_clock(u32, u32);
        fault_poke(i32, u32, UserPtr<u8>, u32);
    }
}

#[cfg(feature = "faults")]
pub use with_faults::*;
#[cfg(not(feature = "faults"))]
pub use without_faults::*;
