//! Addresses that user programs pass to the kernel. Nothing here can follow one.

use core::fmt;
use core::marker::PhantomData;

macro_rules! user_pointer {
    ($(#[$attribute:meta])* $name:ident) => {
        $(#[$attribute])*
        #[repr(transparent)]
        pub struct $name<T> {
            address: u32,
            target: PhantomData<fn() -> T>,
        }

        impl<T> $name<T> {
            /// The null pointer.
            pub const NULL: Self = Self::new(0);

            /// Wraps an address. Any value is allowed; the kernel checks it on use.
            #[inline]
            pub const fn new(address: u32) -> Self {
                Self { address, target: PhantomData }
            }

            /// The address.
            #[inline]
            pub const fn address(self) -> u32 {
                self.address
            }

            /// Whether the address is 0.
            #[inline]
            pub const fn is_null(self) -> bool {
                self.address == 0
            }

            /// The same address, seen as another type.
            #[inline]
            pub const fn cast<U>(self) -> $name<U> {
                $name::new(self.address)
            }

            /// The element `index` further on, or `None` where the address space ends before.
            #[inline]
            pub fn checked_add(self, index: u32) -> Option<Self> {
                let bytes = index.checked_mul(u32::try_from(size_of::<T>()).ok()?)?;
                self.address.checked_add(bytes).map(Self::new)
            }
        }

        impl<T> Clone for $name<T> {
            #[inline]
            fn clone(&self) -> Self {
                *self
            }
        }
        impl<T> Copy for $name<T> {}

        impl<T> PartialEq for $name<T> {
            fn eq(&self, other: &Self) -> bool {
                self.address == other.address
            }
        }
        impl<T> Eq for $name<T> {}

        impl<T> fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:#x}", self.address)
            }
        }
    };
}

user_pointer! {
    /// The address of a `T`, or of an array of them, that the kernel only reads.
    UserPtr
}
user_pointer! {
    /// The address of a `T`, or of an array of them, that the kernel writes.
    UserMutPtr
}

impl<T> UserMutPtr<T> {
    /// The same address for reading only.
    #[inline]
    pub const fn as_const(self) -> UserPtr<T> {
        UserPtr::new(self.address)
    }
}

/// The address of a string that ends with a zero byte.
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct UserStr {
    address: u32,
}

impl UserStr {
    /// The null pointer.
    pub const NULL: Self = Self::new(0);

    /// Wraps an address. Any value is allowed; the kernel checks it on use.
    #[inline]
    pub const fn new(address: u32) -> Self {
        Self { address }
    }

    /// The address.
    #[inline]
    pub const fn address(self) -> u32 {
        self.address
    }

    /// Whether the address is 0.
    #[inline]
    pub const fn is_null(self) -> bool {
        self.address == 0
    }

    /// The bytes of the string.
    #[inline]
    pub const fn bytes(self) -> UserPtr<u8> {
        UserPtr::new(self.address)
    }
}

impl fmt::Debug for UserStr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.address)
    }
}
