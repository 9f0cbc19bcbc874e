//! `eventfd`.

/// Readers take one at a time.
pub const EFD_SEMAPHORE: u32 = 1;
