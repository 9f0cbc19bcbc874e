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

/// TSC ticks a second, from about 10 ms of channel 2. A host that takes the CPU away meanwhile does
/// no harm: both counters are read, and go on.
pub fn calibrate_tsc() -> u64 {
    loop {
        start_channel2();
        let (start, tsc_at_start) = sample();
        // After 55 ms the counter begins again, which cannot be told from a shorter time.
        while !channel2_has_ended() {
            let (now, tsc) = sample();
            let passed = u32::from(start.wrapping_sub(now));
            if passed >= CLOCK / 100 && !channel2_has_ended() {
                return tsc.wrapping_sub(tsc_at_start) * u64::from(CLOCK) / u64::from(passed);
            }
        }
    }
}

/// Counts down once, from the largest count.
fn start_channel2() {
    // SAFETY: channel 2 and its gate in the speaker port; the speaker itself stays off.
    unsafe {
        outb(SPEAKER, inb(SPEAKER) & !2 | 1);
        outb(COMMAND, 0xb0);
        outb(CHANNEL2, 0xff);
        outb(CHANNEL2, 0xff);
    }
}

fn channel2_has_ended() -> bool {
    // SAFETY: reading has no effect; bit 5 of the speaker port is channel 2's output.
    unsafe { inb(SPEAKER) & 0x20 != 0 }
}

/// Channel 2's counter and the TSC at the same time: of some readings the quickest.
fn sample() -> (u16, u64) {
    let (mut best, mut least) = ((0, 0), u64::MAX);
    for _ in 0..4 {
        let before = rdtsc();
        // SAFETY: latches channel 2's counter.
        unsafe { outb(COMMAND, 0x80) };
        let took = rdtsc().wrapping_sub(before);
        // SAFETY: the two halves of the latched counter.
        let count = unsafe { u16::from_le_bytes([inb(CHANNEL2), inb(CHANNEL2)]) };
        if took < least {
            (best, least) = ((count, before + took / 2), took);
        }
    }
    best
}
