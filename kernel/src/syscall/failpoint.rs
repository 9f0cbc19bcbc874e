//! Calls about fault injection. What they mean is said in `abi::syscall::failpoint`.

#[cfg(feature = "faults")]
mod with_faults {
    use crate::failpoint;
    use crate::mm::user;
    use crate::process::current;
    use crate::result::{Errno, Result};
    use crate::task;
    use abi::failpoint::{FaultPlan, FaultSite, FaultState};
    use abi::{UserMutPtr, UserPtr};

    /// Nothing is injected into what controls the injection.
    fn exempt<R>(work: impl FnOnce() -> R) -> R {
        task::current().scope.exempt(work)
    }

    pub fn fault_create(plan: UserPtr<FaultPlan>) -> Result<u32> {
        exempt(|| failpoint::create(current().process().pid(), user::read(plan)?))
    }

    pub fn fault_enter(context: u32) -> Result<u32> {
        failpoint::enter(context)
    }

    pub fn fault_state(context: u32, to: UserMutPtr<FaultState>, size: u32) -> Result<u32> {
        exempt(|| {
            let len = (size as usize).min(size_of::<FaultState>());
            user::write_prefix(to, &failpoint::state(context)?, len)?;
            Ok(len as u32)
        })
    }

    pub fn fault_close(context: u32) -> Result<u32> {
        failpoint::close(context).map(|()| 0)
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
    use abi::failpoint::{FaultPlan, FaultSite, FaultState};
    use abi::{UserMutPtr, UserPtr};

    pub fn fault_create(_: UserPtr<FaultPlan>) -> Result<u32> {
        Err(Errno::ENOSYS)
    }

    pub fn fault_enter(_: u32) -> Result<u32> {
        Err(Errno::ENOSYS)
    }

    pub fn fault_state(_: u32, _: UserMutPtr<FaultState>, _: u32) -> Result<u32> {
        Err(Errno::ENOSYS)
    }

    pub fn fault_close(_: u32) -> Result<u32> {
        Err(Errno::ENOSYS)
    }

    pub fn fault_sites(_: u32, _: UserMutPtr<FaultSite>, _: u32) -> Result<u32> {
        Err(Errno::ENOSYS)
    }
}

#[cfg(feature = "faults")]
pub use with_faults::*;
#[cfg(not(feature = "faults"))]
pub use without_faults::*;
