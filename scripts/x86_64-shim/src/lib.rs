//! `Port` with the interface `pic8259` expects. x86_64 itself compiles it out on 32-bit targets.

#![no_std]

pub mod instructions {
    pub mod port {
        use core::marker::PhantomData;

        /// An I/O port of one width.
        pub struct Port<T> {
            number: u16,
            width: PhantomData<T>,
        }

        impl<T> Port<T> {
            pub const fn new(number: u16) -> Self {
                Self { number, width: PhantomData }
            }
        }

        impl Port<u8> {
            /// # Safety
            /// Reading the port must have no effect that breaks memory safety.
            pub unsafe fn read(&mut self) -> u8 {
                let value: u8;
                // SAFETY: the caller answers for the effect of the read.
                unsafe {
                    core::arch::asm!("in al, dx", in("dx") self.number, out("al") value,
                        options(nomem, nostack, preserves_flags))
                };
                value
            }

            /// # Safety
            /// Writing `value` to the port must have no effect that breaks memory safety.
            pub unsafe fn write(&mut self, value: u8) {
                // SAFETY: the caller answers for the effect of the write.
                unsafe {
                    core::arch::asm!("out dx, al", in("dx") self.number, in("al") value,
                        options(nomem, nostack, preserves_flags))
                }
            }
        }
    }
}
