//! Where the bytes come from that arguments point to.

use abi::Plain;
use alloc::vec;
use alloc::vec::Vec;

/// The longest string that is shown whole: a path.
const MAX_STRING: usize = 4096;

/// The memory of a program that stands still.
pub trait Memory {
    /// Fills `to` from `address` on; returns how many bytes there are.
    fn read(&self, address: u32, to: &mut [u8]) -> usize;
}

/// A value, if it is there.
pub fn value<T: Plain>(memory: &dyn Memory, address: u32) -> Option<T> {
    let mut bytes = vec![0; size_of::<T>()];
    if memory.read(address, &mut bytes) < bytes.len() {
        return None;
    }
    T::take(&bytes).map(|(value, _)| value)
}

/// At most `length` bytes.
pub fn bytes(memory: &dyn Memory, address: u32, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    let read = memory.read(address, &mut bytes);
    bytes.truncate(read);
    bytes
}

/// A string up to its zero byte; `None` if there is none. Read in pieces, each up to the end of
/// a page: what follows may not be there.
pub fn string(memory: &dyn Memory, address: u32) -> Option<Vec<u8>> {
    const PIECE: u32 = 256;
    let mut all = Vec::new();
    let mut at = address;
    while all.len() < MAX_STRING {
        let piece = bytes(memory, at, (PIECE - at % PIECE) as usize);
        if piece.is_empty() {
            return None;
        }
        if let Some(end) = piece.iter().position(|byte| *byte == 0) {
            all.extend_from_slice(piece.get(..end).unwrap_or_default());
            return Some(all);
        }
        at = at.checked_add(piece.len() as u32)?;
        all.extend_from_slice(&piece);
    }
    Some(all)
}
