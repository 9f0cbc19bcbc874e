//! Numbers of devices.

/// A device's number.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DeviceNumber {
    /// Which driver: 12 bits.
    pub major: u32,
    /// Which of its devices: 20 bits.
    pub minor: u32,
}

impl DeviceNumber {
    /// From both parts.
    #[must_use]
    pub const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }

    /// From the form in which `mknod`, `stat` and Folio's statistics pass it: 8 bits of the minor
    /// number, 12 of the major, the rest of the minor. `stat64` has it in the lower half.
    #[must_use]
    pub const fn decode(number: u32) -> Self {
        Self { major: number >> 8 & 0xfff, minor: number & 0xff | number >> 12 & 0xf_ff00 }
    }

    /// In that form.
    #[must_use]
    pub const fn encode(self) -> u32 {
        self.minor & 0xff | (self.major & 0xfff) << 8 | (self.minor & 0xf_ff00) << 12
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn small_numbers_look_as_they_always_did() {
        assert_eq!(DeviceNumber::new(5, 1).encode(), 0x501);
        assert_eq!(DeviceNumber::decode(0x103), DeviceNumber::new(1, 3));
        assert_eq!(DeviceNumber::new(8, 0x12345).encode(), 0x1230_0845);
        assert_eq!(DeviceNumber::new(0xfff, 0xf_ffff).encode(), u32::MAX);
    }

    proptest! {
        #[test]
        fn every_number_is_one_device(number: u32) {
            prop_assert_eq!(DeviceNumber::decode(number).encode(), number);
        }
    }
}
