//! The 8254 timer: channel 0 ticks, channel 2 measures the TSC.

use super::control::rdtsc;
use x86::io::{inb, outb};

/// Input clock in Hz.
const CLOCK: u32 = 1_193_182;
/// Timer interrupts a second.
pub const HZ: u32 = 100;
pub const IRQ: u8 = 0;

const CHANNEL0: u16 = 0x40;
const CHANNEL2: u16 = 0x42;
const COMMAND: u16 = 0x43;
const SPEAKER: u16 = 0x61;

/// Channel 0 as a rate generator of `HZ`.
pub fn start() {
    let [low, high] = ((CLOCK / HZ) as u16).to_le_bytes();
    // SAFETY: the timer's own ports; its interrupt line is still masked.
    unsafe {
        outb(COMMAND, 0x34);
        outb(CHANNEL0, low);
        outb(CHANNEL0, high);
    }
}

/// TSC ticks a second, from one 10 ms run of channel 2.
pub fn calibrate_tsc() -> u64 {
    let count = (CLOCK / 100) as u16;
    let [low, high] = count.to_le_bytes();
    // SAFETY: channel 2 and its gate in the speaker port; the speaker itself stays off.
    unsafe {
        outb(SPEAKER, inb(SPEAKER) & !2 & !1);
        outb(COMMAND, 0xb0);
        outb(CHANNEL2, low);
        outb(CHANNEL2, high);
        outb(SPEAKER, inb(SPEAKER) & !2 | 1);
    }
    let start = rdtsc();
    // SAFETY: bit 5 of the speaker port is channel 2's output.
    while unsafe { inb(SPEAKER) } & 0x20 == 0 {
        core::hint::spin_loop();
    }
    let ticks = rdtsc().wrapping_sub(start);
    ticks * u64::from(CLOCK) / u64::from(count)
}
