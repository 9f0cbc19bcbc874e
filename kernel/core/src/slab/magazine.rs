//! A CPU's stack of free objects of one cache.

/// Up to `N` objects, each the kernel's word for it (an address).
#[derive(Debug)]
pub struct Magazine<const N: usize> {
    len: u32,
    objects: [u32; N],
}

impl<const N: usize> Default for Magazine<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Magazine<N> {
    /// Objects to be moved when the magazine is empty or full.
    pub const HALF: u32 = N as u32 / 2;

    pub const fn new() -> Self {
        Self { len: 0, objects: [0; N] }
    }

    pub const fn len(&self) -> u32 {
        self.len
    }

    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub const fn is_full(&self) -> bool {
        self.len as usize >= N
    }

    /// `None` if it has to be filled first.
    #[inline]
    pub fn pop(&mut self) -> Option<u32> {
        let last = self.len.checked_sub(1)?;
        let object = *self.objects.get(last as usize)?;
        self.len = last;
        Some(object)
    }

    /// `false`, and nothing kept, if it has to be emptied first.
    #[inline]
    #[must_use]
    pub fn push(&mut self, object: u32) -> bool {
        let Some(place) = self.objects.get_mut(self.len as usize) else { return false };
        *place = object;
        self.len += 1;
        true
    }
}
