//! Error numbers, and how a result travels in EAX.

use core::fmt;
use core::num::NonZero;

/// The reason a call failed, with Linux's numbers. A whole word, so that results travel in
/// registers.
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Errno(NonZero<u32>);

/// What a call returns: a non-negative number or an address, or why there is none.
pub type Result<T = u32> = core::result::Result<T, Errno>;

/// EAX from here up is a negated error number; Linux reserves the last 4095 values.
const FIRST_ERROR: u32 = 0u32.wrapping_sub(Errno::MAX as u32);

/// The value of EAX that stands for `result`.
///
/// A success in the last 4095 values reads as an error. Only ids and personalities that somebody set
/// so have such values, and with Linux it is the same.
#[inline]
pub fn encode(result: Result) -> u32 {
    match result {
        Ok(value) => value,
        Err(errno) => 0u32.wrapping_sub(errno.0.get()),
    }
}

/// The result that `eax` stands for.
#[inline]
pub fn decode(eax: u32) -> Result {
    match NonZero::new(0u32.wrapping_sub(eax)) {
        Some(number) if eax >= FIRST_ERROR => Err(Errno(number)),
        _ => Ok(eax),
    }
}

macro_rules! errors {
    ($( $number:literal $name:ident $text:literal; )*) => {
        impl Errno {
            /// The largest number an error may have.
            pub const MAX: u16 = 4095;

            $( #[doc = $text] pub const $name: Self = Self(NonZero::new($number).unwrap()); )*

            /// Linux's name, or `None` for a number this crate does not know.
            pub const fn name(self) -> Option<&'static str> {
                match self.0.get() {
                    $( $number => Some(stringify!($name)), )*
                    _ => None,
                }
            }

            /// A phrase for people.
            pub const fn description(self) -> &'static str {
                match self.0.get() {
                    $( $number => $text, )*
                    _ => "Unknown error",
                }
            }

            /// All errors this crate knows, by number.
            pub const ALL: &[Self] = &[ $( Self::$name ),* ];
        }
    };
}

errors! {
    1 EPERM "Operation not permitted";
    2 ENOENT "No such file or directory";
    3 ESRCH "No such process";
    4 EINTR "Interrupted by a signal";
    5 EIO "Input/output error";
    6 ENXIO "No such device or address";
    7 E2BIG "Argument list too long";
    8 ENOEXEC "Not an executable format";
    9 EBADF "Bad file descriptor";
    10 ECHILD "No child processes";
    11 EAGAIN "Resource temporarily unavailable";
    12 ENOMEM "Out of memory";
    13 EACCES "Permission denied";
    14 EFAULT "Bad address";
    15 ENOTBLK "Not a block device";
    16 EBUSY "Device or resource busy";
    17 EEXIST "File exists";
    18 EXDEV "Link across file systems";
    19 ENODEV "No such device";
    20 ENOTDIR "Not a directory";
    21 EISDIR "Is a directory";
    22 EINVAL "Invalid argument";
    23 ENFILE "Too many open files in the system";
    24 EMFILE "Too many open files";
    25 ENOTTY "Not a terminal";
    26 ETXTBSY "Program file is in use";
    27 EFBIG "File too large";
    28 ENOSPC "No space left on device";
    29 ESPIPE "Not a seekable file";
    30 EROFS "Read-only file system";
    31 EMLINK "Too many links";
    32 EPIPE "Broken pipe";
    33 EDOM "Argument outside the domain";
    34 ERANGE "Result does not fit";
    35 EDEADLK "Would deadlock";
    36 ENAMETOOLONG "File name too long";
    37 ENOLCK "No locks available";
    38 ENOSYS "Function not implemented";
    39 ENOTEMPTY "Directory not empty";
    40 ELOOP "Too many symbolic links";
    42 ENOMSG "No message of that type";
    43 EIDRM "Identifier removed";
    61 ENODATA "No data available";
    62 ETIME "Timer expired";
    71 EPROTO "Protocol error";
    74 EBADMSG "Bad message";
    75 EOVERFLOW "Value too large for its type";
    79 ELIBACC "Shared library not accessible";
    80 ELIBBAD "Shared library corrupt";
    83 ELIBEXEC "Shared library cannot be run";
    84 EILSEQ "Invalid byte sequence";
    88 ENOTSOCK "Not a socket";
    90 EMSGSIZE "Message too long";
    91 EPROTOTYPE "Wrong kind of socket";
    92 ENOPROTOOPT "Protocol option not available";
    93 EPROTONOSUPPORT "Protocol not supported";
    94 ESOCKTNOSUPPORT "Kind of socket not supported";
    95 EOPNOTSUPP "Operation not supported";
    97 EAFNOSUPPORT "Address family not supported";
    98 EADDRINUSE "Address in use";
    99 EADDRNOTAVAIL "Address not available";
    103 ECONNABORTED "Connection aborted";
    104 ECONNRESET "Connection reset";
    105 ENOBUFS "No buffer space";
    106 EISCONN "Already connected";
    107 ENOTCONN "Not connected";
    109 ETOOMANYREFS "Too many descriptors on their way";
    110 ETIMEDOUT "Timed out";
    111 ECONNREFUSED "Connection refused";
    114 EALREADY "Already in progress";
    115 EINPROGRESS "In progress";
    116 ESTALE "Stale file handle";
    117 EUCLEAN "Structure needs cleaning";
    122 EDQUOT "Quota exceeded";
    125 ECANCELED "Cancelled";
    130 EOWNERDEAD "Owner died";
    131 ENOTRECOVERABLE "State not recoverable";
    133 EHWPOISON "Memory page has a hardware error";
}

impl Errno {
    /// The error of that number, or `None` if the number is 0 or above [`Errno::MAX`].
    pub const fn from_number(number: u16) -> Option<Self> {
        match NonZero::new(number as u32) {
            Some(errno) if number <= Self::MAX => Some(Self(errno)),
            _ => None,
        }
    }

    /// The positive number.
    pub const fn number(self) -> u16 {
        // At most `MAX`.
        self.0.get() as u16
    }
}

impl fmt::Debug for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "E{}", self.0),
        }
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(_) => f.write_str(self.description()),
            None => write!(f, "{} {}", self.description(), self.0),
        }
    }
}

impl core::error::Error for Errno {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_survives_the_register() {
        for number in 1..=Errno::MAX {
            let errno = Errno::from_number(number).unwrap();
            assert_eq!(decode(encode(Err(errno))), Err(errno));
        }
        for value in [0, 1, 0x7fff_ffff, 0x8000_0000, 0xbfff_ffff, 0xffff_f000] {
            assert_eq!(decode(encode(Ok(value))), Ok(value));
        }
    }

    #[test]
    fn numbers_outside_the_range_are_no_errors() {
        assert_eq!(Errno::from_number(0), None);
        assert_eq!(Errno::from_number(4096), None);
    }

    #[test]
    fn the_list_is_sorted_and_named() {
        assert!(Errno::ALL.is_sorted());
        assert_eq!(std::format!("{:?}", Errno::ENOENT), "ENOENT");
        assert_eq!(std::format!("{:?}", Errno::from_number(4000).unwrap()), "E4000");
    }
}
