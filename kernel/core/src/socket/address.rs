//! Addresses of `AF_UNIX`: what stands behind the family.

use abi::errno::Errno;
use abi::socket::{AF_UNIX, SOCKADDR_UN, SUN_PATH};

/// What an address names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Name<'a> {
    /// Nothing: only the family. `bind` finds a name.
    None,
    /// A name in the tree.
    Path(&'a [u8]),
    /// A name of its own, which begins with a zero byte.
    Abstract(&'a [u8]),
}

/// Reads an address. EINVAL unless it is one of `AF_UNIX`.
pub fn parse(address: &[u8]) -> Result<Name<'_>, Errno> {
    let (family, name) = address.split_first_chunk().ok_or(Errno::EINVAL)?;
    let is_too_long = address.len() > SOCKADDR_UN as usize;
    if is_too_long || i32::from(u16::from_le_bytes(*family)) != AF_UNIX {
        return Err(Errno::EINVAL);
    }
    Ok(match name {
        [] => Name::None,
        [0, ..] => Name::Abstract(name),
        _ => Name::Path(name.split(|byte| *byte == 0).next().unwrap_or(name)),
    })
}

/// Bytes of an address whose name has so many.
pub const fn length(name: usize) -> usize {
    SUN_PATH as usize + name
}

/// The name that `bind` tries when it is given none.
pub fn automatic(number: u32) -> [u8; 6] {
    let digit = |shift: u32| b"0123456789abcdef".get((number >> shift & 15) as usize);
    let digit = |shift| digit(shift).copied().unwrap_or(b'0');
    [0, digit(16), digit(12), digit(8), digit(4), digit(0)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn address(name: &[u8]) -> Vec<u8> {
        [&1u16.to_le_bytes(), name].concat()
    }

    #[test]
    fn names_are_paths_or_abstract_or_none() {
        assert_eq!(parse(&address(b"/tmp/x\0rest")), Ok(Name::Path(b"/tmp/x")));
        assert_eq!(parse(&address(b"x")), Ok(Name::Path(b"x")));
        assert_eq!(parse(&address(b"\0a\0b")), Ok(Name::Abstract(b"\0a\0b")));
        assert_eq!(parse(&address(b"\0")), Ok(Name::Abstract(b"\0")));
        assert_eq!(parse(&address(b"")), Ok(Name::None));
        assert_eq!(parse(&address(&[b'x'; 108])), Ok(Name::Path(&[b'x'; 108])));
        assert_eq!(parse(&address(&[b'x'; 109])), Err(Errno::EINVAL));
        assert_eq!((parse(&[1]), parse(&[2, 0, 1])), (Err(Errno::EINVAL), Err(Errno::EINVAL)));
    }

    #[test]
    fn automatic_names_are_five_digits() {
        assert_eq!(automatic(0), *b"\x0000000");
        assert_eq!(automatic(0xa_bcde), *b"\0abcde");
    }
}
