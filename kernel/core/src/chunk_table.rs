//! A table of values addressed by number that grows in small chunks and never moves a value.
//!
//! For numbers that are dense and start at 0: task slots, process ids, descriptors.

use crate::arena::{NoMemory, fit};
use alloc::{boxed::Box, vec::Vec};

/// `N` values a chunk, a power of two; on the target a chunk must fit a frame.
#[derive(Debug)]
pub struct ChunkTable<T, const N: usize> {
    chunks: Vec<Box<[T; N]>>,
}

impl<T: Default, const N: usize> Default for ChunkTable<T, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Default, const N: usize> ChunkTable<T, N> {
    /// A table without chunks.
    pub const fn new() -> Self {
        const {
            assert!(N.is_power_of_two());
            assert!(cfg!(not(target_pointer_width = "32")) || size_of::<[T; N]>() <= 4096);
        }
        Self { chunks: Vec::new() }
    }

    /// Numbers below this have a place.
    #[inline]
    pub fn len(&self) -> u32 {
        (self.chunks.len() * N) as u32
    }

    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Gives every number below `len` a place, the new ones holding the default.
    #[inline]
    pub fn grow(&mut self, len: u32) -> Result<(), NoMemory> {
        while self.len() < len {
            self.add_chunk()?;
        }
        Ok(())
    }

    /// Lets the table grow to `len` places by adding chunks alone.
    pub fn reserve(&mut self, len: u32) -> Result<(), NoMemory> {
        let missing = (len as usize).div_ceil(N).saturating_sub(self.chunks.len());
        self.chunks.try_reserve_exact(missing).map_err(|_| NoMemory)
    }

    /// Gives back the chunks that hold no number below `len`.
    pub fn truncate(&mut self, len: u32) {
        self.chunks.truncate((len as usize).div_ceil(N));
    }

    /// Truncates, and gives back what the list of chunks does not need, what was
    /// [reserved](Self::reserve) too, if there is memory for a shorter list.
    pub fn shrink(&mut self, len: u32) {
        self.truncate(len);
        fit(&mut self.chunks);
    }

    #[cold]
    #[inline(never)]
    fn add_chunk(&mut self) -> Result<(), NoMemory> {
        let mut values = Vec::new();
        values.try_reserve_exact(N).map_err(|_| NoMemory)?;
        values.extend((0..N).map(|_| T::default()));
        let chunk = values.into_boxed_slice().try_into().map_err(|_| NoMemory)?;
        self.chunks.try_reserve(1).map_err(|_| NoMemory)?;
        self.chunks.push(chunk);
        Ok(())
    }

    /// `None` beyond the table.
    #[inline(always)]
    pub fn get(&self, index: u32) -> Option<&T> {
        Some(&self.chunks.get(index as usize / N)?[index as usize % N])
    }

    /// `None` beyond the table.
    #[inline(always)]
    pub fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        Some(&mut self.chunks.get_mut(index as usize / N)?[index as usize % N])
    }

    /// The values with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        (0..).zip(self.chunks.iter().flat_map(|chunk| chunk.iter()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_get_places_and_keep_them() {
        let mut table = ChunkTable::<u32, 4>::new();
        assert_eq!((table.get(0), table.len()), (None, 0));
        table.grow(5).unwrap();
        assert_eq!(table.len(), 8);
        *table.get_mut(7).unwrap() = 9;
        table.grow(100).unwrap();
        assert_eq!((table.get(7), table.get(8), table.get(100)), (Some(&9), Some(&0), None));
        assert_eq!(table.iter().filter(|(_, value)| **value != 0).count(), 1);
        assert!(table.get(u32::MAX).is_none() && table.get_mut(u32::MAX).is_none());
        table.truncate(5);
        assert_eq!((table.len(), table.get(7)), (8, Some(&9)));
        table.shrink(1);
        assert_eq!((table.len(), table.chunks.capacity()), (4, 1));
        *table.get_mut(3).unwrap() = 5;
        table.grow(5).unwrap();
        assert_eq!((table.get(3), table.get(7)), (Some(&5), Some(&0)));
        table.shrink(0);
        assert!(table.is_empty() && table.chunks.capacity() == 0);
    }
}
