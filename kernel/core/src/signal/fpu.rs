//! The FPU part of a frame: 112 bytes in the form of FSAVE, then an image as FXSAVE or XSAVE stores
//! it, which begin alike.
//!
//! At `sigreturn` the first form holds for the x87 registers, the second for the rest, as on
//! Linux: old handlers know only the first. Layouts: SDM 1 figure 8-9 (FSAVE, 32-bit protected
//! mode) and SDM 2A table 3-43 (FXSAVE); tags: SDM 1 8.1.7.

pub const FXSAVE_LEN: usize = 512;
pub const FSAVE_LEN: usize = 112;
/// The part of an FXSAVE image that tells all about the x87 registers.
pub const X87_LEN: usize = 160;

const CONTROL: usize = 0;
const STATUS: usize = 2;
const TAGS: usize = 4;
const OPCODE: usize = 6;
const INSTRUCTION: usize = 8;
const CODE_SELECTOR: usize = 12;
const OPERAND: usize = 16;
const DATA_SELECTOR: usize = 20;
const MXCSR: usize = 24;
const STACK: usize = 32;

const FSAVE_STACK: usize = 28;
const FSAVE_STATUS: usize = FSAVE_STATUS_OFFSET as usize;
/// Where the header repeats the status word, with the magic behind it.
pub const FSAVE_STATUS_OFFSET: u32 = 108;
const REGISTER_LEN: usize = 10;

fn half<const N: usize>(bytes: &[u8; N], at: usize) -> u16 {
    bytes.get(at..at + 2).and_then(|bytes| bytes.try_into().ok()).map_or(0, u16::from_le_bytes)
}

fn word<const N: usize>(bytes: &[u8; N], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes)
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    if let Some(to) = bytes.get_mut(at..at + value.len()) {
        to.copy_from_slice(value);
    }
}

/// The part before the FXSAVE image, made from the image's beginning.
pub fn fsave_header(fxsave: &[u8; X87_LEN]) -> [u8; FSAVE_LEN] {
    let mut header = [0; FSAVE_LEN];
    let status = half(fxsave, STATUS);
    let opcode = u32::from(half(fxsave, OPCODE)) << 16;
    let words = [
        u32::from(half(fxsave, CONTROL)) | 0xffff_0000,
        u32::from(status) | 0xffff_0000,
        u32::from(full_tags(fxsave)) | 0xffff_0000,
        word(fxsave, INSTRUCTION),
        u32::from(half(fxsave, CODE_SELECTOR)) | opcode,
        word(fxsave, OPERAND),
        word(fxsave, DATA_SELECTOR),
    ];
    for (index, word) in words.into_iter().enumerate() {
        put(&mut header, 4 * index, &word.to_le_bytes());
    }
    for register in 0..8 {
        let from = STACK + 16 * register;
        if let Some(value) = fxsave.get(from..from + REGISTER_LEN) {
            put(&mut header, FSAVE_STACK + REGISTER_LEN * register, value);
        }
    }
    // The magic behind it stays 0: an FXSAVE image follows.
    put(&mut header, FSAVE_STATUS, &status.to_le_bytes());
    header
}

/// The beginning of [`fsave_header`] as words, if the image's beginning says that no x87 register
/// is in use. What follows then means nothing, but for the word at [`FSAVE_STATUS_OFFSET`]: the
/// status without the upper ones.
#[inline]
pub const fn empty_environment(head: &[u32; 6]) -> Option<[u32; 7]> {
    let [control_status, tags_opcode, instruction, code_selector, operand, data_selector] = *head;
    if tags_opcode & 0xff != 0 {
        return None;
    }
    Some([
        control_status | 0xffff_0000,
        control_status >> 16 | 0xffff_0000,
        u32::MAX,
        instruction,
        code_selector & 0xffff | tags_opcode & 0xffff_0000,
        operand,
        data_selector,
    ])
}

/// Two bits a register instead of FXSAVE's one: valid 0, zero 1, special 2, empty 3.
fn full_tags(fxsave: &[u8; X87_LEN]) -> u16 {
    let in_use = half(fxsave, TAGS);
    if in_use & 0xff == 0 {
        return u16::MAX;
    }
    let top = usize::from(half(fxsave, STATUS) >> 11 & 7);
    (0..8).fold(0, |tags, physical: usize| {
        let from = STACK + 16 * ((8 + physical - top) % 8);
        let tag = match in_use >> physical & 1 {
            0 => 3,
            _ => match (half(fxsave, from + 8) & 0x7fff, half(fxsave, from + 6) & 0x8000) {
                (0x7fff, _) => 2,
                (0, _) if word(fxsave, from) | word(fxsave, from + 4) == 0 => 1,
                (0, _) | (_, 0) => 2,
                _ => 0,
            },
        };
        tags | tag << (2 * physical)
    })
}

