//! The two 8259 interrupt controllers.

use crate::sync::{IrqSpinLock, Rank};
use pic8259::ChainedPics;
use x86::io::{inb, outb};

/// Vector of IRQ 0; the 16 lines follow.
pub const VECTOR_BASE: u8 = 32;
pub const LINES: u8 = 16;
const CASCADE: u8 = 2;
const COMMAND: [u16; 2] = [0x20, 0xa0];
#[cfg(feature = "faults")]
const EDGE_LEVEL: [u16; 2] = [0x4d0, 0x4d1];
/// OCW3: the next read of the command port gives the lines in service.
const READ_IN_SERVICE: u8 = 0x0b;

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

/// Whether the line stays as long as its device wants something, so that an interrupt nobody dealt with
/// comes again at once (82371AB, "ELCR").
#[cfg(feature = "faults")]
pub fn is_level_triggered(line: u8) -> bool {
    // SAFETY: reading the registers changes nothing; where there are none, all bits are set.
    let levels = unsafe { u16::from_le_bytes(EDGE_LEVEL.map(|port| inb(port))) };
    levels & 1_u16.wrapping_shl(line.into()) != 0
}

/// Whether the interrupt on `line` is none: a request that went away before it was acknowledged
/// arrives as line 7 of its controller, not in service (8259A, "IR7 default"). The second
/// controller's ghost did go through the first one, which is told so; the caller does nothing.
pub fn is_spurious(line: u8) -> bool {
    if line & 7 != 7 {
        return false;
    }
    let controller = usize::from(line >> 3 & 1);
    let mut pics = PICS.lock();
    // SAFETY: the controllers' own ports, under their lock; reading changes no state.
    let in_service = unsafe {
        outb(COMMAND[controller], READ_IN_SERVICE);
        inb(COMMAND[controller])
    };
    let spurious = in_service & 0x80 == 0;
    if spurious && controller == 1 {
        // SAFETY: the cascade line's interrupt was taken.
        unsafe { pics.notify_end_of_interrupt(VECTOR_BASE + CASCADE) };
    }
    spurious
}
