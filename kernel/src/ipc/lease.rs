//! Leases: memory that callers lend.
//!
//! The caller brings and pins the pages before its call meets a server, so a server never waits
//! for a caller's page. Copies go through the direct map or a kmap, from the server's call.

use super::attachments::{Attachments, LentMemory, Part};
use super::port::STATE;
use crate::arch::uaccess::TASK_SIZE;
use crate::failpoint::fail_point;
use crate::mm::frames::{get_page, put_page};
use crate::mm::kmap::kmap_atomic;
use crate::mm::space::Mm;
use crate::mm::user::{self, Retries, UserSlice};
use crate::process;
use crate::result::{Errno, Result};
use abi::ipc::{LENT_READ, LENT_WRITE, Lent};
use kcore::addr::{PAGE_SIZE, Pfn, VirtAddr, Vpn};
use kcore::endpoint::ReplyToken;
use kcore::fault::AccessKind;
use kcore::lease::{Lease, LeaseAccess};

/// Checks leases of the running program's memory and pins their pages.
pub fn pin(mm: &Mm, lent: &[Lent], attachments: &mut Attachments) -> Result<()> {
    if fail_point!(Lease) {
        return Err(Errno::ENOMEM);
    }
    for lent in lent {
        let access = match lent.access {
            LENT_READ => LeaseAccess::Read,
            LENT_WRITE => LeaseAccess::Write,
            access if access == LENT_READ | LENT_WRITE => LeaseAccess::Both,
            _ => return Err(Errno::EINVAL),
        };
        let lease = Lease { start: lent.address, len: lent.length, access };
        attachments.leases.add(lease, TASK_SIZE)?;
    }
    if attachments.leases.pages() == 0 {
        return Ok(());
    }
    let mut frames = [const { None }; _];
    let mut places = frames.iter_mut();
    for lease in attachments.leases.iter() {
        let kind = match lease.access {
            LeaseAccess::Read => AccessKind::Read,
            LeaseAccess::Write | LeaseAccess::Both => AccessKind::Write,
        };
        let first = VirtAddr::new(lease.start).vpn().as_u32();
        for page in first..first + lease.pages() {
            let place = places.next().ok_or(Errno::E2BIG)?;
            *place = Some(mm.pin(Vpn::new(page), kind)?);
        }
    }
    attachments.memory = LentMemory::Pinned(frames);
    Ok(())
}

/// What a receiver is told of leases.
pub fn describe(attachments: &Attachments) -> [Lent; 4] {
    let mut lent = [Lent::default(); 4];
    for (place, lease) in lent.iter_mut().zip(attachments.leases.iter()) {
        let access = match lease.access {
            LeaseAccess::Read => LENT_READ,
            LeaseAccess::Write => LENT_WRITE,
            LeaseAccess::Both => LENT_READ | LENT_WRITE,
        };
        *place = Lent { address: 0, length: lease.len, access };
    }
    lent
}

/// One lease of a call.
pub fn info(token: u32, index: u32) -> Result<Lent> {
    let server = process::current().process().pid();
    let mut state = STATE.lock();
    let attachments = state.attachments(server, ReplyToken::from_raw(token)).ok_or(Errno::ESRCH)?;
    attachments.leases.get(index)?;
    describe(attachments).get(index as usize).copied().ok_or(Errno::EINVAL)
}

/// Which way bytes go.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the lease to the server.
    Read,
    Write,
}

/// Copies between a lease and the running program's memory; returns how many bytes.
pub fn copy(
    token: u32,
    index: u32,
    offset: u32,
    mut memory: UserSlice,
    direction: Direction,
) -> Result<u32> {
    let server = process::current().process().pid();
    let wanted = match direction {
        Direction::Read => LeaseAccess::Read,
        Direction::Write => LeaseAccess::Write,
    };
    let token = ReplyToken::from_raw(token);
    let whole = memory.len();
    let mut offset = offset;
    let mut retries = Retries::new();
    loop {
        let mut state = STATE.lock();
        let attachments = state.attachments(server, token).ok_or(Errno::ESRCH)?;
        let len = u32::try_from(memory.len()).unwrap_or(u32::MAX);
        let (count, copied) = match attachments.part(index, offset, len, wanted)? {
            None => break,
            Some(Part::Frame { pfn, within, count }) => {
                // It stays although the caller may be killed from here on.
                get_page(pfn);
                drop(state);
                let copied = copy_frame(pfn, within, count, &mut memory, direction);
                put_page(pfn);
                (count, copied)
            }
            Some(Part::Kernel { start, count }) => {
                let LentMemory::Kernel(bytes) = &mut attachments.memory else { break };
                let bytes = bytes.get_mut(start..start + count as usize).ok_or(Errno::EFAULT)?;
                let copied = move_bytes(bytes, &mut memory, direction);
                drop(state);
                (count, copied)
            }
        };
        offset += copied;
        if copied < count {
            let missing = (count - copied) as usize;
            retries.again(copied as usize)?;
            user::fault_in(memory.address(), missing, direction == Direction::Read)?;
        } else if memory.is_empty() {
            break;
        }
    }
    // At most what was asked for in 32 bits.
    Ok((whole - memory.len()) as u32)
}

fn copy_frame(
    pfn: Pfn,
    within: u32,
    count: u32,
    memory: &mut UserSlice,
    direction: Direction,
) -> u32 {
    debug_assert!(within + count <= PAGE_SIZE);
    let mapping = kmap_atomic(pfn);
    // SAFETY: the part lies in the frame, which is mapped.
    let copied = unsafe {
        let bytes = mapping.as_ptr::<u8>().add(within as usize);
        match direction {
            Direction::Read => memory.copy_out_raw(bytes, count as usize),
            Direction::Write => memory.copy_in_raw(bytes, count as usize),
        }
    };
    copied as u32
}

fn move_bytes(bytes: &mut [u8], memory: &mut UserSlice, direction: Direction) -> u32 {
    let copied = match direction {
        Direction::Read => memory.copy_out(bytes),
        Direction::Write => memory.copy_in(bytes),
    };
    copied as u32
}
