//! Paths on their way to the kernel: a zero byte at the end, none before.

use abi::Errno;
use abi::file::PATH_MAX;

/// A path that ends with a zero byte, in a buffer of its own.
pub struct CPath {
    bytes: [u8; PATH_MAX as usize],
}

impl CPath {
    /// Copies a path.
    ///
    /// ENAMETOOLONG: with its zero byte it is longer than 4096 bytes. EINVAL: it has a zero byte.
    pub fn new(path: impl AsRef<[u8]>) -> Result<Self, Errno> {
        let path = path.as_ref();
        if path.contains(&0) {
            return Err(Errno::EINVAL);
        }
        let mut bytes = [0; PATH_MAX as usize];
        let (last, room) = bytes.split_last_mut().ok_or(Errno::ENAMETOOLONG)?;
        room.get_mut(..path.len()).ok_or(Errno::ENAMETOOLONG)?.copy_from_slice(path);
        *last = 0;
        Ok(Self { bytes })
    }

    /// The path and its zero byte, and after it only zero bytes.
    pub fn as_bytes_with_nul(&self) -> &[u8] {
        &self.bytes
    }

    /// The address of the path, good as long as `self`.
    #[cfg(target_arch = "x86")]
    pub fn as_user(&self) -> abi::UserStr {
        abi::UserStr::new(crate::syscall::pointer(&self.bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    #[test]
    fn a_path_gets_its_zero_byte() {
        let path = CPath::new("/bin/hello").unwrap();
        assert_eq!(&path.as_bytes_with_nul()[..11], b"/bin/hello\0");
    }

    #[test]
    fn the_longest_path_has_4095_bytes() {
        assert!(CPath::new(vec![b'x'; 4095]).is_ok());
        assert_eq!(CPath::new(vec![b'x'; 4096]).err(), Some(Errno::ENAMETOOLONG));
    }

    #[test]
    fn a_zero_byte_inside_is_refused() {
        assert_eq!(CPath::new(b"a\0b").err(), Some(Errno::EINVAL));
    }
}
