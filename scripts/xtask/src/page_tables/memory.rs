//! Physical memory, copied.

/// From address 0 on.
#[derive(Clone)]
pub struct Memory(Vec<u8>);

impl Memory {
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    pub fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn bytes<const N: usize>(&self, address: u64) -> Option<[u8; N]> {
        self.slice(address, N)?.try_into().ok()
    }

    /// So many bytes; `None` where no memory is.
    pub fn slice(&self, address: u64, bytes: usize) -> Option<&[u8]> {
        let start = usize::try_from(address).ok()?;
        self.0.get(start..start.checked_add(bytes)?)
    }

    /// The word at a physical address; `None` where no memory is.
    pub fn word(&self, address: u64) -> Option<u32> {
        self.bytes(address).map(u32::from_le_bytes)
    }

    /// The two words at a physical address.
    pub fn long(&self, address: u64) -> Option<u64> {
        self.bytes(address).map(u64::from_le_bytes)
    }

    /// Changes a byte.
    pub fn set(&mut self, address: u64, byte: u8) {
        self.0[address as usize] = byte;
    }
}
