//! The CMOS clock: what time it is when the kernel starts.

use x86::io::{inb, outb};

/// Seconds since 1970-01-01 00:00 UTC. The clock is taken to run in UTC.
pub fn seconds_since_epoch() -> u64 {
    loop {
        let first = read_clock();
        // An update between two registers shows as a difference (MC146818, update cycle).
        if !update_in_progress() && first == read_clock() {
            return seconds(first);
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Reading {
    second: u8,
    minute: u8,
    hour: u8,
    day: u8,
    month: u8,
    year: u8,
    century: u8,
    status_b: u8,
}

fn read_clock() -> Reading {
    while update_in_progress() {
        core::hint::spin_loop();
    }
    Reading {
        second: register(0x00),
        minute: register(0x02),
        hour: register(0x04),
        day: register(0x07),
        month: register(0x08),
        year: register(0x09),
        century: register(0x32),
        status_b: register(0x0b),
    }
}

fn seconds(reading: Reading) -> u64 {
    let binary = reading.status_b & 4 != 0;
    let value = |byte: u8| u64::from(if binary { byte } else { (byte >> 4) * 10 + (byte & 15) });
    let mut hour = value(reading.hour & 0x7f);
    if reading.status_b & 2 == 0 {
        hour = hour % 12 + if reading.hour & 0x80 != 0 { 12 } else { 0 };
    }
    let century = match value(reading.century) {
        century @ 19..=30 => century,
        _ => 20,
    };
    let days = days_since_epoch(
        century * 100 + value(reading.year),
        value(reading.month),
        value(reading.day),
    );
    ((days * 24 + hour) * 60 + value(reading.minute)) * 60 + value(reading.second)
}

/// Days from 1970-01-01 to a date of the Gregorian calendar; years before 1970 count as 1970.
fn days_since_epoch(year: u64, month: u64, day: u64) -> u64 {
    // Years run from March, so the leap day is the last of its year.
    let (year, month) =
        if month > 2 { (year, month - 3) } else { (year.saturating_sub(1), month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day;
    days.saturating_sub(719_469)
}

fn update_in_progress() -> bool {
    register(0x0a) & 0x80 != 0
}

fn register(number: u8) -> u8 {
    // SAFETY: selecting and reading a CMOS register changes nothing else.
    unsafe {
        outb(0x70, number);
        inb(0x71)
    }
}
