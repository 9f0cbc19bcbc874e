//! The two 8259 interrupt controllers.

use crate::sync::{IrqSpinLock, Rank};
use pic8259::ChainedPics;

/// Vector of IRQ 0; the 16 lines follow.
pub const VECTOR_BASE: u8 = 32;
pub const LINES: u8 = 16;
const CASCADE: u8 = 2;

// SAFETY: vectors 32-47 are free for the controllers: the CPU's own end at 31.
static PICS: IrqSpinLock<ChainedPics> =
    IrqSpinLock::new(Rank::Device, unsafe { ChainedPics::new_contiguous(VECTOR_BASE) });

/// Moves the lines to `VECTOR_BASE` and masks all but the cascade.
pub fn initialise() {
    let mut pics = PICS.lock();
    // SAFETY: the IDT has gates for these vectors; all lines end up masked.
    unsafe {
        pics.initialize();
        pics.write_masks(!(1 << CASCADE), 0xff);
    }
}

pub fn mask(line: u8) {
    change_masks(line, |masks, bit| masks | bit);
}

pub fn unmask(line: u8) {
    change_masks(line, |masks, bit| masks & !bit);
}

fn change_masks(line: u8, change: impl Fn(u16, u16) -> u16) {
    if line >= LINES {
        return;
    }
    let mut pics = PICS.lock();
    // SAFETY: masking and unmasking lines decides only which interrupts arrive; each has a gate.
    unsafe {
        let [first, second] = pics.read_masks();
        let masks = change(u16::from_le_bytes([first, second]), 1 << line);
        let [first, second] = masks.to_le_bytes();
        pics.write_masks(first, second);
    }
}

/// Tells the controllers that `line`'s interrupt has been taken.
pub fn end_of_interrupt(line: u8) {
    // SAFETY: called once for each interrupt taken.
    unsafe { PICS.lock().notify_end_of_interrupt(VECTOR_BASE + line) };
}