/// Puts the x87 state of a frame's first part into the image of its second, and clears what the
/// CPU would refuse in MXCSR (`mxcsr_mask`: byte 28 of an FXSAVE image of this CPU).
pub fn merge_fsave_header(
    fxsave: &mut [u8; FXSAVE_LEN],
    header: &[u8; FSAVE_LEN],
    mxcsr_mask: u32,
) {
    let tags = word(header, 8);
    let in_use = (0..8).fold(0u16, |bits, physical| {
        let empty = tags >> (2 * physical) & 3 == 3;
        bits | u16::from(!empty) << physical
    });
    let selector = word(header, 16);
    put(fxsave, CONTROL, &half(header, 0).to_le_bytes());
    put(fxsave, STATUS, &half(header, 4).to_le_bytes());
    put(fxsave, TAGS, &in_use.to_le_bytes());
    put(fxsave, OPCODE, &((selector >> 16) as u16).to_le_bytes());
    put(fxsave, INSTRUCTION, &word(header, 12).to_le_bytes());
    put(fxsave, CODE_SELECTOR, &(selector & 0xffff).to_le_bytes());
    put(fxsave, OPERAND, &word(header, 20).to_le_bytes());
    put(fxsave, DATA_SELECTOR, &word(header, 24).to_le_bytes());
    for register in 0..8 {
        let from = FSAVE_STACK + REGISTER_LEN * register;
        if let Some(value) = header.get(from..from + REGISTER_LEN) {
            put(fxsave, STACK + 16 * register, value);
        }
    }
    let mxcsr = word(fxsave, MXCSR) & mxcsr_mask;
    put(fxsave, MXCSR, &mxcsr.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Top of stack 6: ST0 is physical register 6. 1.0, 0.0, infinity and one empty.
    fn image() -> [u8; FXSAVE_LEN] {
        let mut image = [0; FXSAVE_LEN];
        put(&mut image, CONTROL, &0x037fu16.to_le_bytes());
        put(&mut image, STATUS, &(6u16 << 11).to_le_bytes());
        put(&mut image, TAGS, &0b1100_0001u16.to_le_bytes());
        put(&mut image, OPCODE, &0x0123u16.to_le_bytes());
        put(&mut image, INSTRUCTION, &0x0804_9000u32.to_le_bytes());
        put(&mut image, CODE_SELECTOR, &0x73u16.to_le_bytes());
        put(&mut image, OPERAND, &0xbfff_0000u32.to_le_bytes());
        put(&mut image, DATA_SELECTOR, &0x7bu32.to_le_bytes());
        put(&mut image, MXCSR, &0xffff_ffffu32.to_le_bytes());
        put(&mut image, STACK, &[0, 0, 0, 0, 0, 0, 0, 0x80, 0xff, 0x3f]);
        put(&mut image, STACK + 32, &[0, 0, 0, 0, 0, 0, 0, 0x80, 0xff, 0x7f]);
        image
    }

    #[test]
    fn the_environment_without_registers_in_use_is_the_headers() {
        let mut image = image();
        let words = |bytes: &[u8]| -> std::vec::Vec<u32> {
            bytes.chunks(4).map(|word| u32::from_le_bytes(word.try_into().unwrap())).collect()
        };
        let environment =
            |image: &[u8; FXSAVE_LEN]| empty_environment(&words(&image[..24]).try_into().unwrap());
        image[TAGS] = 0x80;
        assert_eq!(environment(&image), None);
        image[TAGS] = 0;
        let header = fsave_header(image.first_chunk().unwrap());
        assert_eq!(environment(&image).unwrap()[..], words(&header[..28])[..]);
        let status = u32::from(half(&image, STATUS));
        assert_eq!(words(&header[FSAVE_STATUS..]), [status]);
    }

    #[test]
    fn the_header_is_what_fsave_would_have_stored() {
        let header = fsave_header(image().first_chunk().unwrap());
        let words: std::vec::Vec<u32> = (0..7).map(|index| word(&header, 4 * index)).collect();
        // Register 6 (ST0) valid, 7 (ST1) zero, 0 (ST2) special, the others empty.
        let tags = 0xffff_0000 | 0b01_00_11_11_11_11_11_10;
        let expected =
            [0xffff_037f, 0xffff_3000, tags, 0x0804_9000, 0x0123_0073, 0xbfff_0000, 0x0000_007b];
        assert_eq!(words, expected);
        assert_eq!(header[28..38], [0, 0, 0, 0, 0, 0, 0, 0x80, 0xff, 0x3f]);
        assert_eq!(header[108..], [0, 0x30, 0, 0]);
    }

    #[test]
    fn bad_mxcsr_bits_do_not_reach_the_cpu() {
        let mut merged = image();
        merge_fsave_header(&mut merged, &fsave_header(image().first_chunk().unwrap()), 0xffbf);
        assert_eq!(word(&merged, MXCSR), 0xffbf);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        #[test]
        fn an_untouched_frame_restores_the_image(bytes in prop::collection::vec(any::<u8>(), 512)) {
            let mut image: [u8; 512] = bytes.try_into().unwrap();
            // What the CPU stores there: tags in a byte, a 16-bit selector, ten of sixteen bytes.
            image[5] = 0;
            image[14..16].fill(0);
            (0..8).for_each(|register| image[STACK + 16 * register + 10..][..6].fill(0));
            let mut merged = image;
            let header = fsave_header(image.first_chunk().unwrap());
            merged[..24].fill(0xaa);
            merged[4] = 0xaa;
            merge_fsave_header(&mut merged, &header, u32::MAX);
            prop_assert_eq!(merged, image);
        }
    }
}
