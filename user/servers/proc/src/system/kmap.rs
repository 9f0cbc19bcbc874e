//! `kmap`, of our own: the slots of the kmap window that have a frame, with how many have it mapped
//! and who was the last. A slot without users has not been flushed yet.

use crate::Kernel;
use crate::text::{Text, add};
use sys::Result;
use sys::abi::statistics::KmapSlotStatistics;

/// Slots asked for at a time.
const PIECE: usize = 64;

/// Writes some slots from number `first` on; where to go on.
pub fn kmap(kernel: &dyn Kernel, first: u64, text: &mut Text) -> Result<Option<u64>> {
    if first == 0 {
        text.add_bytes(b"slot  address     frame  users  holder\n");
    }
    let Ok(first) = u32::try_from(first) else { return Ok(None) };
    let mut slots = [KmapSlotStatistics::default(); PIECE];
    let count = kernel.kmap_slots(first, &mut slots)?;
    let slots = slots.get(..count).unwrap_or_default();
    for slot in slots {
        add!(
            text,
            "{:4} {:08x} {:9x} {:6} {:7}\n",
            slot.slot,
            slot.address,
            slot.frame,
            slot.users,
            slot.holder,
        );
    }
    Ok(slots.last().filter(|_| count == PIECE).map(|last| u64::from(last.slot) + 1))
}
