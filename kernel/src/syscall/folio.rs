//! Folio's own calls that belong to no other part.

use crate::cpu;
use crate::file::{File, caller, locks, tree};
use crate::ipc::{handle, port};
use crate::mm::statistics as memory;
use crate::mm::user;
use crate::process::{current, futex, machine, report, signal, table, user_accounts};
use crate::result::{Errno, Result};
use crate::sync;
use abi::UserMutPtr;
use abi::frame::Exit;
use abi::syscall::folio::{Disclosed, ProcessStatistics, Statistics};

/// The machine ends in good order.
pub fn end_machine(exit: u32) -> Result<u32> {
    if current().process().pid() != 1 {
        return Err(Errno::EPERM);
    }
    machine::end(Exit::from_raw(exit).ok_or(Errno::EINVAL)?)
}

pub fn statistics(to: UserMutPtr<Statistics>, size: u32) -> Result<u32> {
    let mut statistics = Statistics::default();
    memory::fill(&mut statistics);
    report::fill(&mut statistics);
    statistics.descriptions = File::count();
    statistics.handles = handle::count();
    statistics.switches = cpu::switches();
    statistics.kernel_locks = sync::sleeping_locks();
    statistics.file_locks = locks::count();
    let len = (size as usize).min(size_of::<Statistics>());
    user::write_prefix(to, &statistics, len)?;
    u32::try_from(len).map_err(|_| Errno::EINVAL)
}

pub fn processes(after: i32, entries: UserMutPtr<ProcessStatistics>, size: u32) -> Result<u32> {
    const ENTRY: u32 = size_of::<ProcessStatistics>() as u32;
    let mut after = u32::try_from(after).unwrap_or(0);
    let (mut written, mut to) = (0, entries);
    while size - written >= ENTRY
        && let Some(entry) = report::next_entry(after)
    {
        user::write(to, &entry)?;
        after = entry.pid.cast_unsigned();
        written += ENTRY;
        to = to.checked_add(1).ok_or(Errno::EFAULT)?;
    }
    Ok(written)
}

/// For the tests: frees what only waits to be used again.
pub fn drain() -> Result<u32> {
    // It visits whatever there is, with locks that others want.
    if !caller::is_privileged() {
        return Err(Errno::EPERM);
    }
    table::lock_family().shrink();
    futex::shrink();
    signal::shrink();
    user_accounts::shrink();
    locks::shrink();
    port::shrink();
    tree::shrink();
    memory::drain();
    Ok(0)
}

/// For the tests. Release kernels do not have it.
#[cfg(not(debug_assertions))]
pub fn poison(_: u32) -> Result<u32> {
    Err(Errno::ENOSYS)
}

#[cfg(debug_assertions)]
pub fn poison(byte: u32) -> Result<u32> {
    let byte = u8::try_from(byte).map_err(|_| Errno::EINVAL)?;
    crate::mm::heap::poison::set_new(byte);
    let (bottom, _) = current().task.stack_bounds();
    // SAFETY: the running task's stack.
    unsafe { crate::arch::string::fill_unused_stack(bottom, byte) };
    Ok(0)
}

/// For the test of those that look for leftovers. Release kernels do not have it.
#[cfg(not(debug_assertions))]
pub fn disclose(_: UserMutPtr<Disclosed>) -> Result<u32> {
    Err(Errno::ENOSYS)
}

#[cfg(debug_assertions)]
pub fn disclose(to: UserMutPtr<Disclosed>) -> Result<u32> {
    let answer = core::mem::MaybeUninit::<Disclosed>::uninit();
    let size = size_of::<Disclosed>();
    let mut to = user::UserSlice::new(to.address(), size as u32)?;
    // SAFETY: a place on the stack; nobody but the processor reads it.
    match unsafe { to.copy_out_raw(answer.as_ptr().cast(), size) } {
        all if all == size => Ok(0),
        _ => Err(Errno::EFAULT),
    }
}

/// For the test of the leak check. Release kernels do not have it.
#[cfg(not(debug_assertions))]
pub fn leak(_: u32) -> Result<u32> {
    Err(Errno::ENOSYS)
}

#[cfg(debug_assertions)]
pub fn leak(kind: u32) -> Result<u32> {
    use crate::mm::direct_map::max_low_pfn;
    use crate::mm::frames::{Frame, GFP_HIGHUSER};
    use crate::mm::kmap::kmap;
    use abi::ipc::{Level, Rights};
    use abi::syscall::folio::{
        LEAK_BLOCK, LEAK_DESCRIPTION, LEAK_FRAME, LEAK_HANDLE, LEAK_KERNEL_LOCK, LEAK_KMAP,
        LEAK_OBJECT,
    };
    use alloc::boxed::Box;
    // Or the compiler would leave out an allocation that nobody sees.
    use core::hint::black_box;
    use core::mem::forget;
    match kind {
        LEAK_FRAME => forget(Frame::allocate(&GFP_HIGHUSER).ok_or(Errno::ENOMEM)?),
        LEAK_OBJECT => forget(black_box(Box::try_new(0u64).map_err(|_| Errno::ENOMEM)?)),
        LEAK_BLOCK => {
            forget(black_box(Box::<[u8; 5000]>::try_new_uninit().map_err(|_| Errno::ENOMEM)?))
        }
        LEAK_DESCRIPTION => forget(crate::file::pipe(0, 0, 0)?.0),
        LEAK_HANDLE => {
            let holder = handle::Holder::new(Level::PROGRAM);
            holder.give_port(port::Port::new(Level::PROGRAM)?, Rights::all(), 0)?;
            forget(holder);
        }
        LEAK_KMAP => {
            let frame = Frame::allocate(&GFP_HIGHUSER).ok_or(Errno::ENOMEM)?;
            if frame.pfn() < max_low_pfn() {
                return Err(Errno::ENODEV);
            }
            forget(kmap(frame.pfn()));
            current().task.give_kmap();
            forget(frame);
        }
        LEAK_KERNEL_LOCK => {
            static LOST: sync::Mutex<()> = sync::Mutex::new(());
            forget(LOST.try_lock().ok_or(Errno::EBUSY)?);
        }
        _ => return Err(Errno::EINVAL),
    }
    Ok(0)
}
