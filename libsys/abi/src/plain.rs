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
}

macro_rules! plain_integers {
    ($($integer:ty)*) => { $(
        impl sealed::Sealed for $integer {}
        impl Plain for $integer {
            const ZERO: Self = 0;
        }
    )* };
}

plain_integers!(u8 i8 u16 i16 u32 i32 u64 i64);

impl<T: Plain, const N: usize> sealed::Sealed for [T; N] {}
impl<T: Plain, const N: usize> Plain for [T; N] {
    const ZERO: Self = [T::ZERO; N];
}

impl<T: 'static> sealed::Sealed for crate::UserPtr<T> {}
impl<T: 'static> Plain for crate::UserPtr<T> {
    const ZERO: Self = Self::NULL;
}

impl<T: 'static> sealed::Sealed for crate::UserMutPtr<T> {}
impl<T: 'static> Plain for crate::UserMutPtr<T> {
    const ZERO: Self = Self::NULL;
}

impl sealed::Sealed for crate::UserStr {}
impl Plain for crate::UserStr {
    const ZERO: Self = Self::NULL;
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
