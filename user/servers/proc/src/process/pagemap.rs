//! `pagemap`: a word for each page, found by its offset.

use super::{Put, Subject};
use alloc::vec;
use sys::abi::statistics::PAGE_FRAME;
use sys::{Errno, Result};

/// Words asked for at a time.
const PIECE: usize = 512;
const WORD: usize = size_of::<u64>();

/// Hands the words from byte `offset` on to `put`, as many as fit `room`. EINVAL unless both are whole
/// words.
pub fn pagemap(of: &Subject<'_>, offset: u64, room: usize, put: Put<'_>) -> Result<()> {
    if !offset.is_multiple_of(WORD as u64) || !room.is_multiple_of(WORD) {
        return Err(Errno::EINVAL);
    }
    let Ok(mut page) = u32::try_from(offset / WORD as u64) else { return Ok(()) };
    let mut left = room / WORD;
    let mut words = vec![0; left.min(PIECE)];
    while left != 0 {
        let wanted = words.get_mut(..left.min(PIECE)).unwrap_or_default();
        let count = of.kernel.page_words(of.pid, page, wanted)?;
        let mut bytes = vec![0; count * WORD];
        for (place, word) in bytes.chunks_exact_mut(WORD).zip(&words) {
            let word = if of.may_see_frames { *word } else { word & !PAGE_FRAME };
            place.copy_from_slice(&word.to_le_bytes());
        }
        put(&bytes)?;
        if count < left.min(PIECE) {
            break;
        }
        left -= count;
        page = page.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
    }
    Ok(())
}
