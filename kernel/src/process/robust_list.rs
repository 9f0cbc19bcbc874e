//! Locks in a program's memory that a thread held when it ended: others learn that nobody will
//! release them.

use super::futex;
use crate::arch::uaccess;
use crate::mm::user;
use crate::result::{Errno, Result};
use crate::task::might_resched;
use abi::UserPtr;

/// Longer lists go in circles.
const LIMIT: u32 = 2048;
const WAITERS: u32 = 0x8000_0000;
const OWNER_DIED: u32 = 0x4000_0000;
const TID: u32 = 0x3fff_ffff;
/// In a link: the lock inherits priorities.
const INHERITS: u32 = 1;

/// Marks the locks in the list at `head` that `tid` holds. It ends where memory does.
pub(super) fn release(head: u32, tid: u32) {
    // Whatever is wrong with it is the program's own affair.
    let _ = walk(head, tid);
}

fn walk(head: u32, tid: u32) -> Result<()> {
    let [first, offset, pending]: [u32; 3] = user::read(UserPtr::new(head))?;
    let pending_place = pending & !INHERITS;
    let mut entry = first;
    for _ in 0..LIMIT {
        let place = entry & !INHERITS;
        if place == head {
            break;
        }
        // Whoever is woken may reuse the entry.
        let next = user::read_word(UserPtr::new(place));
        if place != pending_place {
            mark(place.wrapping_add(offset), tid, entry & INHERITS != 0, false)?;
        }
        entry = next?;
        might_resched();
    }
    if pending_place != 0 {
        mark(pending_place.wrapping_add(offset), tid, pending & INHERITS != 0, true)?;
    }
    Ok(())
}

/// If `tid` holds the lock whose word that is, its owner has died.
fn mark(word: u32, tid: u32, inherits: bool, is_pending: bool) -> Result<()> {
    if !word.is_multiple_of(4) {
        return Err(Errno::EINVAL);
    }
    let mut value = user::read_word(UserPtr::new(word))?;
    loop {
        if is_pending && !inherits && value == 0 {
            // Released, but perhaps nobody was woken.
            futex::wake_one(word);
            return Ok(());
        }
        if value & TID != tid {
            return Ok(());
        }
        let died = value & WAITERS | OWNER_DIED;
        let found = uaccess::compare_exchange_user(word, value, died).map_err(|_| Errno::EFAULT)?;
        if found == value {
            break;
        }
        value = found;
    }
    if !inherits && value & WAITERS != 0 {
        futex::wake_one(word);
    }
    Ok(())
}
