//! What a frame says about its FPU image: in words that the CPU leaves alone, how large it is and
//! which components it has, and behind an image of XSAVE a mark. SDM 1, 13.4: legacy region, header,
//! extended region.

use super::fpu::{FSAVE_LEN, FXSAVE_LEN};

/// `FP_XSTATE_MAGIC1`.
const MAGIC: u32 = 0x4650_5853;
/// `FP_XSTATE_MAGIC2`.
pub const END_MARK: u32 = 0x4650_5845;
/// Legacy region and header.
pub const XSAVE_MIN: u32 = FXSAVE_LEN as u32 + 64;
/// x87 and SSE: what FXSAVE stores.
pub const LEGACY_COMPONENTS: u32 = 3;

/// The image in a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Image {
    /// As XCR0 has them; 0 if FXSAVE stores it.
    pub components: u32,
    /// Without the mark.
    pub bytes: u32,
}

impl Image {
    /// Behind the image there is the mark, if it is XSAVE's.
    #[inline]
    pub const fn has_mark(&self) -> bool {
        self.components != 0
    }

    /// With the mark.
    #[inline]
    pub const fn with_mark(&self) -> u32 {
        if self.has_mark() { self.bytes + 4 } else { self.bytes }
    }

    /// The words at byte 464 of the image. Linux counts the mark even where there is none.
    #[inline]
    pub const fn words(&self) -> [u32; 5] {
        let components = if self.has_mark() { self.components } else { LEGACY_COMPONENTS };
        [MAGIC, self.bytes + 4 + FSAVE_LEN as u32, components, 0, self.bytes]
    }

    /// What the words of a frame say, if they describe an image of XSAVE that this CPU may load: its
    /// components and where the mark has to be. Else only the legacy region means anything.
    pub const fn described(&self, words: &[u32; 5]) -> Option<(u32, u32)> {
        let [magic, total, components, _, bytes] = *words;
        let plausible = bytes >= XSAVE_MIN && bytes <= self.bytes && bytes <= total;
        if self.has_mark() && magic == MAGIC && plausible {
            Some((components, bytes))
        } else {
            None
        }
    }
}

/// The components that the header of an image of XSAVE has, if the CPU takes it.
pub fn in_header(header: &[u32; 16], components: u32) -> Option<u32> {
    let [present, rest @ ..] = header;
    let is_good = present & !components == 0 && rest.iter().all(|word| *word == 0);
    is_good.then_some(*present)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AVX: Image = Image { components: 7, bytes: 832 };
    const FXSAVE: Image = Image { components: 0, bytes: 512 };

    #[test]
    fn the_words_are_linuxs() {
        assert_eq!(FXSAVE.words(), [0x4650_5853, 628, 3, 0, 512]);
        assert_eq!(AVX.words(), [0x4650_5853, 948, 7, 0, 832]);
        assert_eq!([FXSAVE.with_mark(), AVX.with_mark()], [512, 836]);
    }

    #[test]
    fn a_frame_is_believed_as_far_as_it_is_plausible() {
        assert_eq!(AVX.described(&AVX.words()), Some((7, 832)));
        assert_eq!(AVX.described(&[MAGIC, 700, 3, 0, 576]), Some((3, 576)));
        assert_eq!(FXSAVE.described(&FXSAVE.words()), None);
        for words in [
            [MAGIC + 1, 948, 7, 0, 832],
            [MAGIC, 831, 7, 0, 832],
            [MAGIC, 948, 7, 0, 833],
            [MAGIC, 948, 3, 0, 575],
        ] {
            assert_eq!(AVX.described(&words), None);
        }
    }

    #[test]
    fn a_header_has_known_components_and_nothing_else() {
        let mut header = [0; 16];
        header[0] = 6;
        assert_eq!(in_header(&header, 7), Some(6));
        assert_eq!(in_header(&header, 3), None);
        header[2] = 1;
        assert_eq!(in_header(&header, 7), None);
    }
}
