//! Types made of bytes only, which may be copied to and from user memory as they are.

mod sealed {
    pub trait Sealed {}
}

/// A type without padding for which every bit pattern is a value.
///
/// Sealed: only this crate says which types qualify, through integers, arrays and `structure!`,
/// which refuses padding at compile time. Copying such a value out discloses nothing else.
pub trait Plain: Copy + sealed::Sealed + 'static {
    /// All bytes zero.
    const ZERO: Self;

    /// Writes the value to the front of `bytes` as it lies in memory; returns what is behind it, `None`
    /// if it does not fit.
    fn put<'a>(&self, bytes: &'a mut [u8]) -> Option<&'a mut [u8]>;

    /// Takes a value from the front of `bytes`; returns it with what is behind it.
    fn take(bytes: &[u8]) -> Option<(Self, &[u8])>;
}

macro_rules! plain_integers {
    ($($integer:ty)*) => { $(
        impl sealed::Sealed for $integer {}
        impl Plain for $integer {
            const ZERO: Self = 0;

            #[inline]
            fn put<'a>(&self, bytes: &'a mut [u8]) -> Option<&'a mut [u8]> {
                let (place, rest) = bytes.split_first_chunk_mut()?;
                *place = self.to_le_bytes();
                Some(rest)
            }

            #[inline]
            fn take(bytes: &[u8]) -> Option<(Self, &[u8])> {
                let (value, rest) = bytes.split_first_chunk()?;
                Some((Self::from_le_bytes(*value), rest))
            }
        }
    )* };
}

plain_integers!(u8 i8 u16 i16 u32 i32 u64 i64);

impl<T: Plain, const N: usize> sealed::Sealed for [T; N] {}
impl<T: Plain, const N: usize> Plain for [T; N] {
    const ZERO: Self = [T::ZERO; N];

    #[inline]
    fn put<'a>(&self, bytes: &'a mut [u8]) -> Option<&'a mut [u8]> {
        self.iter().try_fold(bytes, |bytes, value| value.put(bytes))
    }

    #[inline]
    fn take(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let mut values = Self::ZERO;
        let rest = values.iter_mut().try_fold(bytes, |bytes, place| {
            let (value, rest) = T::take(bytes)?;
            *place = value;
            Some(rest)
        })?;
        Some((values, rest))
    }
}

macro_rules! plain_pointers {
    ($($pointer:ty, [$($parameter:ident)?];)*) => { $(
        impl$(<$parameter: 'static>)? sealed::Sealed for $pointer {}
        impl$(<$parameter: 'static>)? Plain for $pointer {
            const ZERO: Self = Self::NULL;

            #[inline]
            fn put<'a>(&self, bytes: &'a mut [u8]) -> Option<&'a mut [u8]> {
                self.address().put(bytes)
            }

            #[inline]
            fn take(bytes: &[u8]) -> Option<(Self, &[u8])> {
                u32::take(bytes).map(|(address, rest)| (Self::new(address), rest))
            }
        }
    )* };
}

plain_pointers! {
    crate::UserPtr<T>, [T];
    crate::UserMutPtr<T>, [T];
    crate::UserStr, [];
}

/// Lets `structure!` seal what it has checked.
pub(crate) use sealed::Sealed;

/// Defines a structure of the boundary with its size in bytes.
///
/// 64-bit fields are aligned to 4, as i386 does it; size and absence of padding are asserted.
macro_rules! structure {
    ($(
        $(#[$attribute:meta])*
        pub struct $name:ident : $size:literal {
            $( $(#[$field_attribute:meta])* pub $field:ident : $kind:ty, )*
        }
    )*) => { $(
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(C, packed(4))]
        pub struct $name {
            $( $(#[$field_attribute])* pub $field: $kind, )*
        }

        impl $crate::plain::Sealed for $name {}
        impl $crate::Plain for $name {
            const ZERO: Self = Self { $( $field: <$kind as $crate::Plain>::ZERO, )* };

            #[inline]
            fn put<'a>(&self, bytes: &'a mut [u8]) -> Option<&'a mut [u8]> {
                $( let bytes = <$kind as $crate::Plain>::put(&{ self.$field }, bytes)?; )*
                Some(bytes)
            }

            #[inline]
            fn take(bytes: &[u8]) -> Option<(Self, &[u8])> {
                $( let ($field, bytes) = <$kind as $crate::Plain>::take(bytes)?; )*
                Some((Self { $($field),* }, bytes))
            }
        }

        impl Default for $name {
            fn default() -> Self {
                <Self as $crate::Plain>::ZERO
            }
        }

        const _: () = {
            assert!(size_of::<$name>() == $size);
            assert!(size_of::<$name>() == 0 $( + size_of::<$kind>() )*, "padding");
        };
    )* };
}
pub(crate) use structure;

#[cfg(test)]
mod tests {
    use super::Plain;
    use crate::UserMutPtr;
    use crate::file::{Iovec, Stat64};

    #[test]
    fn values_survive_their_bytes() {
        let mut bytes = [0xff; 96];
        let mut stat = Stat64 { dev: 0x0102_0304_0506_0708, mode: 9, ..Stat64::default() };
        stat.ino = 7;
        assert_eq!(stat.put(&mut bytes).map(|rest| rest.len()), Some(0));
        assert_eq!(
            (&bytes[..8], &bytes[88..]),
            (&[8, 7, 6, 5, 4, 3, 2, 1][..], &[7, 0, 0, 0, 0, 0, 0, 0][..])
        );
        assert_eq!(Stat64::take(&bytes), Some((stat, &[][..])));
        assert_eq!(stat.put(&mut bytes[..95]), None);
        assert_eq!(Stat64::take(&bytes[..95]), None);
        let vector = Iovec { base: UserMutPtr::new(3), len: 4 };
        vector.put(&mut bytes).unwrap();
        assert_eq!(Iovec::take(&bytes).unwrap().0, vector);
    }
}
