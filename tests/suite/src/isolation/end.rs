//! How attacks end.

use crate::fault::Fault;
use core::fmt;
use sys::Errno;
use sys::abi::signal::{SEGV_ACCERR, SEGV_MAPERR, SI_KERNEL, SIGSEGV};

/// How an attack ends, as the attacker sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// By a signal that it could handle.
    Fault(Fault),
    /// By a signal that it could not, or did not.
    Killed(i32),
    /// By an error of a call.
    Error(Errno),
    /// Nothing was seen, nothing has changed.
    Nothing,
    /// It got something: a value, or the place of the first that it should not have seen.
    Through(u32),
}

use End::{Error, Killed, Nothing, Through};

/// The general-protection fault: no address.
pub const REFUSED: End = End::Fault(Fault { signal: SIGSEGV, code: SI_KERNEL, address: 0 });

/// The fault at an address where a program has nothing.
pub const fn not_there(address: u32) -> End {
    End::Fault(Fault { signal: SIGSEGV, code: SEGV_MAPERR, address })
}

/// The fault at an address of the program's that may not be used so.
pub const fn not_so(address: u32) -> End {
    End::Fault(Fault { signal: SIGSEGV, code: SEGV_ACCERR, address })
}

impl From<Result<(), Fault>> for End {
    fn from(result: Result<(), Fault>) -> Self {
        result.map_or_else(Self::Fault, |()| Through(0))
    }
}

impl From<Result<u32, Errno>> for End {
    fn from(result: Result<u32, Errno>) -> Self {
        result.map_or_else(Error, Through)
    }
}

impl From<Errno> for End {
    fn from(errno: Errno) -> Self {
        Error(errno)
    }
}

impl From<bool> for End {
    /// Whether it saw something.
    fn from(has_seen: bool) -> Self {
        if has_seen { Through(1) } else { Nothing }
    }
}

impl End {
    pub const LEN: usize = 16;

    pub fn to_bytes(self) -> [u8; Self::LEN] {
        let words = match self {
            Self::Fault(Fault { signal, code, address }) => {
                [1, signal as u32, code as u32, address]
            }
            Killed(signal) => [2, signal as u32, 0, 0],
            Error(errno) => [3, errno.number().into(), 0, 0],
            Nothing => [4, 0, 0, 0],
            Through(value) => [5, value, 0, 0],
        };
        let mut bytes = [0; Self::LEN];
        for (place, word) in bytes.chunks_exact_mut(4).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    pub fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        let word = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|byte| bytes[4 * at + byte]));
        let signed = |at: usize| word(at).cast_signed();
        match word(0) {
            1 => Self::Fault(Fault { signal: signed(1), code: signed(2), address: word(3) }),
            2 => Killed(signed(1)),
            3 => sys::abi::errno::decode(0u32.wrapping_sub(word(1))).map_or_else(Error, Through),
            4 => Nothing,
            _ => Through(word(1)),
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |signal: i32| sys::abi::signal::name(signal).unwrap_or("signal");
        match self {
            Self::Fault(Fault { signal, code, address }) => {
                write!(f, "{}", name(*signal))?;
                match (*signal, *code) {
                    (SIGSEGV, SEGV_MAPERR) => write!(f, "/MAPERR at {address:#x}"),
                    (SIGSEGV, SEGV_ACCERR) => write!(f, "/ACCERR at {address:#x}"),
                    (SIGSEGV, SI_KERNEL) => Ok(()),
                    (_, code) => write!(f, "/{code} at {address:#x}"),
                }
            }
            Killed(signal) => write!(f, "ended by {}", name(*signal)),
            Error(errno) => write!(f, "{errno:?}"),
            Nothing => f.write_str("nothing seen"),
            Through(value) => write!(f, "it got through ({value:#x})"),
        }
    }
}
